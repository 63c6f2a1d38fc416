"""What plugins share whose network embeds the bins of a mixture: its sizes, and training on short segments first."""

from dataclasses import dataclass

from cocktail.nets.separation import SeparationNetwork


@dataclass(frozen=True)
class EmbeddingMethod(SeparationNetwork):
    """A plugin gives `network`, of these `sizes`, `objective` and `separate`."""

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
    short_s: float = 0.8
    """Length of the training segments to begin with; `segment_s` is that afterwards."""
    short_epochs: int = 100
    """Most epochs on short segments; 0 begins with the long ones."""

    def sizes(self) -> dict:
        """Arguments of cocktail.nets.clustering.EmbeddingNetwork besides the rate."""
        return {
            "shift_ms": self.shift_ms, "layers": self.layers, "units": self.scaled(self.units),
            "dimensions": self.dimensions, "dropout": self.dropout,
        }  # fmt: skip

    def stages(self):
        return [self.stage("short", segment_s=self.short_s, epochs=self.short_epochs), self.stage("long")]
