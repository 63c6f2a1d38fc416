"""What plugins that are a Conv-TasNet share: its sizes, by the letters of the paper. Torch is imported where used."""

from dataclasses import dataclass
from typing import Literal

from cocktail.nets.waveform_method import WaveformNetwork


@dataclass(frozen=True)
class ConvTasNetMethod(WaveformNetwork):
    """The defaults are those of Y. Luo and N. Mesgarani, IEEE/ACM TASLP 27(8), 2019, Table I: 5.1 million weights."""

    encoder: Literal["learnt", "gammatone"] = "learnt"
    """`gammatone`: fixed filters of an auditory model, in several phases (Ditter and Gerkmann 2020)."""
    filters: int = 512
    """N, of the encoder."""
    window_ms: float = 2.0
    """L, every half of it."""
    bottleneck: int = 128
    """B, channels between the blocks."""
    hidden: int = 512
    """H, channels inside a block."""
    taps: int = 3
    """P, of a convolution."""
    blocks: int = 8
    """X, each with twice the dilation of the one before."""
    repeats: int = 3
    """R, of all blocks."""
    normalisation: Literal["global", "cumulative"] = "global"
    """`global`: over all frames (gLN); `cumulative`: over those so far (cLN), which makes the network causal."""

    @property
    def causal(self):
        """Whether neither convolutions nor normalisation look ahead."""
        return self.normalisation == "cumulative"

    def network(self, fs):
        from cocktail.nets.conv_tasnet import Separator
        from cocktail.nets.filterbanks import Encoder, Gammatone, MaskedFilterBank, window_samples

        filters, window = self.scaled(self.filters), window_samples(self.window_ms, fs)
        encoder = Encoder(filters, window) if self.encoder == "learnt" else Gammatone(filters, window, fs)
        separator = Separator(
            encoder.filters, outputs=self.outputs, bottleneck=self.scaled(self.bottleneck),
            hidden=self.scaled(self.hidden), taps=self.taps, blocks=self.blocks, repeats=self.repeats,
            causal=self.normalisation == "cumulative",
        )  # fmt: skip
        return MaskedFilterBank(encoder, separator)
