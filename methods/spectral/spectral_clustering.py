"""Spectral clustering of units in time and frequency on hand-made cues.

F. R. Bach and M. I. Jordan, "Learning spectral clustering, with application to speech separation", JMLR 7, 2006. Cues
are in cocktail/dsp/auditory/cues.py, normalised cuts in cocktail/dsp/statistical/normalised_cuts.py. The affinity is
the sum of two products of Gaussians, one of continuity and common fate and one of pitch and timbre, so that it is large
for units that are near each other, and for those that are alike however far apart.

Deviations: those of these files; widths and weights are set by hand and not learnt; units of no pitch are shared out
equally.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.auditory.separator import UnitSeparator


@dataclass(frozen=True)
class SpectralClustering(UnitSeparator):
    """Talkers that are apart in pitch, one channel (microphone 1)."""

    landmarks: int = 300
    """Of the Nystrom approximation."""
    time_s: float = 0.15
    bandwidths: float = 4.0
    slopes_db: tuple[float, float] = (1.5, 3.0)
    """A frame, of levels smoothed slowly and fast."""
    octaves: float = 0.08
    timbre: float = 2.0
    nearness: float = 0.1
    """Weight of continuity and common fate; that of pitch and timbre is 1."""

    def masks(self, units, view):
        from cocktail.dsp.auditory import cues
        from cocktail.dsp.statistical.normalised_cuts import Product, cluster

        K = view.n_sources
        voiced, alike = cues.voice(units)
        masks = np.full((K, *voiced.shape), 1 / K)
        if np.count_nonzero(voiced) < K:
            return masks
        near = np.concatenate([cues.continuity(units), cues.common_fate(units)])
        products = [
            Product(near[:, voiced].T, np.array([self.time_s, self.bandwidths, *self.slopes_db]), self.nearness),
            Product(alike[:, voiced].T, np.array([self.octaves] + [self.timbre] * cues.TIMBRE), 1.0),
        ]
        talker = cluster(products, K, view.rng, self.landmarks)
        masks[:, voiced] = talker == np.arange(K)[:, None]
        return masks
