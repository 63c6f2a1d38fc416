"""Equal error rate, area under the ROC curve and tandem detection cost of trial scores.

EER: where misses and false alarms are equally frequent on the line that joins the operating points of the empirical
detector (where scores tie, the expectation over random tie-breaking). t-DCF: T. Kinnunen et al., "t-DCF: a detection
cost function for the tandem assessment of spoofing countermeasures and automatic speaker verification", Odyssey 2018,
with the constants of the ASVspoof 2019 evaluation plan, in its form; or in that of ASVspoof 2021, which counts the
errors that the verifier makes by itself: T. Kinnunen et al., "Tandem assessment of spoofing countermeasures and
automatic speaker verification: fundamentals", IEEE/ACM TASLP 28, 2020.
Deviations: none.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.errors import CocktailError


class Undefined(CocktailError):
    """A cost is not defined on these trials."""


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


def auc(scores, labels, weights=None) -> float | np.ndarray:
    """Area under the ROC curve: the probability that a positive trial scores above a negative one, ties counted half.

    Arguments and errors as in `operating_points`; with `weights` (..., N), of each weighting (...,).
    """
    miss, false_alarm, _ = operating_points(scores, labels, weights)
    hit = 1 - miss
    return plain((-np.diff(false_alarm) * (hit[..., 1:] + hit[..., :-1]) / 2).sum(-1))


def operating_points(scores, labels, weights=None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Miss rate, false alarm rate and threshold of every distinct detector "accept score >= threshold".

    scores (N,), higher = positive; labels (N,), true = positive. Misses rise from 0 to 1, false alarms fall from 1
    to 0, (V + 1,) each over V distinct scores. With `weights` (..., N), how often each trial counts, the rates are
    (..., V + 1), and NaN where a class has no weight. Raises CocktailError where a score is not finite or one of the
    classes is empty.
    """
    labels = np.asarray(labels, bool)
    (miss, rejected), thresholds = shares_below(scores, (labels, ~labels), weights)
    return miss, 1 - rejected, thresholds


def shares_below(scores, classes, weights=None) -> tuple[list[np.ndarray], np.ndarray]:
    """Share of each class of trials that a detector "accept score >= threshold" rejects, and every distinct threshold.

    scores (N,); classes: masks (N,). Arguments, shapes and errors as in `operating_points`.
    """
    scores = checked(scores, classes)
    order = np.argsort(scores, kind="stable")
    scores = scores[order]
    first = np.flatnonzero(np.diff(scores, prepend=-np.inf))
    weights = np.ones(len(scores)) if weights is None else np.asarray(weights, float)[..., order]
    shares = [_cumulated_share(weights * chosen[order], first) for chosen in classes]
    return shares, np.append(scores[first], np.inf)


def checked(scores, classes) -> np.ndarray:
    """Scores (N,) as an array; classes: masks (N,). Raises CocktailError as `operating_points`."""
    scores = np.asarray(scores, float)
    if scores.ndim != 1 or any(chosen.shape != scores.shape for chosen in classes):
        shapes = [scores.shape, *(chosen.shape for chosen in classes)]
        raise CocktailError(f"scores and classes of trials must be lists of one length, not {shapes}")
    if not np.isfinite(scores).all():
        raise CocktailError("a trial score is not finite")
    if not all(chosen.any() for chosen in classes):
        raise CocktailError("trials of all classes are needed")
    return scores


def _cumulated_share(weights, first):
    """Share of the weight (..., N) that lies before each group of equal scores, and at last 1: (..., V + 1)."""
    below = np.zeros((*weights.shape[:-1], len(first) + 1))
    groups = weights if len(first) == weights.shape[-1] else np.add.reduceat(weights, first, axis=-1)
    np.cumsum(groups, axis=-1, out=below[..., 1:])
    total = below[..., -1:]
    below /= np.where(total > 0, total, np.nan)
    return below


def eer(scores, labels, weights=None) -> float | np.ndarray:
    """Equal error rate, 0 to 1, of scores (N,), higher = positive, with labels (N,), true = positive.

    With `weights` (..., N), the rate of each weighting, (...); NaN where a class has no weight.
    """
    miss, false_alarm, _ = operating_points(scores, labels, weights)
    after = np.argmax(miss >= false_alarm, axis=-1)[..., None]
    before = np.maximum(after - 1, 0)  # 0 only where nothing is defined
    miss_before, miss_after = (np.take_along_axis(miss, at, -1)[..., 0] for at in (before, after))
    fa_before, fa_after = (np.take_along_axis(false_alarm, at, -1)[..., 0] for at in (before, after))
    gap_before, gap_after = fa_before - miss_before, miss_after - fa_after
    share = gap_before / (gap_before + gap_after)
    return plain(miss_before + share * (miss_after - miss_before))


