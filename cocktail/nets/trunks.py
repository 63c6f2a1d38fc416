"""What a network does with a sequence of feature vectors before its output layer: layers that look at frames in turn.

Shapes: features (B, T, I) -> (B, T, H), and `lengths` (B,), how many frames of each sequence count. What follows them
must be zero, and does not change what comes before.
"""

import math

import torch
from torch import nn


def blstm(inputs: int, units: int, layers: int, dropout: float) -> nn.LSTM:
    """Bidirectional layers of `units` cells in each direction, with dropout between layers."""
    between = dropout if layers > 1 else 0.0
    return nn.LSTM(inputs, units, layers, batch_first=True, bidirectional=True, dropout=between)


class Recurrent(nn.Module):
    """Layers of long short-term memory, in one direction or in both.

    S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation 9(8), 1997; A. Graves and
    J. Schmidhuber, "Framewise phoneme classification with bidirectional LSTM and other neural network architectures",
    Neural Networks 18(5-6), 2005.
    """

    def __init__(self, inputs: int, units: int, layers: int, bidirectional: bool):
        """`units` cells a layer; in both directions together where it is bidirectional."""
        super().__init__()
        cells = math.ceil(units / 2) if bidirectional else units
        self.lstm = nn.LSTM(inputs, cells, layers, batch_first=True, bidirectional=bidirectional)
        self.width = 2 * cells if bidirectional else cells

    def forward(self, x: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """(B, T, I) -> (B, T, H)."""
        if lengths is None or not self.lstm.bidirectional or int(lengths.min()) == x.shape[1]:
            return self.lstm(x)[0]
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Spliced(nn.Module):
    """Fully connected layers of rectifiers on a frame with `context` neighbours on either side."""

    def __init__(self, inputs: int, units: int, layers: int, context: int):
        super().__init__()
        self.width = units
        # A layer on spliced frames is a convolution over time, which need not copy every frame 2 context + 1 times.
        self.spliced = nn.Conv1d(inputs, units, 2 * context + 1, padding=context)
        self.layers = nn.ModuleList(nn.Linear(units, units) for _ in range(layers - 1))

    def forward(self, x: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """(B, T, I) -> (B, T, H). Beyond the ends, frames are zero."""
        x = self.spliced(x.mT).mT.relu()
        for layer in self.layers:
            x = layer(x).relu()
        return x
