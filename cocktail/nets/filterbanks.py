"""Filter banks of short windows with half of them between frames: learnt, or those of an auditory model.

Y. Luo and N. Mesgarani, "Conv-TasNet: surpassing ideal time-frequency magnitude masking for speech separation",
IEEE/ACM TASLP 27(8), 2019 (encoder and decoder). D. Ditter and T. Gerkmann, "A multi-phase gammatone filterbank for
speech separation via TasNet", ICASSP 2020 (the auditory encoder).

Shapes: b scenes, N filters of L samples, T frames; signals (b, samples). Frame t reaches half a window past sample
t L / 2, so that every sample is in two frames.
"""

import torch
from torch import nn

from cocktail.dsp.auditory.gammatone import multi_phase
from cocktail.method import require_rate
from cocktail.nets.waveforms import levelled


class Encoder(nn.Module):
    """Learnt filters: linear, without a bias."""

    def __init__(self, filters: int, window: int):
        """`window`: L, an even number of samples."""
        super().__init__()
        self.filters, self.window = filters, window
        self.weight = nn.Parameter(nn.Conv1d(1, filters, window).weight.detach())

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        """(b, samples) -> (b, N, T), T = ceil(samples / (L / 2)) + 1."""
        hop = self.window // 2
        last = -signal.shape[-1] % hop + hop
        return nn.functional.conv1d(nn.functional.pad(signal, (hop, last))[:, None], self.weight, stride=hop)


class Gammatone(Encoder):
    """A multi-phase gammatone filter bank, rectified; it has nothing to learn."""

    def __init__(self, filters: int, window: int, fs: int):
        """`filters`: about so many, an even number."""
        nn.Module.__init__(self)
        bank = torch.as_tensor(multi_phase(filters, window, fs), dtype=torch.float32)
        self.filters, self.window = len(bank), window
        self.register_buffer("weight", bank[:, None], persistent=False)

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        """(b, samples) -> (b, N, T), not negative: of what is lost, the filter of the other sign keeps track."""
        return super().forward(signal).relu()


class MaskedFilterBank(nn.Module):
    """An encoder, a separator that makes masks of what it gives, and a decoder of what they leave."""

    def __init__(self, encoder: Encoder, separator: nn.Module):
        """`separator`: (b, N, T) -> masks (b, O, N, T) of O outputs."""
        super().__init__()
        self.encoder, self.separator = encoder, separator
        self.decoder = Decoder(encoder.filters, encoder.window)

    def forward(self, mixture: torch.Tensor) -> torch.Tensor:
        """(b, samples) -> estimates (b, O, samples)."""
        w = self.encoder(mixture)
        return self.decoder(self.separator(w) * w[:, None], mixture.shape[-1])

    @torch.no_grad()
    def enhance(self, mixture, fs: int, device: str = "cpu") -> torch.Tensor:
        """(D, samples) at the rate of its training -> (D, samples) on `device`: the first output, as loud as it was."""
        require_rate(fs, self.fs)
        samples = torch.as_tensor(mixture, device=device, dtype=torch.float32)
        return levelled(self(samples), samples)[:, 0]


class Decoder(nn.Module):
    """Learnt filters, whose frames are added where they overlap."""

    def __init__(self, filters: int, window: int):
        super().__init__()
        self.window = window
        self.weight = nn.Parameter(nn.ConvTranspose1d(filters, 1, window).weight.detach())

    def forward(self, frames: torch.Tensor, n_samples: int) -> torch.Tensor:
        """(..., N, T) -> (..., n_samples)."""
        hop = self.window // 2
        flat = frames.flatten(0, -3)
        signal = nn.functional.conv_transpose1d(flat, self.weight, stride=hop)[:, 0, hop : hop + n_samples]
        return signal.unflatten(0, frames.shape[:-2])


def window_samples(window_ms: float, fs: int) -> int:
    """The even number of samples nearest to a window, at least 2."""
    return max(2 * round(window_ms * fs / 2000), 2)
