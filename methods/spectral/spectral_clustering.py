"""Spectral clustering of units in time and frequency on hand-made cues.

F. R. Bach and M. I. Jordan, "Learning spectral clustering, with application to speech separation", JMLR 7, 2006. Cues
are in cocktail/dsp/auditory/cues.py, normalised cuts in cocktail/dsp/statistical/normalised_cuts.py. The affinity is
the sum of two products of Gaussians, one of continuity and common fate and one of pitch and timbre, so that it is large
for units that are near each other, and for those that are alike however far apart.

Deviations: those of these files; widths and weights are set by hand; units of no pitch are shared out equally.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.auditory.clustering import CueClustering


@dataclass(frozen=True)
class SpectralClustering(CueClustering):
    """Talkers that are apart in pitch, one channel (microphone 1)."""

    time_s: float = 0.15
    bandwidths: float = 4.0
    slopes_db: tuple[float, float] = (1.5, 3.0)
    """A frame, of levels smoothed slowly and fast."""
    octaves: float = 0.08
    timbre: float = 2.0
    nearness: float = 0.1
    """Weight of continuity and common fate; that of pitch and timbre is 1."""

    def affinity(self, view):
        """Widths and weights as they are set."""
        from cocktail.dsp.auditory.cues import TIMBRE

        near, alike = [self.time_s, self.bandwidths, *self.slopes_db], [self.octaves] + [self.timbre] * TIMBRE
        return [np.array(near), np.array(alike)], [self.nearness, 1.0]
