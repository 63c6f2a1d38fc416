"""Figures of a spoofing detector and a speaker verifier together: a-DCF and t-EER.

a-DCF: H. Shim, J. Jung, T. Kinnunen, N. Evans, J.-F. Bonastre and I. Lapidot, "a-DCF: an architecture agnostic metric
with application to spoofing-robust speaker verification", Odyssey 2024, with the costs and priors of track 2 of
ASVspoof 5. t-EER: T. Kinnunen, K. A. Lee, H. Tak, N. Evans and A. Nautsch, "t-EER: parameter-free tandem
evaluation of countermeasures and biometric comparators", IEEE TPAMI 46(5), 2024: the concurrent one, which is the same
however many of the impostors are spoofs.

Deviations: the t-EER lies where the three error rates are equal on the lines that join the operating points; the
package of ASVspoof 5 takes the nearest pair of operating points. They agree where there are many trials.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.metrics.detection import eer, operating_points, plain, shares_below

CLASSES = ("target", "nontarget", "spoof")


@dataclass(frozen=True)
class AgnosticCosts:
    """Priors and costs of the a-DCF. Target, nontarget and spoof priors sum to one."""

    p_target: float = 0.95 * 0.99
    p_nontarget: float = 0.95 * 0.01
    p_spoof: float = 0.05
    miss: float = 1.0
    false_alarm: float = 10.0
    """Of a nontarget."""
    false_alarm_spoof: float = 10.0


ASVSPOOF_5 = AgnosticCosts()


def a_dcf(scores, classes, weights=None, *, costs: AgnosticCosts = ASVSPOOF_5) -> float | np.ndarray:
    """Least cost over the threshold of one system that shall accept targets alone; 1 is one that is of no use.

    scores (N,), higher = accept; classes (N,), each one of CLASSES. With `weights` (..., N), of each weighting (...,),
    NaN where a class has no weight. Raises CocktailError as detection.operating_points.
    """
    classes = np.asarray(classes)
    (miss, *rejected), _ = shares_below(scores, [classes == name for name in CLASSES], weights)
    missed = costs.p_target * costs.miss
    nontarget, spoof = costs.p_nontarget * costs.false_alarm, costs.p_spoof * costs.false_alarm_spoof
    cost = missed * miss + nontarget * (1 - rejected[0]) + spoof * (1 - rejected[1])
    return plain(cost.min(axis=-1) / min(missed, nontarget + spoof))


def cascade(verifier: np.ndarray, accepted: np.ndarray) -> np.ndarray:
    """Scores (N,) of a verifier behind a gate: trials that it did not let pass, (N,) bool, are below all others."""
    return np.where(accepted, verifier, verifier.min() - 1.0)


def t_eer(scores, classes, *, cm_scores, cm_labels, weights=None, cm_weights=None) -> float | np.ndarray:
    """Concurrent tandem equal error rate, 0 to 1, of a verifier behind a detector that errs independently of it.

    There, misses of targets, accepted nontargets and accepted spoofs are equally frequent. scores, classes (N,) and
    `weights` (..., N): of the verifier, as in `a_dcf`; cm_scores, cm_labels (M,), true = bona fide, and `cm_weights`
    (..., M): of the detector. Returns (...,), NaN where a class has no weight.
    """
    classes, scores = np.asarray(classes), np.asarray(scores, float)
    (miss, *rejected), _ = shares_below(scores, [classes == name for name in CLASSES], weights)
    genuine = classes != "spoof"
    alone = eer(scores[genuine], classes[genuine] == "target", None if weights is None else weights[..., genuine])
    cm_miss, cm_false_alarm, _ = operating_points(cm_scores, cm_labels, cm_weights)
    parts = [miss, 1 - rejected[0], 1 - rejected[1], np.asarray(alone), cm_miss, cm_false_alarm]
    if np.ndim(alone) == 0:
        return plain(_concurrent(*parts))
    return np.array([_concurrent(*(part[r] for part in parts)) for r in range(len(alone))])


def _concurrent(miss, nontarget, spoof, alone, cm_miss, cm_false_alarm):
    """Error rates over the thresholds of the verifier (V,) and of the detector (W,), and the EER of the verifier."""
    if np.isnan([miss[0], nontarget[0], spoof[0], cm_miss[0], cm_false_alarm[0]]).any():
        return np.nan
    gap = nontarget - miss
    path = slice(0, np.argmax(gap <= 0))  # thresholds of the verifier at which some of the detector makes rates equal
    cm = gap[path] / (1 + gap[path])  # the misses of that detector: cm + (1 - cm) miss = (1 - cm) nontarget
    last = np.searchsorted(cm_miss, cm, side="right") - 1
    share = (cm - cm_miss[last]) / (cm_miss[last + 1] - cm_miss[last])
    accepted = cm_false_alarm[last] + share * (cm_false_alarm[last + 1] - cm_false_alarm[last])
    rate = (1 - cm) * nontarget[path]  # of misses and of nontargets
    # At the end of the path the detector rejects no bona fide speech, and as few of the spoofs as one likes.
    over = np.append(spoof[path] * accepted - rate, max(spoof[path.stop] - alone, 0.0))
    rate = np.append(rate, alone)
    at = np.argmax(over >= 0)
    if at == 0:
        return rate[0]
    part = over[at - 1] / (over[at - 1] - over[at])
    return rate[at - 1] + part * (rate[at] - rate[at - 1])
