"""FastMNMF2: multichannel NMF with jointly diagonalisable spatial covariances, by pyroomacoustics.

K. Sekiguchi, Y. Bando, A. A. Nugraha, K. Yoshii and T. Kawahara, "Fast multichannel nonnegative matrix factorization
with directivity-aware jointly-diagonalizable spatial covariance matrices for blind source separation", IEEE/ACM Trans.
ASLP 28, 2020.

Deviations: the diagonaliser starts from max-SNR beamformers towards the talkers' directions (SRP-PHAT, each covariance
modelled as direct path plus diffuse field), row m belonging to talker m mod K as the algorithm's directivities do; from
the identity, utterances of two or three seconds end in poor local optima. A dither at -60 dB keeps every covariance
regular.
"""

from dataclasses import dataclass

from cocktail import stft
from cocktail.dsp.spatial import blind, directions
from cocktail.method import Method, finite


@dataclass(frozen=True)
class FastMnmf(Method):
    """K talkers from D >= K microphones."""

    task = "separate"
    needs = frozenset({"array", "n_sources"})
    iterations: int = 30
    components: int = 16
    """Bases of the spectral model of each source."""
    window: int = 1024
    """Samples of the STFT window."""
    hop: int = 256

    def __call__(self, mixture, view):
        """mixture (D, N) -> (K, N) at microphone 1."""
        import pyroomacoustics

        mixture = finite(mixture)
        X, scale = blind.regular(stft.stft(mixture, self.window, self.hop), view.rng)
        f_hz = directions.frequencies(self.window, view.fs)
        R = blind.talker_covariances(X, view.array, f_hz, view.n_sources)
        with blind.numpy_seed(view.rng):
            Y = pyroomacoustics.bss.fastmnmf2(
                X.transpose(2, 1, 0).copy(),
                n_src=view.n_sources,
                n_iter=self.iterations,
                n_components=self.components,
                W0=blind.separating_rows(R),
            )
        return stft.istft(Y.transpose(2, 1, 0) * scale, mixture.shape[-1], self.window, self.hop)

    def skip(self, info):
        """Fewer microphones than talkers."""
        if info.channels < info.n_sources:
            return f"needs as many microphones as talkers ({info.n_sources}), there are {info.channels}"
        return None
