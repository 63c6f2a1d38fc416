"""A network estimates the log spectrum of the speech, not a mask: regression with global variance equalisation.

Y. Xu, J. Du, L.-R. Dai and C.-H. Lee, "A regression approach to speech enhancement based on deep neural networks",
IEEE/ACM TASLP 23(1), 2015: 3 x 2048 units, eleven frames and a noise estimate from the first ones in, the normalised
log spectrum of the speech out, whose variance is made that of speech by one factor. Phases are the mixture's.

Deviations: frames are 8 ms apart and not 16. Rectifiers without dropout instead of sigmoids with it, Adam, no pre-
training. Every mixture is brought to one level. Logarithms have a floor 60 dB below it, and estimates are silent there.
Segments in training begin anywhere, so that their first frames may hold speech.
"""

from dataclasses import dataclass

from cocktail.nets.one_talker import STATISTICS, OneTalkerNetwork
from cocktail.rng import rng as seeded


@dataclass(frozen=True)
class SpectralRegression(OneTalkerNetwork):
    """One talker, one channel (microphone 1)."""

    units: int = 2048
    layers: int = 3
    context: int = 5
    """Frames on either side that the network sees."""
    noise_aware: bool = True
    """Whether it also sees the mean of the first frames."""
    equalised: bool = True
    """Whether the variance of its estimates is made that of speech."""

    def network(self, fs):
        from cocktail.nets.regression import RegressionNetwork

        return RegressionNetwork(
            fs=fs, units=self.scaled(self.units), layers=self.layers, context=self.context, noise_aware=self.noise_aware
        )

    def initialise(self, network, data, examples, rng):
        from cocktail.nets.regression import set_statistics

        set_statistics(network, examples, STATISTICS, rng)

    def objective(self, network, batch):
        from cocktail.nets.regression import loss

        return loss(network, batch)

    def finish(self, network, examples):
        from cocktail.nets.regression import equalise_variance

        if self.equalised:
            equalise_variance(network, examples, STATISTICS, seeded(0, role="variance"))

    def separate(self, network, mixture, view):
        from cocktail.nets.regression import separate

        return separate(network, mixture)
