"""The x-vector: features of a speaker's voice, and the time-delay network that embeds them.

D. Snyder, D. Garcia-Romero, G. Sell, D. Povey and S. Khudanpur, "X-vectors: robust DNN embeddings for speaker
recognition", ICASSP 2018. Deviations: see methods/speech/xvector.py.

Shapes: B utterances, N samples, T frames, C channels of a layer, E dimensions of an embedding.
"""

import math
from functools import cache

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from cocktail import stft
from cocktail.dsp.mel import filterbank

FLOOR_DB = 60.0
"""Bands are floored so far below the loudest: digital silence, which methods leave, says nothing of a voice."""
RANGE_DB = 30.0
"""Frames are speech within this of the loudest frame."""
CONTEXT = ((-2, -1, 0, 1, 2), (-2, 0, 2), (-3, 0, 3), (0,), (0,))
"""Frames that each layer sees, relative to its own: 15 in all."""
SPAN = sum(offsets[-1] - offsets[0] for offsets in CONTEXT) + 1
EPSILON = 1e-5
"""Added to a variance before its root."""
UNITS = (512, 512, 512, 512, 1500)


def features(x: np.ndarray, fs: int, bands: int) -> np.ndarray:
    """(N,) -> (T, bands) log-mel energies of the frames with speech, in nepers, each band's mean removed.

    Whatever the gain, the same. At least SPAN frames: a shorter signal is repeated.
    """
    size, hop = stft.framing(fs)
    power = np.square(np.abs(stft.stft(np.asarray(x, np.float32), size, hop)))
    energy = (_filters(bands, fs, size) @ power).T
    loudest = energy.max(initial=np.finfo(np.float32).tiny)
    frame = power.sum(0)
    energy = np.log(np.maximum(energy, loudest * 10 ** (-FLOOR_DB / 10)))[frame >= frame.max() * 10 ** (-RANGE_DB / 10)]
    if len(energy) < SPAN:
        energy = np.tile(energy, (math.ceil(SPAN / len(energy)), 1))
    return energy - energy.mean(0)


def differentiable(x: torch.Tensor, heard: torch.Tensor, fs: int, bands: int) -> torch.Tensor:
    """`features` of sounds (B, N), with gradients, (B, T, bands): of the frames in which `heard` (B, N) has speech.

    Of a sound with fewer such frames than another one, they are repeated from the first on.
    """
    size, hop = stft.framing(fs)
    filters = torch.as_tensor(_filters(bands, fs, size), device=x.device)
    energy = (filters @ stft.stft(x, size, hop).abs().square()).mT
    loudest = energy.amax((1, 2), keepdim=True).clamp_min(torch.finfo(x.dtype).tiny)
    frame = stft.stft(heard, size, hop).abs().square().sum(1)
    chosen = [torch.nonzero(power >= power.max() * 10 ** (-RANGE_DB / 10))[:, 0] for power in frame]
    longest = max(SPAN, *map(len, chosen))
    index = torch.stack([numbers[torch.arange(longest, device=x.device) % len(numbers)] for numbers in chosen])
    energy = energy.clamp_min(loudest * 10 ** (-FLOOR_DB / 10)).log()
    energy = energy.gather(1, index[..., None].expand(-1, -1, bands))
    return energy - energy.mean(1, keepdim=True)


@cache
def _filters(bands, fs, size):
    return filterbank(bands, fs, size).astype(np.float32)


class XVectorNetwork(nn.Module):
    """Features (B, T, bands) -> embeddings (B, E)."""

    def __init__(self, bands: int, width: float, embedding: int):
        super().__init__()
        units = [max(round(width * n), 4) for n in UNITS]
        sizes = [bands, *units]
        self.bands = bands
        self.affine = nn.ModuleList(
            nn.Conv1d(a, b, len(offsets), dilation=_step(offsets))
            for a, b, offsets in zip(sizes, units, CONTEXT, strict=False)
        )
        self.norm = nn.ModuleList(nn.BatchNorm1d(n, eps=EPSILON) for n in units)
        self.segment = nn.Linear(2 * units[-1], embedding)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x.transpose(1, 2)
        for affine, norm in zip(self.affine, self.norm, strict=True):
            y = norm(functional.relu(affine(y)))
        deviation = (y.var(-1, unbiased=False) + EPSILON).sqrt()
        return self.segment(torch.cat([y.mean(-1), deviation], dim=-1))

    @torch.no_grad()
    def embed(self, x: np.ndarray, fs: int) -> np.ndarray:
        """(N,) -> embedding (E,), on the device of the network."""
        energies = torch.as_tensor(features(x, fs, self.bands), device=self.segment.weight.device)
        return self(energies[None])[0].cpu().numpy()


def _step(offsets):
    return offsets[1] - offsets[0] if len(offsets) > 1 else 1
