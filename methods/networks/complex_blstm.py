"""Complex BLSTM: a mask network of complex numbers, with as many real weights as blstm-psa.

After E. Vincent, H. Erdogan and J. Le Roux, "Data-driven approaches to speech enhancement and separation", Interspeech
2016 (tutorial), part 6: are complex weights of use, at twice a real network's size? Here both have 1.44 million real
numbers to learn. The input is the mixture's spectrum with compressed magnitudes, the output a complex mask, and the
loss the squared error of spectra, of which that of blstm-psa is what a real mask can change.

Deviations: the tutorial asks and gives no network. Gates act on real and imaginary parts apart, and the mask's
magnitude is at most one. There are no mel features and no stage of training with masks of theirs.
"""

from dataclasses import dataclass

from cocktail.nets.separation import SeparationNetwork
from cocktail.stft import istft, stft


@dataclass(frozen=True)
class ComplexBlstm(SeparationNetwork):
    """One talker, one channel (microphone 1)."""

    units: int = 230
    """Complex cells a layer, of both directions together."""
    layers: int = 2
    segment_s: float = 4.0
    epochs: int = 200

    def network(self, fs):
        from cocktail.nets.complex_mask import ComplexMaskNetwork

        return ComplexMaskNetwork(units=self.scaled(self.units // 2), layers=self.layers)

    def objective(self, network, batch):
        Y, S = stft(batch["mixture"]), stft(batch["sources"][:, 0])
        error = (network(Y) * Y - S).abs().square().flatten(1).sum(-1)
        return (error / Y.abs().square().flatten(1).sum(-1).clamp_min(1e-12)).mean()

    def separate(self, network, mixture, view):
        Y = stft(mixture[None])
        return istft(network(Y) * Y, mixture.shape[-1])
