"""The constant-Q transform of sounds whose frequency and level are known."""

import numpy as np
import pytest
from scipy.fft import dct

from cocktail.dsp import constant_q

FS = 16000


def tone(hz, amplitude=1.0, seconds=2.0):
    return amplitude * np.cos(2 * np.pi * hz * np.arange(round(seconds * FS)) / FS)


def test_bands_are_96_an_octave_over_nine_octaves():
    centres, widths = constant_q.bands(FS)
    assert centres[0] == pytest.approx(8000 / 2**9)
    np.testing.assert_allclose(np.diff(np.log2(centres)), 1 / 96)
    assert 7880 < centres[-1] < 8000 - widths[-1] / 2 + 1e-9
    assert widths[-1] / (centres[-1] + 228.7) == pytest.approx(2 ** (1 / 96) - 2 ** (-1 / 96))


@pytest.mark.parametrize("band", [0, 300, 600, 862])
def test_a_tone_in_the_centre_of_a_band_has_its_power_there(band):
    centres, widths = constant_q.bands(FS)
    power = constant_q.power(tone(centres[band], 0.3, 8.0), FS)
    assert power[:, power.shape[1] // 2].argmax() == band
    assert np.median(power[band]) == pytest.approx(0.09, rel=0.02)
    assert power.shape[1] / 8.0 == pytest.approx(widths[-1], abs=0.2)


def test_halfway_to_the_edge_of_a_band_an_amplitude_is_halved():
    centres, widths = constant_q.bands(FS)
    for hz in (centres[500] - widths[500] / 4, centres[500] + widths[500] / 4):
        assert np.median(constant_q.power(tone(hz, seconds=8.0), FS)[500]) == pytest.approx(0.25, rel=0.03)


def test_a_chirp_that_doubles_twice_a_second_climbs_192_bands():
    t = np.arange(2 * FS) / FS
    hz = 200 * 4.0**t
    power = constant_q.power(np.cos(2 * np.pi * np.cumsum(hz) / FS), FS)
    centres, _ = constant_q.bands(FS)
    frame = np.arange(30, power.shape[1] - 30)
    expected = 96 * np.log2(200 * 4.0 ** (frame / power.shape[1] * 2) / centres[0])
    assert np.abs(power.argmax(axis=0)[frame] - expected).max() < 12
    assert np.abs(np.mean(power.argmax(axis=0)[frame] - expected)) < 3


@pytest.mark.parametrize("n_samples", [1, 160, 5000])
def test_a_short_sound_has_the_frames_of_its_length(n_samples):
    _, widths = constant_q.bands(FS)
    power = constant_q.power(np.ones(n_samples), FS)
    assert power.shape[1] == pytest.approx(n_samples / FS * widths[-1], abs=1.1)
    assert np.isfinite(power).all()


def test_the_cepstrum_of_a_spectrum_that_is_a_cubic_of_frequency_is_exact():
    centres, _ = constant_q.bands(FS)
    even = np.arange(centres[0], centres[-1], centres[0] / 16)
    cubic = np.polynomial.Polynomial([1.0, -2e-3, 3e-7, -2e-11])
    found = constant_q.cepstral_basis(FS, 30, 16) @ cubic(centres)
    np.testing.assert_allclose(found, dct(cubic(even), norm="ortho")[:30], atol=1e-6)
