"""What networks that separate talkers look at: an STFT whose upper bins are pooled into bands.

Up to 4 kHz every bin is a band, as in the papers, which work at 8 kHz with the same windows of 32 ms. Above, speech is
mostly noise and has no harmonics to tell apart; four bins, 125 Hz, make a band. Such a network sees all of a 16 kHz
signal at a little more than the cost of its lower half.

Shapes: B scenes, N samples, F bins, T frames, G bands.
"""

import numpy as np
import torch
from torch import nn

from cocktail import stft

LINEAR_HZ = 4000.0
BINS = 4
"""STFT bins in a band above LINEAR_HZ."""
RANGE_DB = 60.0
"""Features reach this far below the loudest band of a signal."""


class Bands(nn.Module):
    """The STFT of signals at `fs` Hz with a shift of `shift_ms`, and its bands. Has no weights."""

    def __init__(self, fs: int, shift_ms: float):
        super().__init__()
        self.window, self.hop = stft.framing(fs)[0], round(shift_ms * fs / 1000)
        bins = np.arange(self.window // 2 + 1)
        self.linear = min(len(bins), int(LINEAR_HZ / fs * self.window) + 1)
        """Bins, from the lowest on, that are a band each."""
        index = np.where(bins < self.linear, bins, self.linear + (bins - self.linear) // BINS)
        self.register_buffer("index", torch.as_tensor(index), persistent=False)
        self.count = int(index[-1]) + 1

    def stft(self, x: torch.Tensor) -> torch.Tensor:
        """(..., N) -> (..., F, T)."""
        return stft.stft(x, self.window, self.hop)

    def istft(self, X: torch.Tensor, n_samples: int) -> torch.Tensor:
        """(..., F, T) -> (..., n_samples)."""
        return stft.istft(X, n_samples, self.window, self.hop)

    def pool(self, X: torch.Tensor) -> torch.Tensor:
        """(..., F, T) real -> (..., T, G): sums over the bins of each band, time first as recurrent layers want it."""
        linear, upper = X[..., : self.linear, :], X[..., self.linear :, :]
        # Sums in a fixed order: those of index_add differ from run to run on a GPU.
        upper = nn.functional.pad(upper, (0, 0, 0, -upper.shape[-2] % BINS)).unflatten(-2, (-1, BINS)).sum(-2)
        return torch.cat([linear, upper], -2).transpose(-1, -2)

    def power(self, X: torch.Tensor) -> torch.Tensor:
        """STFT (..., F, T) -> power of its bands (..., T, G)."""
        return self.pool(X.real**2 + X.imag**2)

    def spread(self, mask: torch.Tensor) -> torch.Tensor:
        """(..., T, G) -> (..., F, T): every bin gets the value of its band."""
        return mask[..., self.index].transpose(-1, -2)


def level_db(power: torch.Tensor, loudest: torch.Tensor | None = None) -> torch.Tensor:
    """(..., T, G) powers in dB re the largest of `loudest` (by default their own), at least -RANGE_DB."""
    peak = (power if loudest is None else loudest).amax((-1, -2), keepdim=True)
    relative = power / peak.clamp_min(torch.finfo(power.dtype).tiny)
    return 10 * torch.log10(relative.clamp_min(10 ** (-RANGE_DB / 10)))


def features(power: torch.Tensor, loudest: torch.Tensor | None = None) -> torch.Tensor:
    """(..., T, G) powers -> input of a network: `level_db`, brought to about zero mean and unit variance."""
    return level_db(power, loudest) / (RANGE_DB / 3) + 1.5
