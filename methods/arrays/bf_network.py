"""Beamforming network: correlations of all pairs of microphones go in, the weights of a beamformer come out.

X. Xiao, S. Watanabe, H. Erdogan, L. Lu, J. Hershey, M. L. Seltzer, G. Chen, Y. Zhang, M. Mandel and D. Yu, "Deep
beamforming networks for multi-channel speech recognition", ICASSP 2016: generalised cross-correlations (GCC-PHAT) in
windows of 0.2 s, at as many lags as the array is wide, two layers of 1024 sigmoids, real and imaginary parts of one
weight for every microphone and bin, averaged over the utterance.

Deviations: a bidirectional LSTM masks the beam, where the paper has a recogniser. Both are trained at once for the
squared error of the talker's spectrum; the paper begins with the weights of delay and sum. Windows do not overlap, and
loud ones count more. Windows and sizes of layers are from memory and could not be checked.
"""

from dataclasses import dataclass

from cocktail.nets.array_network import ArrayNetwork


@dataclass(frozen=True)
class BfNetwork(ArrayNetwork):
    """One talker, as at microphone 1 of the array of its training."""

    lags: int = 13
    """Samples to either side; the tablet is 0.28 m wide."""
    window: int = 25
    """Frames that are correlated together."""
    beam_units: int = 1024
    """Sigmoids of a layer of the beamformer."""
    beam_layers: int = 2
    units: int = 384
    """LSTM cells of a layer of the mask's network, of both directions together."""
    layers: int = 2
    epochs: int = 200

    def network(self, fs):
        from cocktail.nets.beams import AdaptiveBeam, MaskedBeams

        front = AdaptiveBeam(
            microphones=self.microphones, lags=self.lags, window=self.window, units=self.scaled(self.beam_units),
            layers=self.beam_layers,
        )  # fmt: skip
        return MaskedBeams(front, units=self.scaled(self.units), layers=self.layers, fs=fs)

    def objective(self, network, batch):
        from cocktail.nets.beams import loss

        return loss(network, batch)

    def separate(self, network, mixture, view):
        from cocktail.stft import istft

        return istft(network(mixture[None]), mixture.shape[-1])
