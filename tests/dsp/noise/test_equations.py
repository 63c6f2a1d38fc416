"""Noise trackers against plain loops over their papers' equations, on a voice in noise of the project's kinds."""

import functools

import numpy as np
import pytest
import spectral_equations

from cocktail.corpora import noises
from cocktail.dsp.noise.trackers import TRACKERS
from cocktail.rng import rng
from cocktail.stft import stft
from cocktail.testing.signals import speech_like

FS = 16000


@functools.cache
def power(kind, hop, seconds=4.0):
    """(9, T): bins of speech-like sound in noise whose level rises by 10 dB on the way and falls again."""
    n = round(seconds * FS)
    noise = noises.KINDS[kind](rng(0, kind, role="noise"), n, FS)
    level = np.where((np.arange(n) > 0.3 * n) & (np.arange(n) < 0.7 * n), 3.0, 1.0)
    voice = speech_like(n, FS, rng(0, role="voice")) * (np.arange(n) > FS)
    x = noise / noise.std() * level + 3 * voice / voice.std()
    return (np.abs(stft(x, hop=hop)) ** 2)[8:80:8, 512 // hop : -512 // hop]


@pytest.mark.parametrize(
    ("tracker", "hop"),
    [("imcra", 128), ("minimum-statistics", 128), ("minimum-statistics", 256), ("mmse-spp", 128), ("mmse-spp", 256)],
)
@pytest.mark.parametrize("kind", ["white", "street", "music"])
def test_a_tracker_is_its_paper_s_equations(tracker, hop, kind):
    noisy = power(kind, hop)
    expected = np.array(getattr(spectral_equations, tracker.replace("-", "_"))(noisy.T.tolist(), hop / FS)).T
    np.testing.assert_allclose(TRACKERS[tracker](noisy, hop / FS), expected, rtol=1e-7)


@pytest.mark.parametrize(("rise", "order", "seed"), [(2, 8, 1), (3, 8, 1), (3, 1, 1)])
def test_minimum_statistics_follows_rises_of_steady_and_of_restless_noise(rise, order, seed):
    """The steadier the noise, the farther it may rise from one part of the window to the next."""
    steady = np.random.default_rng(seed).gamma(order, 1 / order, (9, 500))
    noisy = steady * np.interp(np.arange(500) * 0.008, [0, 2, 2.3, 4], [1, 1, rise, rise])
    expected = np.array(spectral_equations.minimum_statistics(noisy.T.tolist(), 0.008)).T
    np.testing.assert_allclose(TRACKERS["minimum-statistics"](noisy, 0.008), expected, rtol=1e-7)
