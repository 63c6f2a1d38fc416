"""What plugins that are a TF-GridNet share: its sizes, by the letters of the paper. Torch is imported where used."""

from dataclasses import dataclass

from cocktail.nets.waveform_method import WaveformNetwork


@dataclass(frozen=True)
class TfGridnetMethod(WaveformNetwork):
    """The defaults are those of the largest network of Z.-Q. Wang et al., IEEE/ACM TASLP 31, 2023, for two talkers
    without a room: 14.5 million weights at 8 kHz."""

    least = {"neighbours": 1, "step": 1, "heads": 1, "query": 1}  # noqa: RUF012
    channels: int = 64
    """D, of a bin; brought to the nearest multiple of `heads`."""
    blocks: int = 6
    """B."""
    units: int = 256
    """H, LSTM cells in each direction."""
    neighbours: int = 4
    """I, bins or frames that an LSTM sees at once."""
    step: int = 1
    """J, between its steps."""
    heads: int = 4
    """L, of attention."""
    query: int = 512
    """About so many numbers in the query of a frame."""
    shift_ms: float = 8.0
    """Of the STFT, whose window is 32 ms."""

    def network(self, fs):
        from cocktail.nets.tf_gridnet import TfGridnet
        from cocktail.stft import framing

        channels = self.heads * max(round(self.scaled(self.channels) / self.heads), 1)
        return TfGridnet(
            window=framing(fs)[0], hop=round(self.shift_ms * fs / 1000), outputs=self.outputs, channels=channels,
            blocks=self.blocks, units=self.scaled(self.units), neighbours=self.neighbours, step=self.step,
            heads=self.heads, query=self.query,
        )  # fmt: skip
