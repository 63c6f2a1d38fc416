"""Deep attractor network: embeddings trained through the masks that the talkers' mean embeddings make.

Z. Chen, Y. Luo and N. Mesgarani, "Deep attractor network for single-microphone speaker separation", ICASSP 2017: 4 x
300 bidirectional LSTM, 20 dimensions, attractors from the true dominance of bins in training and from k-means in use.
One model serves any number of talkers.

Deviations: those of deep_clustering in rate, bands, features and training. Bins count towards attractors that are
within 40 dB of the loudest one. The squared error of magnitudes is divided by the power of each mixture, so that loud
ones count no more than others.
"""

from dataclasses import dataclass

from cocktail.nets.separation import SeparationNetwork


@dataclass(frozen=True)
class Danet(SeparationNetwork):
    """Soft masks from attractors, one channel (microphone 1)."""

    task = "separate"
    needs = frozenset({"n_sources", "gpu"})
    layers: int = 4
    units: int = 300
    """LSTM cells a layer, in each direction."""
    dimensions: int = 20
    """Of an embedding."""
    dropout: float = 0.5
    shift_ms: float = 8.0
    """Of the STFT, whose window is 32 ms."""
    short_s: float = 0.8
    """Length of the training segments to begin with; `segment_s` is that afterwards."""
    short_epochs: int = 100
    """Most epochs on short segments; 0 begins with the long ones."""

    def network(self, fs):
        from cocktail.nets.attractors import AttractorNetwork

        return AttractorNetwork(
            fs=fs, shift_ms=self.shift_ms, layers=self.layers, units=self.scaled(self.units),
            dimensions=self.dimensions, dropout=self.dropout,
        )  # fmt: skip

    def stages(self):
        return [self.stage("short", segment_s=self.short_s, epochs=self.short_epochs), self.stage("long")]

    def objective(self, network, batch):
        from cocktail.nets.attractors import loss

        return loss(network, batch)

    def separate(self, network, mixture, view):
        from cocktail.nets.attractors import separate

        return separate(network, mixture, view.n_sources, view.rng)
