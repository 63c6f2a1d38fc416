"""A mask network whose weights, states and mask are complex numbers.

After E. Vincent, H. Erdogan and J. Le Roux, "Data-driven approaches to speech enhancement and separation", Interspeech
2016 (tutorial), part 6, which asks whether complex weights are of use, at twice the size of a real network. The gates
of a complex long short-term memory act on real and imaginary parts apart, as in C. Trabelsi et al., "Deep complex
networks", ICLR 2018.

Shapes: spectra (B, F, T) complex; sequences (B, T, 2 I), the real parts of I numbers before their imaginary parts.
"""

import math

import torch
from torch import nn

from cocktail import stft
from cocktail.nets.masks import overall_level

BINS = stft.SIZE // 2 + 1
POWER = 0.3
"""Of the magnitudes that the network sees; phases are kept."""


class ComplexWeight(nn.Module):
    """n complex matrices (O, I), as the real ones (n, 2 O, 2 I) that do the same to real and imaginary parts."""

    def __init__(self, n: int, outputs: int, inputs: int, scale: float):
        """`scale`: largest magnitude of a part, to begin with."""
        super().__init__()
        self.parts = nn.Parameter(torch.empty(2, n, outputs, inputs).uniform_(-scale, scale))

    def forward(self) -> torch.Tensor:
        """(a + i b) (x + i y) = (a x - b y) + i (b x + a y)."""
        a, b = self.parts
        return torch.cat([torch.cat([a, -b], dim=-1), torch.cat([b, a], dim=-1)], dim=-2)


class Direction(nn.Module):
    """The weights of a long short-term memory of complex numbers, in one direction."""

    def __init__(self, inputs: int, units: int):
        super().__init__()
        scale = 1 / math.sqrt(2 * units)
        self.inputs, self.states = ComplexWeight(4, units, inputs, scale), ComplexWeight(4, units, units, scale)
        self.bias = nn.Parameter(torch.empty(4 * 2 * units).uniform_(-scale, scale))

    def weights(self) -> list[torch.Tensor]:
        """In the order and form of torch's LSTM of 2 H cells."""
        return [self.inputs().flatten(0, 1), self.states().flatten(0, 1), self.bias, torch.zeros_like(self.bias)]


class ComplexBlstm(nn.Module):
    """A bidirectional layer: a complex matrix is a real one of a certain form, so that the real LSTM computes it."""

    def __init__(self, inputs: int, units: int):
        """`units`: complex cells in each direction."""
        super().__init__()
        self.units = units
        self.forwards, self.backwards = Direction(inputs, units), Direction(inputs, units)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, T, 2 I) -> (B, T, 4 H): both directions' real parts, then both directions' imaginary parts."""
        weights = [*self.forwards.weights(), *self.backwards.weights()]
        start = x.new_zeros(2, len(x), 2 * self.units)
        y = torch.lstm(x, (start, start), weights, True, 1, 0.0, self.training, True, True)[0]
        return y.unflatten(-1, (2, 2, self.units)).transpose(-3, -2).flatten(-3)


class ComplexMaskNetwork(nn.Module):
    """Layers on the compressed spectrum of a mixture, and a mask whose magnitude is at most one."""

    def __init__(self, *, units: int, layers: int):
        """`units`: complex cells a layer, in each direction."""
        super().__init__()
        sizes = [BINS] + layers * [2 * units]
        self.recurrent = nn.Sequential(*(ComplexBlstm(inputs, units) for inputs in sizes[:-1]))
        self.output = ComplexWeight(1, BINS, 2 * units, 1 / math.sqrt(4 * units))
        self.bias = nn.Parameter(torch.zeros(2 * BINS))

    def forward(self, spectrum: torch.Tensor) -> torch.Tensor:
        """Spectra (B, F, T) of any level -> masks (B, F, T): tanh |z| in the direction of the output z."""
        Y = spectrum / overall_level(spectrum.abs())
        magnitude = (Y.real.square() + Y.imag.square() + 1e-8).sqrt()
        x = Y * magnitude ** (POWER - 1)
        hidden = self.recurrent(torch.cat([x.real, x.imag], dim=1).mT)
        z = nn.functional.linear(hidden, self.output()[0], self.bias).mT
        z = torch.complex(*z.chunk(2, dim=1))
        size = (z.real.square() + z.imag.square() + 1e-8).sqrt()
        return torch.tanh(size) / size * z
