"""Utterance-level permutation-invariant training: a network with three outputs for two or three talkers.

M. Kolbaek, D. Yu, Z.-H. Tan and J. Jensen, "Multi-talker speech separation with utterance-level permutation invariant
training of deep recurrent neural networks", IEEE/ACM TASLP 25(10), 2017: 3 x 896 bidirectional LSTM, shift 16 ms,
rectified masks, the non-negative phase-sensitive target; one model for two and three talkers, whose third output is
silent where there are two.

Deviations: 16 kHz; bins above 4 kHz have masks in bands of four. Features are logarithms, relative to the loudest bin
of the mixture, so that no gain matters. The squared error is divided by the power of each mixture, where the paper
takes the mean over all bins, so that loud mixtures count no more than others. Adam instead of gradient descent, on
mixtures drawn afresh. The number of talkers is given, and the weakest outputs are dropped.
"""

from dataclasses import dataclass

from cocktail.nets.separation import SeparationNetwork


@dataclass(frozen=True)
class Pit(SeparationNetwork):
    """Masks from the outputs of a network, one channel (microphone 1)."""

    task = "separate"
    needs = frozenset({"n_sources", "gpu"})
    outputs: int = 3
    """Most talkers."""
    layers: int = 3
    units: int = 896
    """LSTM cells a layer, in each direction."""
    dropout: float = 0.5
    shift_ms: float = 16.0
    """Of the STFT, whose window is 32 ms."""
    epochs: int = 200

    def network(self, fs):
        from cocktail.nets.pit import PitNetwork

        return PitNetwork(
            fs=fs, shift_ms=self.shift_ms, outputs=self.outputs, layers=self.layers, units=self.scaled(self.units),
            dropout=self.dropout,
        )  # fmt: skip

    def objective(self, network, batch):
        from cocktail.nets.pit import loss

        return loss(network, batch)

    def separate(self, network, mixture, view):
        from cocktail.nets.pit import separate

        return separate(network, mixture, view.n_sources)

    def skip(self, info):
        """There must be an output for every talker."""
        return f"has {self.outputs} outputs" if info.n_sources > self.outputs else None
