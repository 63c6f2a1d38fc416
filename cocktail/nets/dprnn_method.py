"""What plugins that are a dual-path recurrent network share: its sizes. Torch is imported where it is used."""

from dataclasses import dataclass

from cocktail.errors import CocktailError
from cocktail.nets.waveform_method import WaveformNetwork


@dataclass(frozen=True)
class DprnnMethod(WaveformNetwork):
    """The defaults are those of Y. Luo, Z. Chen and T. Yoshioka, ICASSP 2020, at their longest window: 2.6 million
    weights."""

    filters: int = 64
    """Of the encoder."""
    window_ms: float = 2.0
    """Of the encoder, every half of it."""
    bottleneck: int = 64
    """Channels between the paths."""
    units: int = 128
    """LSTM cells of a path, in each direction."""
    blocks: int = 6
    chunk: int = 100
    """Frames, an even number; half of them apart."""

    def __post_init__(self):
        if self.chunk < 2 or self.chunk % 2:
            raise CocktailError(f"chunk: {self.chunk} frames cannot overlap by half; give an even number")

    def network(self, fs):
        from cocktail.nets.dprnn import Separator
        from cocktail.nets.filterbanks import Encoder, MaskedFilterBank, window_samples

        filters = self.scaled(self.filters)
        separator = Separator(
            filters, outputs=self.outputs, bottleneck=self.scaled(self.bottleneck), units=self.scaled(self.units),
            blocks=self.blocks, chunk=self.chunk,
        )  # fmt: skip
        return MaskedFilterBank(Encoder(filters, window_samples(self.window_ms, fs)), separator)
