"""Dual-path recurrent network: a long sequence in overlapping chunks, and layers along and across them in turn.

Y. Luo, Z. Chen and T. Yoshioka, "Dual-path RNN: efficient long sequence modeling for time-domain single-channel speech
separation", ICASSP 2020.

Shapes: b scenes, N filters, T frames, C channels, P frames of a chunk, S chunks, O outputs.
"""

import torch
from torch import nn

from cocktail.nets.conv_tasnet import norm
from cocktail.nets.trunks import blstm


def chunks(x: torch.Tensor, length: int) -> torch.Tensor:
    """(b, C, T) -> (b, C, S, P): chunks of an even `length`, half of it apart; each frame is in two of them."""
    half = length // 2
    return nn.functional.pad(x, (half, half + -x.shape[-1] % half)).unfold(-1, length, half)


def overlap_add(x: torch.Tensor, n_frames: int) -> torch.Tensor:
    """The sum of chunks (b, C, S, P) where they were -> (b, C, `n_frames`)."""
    half = x.shape[-1] // 2
    halves = x.unflatten(-1, (2, half))  # what a chunk begins with, and what it ends with
    total = halves[..., 1:, 0, :] + halves[..., :-1, 1, :]
    return total.flatten(-2)[..., :n_frames]


class Path(nn.Module):
    """Bidirectional LSTM along the last axis, a linear layer and gLN: (b, C, S, P) -> the same, added to the input."""

    def __init__(self, channels: int, units: int):
        super().__init__()
        self.recurrent = blstm(channels, units, 1, 0.0)
        self.linear, self.norm = nn.Linear(2 * units, channels), norm(channels, causal=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        sequences = x.permute(0, 2, 3, 1)  # (b, S, P, C)
        hidden = self.linear(self.recurrent(sequences.flatten(0, 1))[0]).view(sequences.shape)
        return x + self.norm(hidden.permute(0, 3, 1, 2))


class Separator(nn.Module):
    """Normalisation, bottleneck, blocks of a path along the chunks and one across them, and sigmoid masks."""

    def __init__(self, filters: int, *, outputs: int, bottleneck: int, units: int, blocks: int, chunk: int):
        """`units`: of an LSTM in each direction; `chunk`: frames, an even number."""
        super().__init__()
        self.outputs, self.chunk = outputs, chunk
        self.enter = nn.Sequential(norm(filters, causal=False), nn.Conv1d(filters, bottleneck, 1))
        self.along, self.across = (
            nn.ModuleList(Path(bottleneck, units) for _ in range(blocks)) for _ in ("along", "across")
        )
        self.masks = nn.Sequential(nn.PReLU(), nn.Conv1d(bottleneck, outputs * filters, 1), nn.Sigmoid())

    def forward(self, w: torch.Tensor) -> torch.Tensor:
        """(b, N, T) -> masks (b, O, N, T)."""
        x = chunks(self.enter(w), self.chunk)
        for along, across in zip(self.along, self.across, strict=True):
            x = across(along(x).mT).mT
        return self.masks(overlap_add(x, w.shape[-1])).unflatten(1, (self.outputs, -1))
