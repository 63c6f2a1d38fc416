"""Gated recurrent convolutional network of a spoofing detector, and the signal-to-noise mask that it may see.

A. Gomez-Alanis, A. M. Peinado, J. A. Gonzalez and A. M. Gomez, "A gated recurrent convolutional neural network for
robust spoofing detection", IEEE/ACM TASLP 27(12), 2019: the recording is cut into windows of frames, and layers of
convolutional gated recurrent units go from window to window; what the last window leaves describes the recording. The
mask is a second channel of the input.

Deviations: the numbers of layers and units, the windows and the constants of the mask are our own choice. The network
decides by itself, without a discriminant analysis behind it. Features are standardised one by one. After the last layer
the states are averaged over all windows.
"""

import numpy as np
import torch
from torch import nn

from cocktail import levels
from cocktail.dsp import cepstra
from cocktail.dsp.noise import snr_mask
from cocktail.dsp.noise.mmse_spp import mmse_spp

CHANNELS = (16, 32, 64, 64)
WINDOW, SHIFT = 32, 16
"""Frames."""
EMBEDDING = 64


def bands_and_mask(x: np.ndarray, fs: int, n_bands: int) -> np.ndarray:
    """(N,) -> (2, n_bands, T): log power in bands of equal width, and the mask; frames from the first loud one to the
    last. The noise is tracked from the beginning of the recording on.
    """
    if levels.power(x) < cepstra.LOWEST:
        loud, x = slice(0, len(x)), np.zeros_like(x)
    else:
        loud = cepstra.loud(x, fs)
        x = x / np.sqrt(levels.power(x[loud]))
    power, hop = cepstra.spectrum(x, fs), round(cepstra.WINDOW_S * fs) // 2
    filters = cepstra.filters(n_bands, len(power))
    noisy, noise = filters @ power, filters @ mmse_spp(power, hop / fs)
    both = np.stack([np.log(noisy + cepstra.FLOOR), snr_mask.soft(noisy, noise)])
    first = min(loud.start // hop, power.shape[1] - 1)
    return both[..., first : max(loud.stop // hop, first + 1)]


class GatedConvolution(nn.Module):
    """Images of windows (B, S, inputs, F, T) -> states (B, S, units, F, T) of a convolutional gated recurrent unit."""

    def __init__(self, inputs: int, units: int, kernel: int = 3):
        super().__init__()
        self.units, options = units, {"padding": kernel // 2}
        self.given = nn.Conv2d(inputs, 3 * units, kernel, **options)
        self.gates = nn.Conv2d(units, 2 * units, kernel, bias=False, **options)
        self.candidate = nn.Conv2d(units, units, kernel, bias=False, **options)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        given = self.given(x.flatten(0, 1)).unflatten(0, x.shape[:2])
        state, states = given.new_zeros(len(x), self.units, *x.shape[3:]), []
        for window in given.unbind(1):
            gates, new = window.split([2 * self.units, self.units], dim=1)
            update, reset = torch.sigmoid(gates + self.gates(state)).chunk(2, dim=1)
            state = state + update * (torch.tanh(new + self.candidate(reset * state)) - state)
            states.append(state)
        return torch.stack(states, dim=1)


class Grcnn(nn.Module):
    """Features (B, channels, F, T) -> (B,) logit of bona fide. `width` multiplies all units."""

    shortest = WINDOW

    def __init__(self, channels: int, n_features: int, width: float = 1.0, dropout: float = 0.0):
        super().__init__()
        units = [max(round(width * n), 2) for n in CHANNELS]
        self.normalisation = nn.BatchNorm1d(channels * n_features, affine=False)
        self.layers = nn.ModuleList(GatedConvolution(a, b) for a, b in zip([channels, *units[:-1]], units, strict=True))
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in units)
        rows, columns = n_features >> len(units), WINDOW >> len(units)
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(units[-1] * rows * columns, max(round(width * EMBEDDING), 2)),
            nn.ReLU(),
            nn.Linear(max(round(width * EMBEDDING), 2), 1),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        x = self.normalisation(features.flatten(1, 2)).unflatten(1, features.shape[1:3])
        x = x.unfold(-1, WINDOW, SHIFT).permute(0, 3, 1, 2, 4)  # (B, S windows, channels, F, WINDOW)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            states = layer(x).flatten(0, 1)
            x = nn.functional.max_pool2d(norm(states), 2).unflatten(0, x.shape[:2])
        return self.classifier(x.mean(dim=1).flatten(1)).squeeze(-1)
