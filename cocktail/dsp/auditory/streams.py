"""Whose contour is whose: sequential grouping of the streams of several talkers by clustering, without any training.

K. Hu and D. Wang, "An unsupervised approach to cochannel speech separation", IEEE TASLP 21(1), 2013: of all ways to
give streams to talkers, the one with the largest trace of the ratio of the scatter between to that within talkers, less
a penalty for talkers who would have two pitches at a time; features of a frame are gammatone frequency cepstral
coefficients, cubic roots of the units of a stream under a cosine transform. The search is a beam through the streams.

Deviations: the logarithm of the pitch is a feature, too, since recordings of two seconds have few frames to tell voices
by their spectra; levels of frames are left out; the scatter within is loaded. The beam takes the longest streams first.
"""

import numpy as np

from cocktail.dsp.auditory.correlogram import Units
from cocktail.dsp.auditory.tandem import Contour

COEFFICIENTS = 12
"""Cepstral, without that of the level."""
BEAM = 200
OVERLAP = 20.0
"""Cost of the frames in which a talker has two pitches, as a share of all frames."""
LOADING = 0.05
"""Of the scatter within, relative to the total."""


def features(units: Units, contour: Contour) -> np.ndarray:
    """(n, 1 + COEFFICIENTS) of the frames of a contour: the logarithm of the period, and the cepstrum."""
    from scipy.fft import dct

    power = np.where(contour.mask, units.power[:, contour.frames], 0.0)
    share = power / np.maximum(power.sum(0), 1e-12)
    cepstrum = dct(np.cbrt(np.sqrt(share)), axis=0, norm="ortho")[1 : COEFFICIENTS + 1]
    return np.concatenate([np.log(units.lag[contour.at])[None], cepstrum]).T


def group(units: Units, voices: list[Contour], n_talkers: int) -> np.ndarray:
    """Talker (S,) of each of S contours."""
    frames = [features(units, contour) for contour in voices]
    talkers = np.zeros(len(voices), int)
    if not voices:
        return talkers
    centre = np.concatenate(frames).mean(0)
    order = np.argsort([-len(x) for x in frames], kind="stable")
    chosen = np.zeros((1, 0), int)  # (C candidates, streams so far)
    count = np.zeros((1, n_talkers))
    sums = np.zeros((1, n_talkers, len(centre)))
    voiced = np.zeros((1, n_talkers, units.power.shape[1]), bool)
    overlap = np.zeros(1)
    products = np.zeros((len(centre), len(centre)))
    for s in order:
        x, at = frames[s] - centre, voices[s].frames
        parent, k = (i.ravel() for i in np.indices((len(chosen), n_talkers)))
        first = chosen.max(axis=1, initial=-1) + 1  # talkers have no names: a new one has the next number
        parent, k = parent[k <= first[parent]], k[k <= first[parent]]
        each = np.arange(len(parent))
        chosen, count, sums, overlap = (state[parent] for state in (chosen, count, sums, overlap))
        overlap += voiced[parent, k, at].sum(1)
        count[each, k] += len(x)
        sums[each, k] += x.sum(0)
        products += x.T @ x
        chosen = np.concatenate([chosen, k[:, None]], axis=1)
        merit = separation(count, sums, products) - OVERLAP * overlap / count[0].sum()
        best = np.argsort(-merit, kind="stable")[:BEAM]
        voiced = voiced[parent[best]]
        voiced[np.arange(len(best)), k[best], at] = True
        chosen, count, sums, overlap = (state[best] for state in (chosen, count, sums, overlap))
    talkers[order] = chosen[0]
    return talkers


def separation(count: np.ndarray, sums: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Trace of the ratio of the scatter between to that within K clusters, (C,), of C clusterings of the same points.

    From numbers (C, K) and sums (C, K, D) of the points of each cluster, and the sum (D, D) of all outer products.
    """
    n = count[0].sum()
    mean = sums[0].sum(0) / n
    total = products / n - np.outer(mean, mean)
    away = sums / np.maximum(count, 1)[..., None] - mean
    between = np.einsum("ck,cki,ckj->cij", count / n, away, away)
    within = total - between + LOADING * np.diag(np.diag(total)) + 1e-9 * np.eye(len(total))
    return np.trace(np.linalg.solve(within, between), axis1=1, axis2=2)
