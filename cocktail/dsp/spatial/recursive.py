"""Spatial covariances that forget: those of all frames so far, the latest most.

M. Souden, J. Chen, J. Benesty and S. Affes, "An integrated solution for online multichannel noise tracking and
reduction", IEEE Trans. ASLP 19(7), 2011, for recursive covariances weighted by the probability of speech.
"""

from collections.abc import Iterator

import numpy as np

from cocktail.dsp.spatial import beamformers


def covariances(X: np.ndarray, weight: np.ndarray, forgetting: float, every: int) -> Iterator[np.ndarray]:
    """Covariances (F, D, D) at the frames 0, `every`, 2 `every` ...; each knows the frames up to its own.

    X (D, F, T), weight (F, T). A frame counts `forgetting` times as much as the next one; with 1 that of the last frame
    is `beamformers.covariance(X, weight)`.
    """
    total, norm = 0.0, 0.0
    first = 0
    for last in range(0, X.shape[-1], every):
        frames = slice(first, last + 1)
        decay = forgetting ** np.arange(last - first, -1, -1)
        kept = forgetting ** (last + 1 - first)
        w = weight[:, frames] * decay
        size = np.maximum(w.sum(-1), np.finfo(float).tiny)[:, None, None]
        total = kept * total + size * beamformers.covariance(X[..., frames], w)
        norm = kept * norm + size
        first = last + 1
        yield total / norm
