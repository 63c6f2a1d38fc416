"""Multichannel NMF: components of a spectrogram are shared out among sources with full-rank spatial properties.

H. Sawada, H. Kameoka, S. Araki and N. Ueda, "Multichannel extensions of non-negative matrix factorization with complex-
valued data", IEEE TASLP 21(5), 2013.

Deviations: spatial properties start as those of talkers in a room, in directions that SRP-PHAT finds, and not as the
identity, and each component starts mostly with one talker: from no knowledge at all, utterances of two or three seconds
end in poor local optima (the paper's mixtures last ten). A dither at -60 dB keeps every covariance regular.
"""

from dataclasses import dataclass

from cocktail import stft
from cocktail.dsp.spatial import blind, directions
from cocktail.method import Method, finite


@dataclass(frozen=True)
class Mnmf(Method):
    """K talkers from D microphones; K may exceed D."""

    task = "separate"
    needs = frozenset({"array", "n_sources"})
    components: int = 24
    """Of the mixture."""
    iterations: int = 20
    window: int = 1024
    """Samples of the STFT window."""
    hop: int = 256

    def __call__(self, mixture, view):
        """mixture (D, N) -> (K, N) at microphone 1."""
        from cocktail.dsp.spatial import multichannel_nmf

        mixture = finite(mixture)
        X, scale = blind.regular(stft.stft(mixture, self.window, self.hop), view.rng)
        f_hz = directions.frequencies(self.window, view.fs)
        R = blind.talker_covariances(X, view.array, f_hz, view.n_sources)
        images, _ = multichannel_nmf.separate(X, R, self.components, self.iterations, view.rng)
        return stft.istft(images * scale, mixture.shape[-1], self.window, self.hop)
