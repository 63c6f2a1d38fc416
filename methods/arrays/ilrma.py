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

from cocktail import stft
from cocktail.dsp.spatial import blind, directions
from cocktail.method import Method, finite


@dataclass(frozen=True)
class Ilrma(Method):
    """K talkers from D >= K microphones."""

    task = "separate"
    needs = frozenset({"array", "n_sources"})
    iterations: int = 60
    components: int = 5
    """Bases of the spectral model of each source."""
    window: int = 2048
    """Samples of the STFT window."""
    hop: int = 512

    def __call__(self, mixture, view):
        """mixture (D, N) -> (K, N) at microphone 1."""
        import pyroomacoustics

        mixture = finite(mixture)
        X, scale = blind.regular(stft.stft(mixture, self.window, self.hop), view.rng)
        f_hz = directions.frequencies(self.window, view.fs)
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
        images = blind.project_back(Y.transpose(2, 1, 0), X[0]) * scale
        return stft.istft(images, mixture.shape[-1], self.window, self.hop)

    def skip(self, info):
        """Fewer microphones than talkers."""
        if info.channels < info.n_sources:
            return f"needs as many microphones as talkers ({info.n_sources}), there are {info.channels}"
        return None
