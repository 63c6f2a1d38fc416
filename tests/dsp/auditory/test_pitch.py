"""Pitch of clean synthetic voices, and how periodic bands are at it."""

import numpy as np
import pytest

from cocktail.dsp.auditory import gammatone, pitch

FS = 16000


def correlograms(x, bands=20):
    responses = gammatone.impulse_responses(gammatone.centres(bands, 80, 5000), FS)
    return [pitch.autocorrelation(band, 512, 128, pitch.lags(FS)) for band in gammatone.filtered(x, responses)]


@pytest.mark.parametrize("base_hz", [105.0, 170.0, 300.0])
def test_pitch_is_within_five_percent_in_nine_of_ten_frames(base_hz):
    t = np.arange(FS // 2) / FS
    f0 = base_hz * (1 + 0.1 * np.sin(2 * np.pi * 2 * t))
    phase = 2 * np.pi * np.cumsum(f0) / FS
    x = sum(np.sin(k * phase) / k for k in range(1, int(5000 / base_hz)))
    lag = pitch.lags(FS)
    found = FS / lag[pitch.strongest(np.mean(correlograms(x), axis=0), lag)]
    middle = np.clip(np.arange(len(found)) * 128 + 127 - 256, 0, len(x) - 1)
    right = np.abs(found / f0[middle] - 1) < 0.05
    assert right[6:-6].mean() >= 0.9


def test_noise_is_less_periodic_than_a_voice():
    t = np.arange(FS // 2) / FS
    voice = sum(np.sin(2 * np.pi * 150 * k * t) for k in range(1, 30))
    noise = np.random.default_rng(0).standard_normal(len(t))
    at = np.argmin(np.abs(FS / pitch.lags(FS) - 150))
    high = [np.mean([c[10:-10, at] for c in correlograms(x)[-6:]]) for x in (voice, noise)]
    assert high[0] > 0.9 and abs(high[1]) < 0.3


def test_features_of_a_voice_are_whole_numbers_of_periods():
    """Bands at the third and the fifth harmonic: full agreement, so many periods, and none beyond them."""
    t = np.arange(FS // 2) / FS
    voice = sum(np.sin(2 * np.pi * 200 * k * t) for k in range(1, 20))
    found = pitch.features(voice, gammatone.impulse_responses(np.array([600.0, 1000.0]), FS), FS)
    assert found.shape == (2, 66, 6)
    middle = found[:, 10:-10]
    assert (middle[..., 0] > 0.95).all()
    np.testing.assert_array_equal(middle[..., 2], np.broadcast_to([[3], [5]], (2, 46)))
    assert np.abs(middle[..., 1]).max() < 0.15
