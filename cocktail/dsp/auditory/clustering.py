"""What plugins share that take talkers apart by spectral clustering of voiced units on hand-made cues."""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.auditory import cues, gammatone, modulation
from cocktail.dsp.auditory.correlogram import Units
from cocktail.dsp.auditory.separator import UnitSeparator
from cocktail.dsp.statistical.normalised_cuts import Product, cluster
from cocktail.stft import framing, window


def points(units: Units) -> tuple[np.ndarray, list[np.ndarray]]:
    """Which units are voiced, (B, T), and cues of these N: continuity and common fate (N, 4), and pitch and timbre.

    The latter are (N, 1 + cues.TIMBRE).
    """
    voiced, alike = cues.voice(units)
    near = np.concatenate([cues.continuity(units), cues.common_fate(units)])
    return voiced, [near[:, voiced].T, alike[:, voiced].T]


def loudest(sources: np.ndarray, fs: float, centres: np.ndarray) -> np.ndarray:
    """Which of the sources (K, N) is the loudest in each unit, (B, T)."""
    size, hop = framing(fs)
    powers = [
        np.sum((modulation.framed(band, size, hop) * window(size)) ** 2, axis=-1)
        for band in gammatone.filtered(sources, gammatone.impulse_responses(centres, fs))
    ]
    return np.argmax(powers, axis=1)


@dataclass(frozen=True)
class CueClustering(UnitSeparator):
    """Base of the plugins: talkers that are apart in pitch."""

    landmarks: int = 300
    """Of the Nystrom approximation."""

    def affinity(self, view) -> tuple[list[np.ndarray], list[float]]:
        """Widths of the cues of `points`, and the weights of the two products of Gaussians."""
        raise NotImplementedError

    def masks(self, units, view):
        K = view.n_sources
        voiced, features = points(units)
        masks = np.full((K, *voiced.shape), 1 / K)
        if np.count_nonzero(voiced) < K:
            return masks
        products = [Product(*of) for of in zip(features, *self.affinity(view), strict=True)]
        talker = cluster(products, K, view.rng, self.landmarks)
        masks[:, voiced] = talker == np.arange(K)[:, None]
        return masks
