"""Independent low-rank matrix analysis, by pyroomacoustics.

D. Kitamura, N. Ono, H. Sawada, H. Kameoka and H. Saruwatari, "Determined blind source separation unifying independent
vector analysis and nonnegative matrix factorization", IEEE/ACM Trans. ASLP 24(9), 2016.

Deviations: ILRMA needs as many channels as sources, so each bin is first reduced to its K strongest principal
components, whitened; the outputs are scaled back to microphone 1 by least squares. The separation matrix starts from
filters towards the talkers' directions (SRP-PHAT, each covariance modelled as direct path plus diffuse field): from
the identity, utterances of two or three seconds in a reverberant room end with their bins permuted. A dither at -60 dB
keeps every covariance regular.
"""

from dataclasses import dataclass

from cocktail.dsp.spatial import blind
from cocktail.dsp.spatial.separator import ArraySeparator


@dataclass(frozen=True)
class Ilrma(ArraySeparator):
    """K talkers from D >= K microphones."""

    determined = True
    iterations: int = 60
    components: int = 5
    """Bases of the spectral model of each source."""
    window: int = 2048
    hop: int = 512

    def images(self, X, f_hz, view):
        import pyroomacoustics

        R = blind.talker_covariances(X, view.array, f_hz, view.n_sources)
        reduce = blind.whitening(X, view.n_sources)  # (F, K, D)
        with blind.numpy_seed(view.rng):
            Y = pyroomacoustics.bss.ilrma(
                (reduce @ X.swapaxes(0, 1)).transpose(2, 0, 1).copy(),
                n_iter=self.iterations,
                n_components=self.components,
                proj_back=False,
                W0=blind.separating_rows(reduce @ R @ reduce.conj().swapaxes(-1, -2)),
            )
        return blind.project_back(Y.transpose(2, 1, 0), X[0])
