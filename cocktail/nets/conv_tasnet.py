"""Conv-TasNet: a filter bank of short windows, and dilated convolutions that make a mask of it for every talker.

Y. Luo and N. Mesgarani, "Conv-TasNet: surpassing ideal time-frequency magnitude masking for speech separation",
IEEE/ACM TASLP 27(8), 2019. Its letters: N filters of L samples, B bottleneck and skip channels, H channels of a
convolution of P taps, X blocks in each of R repeats.

Shapes: b scenes, C channels, T frames, O outputs.
"""

import torch
from torch import nn

SMALLEST = 1e-16
"""Added to variances: so little that no level of a signal matters."""


class CumulativeNorm(nn.Module):
    """cLN: (b, C, T) normalised over all channels and the frames so far, then scaled channel by channel."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels, 1))
        self.bias = nn.Parameter(torch.zeros(channels, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(b, C, T) -> (b, C, T)."""
        seen = x.shape[1] * torch.arange(1, x.shape[-1] + 1, device=x.device)
        mean = x.sum(1).double().cumsum(-1) / seen
        variance = (x.square().sum(1).double().cumsum(-1) / seen - mean**2).clamp_min(0)
        scale = (variance + SMALLEST).rsqrt()
        return (x - mean[:, None].to(x)) * scale[:, None].to(x) * self.weight + self.bias


def norm(channels: int, causal: bool) -> nn.Module:
    """cLN, or gLN, which is over all channels and frames."""
    return CumulativeNorm(channels) if causal else nn.GroupNorm(1, channels, eps=SMALLEST)


class Block(nn.Module):
    """A depthwise dilated convolution between two of one tap (figure 1C): (b, B, T) -> residual and skip, (b, B, T)."""

    def __init__(self, channels: int, hidden: int, taps: int, dilation: int, causal: bool):
        super().__init__()
        around = (taps - 1) * dilation
        self.around = (around, 0) if causal else (around // 2, around - around // 2)
        self.first = nn.Sequential(nn.Conv1d(channels, hidden, 1), nn.PReLU(), norm(hidden, causal))
        depthwise = nn.Conv1d(hidden, hidden, taps, dilation=dilation, groups=hidden)
        self.depthwise = nn.Sequential(depthwise, nn.PReLU(), norm(hidden, causal))
        self.residual, self.skip = nn.Conv1d(hidden, channels, 1), nn.Conv1d(hidden, channels, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = self.depthwise(nn.functional.pad(self.first(x), self.around))
        return x + self.residual(hidden), self.skip(hidden)


class Separator(nn.Module):
    """Normalisation, bottleneck, R repeats of X blocks, and sigmoid masks from the sum of their skip connections."""

    def __init__(
        self, filters: int, *, outputs: int, bottleneck: int, hidden: int, taps: int, blocks: int, repeats: int,
        causal: bool,
    ):  # fmt: skip
        super().__init__()
        self.outputs = outputs
        self.enter = nn.Sequential(norm(filters, causal), nn.Conv1d(filters, bottleneck, 1))
        self.blocks = nn.ModuleList(
            Block(bottleneck, hidden, taps, 2**x, causal) for _ in range(repeats) for x in range(blocks)
        )
        self.masks = nn.Sequential(nn.PReLU(), nn.Conv1d(bottleneck, outputs * filters, 1), nn.Sigmoid())

    def forward(self, w: torch.Tensor) -> torch.Tensor:
        """(b, N, T) -> masks (b, O, N, T)."""
        x, total = self.enter(w), 0.0
        for block in self.blocks:
            x, skip = block(x)
            total = total + skip
        return self.masks(total).unflatten(1, (self.outputs, -1))
