"""AASIST: graph attention over the frequencies and the times of a raw-waveform encoder, for a spoofing detector.

J. Jung, H.-S. Heo, H. Tak, H. Shim, J. S. Chung, B.-J. Lee, H.-J. Yu and N. Evans, "AASIST: audio anti-spoofing using
integrated spectro-temporal graph attention networks", ICASSP 2022. Encoder: H. Tak et al., "End-to-end anti-spoofing
with RawNet2", ICASSP 2021, with the fixed band-pass filters of M. Ravanelli and Y. Bengio, "Speaker recognition from
raw waveform with SincNet", SLT 2018. Graph attention: P. Velickovic et al., ICLR 2018; graph pooling: H. Gao and S. Ji,
"Graph U-Nets", ICML 2019.

Deviations: recordings keep their length, and those of more than LONGEST samples, four seconds at 16 kHz, are cut into
equal parts whose logits are averaged; the paper cuts and repeats everything to four seconds.

Shapes: B recordings, N samples, C channels, F bands, T frames, V nodes of a graph.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from cocktail.dsp.mel import hertz, mel

LONGEST = 64600
"""Samples that are looked at together."""
FILTERS, TAPS = 70, 129
BANDS = FILTERS // 3
DROPOUT = 0.5
"""Of what the output is computed from."""
OF_NODES, OF_POOLED, OF_PATHS = 0.4, 0.6, 0.4
"""Dropout of the graphs' inputs, of what pooling looks at, and of the branches' outputs, over that."""


@dataclass(frozen=True)
class Sizes:
    """What tells AASIST and its light form apart."""

    channels: tuple[int, ...]
    """Of the encoder's six blocks."""
    nodes: int
    """Features of a node in the graphs of frequencies and of times."""
    stacked: int
    """The same in the graphs of both."""
    kept: tuple[float, float, float]
    """Shares of the nodes that pooling leaves: of frequencies, of times, of both in the stacked graphs."""


PAPER = Sizes(channels=(32, 32, 64, 64, 64, 64), nodes=64, stacked=32, kept=(0.5, 0.7, 0.5))
LIGHT = Sizes(channels=(32, 32, 24, 24, 24, 24), nodes=24, stacked=32, kept=(0.4, 0.5, 0.7))
TEMPERATURE, STACKED_TEMPERATURE = 2.0, 100.0


class Aasist(nn.Module):
    """Waveforms (B, N) -> (B,) logit of bona fide. `width` multiplies channels and features of nodes.

    `dropout`: of what the output is computed from; the rates in the graphs keep their proportions to it.
    """

    shortest = 3**8
    """Samples: the encoder leaves two frames."""

    def __init__(self, fs: int, sizes: Sizes = PAPER, width: float = 1.0, dropout: float = DROPOUT):
        super().__init__()
        channels = [max(round(width * n), 2) for n in sizes.channels]
        nodes, stacked = (max(round(width * n), 2) for n in (sizes.nodes, sizes.stacked))
        self.register_buffer("filters", torch.as_tensor(_shifted(band_passes(fs)), dtype=torch.float32)[:, None])
        self.normalisation = nn.BatchNorm2d(1)
        self.encoder = nn.Sequential(
            *(Block(a, b, first=i == 0) for i, (a, b) in enumerate(zip([1, *channels], channels, strict=False)))
        )
        self.encoder.to(memory_format=torch.channels_last)  # in which a processor convolves few channels thrice as fast
        self.position = nn.Parameter(torch.randn(1, BANDS, channels[-1]))
        self.of_frequencies, self.of_times = (GraphAttention(channels[-1], nodes, dropout) for _ in range(2))
        self.pools = nn.ModuleList(GraphPool(nodes, share, dropout) for share in sizes.kept[:2])
        self.branches = nn.ModuleList(Branch(nodes, stacked, sizes.kept[2], dropout) for _ in range(2))
        self.output = nn.Sequential(nn.Dropout(dropout), nn.Linear(5 * stacked, 2))

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        parts = waveform.tensor_split(math.ceil(waveform.shape[-1] / LONGEST), dim=-1)
        return torch.stack([self._logit(part) for part in parts]).mean(0)

    def bands(self, waveform: torch.Tensor) -> torch.Tensor:
        """(B, N) -> (B, 1, BANDS, T): what the filters pass, the loudest of three samples of three filters each."""
        passed = functional.conv1d(waveform[:, None], self.filters, stride=3)
        return passed.abs().unflatten(1, (1, BANDS, 9)).amax(3)

    def _logit(self, waveform):
        maps = self.encoder(functional.selu(self.normalisation(self.bands(waveform)))).abs()  # (B, C, BANDS, T)
        frequencies = self.pools[0](self.of_frequencies(maps.amax(3).transpose(1, 2) + self.position))
        times = self.pools[1](self.of_times(maps.amax(2).transpose(1, 2)))
        ends = [branch(times, frequencies) for branch in self.branches]
        times, frequencies, stack = (torch.maximum(*pair) for pair in zip(*ends, strict=True))  # max graph operation
        nodes = (times.abs().amax(1), times.mean(1), frequencies.abs().amax(1), frequencies.mean(1), stack[:, 0])
        logits = self.output(torch.cat(nodes, dim=1))
        return logits[:, 1] - logits[:, 0]


