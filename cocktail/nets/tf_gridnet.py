"""TF-GridNet: layers along frequency, along time and attention between frames in turn, from spectrum to spectra.

Z.-Q. Wang, S. Cornell, S. Choi, Y. Lee, B.-Y. Kim and S. Watanabe, "TF-GridNet: integrating full- and sub-band modeling
for speech separation", IEEE/ACM TASLP 31, 2023. Its letters: D channels of a bin, I neighbours that an LSTM sees at
once and J of them between its steps, H cells in each direction, L heads of attention, E channels of a query.

Shapes: b scenes, O outputs, F bins, T frames; signals (b, samples).
"""

import math

import torch
from torch import nn

from cocktail import stft
from cocktail.nets.trunks import blstm


class Path(nn.Module):
    """A bidirectional LSTM along the last axis: (b, D, A, S) -> the same, added to the input (figure 2)."""

    def __init__(self, channels: int, units: int, neighbours: int, step: int):
        super().__init__()
        self.neighbours, self.step = neighbours, step
        self.norm = nn.LayerNorm(channels)
        self.recurrent = blstm(neighbours * channels, units, 1, 0.0)
        self.spread = nn.ConvTranspose1d(2 * units, channels, neighbours, stride=step)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n = x.shape[-1]
        steps = max(math.ceil((n - self.neighbours) / self.step), 0)
        y = self.norm(x.permute(0, 2, 3, 1)).flatten(0, 1)  # (b A, S, D)
        y = nn.functional.pad(y, (0, 0, 0, steps * self.step + self.neighbours - n))
        y = y.unfold(1, self.neighbours, self.step).flatten(2)  # (b A, steps, D I)
        y = self.spread(self.recurrent(y)[0].mT)[..., :n]
        return x + y.unflatten(0, (x.shape[0], x.shape[2])).movedim(1, 2)


class Projection(nn.Module):
    """A linear layer of every bin, PReLU and normalisation of every frame: (b, D, T, F) -> (b, L, T, E, F), L heads."""

    def __init__(self, channels: int, heads: int, width: int, bins: int):
        """`width`: E, channels of a head."""
        super().__init__()
        self.heads = heads
        self.linear, self.slope = nn.Conv2d(channels, heads * width, 1), nn.PReLU(heads)
        self.weight = nn.Parameter(torch.ones(heads, 1, width, bins))
        self.bias = nn.Parameter(torch.zeros(heads, 1, width, bins))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.slope(self.linear(x).unflatten(1, (self.heads, -1))).movedim(2, 3)
        return nn.functional.layer_norm(y, y.shape[-2:]) * self.weight + self.bias


class Attention(nn.Module):
    """Between whole frames, all bins of a frame being one vector: (b, D, T, F) -> the same, added to the input."""

    def __init__(self, channels: int, heads: int, query: int, bins: int):
        super().__init__()
        self.query, self.key = (Projection(channels, heads, query, bins) for _ in ("query", "key"))
        self.value = Projection(channels, heads, channels // heads, bins)
        self.output = Projection(channels, 1, channels, bins)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (project(x).flatten(-2) for project in (self.query, self.key, self.value))
        attended = nn.functional.scaled_dot_product_attention(q, k, v)  # softmax(q k' / sqrt(E F)) v, (b, L, T, D/L F)
        heads = attended.unflatten(-1, (-1, x.shape[-1])).movedim(3, 2).flatten(1, 2)  # (b, D, T, F)
        return x + self.output(heads)[:, 0].movedim(2, 1)


class TfGridnet(nn.Module):
    """Real and imaginary parts of a mixture's STFT to those of the talkers."""

    def __init__(
        self, *, window: int, hop: int, outputs: int, channels: int, blocks: int, units: int, neighbours: int,
        step: int, heads: int, query: int,
    ):  # fmt: skip
        """`window` and `hop` in samples; `query`: about so many numbers in the query of a frame, E = ceil(`query` / F).

        `channels` is a multiple of `heads`.
        """
        super().__init__()
        self.window, self.hop, self.outputs = window, hop, outputs
        bins = window // 2 + 1
        self.enter = nn.Sequential(nn.Conv2d(2, channels, 3, padding=1), nn.GroupNorm(1, channels))
        self.blocks = nn.ModuleList(
            nn.ModuleList(
                (
                    Path(channels, units, neighbours, step),
                    Path(channels, units, neighbours, step),
                    Attention(channels, heads, math.ceil(query / bins), bins),
                )
            )
            for _ in range(blocks)
        )
        self.leave = nn.ConvTranspose2d(channels, 2 * outputs, 3, padding=1)

    def forward(self, mixture: torch.Tensor) -> torch.Tensor:
        """(b, samples) -> estimates (b, O, samples), of a mixture of unit level that is brought back to its own."""
        level = mixture.square().mean(-1, keepdim=True).sqrt()
        level = torch.where(level > 0, level, 1.0)
        Y = stft.stft(mixture / level, self.window, self.hop).mT  # (b, T, F)
        x = self.enter(torch.stack([Y.real, Y.imag], dim=1))
        for along_frequency, along_time, attention in self.blocks:
            x = attention(along_time(along_frequency(x).mT).mT)
        parts = self.leave(x).unflatten(1, (self.outputs, 2))
        S = torch.complex(parts[:, :, 0], parts[:, :, 1]).mT
        return level[:, None] * stft.istft(S, mixture.shape[-1], self.window, self.hop)
