"""Up to which frequency a recording holds sound: below half its rate where a low-pass filter cut off the rest."""

import math

import numpy as np

FRAME = 1024
BANDS = 128
"""Equal ones up to half the rate: 62.5 Hz each at 16 kHz."""
LOWEST = 16
"""Bands below a cut, at least."""
DROP_DB = 30.0
"""From what lies just below a cut to all that lies above it: spectra of sounds fall more gently in so few hertz."""
BELOW, ABOVE = 0.8, 1.1
"""Just below: from this share of the cut's frequency on; above: from this one on, past the fall of the filter."""
BLOCK = 2048
"""Frames that are in memory together."""


def cutoff(x: np.ndarray, fs: int) -> float:
    """Frequency in Hz above which (N,) at `fs` Hz holds nothing: where it is cut off, or half the rate."""
    level = _levels(x)
    cuts = range(LOWEST, int((BANDS - 1) / ABOVE))
    above = {cut: level[math.ceil(ABOVE * cut) :].max() for cut in cuts}
    drop = {cut: level[int(BELOW * cut) : cut].max() - above[cut] for cut in cuts}
    cut = max(cuts, key=drop.__getitem__)
    if drop[cut] < DROP_DB:
        return fs / 2
    return (int(np.flatnonzero(level > above[cut] + DROP_DB / 2)[-1]) + 1) * fs / 2 / BANDS


def _levels(x):
    """Long-term levels of the bands in dB, (BANDS,)."""
    frames = np.pad(x, (0, -len(x) % FRAME)).reshape(-1, FRAME)
    power = np.zeros(FRAME // 2 + 1)
    for first in range(0, len(frames), BLOCK):
        spectra = np.fft.rfft(frames[first : first + BLOCK] * np.hanning(FRAME))
        power += (spectra.real**2 + spectra.imag**2).sum(0)
    bands = power[1:].reshape(BANDS, -1).sum(1)
    return 10 * np.log10(np.maximum(bands, np.finfo(float).tiny))
