"""What rank-1 models of talkers start from: channels and powers by the talkers' directions.

Directional clusters around the directions of SRP-PHAT share the bins out. What a cluster has over all else, whitened,
tells the talker's channel.
"""

from typing import NamedTuple

import numpy as np

from cocktail.dsp.spatial import beamformers, transfer
from cocktail.dsp.spatial.mask_separator import by_direction

LOADING = 1e-2
"""Of the covariance of all else."""


class Start(NamedTuple):
    """A scene and what is told of its talkers, in single precision."""

    y: np.ndarray
    """The mixture (F, T, D)."""
    channels: np.ndarray
    """(F, D, K)."""
    powers: np.ndarray
    """(F, T, K), of unit mean."""


def start(X: np.ndarray, array: np.ndarray, f_hz: np.ndarray, n_sources: int) -> Start:
    """X (D, F, T) of unit power, microphones `array` (D, 3) in metres, bins at f_hz (F,), K = `n_sources` talkers."""
    masks = by_direction(X, array, f_hz, n_sources)[:, :n_sources].swapaxes(0, 1)
    pairs = ([beamformers.covariance(X, share) for share in (mask, 1 - mask)] for mask in masks)
    A = np.stack([transfer.whitened(talker, beamformers.loaded(others, LOADING)) for talker, others in pairs], -1)
    powers = masks * np.mean(np.abs(X) ** 2, 0)
    powers = (powers / powers.mean((1, 2), keepdims=True)).transpose(1, 2, 0)
    y, A = (np.ascontiguousarray(x, np.complex64) for x in (X.transpose(1, 2, 0), A * np.sqrt(len(X) / n_sources)))
    return Start(y, A, np.ascontiguousarray(powers, np.float32))