class Block(nn.Module):
    """Residual block (B, C, F, T) -> (B, C', F, T / 3); all but the first are normalised before they convolve."""

    def __init__(self, inputs: int, outputs: int, *, first: bool):
        super().__init__()
        self.before = nn.Identity() if first else nn.Sequential(nn.BatchNorm2d(inputs), nn.SELU(inplace=True))
        self.convolutions = nn.Sequential(
            nn.Conv2d(inputs, outputs, (2, 3), padding=(1, 1)),
            nn.BatchNorm2d(outputs),
            nn.SELU(inplace=True),
            nn.Conv2d(outputs, outputs, (2, 3), padding=(0, 1)),
        )
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, (1, 3), padding=(0, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.max_pool2d(self.convolutions(self.before(x)).add_(self.shortcut(x)), (1, 3))


class Projection(nn.Module):
    """What a node takes over from the others, weighted, and what it keeps of itself."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.others, self.itself = nn.Linear(inputs, outputs), nn.Linear(inputs, outputs)

    def forward(self, attention: torch.Tensor, nodes: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
        return self.others(attention @ nodes) + self.itself(own)


class GraphAttention(nn.Module):
    """Nodes (B, V, C) of a graph in which every one is joined to every other -> (B, V, C')."""

    def __init__(self, inputs: int, outputs: int, dropout: float = DROPOUT):
        super().__init__()
        self.dropout = nn.Dropout(OF_NODES * dropout)
        self.attended = nn.Linear(inputs, outputs)
        self.weight = _weights(outputs)
        self.projection = Projection(inputs, outputs)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, nodes: torch.Tensor) -> torch.Tensor:
        nodes = self.dropout(nodes)
        scores = _pairwise(self.attended, nodes) @ self.weight  # (B, V, V, 1)
        attention = torch.softmax(scores.squeeze(-1) / TEMPERATURE, dim=2)
        return functional.selu(_normalised(self.norm, self.projection(attention, nodes, nodes)))


class StackedGraphAttention(nn.Module):
    """Two kinds of nodes (B, V1, C), (B, V2, C) and a stack node (B, 1, C) -> the same with C'.

    Heterogeneous attention: the weight of a pair depends on the kinds of its nodes. The stack node hears all others and
    is heard by none.
    """

    def __init__(self, inputs: int, outputs: int, dropout: float = DROPOUT):
        super().__init__()
        self.dropout = nn.Dropout(OF_NODES * dropout)
        self.kinds = nn.ModuleList(nn.Linear(inputs, inputs) for _ in range(2))
        self.attended, self.attended_by_stack = nn.Linear(inputs, outputs), nn.Linear(inputs, outputs)
        self.weight = nn.ParameterList(_weights(outputs) for _ in range(3))
        """Of pairs of the first kind, of the second, and of mixed ones."""
        self.weight_of_stack = _weights(outputs)
        self.projection, self.projection_of_stack = Projection(inputs, outputs), Projection(inputs, outputs)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, first: torch.Tensor, second: torch.Tensor, stack: torch.Tensor) -> tuple[torch.Tensor, ...]:
        n = first.shape[1]
        nodes = torch.cat([project(x) for project, x in zip(self.kinds, (first, second), strict=True)], dim=1)
        nodes = self.dropout(nodes)
        pairs = _pairwise(self.attended, nodes)
        of_first, of_second, mixed = (pairs @ weight for weight in self.weight)  # (B, V, V, 1) each
        scores = torch.cat(
            [
                torch.cat([of_first[:, :n, :n], mixed[:, :n, n:]], dim=2),
                torch.cat([mixed[:, n:, :n], of_second[:, n:, n:]], dim=2),
            ],
            dim=1,
        )
        attention = torch.softmax(scores.squeeze(-1) / STACKED_TEMPERATURE, dim=2)
        heard = torch.tanh(self.attended_by_stack(nodes * stack)) @ self.weight_of_stack  # (B, V, 1)
        heard = torch.softmax(heard.transpose(1, 2) / STACKED_TEMPERATURE, dim=2)
        stack = self.projection_of_stack(heard, nodes, stack)
        nodes = functional.selu(_normalised(self.norm, self.projection(attention, nodes, nodes)))
        return nodes[:, :n], nodes[:, n:], stack