def eer_threshold(scores, labels, weights=None) -> float | np.ndarray:
    """Threshold of the detector "accept score >= threshold" whose misses and false alarms are nearest to each other.

    Arguments as in `eer`; with `weights` (..., N), that of each weighting, (...), NaN where a class has no weight.
    """
    miss, false_alarm, thresholds = operating_points(scores, labels, weights)
    nearest = thresholds[_nearest(miss, false_alarm)[..., 0]]
    return plain(np.where(np.isnan(miss + false_alarm)[..., 0], np.nan, nearest))


def min_tdcf(
    scores,
    labels,
    *,
    asv_target,
    asv_nontarget,
    asv_spoof,
    weights=None,
    asv_weights=None,
    costs: TandemCosts = ASVSPOOF_2019,
    verifier_errors: bool = False,
    normalise: bool = True,
) -> float | np.ndarray:
    """Least tandem detection cost of a countermeasure over its threshold, beside a speaker verifier at its EER.

    scores (N,), higher = bona fide; labels (N,), true = bona fide; the verifier's scores of target, nontarget and spoof
    trials, one list each, M in all, higher = accept. `verifier_errors`: count those that no countermeasure can mend, as
    in 2021. Normalised, 1 is a countermeasure that is of no use. With
    `weights` (..., N) and `asv_weights` (..., M), the cost of each weighting, (...), NaN where it is not defined;
    without, Undefined is raised there.
    """
    miss_asv, false_alarm_asv, miss_spoof_asv = verifier_at_eer(asv_target, asv_nontarget, asv_spoof, asv_weights)
    miss, false_alarm, _ = operating_points(scores, labels, weights)
    c1 = (
        costs.p_target * (costs.miss_cm - costs.miss_asv * miss_asv)
        - costs.p_nontarget * costs.false_alarm_asv * false_alarm_asv
    )
    c2 = costs.false_alarm_cm * costs.p_spoof * (1 - miss_spoof_asv)
    useless = np.minimum(c1, c2)
    if weights is None and not useless > 0:
        raise Undefined("the speaker verifier is too weak, or rejects every spoof: the t-DCF is not defined")
    cost = np.min(np.asarray(c1)[..., None] * miss + np.asarray(c2)[..., None] * false_alarm, axis=-1)
    if verifier_errors:
        alone = costs.p_target * costs.miss_asv * miss_asv + costs.p_nontarget * costs.false_alarm_asv * false_alarm_asv
        cost, full = cost + alone, useless + alone
    else:
        full = useless
    cost = np.where(useless > 0, cost / np.where(normalise & (useless > 0), full, 1.0), np.nan)
    return plain(cost)


def verifier_at_eer(target, nontarget, spoof, weights=None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Miss rate, false alarm rate and share of rejected spoofs at the operating point nearest to equal errors.

    Scores of each kind of trials, M in all; with `weights` (..., M), of each weighting (...,), NaN where it is not
    defined.
    """
    n_bonafide = len(target) + len(nontarget)
    weights = np.ones(n_bonafide + len(spoof)) if weights is None else np.asarray(weights, float)
    labels = np.arange(n_bonafide) < len(target)
    miss, false_alarm, thresholds = operating_points(
        np.concatenate([target, nontarget]), labels, weights[..., :n_bonafide]
    )
    nearest = _nearest(miss, false_alarm)
    miss, false_alarm = (np.take_along_axis(rate, nearest, -1)[..., 0] for rate in (miss, false_alarm))
    of_spoofs = weights[..., n_bonafide:]
    rejected = (of_spoofs * (np.asarray(spoof, float) < thresholds[nearest])).sum(-1)
    total = np.where(np.isnan(miss + false_alarm), 0.0, of_spoofs.sum(-1))
    return miss, false_alarm, np.divide(rejected, total, out=np.full_like(total, np.nan), where=total > 0)


def _nearest(miss, false_alarm):
    """Index (..., 1) of the operating point nearest to equal errors.

    The last of those alike, which is the next trial's with weight: the scores of trials without are thresholds, too.
    """
    first = np.argmin(np.abs(miss - false_alarm), axis=-1)[..., None]
    alike = [rate == np.take_along_axis(rate, first, -1) for rate in (miss, false_alarm)]
    return first + np.logical_and(*alike).sum(axis=-1, keepdims=True) - 1


def plain(x):
    """A float where there is one weighting."""
    return float(x) if np.ndim(x) == 0 else x
