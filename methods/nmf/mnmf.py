"""Multichannel NMF: components of a spectrogram are shared out among sources with full-rank spatial properties.

H. Sawada, H. Kameoka, S. Araki and N. Ueda, "Multichannel extensions of non-negative matrix factorization with complex-
valued data", IEEE TASLP 21(5), 2013.

Deviations: spatial properties start as those of talkers in a room, in directions that SRP-PHAT finds, and not as the
identity, and each component starts mostly with one talker: from no knowledge at all, utterances of two or three seconds
end in poor local optima. Twenty iterations. A dither at -60 dB keeps every covariance regular.
"""

from dataclasses import dataclass

from cocktail.dsp.spatial import blind
from cocktail.dsp.spatial.separator import ArraySeparator


@dataclass(frozen=True)
class Mnmf(ArraySeparator):
    """K talkers from D microphones; K may exceed D."""

    components: int = 24
    """Of the mixture."""
    iterations: int = 20

    def images(self, X, f_hz, view):
        from cocktail.dsp.spatial import multichannel_nmf

        R = blind.talker_covariances(X, view.array, f_hz, view.n_sources)
        return multichannel_nmf.separate(X, R, self.components, self.iterations, view.rng)[0]
