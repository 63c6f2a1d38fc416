"""Independent low-rank matrix analysis, by pyroomacoustics.

D. Kitamura, N. Ono, H. Sawada, H. Kameoka and H. Saruwatari, "Determined blind source separation unifying independent
vector analysis and nonnegative matrix factorization", IEEE/ACM Trans. ASLP 24(9), 2016.

Deviations: ILRMA needs as many channels as sources, so each bin is first reduced to its K strongest principal
components, whitened (as in the paper's experiments on more microphones); the outputs are scaled back to microphone 1 by
least squares. A dither at -60 dB keeps every covariance regular.
"""

from dataclasses import dataclass

from cocktail import stft
from cocktail.dsp import blind
from cocktail.method import Method, finite


@dataclass(frozen=True)
class Ilrma(Method):
    """K talkers from D >= K microphones; the array's geometry is not used."""

    task = "separate"
    family = "spatial"
    needs = frozenset({"n_sources"})
    iterations: int = 60
    components: int = 2
    """Bases of the spectral model of each source."""
    window: int = 2048
    """Samples of the STFT window."""
    hop: int = 512

    def __call__(self, mixture, view):
        """mixture (D, N) -> (K, N) at microphone 1."""
        import pyroomacoustics

        mixture = finite(mixture)
        X, scale = blind.regular(stft.stft(mixture, self.window, self.hop), view.rng)
        reduced = blind.whiten(X, view.n_sources)
        with blind.numpy_seed(view.rng):
            Y = pyroomacoustics.bss.ilrma(
                reduced.transpose(2, 1, 0).copy(), n_iter=self.iterations, n_components=self.components, proj_back=False
            )
        images = blind.project_back(Y.transpose(2, 1, 0), X[0]) * scale
        return stft.istft(images, mixture.shape[-1], self.window, self.hop)

    def skip(self, info):
        """Fewer microphones than talkers."""
        if info.channels < info.n_sources:
            return f"needs as many microphones as talkers ({info.n_sources}), there are {info.channels}"
        return None
