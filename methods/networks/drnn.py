"""Joint masks and a deep recurrent network: two outputs share the mixture, and each is kept away from the other source.

P.-S. Huang, M. Kim, M. Hasegawa-Johnson and P. Smaragdis, "Deep learning for monaural speech separation", ICASSP 2014,
and "Joint optimization of masks and deep recurrent neural networks for monaural source separation", IEEE/ACM TASLP
23(12), 2015: three layers of 1000 rectifiers, the second recurrent, one frame of context on either side; a masking
layer that belongs to the network; a discriminative term, weighted by gamma.

Deviations: the sources are speech and noise. 100 log-mel filters of the project's STFT in, normalised and with noise
added in training, as of mask_network. Adam on mixtures drawn afresh instead of L-BFGS on a fixed set, no circular shift
of the sources, and gamma is 0.05 for all mixtures, where the papers tune it.
"""

from dataclasses import dataclass

from cocktail.nets.one_talker import OneTalkerNetwork


@dataclass(frozen=True)
class DeepRecurrent(OneTalkerNetwork):
    """One talker, one channel (microphone 1)."""

    gamma: float = 0.05
    """Weight of the discriminative term; 0 leaves it out."""
    units: int = 1000
    """Rectifiers of a layer."""
    context: int = 1
    """Frames on either side that the first layer sees."""

    def network(self, fs):
        from cocktail.nets.drnn import Drnn

        return Drnn(units=self.scaled(self.units), context=self.context, fs=fs)

    def objective(self, network, batch):
        from cocktail.nets.drnn import loss

        return loss(network, batch, self.gamma)

    def separate(self, network, mixture, view):
        from cocktail.stft import istft, stft

        Y = stft(mixture[None])
        return istft(network(Y.abs())[:, 0] * Y, mixture.shape[-1])
