"""Chimera: a network that learns masks, and from the same layers the embeddings of deep clustering.

Z.-Q. Wang, J. Le Roux and J. R. Hershey, "Alternative objective functions for deep clustering", ICASSP 2018: what the
paper calls chimera++, 4 x 600 bidirectional LSTM with a dropout of 0.3, 20 dimensions, 0.975 of the whitened k-means
loss, masks trained for truncated phase-sensitive amplitudes in absolute error under the best permutation. Masks are
what is used. One model serves two and three talkers, and the third output is silent where there are two.

Deviations: those of deep_clustering in rate, bands and features. The loss of embeddings is relative to that of some
that tell nothing, that of masks to the mixture's amplitudes; bins within 40 dB of the loudest one count alike in the
former, where the paper weights them by magnitude. Embeddings come from a hyperbolic tangent. Adam on mixtures drawn
afresh, on segments of one length. The number of talkers is given, and the weakest outputs are dropped.
"""

from dataclasses import dataclass

from cocktail.nets.separation import SeparationNetwork


@dataclass(frozen=True)
class Chimera(SeparationNetwork):
    """Masks from the outputs of a network, one channel (microphone 1)."""

    task = "separate"
    needs = frozenset({"n_sources", "gpu"})
    least, most = {"alpha": 0}, {"alpha": 1}
    alpha: float = 0.975
    """Share of the embeddings' loss."""
    outputs: int = 3
    """Most talkers."""
    layers: int = 4
    units: int = 600
    """LSTM cells a layer, in each direction."""
    dimensions: int = 20
    """Of an embedding."""
    dropout: float = 0.3
    shift_ms: float = 8.0
    """Of the STFT, whose window is 32 ms."""

    def network(self, fs):
        from cocktail.nets.chimera import ChimeraNetwork

        return ChimeraNetwork(
            fs=fs, shift_ms=self.shift_ms, outputs=self.outputs, layers=self.layers, units=self.scaled(self.units),
            dimensions=self.dimensions, dropout=self.dropout,
        )  # fmt: skip

    def objective(self, network, batch):
        from cocktail.nets.chimera import loss

        return loss(network, batch, self.alpha)

    def separate(self, network, mixture, view):
        from cocktail.nets.pit import separate

        return separate(network, mixture, view.n_sources)

    def skip(self, info):
        """There must be an output for every talker."""
        return f"has {self.outputs} outputs" if info.n_sources > self.outputs else None
