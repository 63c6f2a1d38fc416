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

from cocktail.dsp.spatial import blind
from cocktail.dsp.spatial.separator import ArraySeparator


@dataclass(frozen=True)
class FastMnmf(ArraySeparator):
    """K talkers from D >= K microphones."""

    determined = True
    iterations: int = 30
    components: int = 16
    """Bases of the spectral model of each source."""

    def images(self, X, f_hz, view):
        import pyroomacoustics

        R = blind.talker_covariances(X, view.array, f_hz, view.n_sources)
        with blind.numpy_seed(view.rng):
            Y = pyroomacoustics.bss.fastmnmf2(
                X.transpose(2, 1, 0).copy(),
                n_src=view.n_sources,
                n_iter=self.iterations,
                n_components=self.components,
                W0=blind.separating_rows(R),
            )
        return Y.transpose(2, 1, 0)
