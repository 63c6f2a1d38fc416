"""Beamforming layer: filter and sum, learnt from samples with the network behind it, and the same for every scene.

T. N. Sainath, R. J. Weiss, K. W. Wilson, A. Narayanan and M. Bacchiani, "Speaker location and microphone spacing
invariant acoustic modeling from raw multichannel waveforms", ASRU 2015; T. N. Sainath et al., "Multichannel signal
processing with deep neural networks for automatic speech recognition", IEEE/ACM TASLP 25(5), 2017: ten look directions,
each with a filter of 5 ms for every microphone, which begin as impulses at the delays of that direction.

Deviations: behind the layer, a bidirectional LSTM gives each beam a mask, and their sum is the estimate, where the
papers have filters in frequency and a recogniser. The loss is the squared error of its spectrum. The first look
directions are spread over the sphere. Number and length of filters are from memory and could not be checked.
"""

from dataclasses import dataclass

from cocktail.nets.array_network import ArrayNetwork


@dataclass(frozen=True)
class BfLayer(ArrayNetwork):
    """One talker, as at microphone 1 of the array of its training."""

    beams: int = 10
    """Look directions."""
    taps: int = 81
    """Samples of a filter, an odd number."""
    units: int = 384
    """LSTM cells of a layer, of both directions together."""
    layers: int = 2
    epochs: int = 200

    def network(self, fs):
        from cocktail.nets.beams import FilterAndSum, MaskedBeams

        front = FilterAndSum(microphones=self.microphones, beams=self.beams, taps=self.taps)
        return MaskedBeams(front, units=self.scaled(self.units), layers=self.layers, fs=fs)

    def initialise(self, network, data, examples, rng):
        network.front.look(data.mixer.draw(rng, "train").array, data.fs)
        super().initialise(network, data, examples, rng)

    def objective(self, network, batch):
        from cocktail.nets.beams import loss

        return loss(network, batch)

    def separate(self, network, mixture, view):
        from cocktail.stft import istft

        return istft(network(mixture[None]), mixture.shape[-1])
