"""NMF of convolutive mixtures: one transfer function and one NMF for each talker, by EM.

A. Ozerov and C. Fevotte, "Multichannel nonnegative matrix factorization in convolutive mixtures for audio source
separation", IEEE TASLP 18(3), 2010.

Deviations: any number of microphones, not two alone. Transfer functions and components start as what the full-rank
model finds, the strongest component of its covariances and its powers factorised, where the authors begin with the
outcome of another separation, too. Twenty iterations, where the authors' demonstration has hundreds, and the noise of
the model does not end near nothing: it stands for the reverberation that one transfer function leaves out. A dither at
-60 dB keeps every covariance regular.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.spatial.separator import ArraySeparator


@dataclass(frozen=True)
class Nmf2ch(ArraySeparator):
    """K talkers from D microphones; K may exceed D."""

    components: int = 10
    """Of each talker."""
    iterations: int = 20
    window: int = 2048
    """As long as most of the room's response."""
    hop: int = 512

    def images(self, X, f_hz, view):
        from cocktail.dsp.spatial import convolutive_nmf, nmf_start

        start = nmf_start.found(X, view.array, f_hz, view.n_sources)
        values, vectors = np.linalg.eigh(start.covariances)
        A = np.moveaxis(vectors[..., -1] * np.sqrt(values[..., -1:]), 0, -1)
        components = nmf_start.factorised(start.powers, self.components, view.rng)
        return convolutive_nmf.separate(X, A, *components, self.iterations)[0]
