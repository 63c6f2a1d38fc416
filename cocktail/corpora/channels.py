"""Recording channels: what a drawn place, microphone and recorder make of a sound. Pure, of x (N,) at fs Hz.

A channel is a distance (reverberation that dies away exponentially), a response (a low and a high end, a tilt, and
octave bands up and down), and a floor of its own noise. Levels are set by who stores the sound.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.shaping import coloured, equalised

LOWEST_HZ = 60.0
BANDS = 8
"""Octave bands from LOWEST_HZ on, whose levels are drawn."""


@dataclass(frozen=True)
class Range:
    """What channels are drawn from, each value uniformly, or uniformly in its logarithm where it is in s or Hz."""

    direct_db: tuple[float, float]
    """Level of the direct sound, re the reverberation."""
    dry: float
    """Share of channels without reverberation."""
    floor_db: tuple[float, float]
    """Level of the channel's own noise, re the sound."""
    t60_s: tuple[float, float] = (0.1, 0.9)
    low_hz: tuple[float, float] = (20.0, 250.0)
    high_hz: tuple[float, float] = (3500.0, 7800.0)
    narrow: float = 0.3
    """Share of channels that have an upper end."""
    tilt_db: float = 1.0
    """Deviation of the slope, dB an octave."""
    band_db: float = 2.5
    """Deviation of an octave band's level."""


NOISE = Range(direct_db=(-6.0, 12.0), dry=0.4, floor_db=(-70.0, -35.0))
SPEECH = Range(direct_db=(3.0, 20.0), dry=0.4, floor_db=(-75.0, -45.0), t60_s=(0.1, 0.6))


def recorded(rng: np.random.Generator, x: np.ndarray, fs: int, of: Range) -> np.ndarray:
    """`x` (N,) through a channel drawn from `of`, (N,), at about its power."""
    x = _through(rng, _reverberant(rng, x, fs, of), fs, of)
    tilt = rng.uniform(-6, 0)
    floor = coloured(rng, len(x), fs, lambda f: np.maximum(f, LOWEST_HZ) ** (tilt / 6.02))
    return x + 10 ** (rng.uniform(*of.floor_db) / 20) * _rms(x) / _rms(floor) * floor


def _reverberant(rng, x, fs, of):
    from scipy.signal import oaconvolve

    dry, t60, direct_db = rng.random() < of.dry, np.exp(rng.uniform(*np.log(of.t60_s))), rng.uniform(*of.direct_db)
    if dry:
        return x
    t = np.arange(round(t60 * fs)) / fs
    tail = oaconvolve(x, rng.standard_normal(len(t)) * 10 ** (-3 * t / t60))[: len(x)]
    return x + 10 ** (-direct_db / 20) * _rms(x) / _rms(tail) * tail


def _through(rng, x, fs, of):
    low, high = np.exp(rng.uniform(*np.log(of.low_hz))), np.exp(rng.uniform(*np.log(of.high_hz)))
    high = high if rng.random() < of.narrow else np.inf
    tilt, bands = rng.normal(0, of.tilt_db), rng.normal(0, of.band_db, BANDS)

    def gain(f):
        ends = 1 / np.sqrt((1 + (low / np.maximum(f, 1)) ** 4) * (1 + (f / high) ** 16))
        return ends * 10 ** (decibels(f, bands, tilt) / 20)

    return equalised(x, fs, gain)


def decibels(f: np.ndarray, bands: np.ndarray, tilt_db: float) -> np.ndarray:
    """A response at frequencies f in Hz: levels of BANDS octave bands, and a tilt in dB an octave."""
    octaves = np.log2(np.maximum(f, LOWEST_HZ) / LOWEST_HZ)
    return np.interp(octaves, np.arange(BANDS), bands) + tilt_db * (octaves - 4)


def _rms(x):
    return max(np.sqrt(np.mean(x**2)), 1e-12)
