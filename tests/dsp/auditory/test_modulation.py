"""Amplitude modulation: a modulated tone peaks in the triangle of its rate; frames are those of the STFT."""

import numpy as np
import pytest

from cocktail import stft
from cocktail.dsp.auditory import modulation

FS = 16000


@pytest.mark.parametrize("fs", [8000, FS, 44100])
@pytest.mark.parametrize("rate_hz", [70.0, 180.0, 320.0])
def test_a_modulated_tone_peaks_at_its_rate(rate_hz, fs):
    t = np.arange(fs) / fs
    tone = (1 + 0.8 * np.cos(2 * np.pi * rate_hz * t)) * np.sin(2 * np.pi * 2000 * t)
    found = modulation.spectrum(modulation.envelope(tone, fs))[20:-20]
    peaks = np.linspace(modulation.LOW_HZ, modulation.HIGH_HZ, modulation.FILTERS)
    assert np.all(peaks[2 + found[:, 2:].argmax(1)] == peaks[np.argmin(np.abs(peaks - rate_hz))])


@pytest.mark.parametrize("fs", [8000, FS, 22050, 44100])
@pytest.mark.parametrize("n_samples", [1, 511, 512, 4001, 16000, 500000])
def test_envelopes_have_the_frames_of_the_stft(n_samples, fs):
    T = stft.n_frames(n_samples, *stft.framing(fs))
    assert modulation.spectrum(modulation.envelope(np.ones(n_samples), fs)).shape == (T, modulation.FILTERS)


@pytest.mark.parametrize("n_samples", [1, 511, 512, 4001, 16000])
def test_frames_are_those_of_the_stft(n_samples):
    x = np.random.default_rng(0).standard_normal(n_samples)
    energy = np.sum((modulation.framed(x, 512, 128) * stft.window(512)) ** 2, axis=-1)
    spectra = np.abs(stft.stft(x)) ** 2
    spectra[1:-1] *= 2
    np.testing.assert_allclose(energy, spectra.sum(0) / 512)


def test_features_are_differences_in_time_and_to_the_lower_band():
    M = np.random.default_rng(1).random((3, 5, modulation.FILTERS))
    static, time, frequency = np.split(modulation.features(M), 3, axis=-1)
    np.testing.assert_allclose(time[2, 3], static[2, 3] - static[2, 2])
    np.testing.assert_allclose(frequency[2, 3], static[2, 3] - static[1, 3])
    assert not time[:, 0].any() and not frequency[0].any()
