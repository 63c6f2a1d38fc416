"""Perturbation of noise and rooms in training, so that few recordings become many: pure functions, float32 at fs Hz.

An entry names them in its field `augment`, beside those of speech (augment.py); each is applied to half of the scenes
of the train split, with a strength drawn anew. Noise is changed where it comes from one place, or is heard at one
microphone; a diffuse field at an array stays as it is. So do the rooms of an array: it would grow with them, and the
delays between its microphones would no longer be those of their places.

Rate and frequency: J. Chen, Y. Wang and D. L. Wang, "Noise perturbation for supervised speech separation", Speech
Communication 78, 2016, in which the latter helps most. There bins of the spectrogram are shifted along the frequency
axis by random amounts that change smoothly over time and frequency.

Deviations: the paper's rates, 0.1 to 2, were for one recording; here they are nearer 1. Its shifts are averages of
uniform numbers over a rectangle, here a few random knots between which they are interpolated. Spectra are played back
with the phases that they had at the places they come from. A room's response is stretched, each of its echoes with it:
in a larger room the highest frequencies are softer, by up to 9 dB, and what was early in the room stays early.
"""

import numpy as np
import scipy.fft

from cocktail import stft
from cocktail.corpora import channels
from cocktail.dsp import shaping

PROBABILITY = 0.5
RATE = (0.6, 1.6)
SHIFT_HZ = 250.0
"""Standard deviation of the shift at a knot; between knots it is down to half of that."""
SHIFT_KNOTS = (6, 12)
"""Of the shifts: along frequency, and a second along time."""
MIX_DB = (-12.0, 0.0)
"""Level of a second noise, re the first."""
EQUALISER_DB, TILT_DB = 4.0, 1.5
"""Standard deviations of an octave band's level, and of the slope an octave."""
SIZE = (0.8, 1.25)
"""Of a room, over its own."""

NOISE = ("noise-rate", "noise-frequency", "noise-equaliser", "noise-mix")
ROOMS = ("responses",)

_WINDOW, _HOP = 512, 128


def played(x: np.ndarray, n_samples: int) -> np.ndarray:
    """(N,) -> (n_samples,): the same sound, played as much faster or slower as it takes."""
    if len(x) == n_samples:
        return x
    X = scipy.fft.rfft(x)
    kept = min(len(X), n_samples // 2 + 1)
    return scipy.fft.irfft(X[:kept], n_samples) * np.float32(n_samples / len(x))


def shifted(x: np.ndarray, fs: int, generator: np.random.Generator) -> np.ndarray:
    """(N,) -> (N,): every bin of the spectrogram taken from another frequency nearby, which changes smoothly."""
    X = stft.stft(x, _WINDOW, _HOP)
    n_bins = len(X)
    along, a_second = SHIFT_KNOTS
    knots = generator.standard_normal((along, 2 + round(a_second * len(x) / fs)))
    rows, columns = (np.linspace(0, n - 1, m) for n, m in zip(knots.shape, X.shape, strict=True))
    across = np.stack([np.interp(columns, np.arange(knots.shape[1]), row) for row in knots])
    low = np.minimum(rows.astype(int), along - 2)
    share = (rows - low)[:, None]
    shift = SHIFT_HZ * _WINDOW / fs * ((1 - share) * across[low] + share * across[low + 1])
    place = np.clip(np.arange(n_bins)[:, None] + np.round(shift).astype(int), 0, n_bins - 1)
    return stft.istft(np.take_along_axis(X, place, 0), len(x), _WINDOW, _HOP).astype(np.float32)


def equalised(x: np.ndarray, fs: int, generator: np.random.Generator) -> np.ndarray:
    """(N,) -> (N,): through a drawn response, octave bands up and down and a tilt; no delay."""
    bands, tilt = generator.normal(0, EQUALISER_DB, channels.BANDS), generator.normal(0, TILT_DB)
    return shaping.equalised(x, fs, lambda f: (10 ** (channels.decibels(f, bands, tilt) / 20)).astype(np.float32))


def resized(responses: np.ndarray, factor: float, latency: int) -> np.ndarray:
    """(..., L) -> (..., L): responses of a room `factor` times as large, whose echoes come later by that factor.

    `latency`: the sample that a sound at no distance would come at.
    """
    place = latency + (np.arange(responses.shape[-1]) - latency) / factor
    low = np.clip(np.floor(place).astype(int), 0, responses.shape[-1] - 2)
    share = np.clip(place - low, 0, 1).astype(np.float32)
    inside = (place >= 0) & (place <= responses.shape[-1] - 1)
    return np.where(inside, (1 - share) * responses[..., low] + share * responses[..., low + 1], 0).astype(np.float32)


def chosen(generator: np.random.Generator, name: str, names: tuple[str, ...]) -> bool:
    """Whether one that an entry names is applied this time. Draws nothing where it is not named."""
    return name in names and generator.random() < PROBABILITY
