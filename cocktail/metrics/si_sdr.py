"""Scale-invariant signal-to-distortion ratio, and the permutation that all metrics of a scene share.

J. Le Roux, S. Wisdom, H. Erdogan and J. R. Hershey, "SDR - half-baked or well done?", ICASSP 2019.
Deviations: means are removed first (the convention of the field's toolkits); values are clamped to +-100 dB, so that
a perfect or an orthogonal estimate stays finite.
"""

import itertools

import numpy as np

from cocktail.metrics.metric import Metric, Pair, blocks

CLAMP_DB = 100.0
_MOST_BRUTE = 6


def si_sdr(*, reference: np.ndarray, estimate: np.ndarray) -> float:
    """SI-SDR in dB of an estimate (N,) to its reference (N,)."""
    return float(si_sdr_matrix(reference=reference[None], estimate=estimate[None])[0, 0])


def si_sdr_matrix(*, reference: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """SI-SDR in dB of every estimate to every reference: (K, N) and (J, N) -> (K, J)."""
    means = [x.mean(-1, keepdims=True) for x in (reference, estimate)]
    parts = list(blocks(reference.shape[-1]))
    norm = np.sqrt(sum(np.square(reference[:, part] - means[0]).sum(-1, keepdims=True) for part in parts))
    product, total = 0.0, 0.0
    for part in parts:
        s, e = (reference[:, part] - means[0]) / norm, estimate[:, part] - means[1]
        product += s @ e.T
        total += np.square(e).sum(-1)
    target = np.square(product)  # |alpha s|^2 with alpha = <e, s> / |s|^2
    return ratio_db(target, total - target)  # the rest is |alpha s - e|^2, by Pythagoras


def ratio_db(numerator, denominator) -> np.ndarray:
    """10 log10(numerator / denominator), clamped to +-100 dB; energies may be 0 or, by rounding, just below."""
    numerator, denominator = np.maximum(numerator, 0.0), np.maximum(denominator, 0.0)
    tiny = np.finfo(float).tiny
    ratio = 10 * (np.log10(numerator + tiny) - np.log10(denominator + tiny))
    return np.clip(ratio, -CLAMP_DB, CLAMP_DB)


def best_permutation(scores: np.ndarray) -> tuple[int, ...]:
    """scores (K references, K estimates) -> which estimate each reference gets, so that the mean score is highest.

    All K! are tried up to K = 6; beyond, the Hungarian algorithm gives the same.
    """
    n = len(scores)
    if n > _MOST_BRUTE:
        from scipy.optimize import linear_sum_assignment

        return tuple(int(j) for j in linear_sum_assignment(scores, maximize=True)[1])
    return max(itertools.permutations(range(n)), key=lambda order: sum(scores[k, j] for k, j in enumerate(order)))


def _compute(pair: Pair) -> float:
    return si_sdr(reference=pair.reference, estimate=pair.estimate)


METRICS = (
    Metric(
        name="si_sdr",
        unit="dB",
        higher_is_better=True,
        low=-CLAMP_DB,
        high=CLAMP_DB,
        citation="Le Roux, Wisdom, Erdogan, Hershey, ICASSP 2019",
        implementation="cocktail",
        compute=_compute,
        mode="zero mean",
        clamp=(-CLAMP_DB, CLAMP_DB),
        improvement=True,
    ),
)
