"""What happens at a microphone: wind, clipping, automatic gain; and band limits. Pure, of x (N,) at fs Hz.

Wind is Gaussian noise whose power falls by 12 dB an octave from WIND_HZ on and whose level comes in gusts: the spectrum
and the gusts that C. M. Nelke and P. Vary, "Measurement, analysis and simulation of wind noise signals for mobile
communication devices", IWAENC 2014, measured.

Deviations: their spectrum is a fitted autoregression of fifth order, their gusts a Markov chain that was fitted to
recordings; here the spectrum is one pole pair, and the level in dB is Gaussian noise below 1 Hz.
"""

import numpy as np

from cocktail import levels
from cocktail.dsp.shaping import coloured, equalised

WIND_HZ = 60.0
GUST_HZ, GUST_DB = 1.0, 6.0
"""Bandwidth and deviation of the wind's level."""
FRAME_S, ATTACK_S, RELEASE_S = 0.010, 0.050, 0.500
"""Of automatic gain: its frames, and the time constants of its level where that rises and falls."""
_ORDER = 8
"""Of the band's edges, as of a Butterworth filter: 48 dB an octave."""


def wind(n_samples: int, fs: int, generator: np.random.Generator) -> np.ndarray:
    """(N,) of wind, at any level."""
    turbulence = coloured(generator, n_samples + fs, fs, lambda f: 1 / (1 + (f / WIND_HZ) ** 2))
    gusts = coloured(generator, n_samples + fs, fs, lambda f: np.exp(-((f / GUST_HZ) ** 2)))
    return (turbulence * 10 ** (GUST_DB * gusts / np.std(gusts) / 20))[:n_samples]


def clipped(x: np.ndarray, share: float) -> np.ndarray:
    """(N,) -> (N,), where `share` of the samples is at full scale: the same magnitude, the largest there is."""
    number = max(round(share * len(x)), 1)
    limit = np.partition(np.abs(x), len(x) - number)[len(x) - number]
    return np.clip(x, -limit, limit)


def gain_controlled(x: np.ndarray, fs: int, range_db: float) -> np.ndarray:
    """(N,) -> (N,): raised and lowered by at most `range_db`, towards the mean level of its active parts."""
    size = round(FRAME_S * fs)
    framed = np.pad(x, (0, -len(x) % size)).reshape(-1, size)
    level = 10 * np.log10(np.maximum(np.mean(framed**2, axis=1), 1e-20))
    target = 10 * np.log10(max(levels.power(x, levels.active(x, fs)), 1e-20))
    rise, fall = (1 - np.exp(-FRAME_S / seconds) for seconds in (ATTACK_S, RELEASE_S))
    smoothed, now = np.empty_like(level), target
    for t, new in enumerate(level):
        now += (rise if new > now else fall) * (new - now)
        now = min(max(now, target - range_db), target + range_db)
        smoothed[t] = now
    # A frame's gain is known at its end.
    gain_db = np.interp(np.arange(len(x)), (np.arange(len(level)) + 1) * size, target - smoothed)
    return x * 10 ** (gain_db / 20)


def band_limited(x: np.ndarray, fs: int, low_hz: float, high_hz: float) -> np.ndarray:
    """(N,) -> (N,), 3 dB down at both ends, without delay."""

    def gain(f):
        below, above = np.minimum(low_hz / np.maximum(f, 1e-3), 1e3), f / high_hz
        return 1 / np.sqrt((1 + below ** (2 * _ORDER)) * (1 + above ** (2 * _ORDER)))

    return equalised(x, fs, gain)
