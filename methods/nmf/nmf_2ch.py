"""NMF of convolutive mixtures: one transfer function and one NMF for each talker, by EM.

A. Ozerov and C. Fevotte, "Multichannel nonnegative matrix factorization in convolutive mixtures for audio source
separation", IEEE TASLP 18(3), 2010.

Deviations: any number of microphones, not two alone. Transfer functions start as those of the directions that SRP-PHAT
finds, which leaves no permutation to be solved. A dither at -60 dB keeps every covariance regular.
"""

from dataclasses import dataclass

import numpy as np

from cocktail import stft
from cocktail.dsp.spatial import blind, directions
from cocktail.method import Method, finite


@dataclass(frozen=True)
class Nmf2ch(Method):
    """K talkers from D microphones; K may exceed D."""

    task = "separate"
    needs = frozenset({"array", "n_sources"})
    components: int = 10
    """Of each talker."""
    iterations: int = 40
    window: int = 2048
    """Samples of the STFT window: the room's response should fit in."""
    hop: int = 512

    def __call__(self, mixture, view):
        """mixture (D, N) -> (K, N) at microphone 1."""
        from cocktail.dsp.spatial import convolutive_nmf

        mixture = finite(mixture)
        X, scale = blind.regular(stft.stft(mixture, self.window, self.hop), view.rng)
        f_hz = directions.frequencies(self.window, view.fs)
        towards = directions.directions_of_arrival(X, view.array, f_hz, view.n_sources)
        A = np.moveaxis(directions.steering(view.array, towards, f_hz), 0, -1)
        images, _ = convolutive_nmf.separate(X, A, self.components, self.iterations, view.rng)
        return stft.istft(images * scale, mixture.shape[-1], self.window, self.hop)
