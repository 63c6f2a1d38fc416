"""Deep clustering: a network embeds every time-frequency bin, k-means finds the talkers.

J. R. Hershey, Z. Chen, J. Le Roux and S. Watanabe, "Deep clustering: discriminative embeddings for segmentation and
separation", ICASSP 2016; of size and training as in Y. Isik, J. Le Roux, Z. Chen, S. Watanabe and J. R. Hershey,
"Single-channel multi-speaker separation using deep clustering", Interspeech 2016: 4 x 300 bidirectional LSTM, 40
dimensions, segments of 100 frames, then of 400. One model serves any number of talkers.

Deviations: 16 kHz; bins above 4 kHz are embedded in bands of four. Features are relative to the loudest bin of the
mixture, so that no gain matters. Adam instead of gradient descent with momentum, on mixtures drawn afresh; dropout
between layers, none inside them. Suites with little time to train take every n-th frame into the loss (`every`).
"""

from dataclasses import dataclass

from cocktail.nets.separation import SeparationNetwork


@dataclass(frozen=True)
class DeepClustering(SeparationNetwork):
    """Binary masks from clusters of embeddings, one channel (microphone 1)."""

    task = "separate"
    needs = frozenset({"n_sources", "gpu"})
    layers: int = 4
    units: int = 300
    """LSTM cells a layer, in each direction."""
    dimensions: int = 40
    """Of an embedding."""
    dropout: float = 0.5
    shift_ms: float = 8.0
    """Of the STFT, whose window is 32 ms."""
    every: int = 1
    """The loss looks at every so many frames."""
    short_s: float = 0.8
    """Length of the training segments to begin with; `segment_s` is that afterwards."""
    short_epochs: int = 100
    """Most epochs on short segments; 0 begins with the long ones."""

    def network(self, fs):
        from cocktail.nets.clustering import EmbeddingNetwork

        return EmbeddingNetwork(
            fs=fs, shift_ms=self.shift_ms, layers=self.layers, units=self.scaled(self.units),
            dimensions=self.dimensions, dropout=self.dropout,
        )  # fmt: skip

    def stages(self):
        return [self.stage("short", segment_s=self.short_s, epochs=self.short_epochs), self.stage("long")]

    def objective(self, network, batch):
        from cocktail.nets.clustering import loss

        return loss(network, batch, every=self.every)

    def separate(self, network, mixture, view):
        from cocktail.nets.clustering import separate

        return separate(network, mixture, view.n_sources, view.rng)
