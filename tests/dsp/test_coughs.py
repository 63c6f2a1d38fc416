"""Where coughs are, and what a cough is as a vector."""

import numpy as np
import pytest
from scipy.fft import dct

from cocktail.dsp import cepstra, functionals
from cocktail.dsp.coughs import segments

FS = 16000


def bursts(*spans, seconds=3.0, floor=0.001):
    """Noise with amplitude 1 in some spans in seconds, and a floor elsewhere."""
    gain = np.full(round(seconds * FS), floor)
    for start, end in spans:
        gain[round(start * FS) : round(end * FS)] = 1.0
    return gain * np.random.default_rng(0).standard_normal(len(gain))


def seconds(found):
    return [(each.start / FS, each.stop / FS) for each in found]


@pytest.mark.parametrize("scale", [1e-3, 1.0, 100.0])
def test_coughs_are_found_with_a_margin_whatever_the_level(scale):
    found = seconds(segments(scale * bursts((0.5, 0.8), (1.5, 1.7)), FS))
    np.testing.assert_allclose(found, [(0.45, 0.85), (1.45, 1.75)], atol=1e-9)


def test_what_is_short_or_stays_below_the_upper_threshold_is_no_cough():
    x = bursts((0.5, 0.8), (1.5, 1.55))
    x[2 * FS : round(2.3 * FS)] *= 400  # above the lower threshold, the mean power being a tenth
    assert seconds(segments(x, FS)) == [pytest.approx((0.45, 0.85))]


def test_one_quiet_frame_does_not_end_a_cough_and_two_do():
    one, two = bursts((0.5, 1.0)), bursts((0.5, 1.0))
    one[round(0.70 * FS) : round(0.71 * FS)] = 0
    two[round(0.70 * FS) : round(0.72 * FS)] = 0
    assert len(segments(one, FS)) == 1
    assert seconds(segments(two, FS)) == [pytest.approx((0.45, 0.75)), pytest.approx((0.75, 1.05))]


@pytest.mark.parametrize("x", [np.zeros(FS), np.ones(FS), np.ones(50)])
def test_where_nothing_stands_out_all_of_it_is_taken(x):
    assert segments(x, FS) == [slice(0, len(x))]


def test_teager_energy_of_a_tone():
    """Maragos et al.: A^2 sin(w)^2 for A cos(w n + phi), at every sample."""
    w = 0.3
    found = functionals.teager(2.0 * np.cos(w * np.arange(100) + 1.0))
    np.testing.assert_allclose(found, 4.0 * np.sin(w) ** 2, atol=1e-12)


def test_a_tone_in_its_band_stands_out_by_its_teager_energy():
    centres = functionals.gammatone.centres(functionals.BANDS, functionals.LOW_HZ, 0.45 * FS)
    bands = functionals.log_teager(np.cos(2 * np.pi * centres[12] * np.arange(FS) / FS), FS)
    assert bands.shape == (24, 99) and bands[:, 20:80].mean(axis=1).argmax() == 12


def test_functionals_are_statistics_of_cepstra_over_time():
    x = bursts((0.2, 0.6), seconds=1.0)
    found = functionals.functionals(x, FS)
    static = dct(functionals.log_mel(x, FS), axis=0, norm="ortho")[:20]
    features = np.concatenate([static, cepstra.difference(static)])
    assert found.shape == (320,) and found.dtype == np.float32
    np.testing.assert_allclose(found[:40], features.mean(axis=1), atol=1e-4)
    np.testing.assert_allclose(found[40:80], features.std(axis=1), atol=1e-4)
    np.testing.assert_allclose(found[120:160], np.quantile(features, 0.9, axis=1), atol=1e-4)
    np.testing.assert_allclose(functionals.functionals(100 * x, FS), found, atol=1e-3)


@pytest.mark.parametrize("x", [np.zeros(4000), np.full(4000, 0.1), np.ones(1)])
def test_functionals_of_next_to_nothing_are_finite(x):
    assert np.isfinite(functionals.functionals(x, FS)).all()
