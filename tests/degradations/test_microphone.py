import numpy as np
import pytest

from cocktail.degradations.microphone import band_limited, clipped, gain_controlled, wind

FS = 16000


def white(n_samples=FS, seed=0):
    return np.random.default_rng(seed).standard_normal(n_samples)


def decibel(ratio):
    return 10 * np.log10(ratio)


@pytest.mark.parametrize("share", [0.001, 0.05, 0.2])
def test_the_share_of_samples_that_is_at_full_scale_is_what_was_asked(share):
    x = white()
    y = clipped(x, share)
    at_limit = np.abs(y) == np.abs(y).max()
    assert np.mean(at_limit) == pytest.approx(share, abs=1 / len(x))
    np.testing.assert_array_equal(y[~at_limit], x[~at_limit])
    np.testing.assert_array_equal(np.sign(y), np.sign(x))


def test_both_ends_of_a_band_are_where_they_were_asked():
    pulse = np.zeros(2 * FS)
    pulse[FS] = 1
    level = 2 * decibel(np.abs(np.fft.rfft(band_limited(pulse, FS, 200.0, 3000.0))))
    hertz = np.arange(FS + 1) / 2
    np.testing.assert_allclose(level[np.isin(hertz, (200, 3000))], decibel(0.5), atol=0.05)
    assert np.abs(level[(hertz > 400) & (hertz < 2000)]).max() < 0.2
    assert level[hertz == 100] < -40 and level[hertz > 6000].max() < -40


def test_automatic_gain_leaves_what_has_its_level_all_along():
    tone = np.sin(2 * np.pi * 500 * np.arange(2 * FS) / FS)
    np.testing.assert_allclose(gain_controlled(tone, FS, 20.0), tone, atol=0.01)


def test_automatic_gain_raises_by_at_most_its_range_and_as_fast_as_it_says():
    tone = np.sin(2 * np.pi * 500 * np.arange(6 * FS) / FS)
    drop = np.where(np.arange(6 * FS) < FS, 0, -30)
    y = gain_controlled(tone * 10 ** (drop / 20), FS, 12.0)

    def level(seconds):
        part = slice(round(seconds * FS), round((seconds + 0.02) * FS))
        return decibel(np.mean(y[part] ** 2) / np.mean(tone[part] ** 2)) - drop[part][0]

    assert level(5.9) == pytest.approx(12, abs=0.01)
    loud = level(0.5)
    assert loud == pytest.approx(decibel(1 / 6), abs=0.05), "towards the mean level of the whole"
    slow = gain_controlled(tone * 10 ** (np.where(np.arange(6 * FS) < FS, 0, -6) / 20), FS, 30.0)
    gain = [decibel(np.mean(slow[n : n + 320] ** 2) / np.mean(tone[:320] ** 2)) for n in (FS - 400, FS + FS // 2)]
    assert gain[1] + 6 - gain[0] == pytest.approx(6 * (1 - np.exp(-1)), abs=0.2), "in half a second"


def test_wind_is_low_and_comes_in_gusts():
    x = wind(60 * FS, FS, np.random.default_rng(0))
    power = np.abs(np.fft.rfft(x)) ** 2
    hertz = np.fft.rfftfreq(len(x), 1 / FS)
    assert np.sum(power[hertz < 300]) > 0.95 * np.sum(power)
    band = [np.mean(power[(hertz > f / 1.1) & (hertz < 1.1 * f)]) for f in (250, 500)]
    assert decibel(band[0] / band[1]) == pytest.approx(12, abs=1.5)
    assert 4 < np.std(decibel(np.mean(x.reshape(-1, FS // 4) ** 2, axis=1))) < 8
