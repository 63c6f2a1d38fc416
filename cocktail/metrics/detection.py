"""Equal error rate and tandem detection cost of trial scores.

EER: where misses and false alarms are equally frequent on the line that joins the operating points of the empirical
detector (where scores tie, the expectation over random tie-breaking). t-DCF: T. Kinnunen et al., "t-DCF: a detection
cost function for the tandem assessment of spoofing countermeasures and automatic speaker verification", Odyssey 2018,
in the form and with the constants of the ASVspoof 2019 evaluation plan.
Deviations: none.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.errors import CocktailError


@dataclass(frozen=True)
class TandemCosts:
    """Priors and costs of ASVspoof 2019. Target, nontarget and spoof priors sum to one."""

    p_spoof: float = 0.05
    p_target: float = 0.95 * 0.99
    p_nontarget: float = 0.95 * 0.01
    miss_asv: float = 1.0
    false_alarm_asv: float = 10.0
    miss_cm: float = 1.0
    false_alarm_cm: float = 10.0


ASVSPOOF_2019 = TandemCosts()


def operating_points(scores, labels) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Miss rate, false alarm rate and threshold of every distinct detector "accept score >= threshold".

    scores (N,), higher = positive; labels (N,), true = positive. Misses rise from 0 to 1, false alarms fall from 1
    to 0. Raises CocktailError where a score is not finite or one of the classes is empty.
    """
    scores, labels = np.asarray(scores, float), np.asarray(labels, bool)
    if scores.shape != labels.shape or scores.ndim != 1:
        raise CocktailError(f"scores {scores.shape} and labels {labels.shape} must be two lists of one length")
    if not np.isfinite(scores).all():
        raise CocktailError("a trial score is not finite")
    if labels.all() or not labels.any():
        raise CocktailError("trials of both classes are needed")
    values, index = np.unique(scores, return_inverse=True)
    positives = np.bincount(index, labels, len(values))
    negatives = np.bincount(index, ~labels, len(values))
    miss = np.concatenate([[0], np.cumsum(positives)]) / labels.sum()
    false_alarm = 1 - np.concatenate([[0], np.cumsum(negatives)]) / (~labels).sum()
    return miss, false_alarm, np.append(values, np.inf)


def eer(scores, labels) -> float:
    """Equal error rate, 0 to 1, of scores (N,), higher = positive, with labels (N,), true = positive."""
    miss, false_alarm, _ = operating_points(scores, labels)
    after = int(np.argmax(miss >= false_alarm))
    gap_before, gap_after = false_alarm[after - 1] - miss[after - 1], miss[after] - false_alarm[after]
    share = gap_before / (gap_before + gap_after)
    return float(miss[after - 1] + share * (miss[after] - miss[after - 1]))


def min_tdcf(
    scores, labels, *, asv_target, asv_nontarget, asv_spoof, costs: TandemCosts = ASVSPOOF_2019, normalise: bool = True
) -> float:
    """Least tandem detection cost of a countermeasure over its threshold, beside a speaker verifier at its EER.

    scores (N,), higher = bona fide; labels (N,), true = bona fide; the verifier's scores of target, nontarget and spoof
    trials, one list each, higher = accept. Normalised, 1 is a countermeasure that is of no use.
    """
    asv = operating_points(
        np.concatenate([asv_target, asv_nontarget]), np.arange(len(asv_target) + len(asv_nontarget)) < len(asv_target)
    )
    miss_asv, false_alarm_asv, threshold = _verifier_at_eer(*asv)
    miss_spoof_asv = float(np.mean(np.asarray(asv_spoof) < threshold))
    miss, false_alarm, _ = operating_points(scores, labels)
    c1 = (
        costs.p_target * (costs.miss_cm - costs.miss_asv * miss_asv)
        - costs.p_nontarget * costs.false_alarm_asv * false_alarm_asv
    )
    c2 = costs.false_alarm_cm * costs.p_spoof * (1 - miss_spoof_asv)
    if min(c1, c2) <= 0:
        raise CocktailError("the speaker verifier is too weak, or rejects every spoof: the t-DCF is not defined")
    cost = float(np.min(c1 * miss + c2 * false_alarm))
    return cost / min(c1, c2) if normalise else cost


def _verifier_at_eer(miss, false_alarm, thresholds):
    """Miss rate, false alarm rate and threshold of the operating point nearest to equal errors."""
    nearest = int(np.argmin(np.abs(miss - false_alarm)))
    return miss[nearest], false_alarm[nearest], thresholds[nearest]
