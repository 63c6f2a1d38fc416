"""Sounds whose band is known by construction."""

import numpy as np
import pytest

from cocktail.audio import resample
from cocktail.corpora.bandwidth import cutoff


def noise(n, slope=0.0):
    """Noise whose power falls by `slope` dB an octave above 100 Hz at 16 kHz."""
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal(n))
    octaves = np.log2(np.maximum(np.fft.rfftfreq(n, 1 / 16000), 100) / 100)
    return np.fft.irfft(spectrum * 10 ** (-slope * octaves / 20), n)


@pytest.mark.parametrize("slope", [0, 6, 12, 18])
def test_noise_that_falls_gently_is_not_cut_off(slope):
    assert cutoff(noise(32000, slope), 16000) == 8000


@pytest.mark.parametrize("rate", [6000, 8000, 11025])
@pytest.mark.parametrize("fs", [16000, 44100])
def test_what_was_recorded_at_a_lower_rate_ends_at_half_of_it(rate, fs):
    low = resample(noise(32000, 6), 16000, rate)
    assert cutoff(resample(low, rate, fs), fs) == pytest.approx(rate / 2, rel=0.1)
    assert cutoff(low, rate) == pytest.approx(rate / 2, rel=0.05)


def test_rounding_to_16_bits_is_no_sound():
    x = resample(resample(noise(32000, 6), 16000, 8000), 8000, 16000)
    x = np.round(0.1 * x / x.std() * 2**15) / 2**15
    assert cutoff(x, 16000) == pytest.approx(4000, rel=0.05)


def test_silence_and_very_short_sounds_have_a_band():
    assert cutoff(np.zeros(100), 16000) == 8000
    assert 0 < cutoff(np.ones(1), 16000) <= 8000
