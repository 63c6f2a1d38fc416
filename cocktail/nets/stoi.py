"""STOI as a loss: a differentiable short-time objective intelligibility of batches.

C. H. Taal, R. C. Hendriks, R. Heusdens and J. Jensen, "An algorithm for intelligibility prediction of time-frequency
weighted noisy speech", IEEE TASLP 19(7), 2011. As a loss: S.-W. Fu, T.-W. Wang, Y. Tsao, X. Lu and H. Kawai,
"End-to-end waveform utterance enhancement for direct evaluation metrics optimization by fully convolutional neural
networks", IEEE/ACM TASLP 26(9), 2018.

It is the metric of cocktail/metrics/intelligibility.py, silent frames and resampling included. Which frames are silent
depends on the reference alone.
"""

import functools
import math

import torch
from torch.nn import functional

from cocktail.metrics.intelligibility import (
    CLIP,
    DYNAMIC_RANGE_DB,
    FRAME,
    HOP,
    N_FFT,
    RATE,
    SEGMENT,
    polyphase,
    third_octaves,
)

LEAST = 1e-12
"""Of powers, re signals of about unit level: below it no gradient goes through a square root."""


def stoi(*, reference: torch.Tensor, estimate: torch.Tensor, fs: int) -> torch.Tensor:
    """STOI of estimates (B, N) to references (B, N) at `fs` Hz -> (B,), with gradients to both.

    It is 0, whatever the estimate, where fewer than 31 frames of 25.6 ms, every 12.8 ms, are active in the reference.
    """
    x, y = (_frames(_resample(signals, fs)) for signals in (reference, estimate))
    energy_db = 20 * torch.log10(torch.linalg.vector_norm(x, dim=-1) + torch.finfo(x.dtype).eps)
    active = energy_db > energy_db.amax(-1, keepdim=True) - DYNAMIC_RANGE_DB
    return torch.stack(
        [_stoi(*(_bands(_joined(z[kept])) for z in pair)) for *pair, kept in zip(x, y, active, strict=True)]
    )


def _stoi(x, y):
    """Envelopes (bands, T) of both -> a scalar."""
    if x.shape[-1] < SEGMENT:
        return 0 * y.sum()
    x, y = x.unfold(-1, SEGMENT, 1), y.unfold(-1, SEGMENT, 1)  # (bands, segments, frames)
    y = y * (_norm(x) / _norm(y))
    y = torch.minimum(y, (1 + CLIP) * x)  # Eq. (3): level as the reference, then clipped
    x, y = x - x.mean(-1, keepdim=True), y - y.mean(-1, keepdim=True)
    return ((x * y).sum(-1, keepdim=True) / (_norm(x) * _norm(y))).mean()  # Eq. (5) and (6)


def _norm(x):
    return x.square().sum(-1, keepdim=True).clamp_min(LEAST).sqrt()


def _resample(x, fs):
    """(B, N) at `fs` Hz to 10 kHz, as the metric does it."""
    if fs == RATE:
        return x
    divisor = math.gcd(RATE, fs)
    up, down = RATE // divisor, fs // divisor
    taps, first = polyphase(up, down)
    kernels = torch.as_tensor(taps.T[:, None], dtype=x.dtype, device=x.device)  # (outputs, 1, W) of a block
    n_out = math.ceil(x.shape[-1] * up / down)
    n_blocks, stride = math.ceil(n_out / len(kernels)), len(kernels) // up * down
    after = max(0, (n_blocks - 1) * stride + kernels.shape[-1] + first - x.shape[-1])
    blocks = functional.conv1d(functional.pad(x, (-first, after))[:, None], kernels, stride=stride)[..., :n_blocks]
    return blocks.mT.flatten(1)[:, :n_out]


def _frames(x):
    """Windowed frames, (..., N) -> (..., T, 256)."""
    missing = max(0, FRAME + 1 - x.shape[-1])
    n_frames = math.ceil((x.shape[-1] + missing - FRAME) / HOP)
    window = torch.hann_window(FRAME + 2, periodic=False, dtype=x.dtype, device=x.device)[1:-1]
    return functional.pad(x, (0, missing)).unfold(-1, FRAME, HOP)[..., :n_frames, :] * window


def _joined(frames):
    """The signal of windowed frames (T, 256) put together."""
    halves = frames.unflatten(-1, (2, HOP))
    return (functional.pad(halves[:, 0], (0, 0, 0, 1)) + functional.pad(halves[:, 1], (0, 0, 1, 0))).flatten()


def _bands(x):
    """Envelopes in third octaves, (N,) -> (15, T)."""
    power = torch.fft.rfft(_frames(x), N_FFT).abs().square()
    return (power @ _octaves(power.dtype, power.device)).clamp_min(LEAST).sqrt().mT


@functools.cache
def _octaves(dtype, device):
    return torch.as_tensor(third_octaves(), dtype=dtype, device=device)
