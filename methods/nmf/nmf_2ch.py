"""NMF of convolutive mixtures: one transfer function and one NMF for each talker, by EM.

A. Ozerov and C. Fevotte, "Multichannel nonnegative matrix factorization in convolutive mixtures for audio source
separation", IEEE TASLP 18(3), 2010.

Deviations: any number of microphones, not two alone. Transfer functions start as those of the directions that SRP-PHAT
finds, which leaves no permutation to be solved. Forty iterations, where the authors' demonstration has hundreds. A
dither at -60 dB keeps every covariance regular.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.spatial import directions
from cocktail.dsp.spatial.separator import ArraySeparator


@dataclass(frozen=True)
class Nmf2ch(ArraySeparator):
    """K talkers from D microphones; K may exceed D."""

    components: int = 10
    """Of each talker."""
    iterations: int = 40
    window: int = 2048
    """As long as most of the room's response."""
    hop: int = 512

    def images(self, X, f_hz, view):
        from cocktail.dsp.spatial import convolutive_nmf

        towards = directions.directions_of_arrival(X, view.array, f_hz, view.n_sources)
        A = np.moveaxis(directions.steering(view.array, towards, f_hz), 0, -1)
        return convolutive_nmf.separate(X, A, self.components, self.iterations, view.rng)[0]
