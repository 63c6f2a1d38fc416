"""All that is done to a mixture on its way from the air to whoever listens."""

import numpy as np

from cocktail import levels
from cocktail.degradations.codecs import coded
from cocktail.degradations.drawing import Degradations
from cocktail.degradations.microphone import band_limited, clipped, gain_controlled, wind
from cocktail.degradations.packets import concealed

CODED_PEAK = 0.8
"""Largest sample that a codec is given, of full scale."""


def degraded(
    mixture: np.ndarray, done: Degradations, speech: np.ndarray, fs: int, generator: np.random.Generator
) -> np.ndarray:
    """(N,) -> (N,): the mixture at one microphone after wind, clipping, automatic gain, band, codec and lost packets.

    `speech` (N,): the talkers in it. Whatever the level, the result is the same at that level.
    """
    x = mixture
    if done.wind_db is not None:
        blowing, where = wind(len(x), fs, generator), levels.active(speech, fs)
        wanted = levels.power(speech, where) / 10 ** (done.wind_db / 10)
        x = x + blowing * np.sqrt(wanted / levels.power(blowing, where))
    if done.clipped is not None:
        x = clipped(x, done.clipped)
    if done.gain_db is not None:
        x = gain_controlled(x, fs, done.gain_db)
    if done.band_hz is not None:
        x = band_limited(x, fs, *done.band_hz)
    if done.codec is not None:
        scale = CODED_PEAK / np.abs(x).max()
        x = coded(scale * x, fs, done.codec, done.rate_kbps) / scale
    if done.lost is not None:
        x = concealed(x, fs, done.lost)
    return x