class GraphPool(nn.Module):
    """Nodes (B, V, C) -> the share of them that matters most (B, V', C), each scaled by how much it matters."""

    def __init__(self, features: int, share: float, dropout: float = DROPOUT):
        super().__init__()
        self.dropout, self.share = nn.Dropout(OF_POOLED * dropout), share
        self.score = nn.Linear(features, 1)

    def forward(self, nodes: torch.Tensor) -> torch.Tensor:
        scores = torch.sigmoid(self.score(self.dropout(nodes)))
        best = scores.topk(max(int(self.share * nodes.shape[1]), 1), dim=1).indices
        return (nodes * scores).gather(1, best.expand(-1, -1, nodes.shape[2]))


class Branch(nn.Module):
    """One of the competing branches: attention over times, frequencies and a stack node, pooling, attention again."""

    def __init__(self, nodes: int, stacked: int, share: float, dropout: float = DROPOUT):
        super().__init__()
        self.dropout = nn.Dropout(OF_PATHS * dropout)
        self.stack = nn.Parameter(torch.randn(1, 1, nodes))
        self.attention = nn.ModuleList(StackedGraphAttention(n, stacked, dropout) for n in (nodes, stacked))
        self.pools = nn.ModuleList(GraphPool(stacked, share, dropout) for _ in range(2))

    def forward(self, times: torch.Tensor, frequencies: torch.Tensor) -> tuple[torch.Tensor, ...]:
        times, frequencies, stack = self.attention[0](times, frequencies, self.stack.expand(len(times), -1, -1))
        pooled = *(pool(x) for pool, x in zip(self.pools, (times, frequencies), strict=True)), stack
        added = self.attention[1](*pooled)
        return tuple(self.dropout(x + more) for x, more in zip(pooled, added, strict=True))


def band_passes(fs: float) -> np.ndarray:
    """(FILTERS, TAPS): differences of windowed sinc low-pass filters, evenly spaced in mel from 0 to fs / 2 Hz."""
    edges = hertz(np.linspace(0.0, mel(fs / 2), FILTERS + 1))[:, None] / fs
    low_passes = 2 * edges * np.sinc(2 * edges * (np.arange(TAPS) - TAPS // 2))
    return np.diff(low_passes, axis=0) * np.hamming(TAPS)


def _shifted(filters):
    """(3 BANDS or more, TAPS) -> (9 BANDS, TAPS + 2): each at three samples in a row, for a convolution of stride 3.

    What pooling compares then lies side by side, which is faster than to pool what every sample gives.
    """
    stacked = np.stack([np.pad(filters[: 3 * BANDS], ((0, 0), (i, 2 - i))) for i in range(3)], axis=1)
    return stacked.reshape(9 * BANDS, -1)


def _weights(n):
    return nn.Parameter(nn.init.xavier_normal_(torch.empty(n, 1)))


def _pairwise(attended, nodes):
    """(B, V, C) -> (B, V, V, C'): what the attention of a pair is computed from, the products of their features."""
    return torch.tanh(attended(nodes[:, :, None] * nodes[:, None]))


def _normalised(norm, nodes):
    """Batch normalisation of (B, V, C) over recordings and nodes."""
    return norm(nodes.flatten(0, 1)).unflatten(0, nodes.shape[:2])
