"""Noise trackers on noise of known power: level, speed, silence, and that none looks ahead."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq

from cocktail.dsp.noise import imcra
from cocktail.dsp.noise.imcra import _Minimum
from cocktail.dsp.noise.minimum_statistics import M_TABLE, bias
from cocktail.dsp.noise.mmse_spp import mmse_spp, presence
from cocktail.dsp.noise.start import neighbours, start_up
from cocktail.dsp.noise.trackers import TRACKERS, noise_psd
from cocktail.stft import stft

HOP_S = 0.008
WINDOW_POWER = 256.0
"""Sum of the squared window: the power of white noise of variance 1 in a bin."""

every_tracker = pytest.mark.parametrize("tracker", TRACKERS.values(), ids=TRACKERS)


def noise_power(seconds, seed=0, hop=128):
    """Power of an STFT of white noise of variance 1, whole frames only; without the two real bins."""
    x = np.random.default_rng(seed).standard_normal(int(seconds * 16000))
    return (np.abs(stft(x, hop=hop)) ** 2)[1:-1, 512 // hop : -512 // hop] / WINDOW_POWER


def level_db(noise):
    return 10 * np.log10(noise.mean())


@pytest.mark.parametrize("hop", [64, 128, 256])
@pytest.mark.parametrize(("name", "tolerance_db"), [("minimum-statistics", 1.0), ("imcra", 1.0), ("mmse-spp", 1.3)])
def test_level_of_white_noise_at_any_frame_shift(name, tolerance_db, hop):
    noise = TRACKERS[name](noise_power(5, hop=hop), hop / 16000)
    assert level_db(noise[:, noise.shape[1] // 4 :]) == pytest.approx(0, abs=tolerance_db)


def test_mmse_spp_settles_where_its_own_equations_do():
    """Noise alone: the estimate b obeys E[p b + (1 - p) y] = b for exponential y, which is a little under 1."""

    def drift(b):
        return quad(lambda y: (presence(y / b) * b + (1 - presence(y / b)) * y) * np.exp(-y), 0, 60, limit=200)[0] - b

    expected = brentq(drift, 0.3, 1.2)
    power = np.random.default_rng(1).exponential(size=(400, 6000))
    slow = mmse_spp(power, 0.0005)[:, 2000:]  # short frames: hardly any fluctuation about the fixed point
    assert slow.mean() == pytest.approx(expected, rel=0.01)


def test_constants_follow_from_each_other():
    """Cohen's bias from his threshold, Eq. (31); Martin's bias is 1 of one value and D for D exponential ones."""
    g = imcra.GAMMA_1
    e1, eg = np.exp(-1), np.exp(-g)
    assert (g - 1 - e1 + eg) / (g - 1 - 3 * e1 + (g + 2) * eg) == pytest.approx(imcra.BETA, abs=2e-3)
    assert bias(np.array(0.3), 1) == 1
    for frames in (2, 24, 192):
        assert bias(np.array(0.5), frames) == pytest.approx(frames)
    assert (np.diff(M_TABLE, axis=0) > 0).all()


@every_tracker
def test_follows_a_rise_of_10_db(tracker):
    power = noise_power(8, seed=2)
    half = power.shape[1] // 2
    power[:, half:] *= 10
    noise = tracker(power, HOP_S)
    assert level_db(noise[:, half - 100 : half]) == pytest.approx(0, abs=1.5)
    assert level_db(noise[:, -100:]) == pytest.approx(10, abs=1.5)


@every_tracker
def test_follows_a_fall_of_20_db_within_half_a_second(tracker):
    power = noise_power(3, seed=3)
    power[:, 200:] *= 0.01
    noise = tracker(power, HOP_S)
    assert level_db(noise[:, 263:]) < -17


@every_tracker
def test_a_word_is_not_taken_for_noise(tracker):
    """A burst of 0.3 s, 20 dB over the noise in some bins, raises the noise by less than 3 dB in them."""
    power = noise_power(3, seed=4)
    before = tracker(power, HOP_S)
    power[20:60, 180:218] *= 100
    after = tracker(power, HOP_S)
    assert level_db(after[20:60, 180:240]) < level_db(before[20:60, 180:240]) + 3


@every_tracker
def test_no_frame_depends_on_a_later_one(tracker):
    power = noise_power(2, seed=5)
    whole = tracker(power, HOP_S)
    for frames in (1, 5, 60, 200):
        np.testing.assert_array_equal(tracker(power[:, :frames], HOP_S), whole[:, :frames])


@every_tracker
def test_scale_and_leading_axes(tracker):
    power = np.stack([noise_power(1, seed=6), noise_power(1, seed=7)])
    together = tracker(power, HOP_S)
    assert together.shape == power.shape
    for one, expected in zip(power, together, strict=True):
        np.testing.assert_allclose(tracker(one, HOP_S), expected, rtol=1e-12)
        np.testing.assert_allclose(tracker(one * 1e-6, HOP_S), expected * 1e-6, rtol=1e-9)


@every_tracker
def test_silence_and_what_follows_it(tracker):
    power = noise_power(3, seed=8)
    power[:, :60] = 0
    with np.errstate(all="raise", under="ignore"):
        noise = tracker(power, HOP_S)
    assert (noise[:, :60] == 0).all()
    assert np.isfinite(noise).all()
    assert level_db(noise[:, -50:]) == pytest.approx(0, abs=3)


@every_tracker
def test_input_is_left_alone(tracker):
    power = noise_power(0.5)
    copy = power.copy()
    tracker(power, HOP_S)
    np.testing.assert_array_equal(power, copy)


@pytest.mark.parametrize("name", TRACKERS)
@pytest.mark.parametrize("n_samples", [8000, 8001, 8127, 12345])
def test_edges_are_no_quiet_moments(name, n_samples):
    """The first and last frames of the STFT hold little signal, and yet their noise is that of the whole ones."""
    x = np.random.default_rng(9).standard_normal(n_samples)
    power = np.abs(stft(x)) ** 2
    noise = noise_psd(power, tracker=name, fs=16000, n_samples=n_samples)
    assert noise.shape == power.shape
    for t in (0, 1, 2):
        np.testing.assert_array_equal(noise[:, t], noise[:, 3])
    assert level_db(noise[:, -3:] / WINDOW_POWER) == pytest.approx(0, abs=2.5)


@pytest.mark.parametrize("name", TRACKERS)
def test_digital_silence_before_the_signal_is_no_noise(name):
    x = np.random.default_rng(10).standard_normal(8000)
    noise, later = (
        noise_psd(np.abs(stft(y)) ** 2, tracker=name, fs=16000, n_samples=len(y)) for y in (x, np.pad(x, (6400, 0)))
    )
    np.testing.assert_array_equal(later[:, 50:], noise)


@pytest.mark.parametrize("n_samples", [1, 100, 511, 512, 640])
def test_signals_shorter_than_a_window(n_samples):
    power = np.abs(stft(np.random.default_rng(0).standard_normal(n_samples))) ** 2
    for name in TRACKERS:
        assert np.isfinite(noise_psd(power, tracker=name, fs=16000, n_samples=n_samples)).all()


def test_unknown_tracker_names_those_that_exist():
    with pytest.raises(ValueError, match=r"'mcra'.*minimum-statistics, imcra, mmse-spp"):
        noise_psd(np.ones((3, 8)), tracker="mcra", fs=16000, n_samples=1000)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=120), st.integers(1, 6))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_running_minimum_equals_brute_force(values, part):
    """Minimum over the present part and the last U whole ones; the start stands for those before the beginning."""
    x = np.array(values)
    minimum = _Minimum(x[0], part)
    for t, value in enumerate(x):
        first = ((t + 1) // part - imcra.U) * part  # the first sample of the oldest part that still counts
        assert minimum.update(value) == x[max(first - 1, 0) : t + 1].min()


def test_start_is_the_mean_so_far():
    power = np.array([[1.0, 3.0, 5.0, 100.0]])
    np.testing.assert_allclose(start_up(power, 0.04), [[1, 2]])
    np.testing.assert_allclose(start_up(power, 10.0), [[1]])


@pytest.mark.parametrize("half_width", [1, 15])
def test_average_over_neighbours_keeps_a_constant_and_weighs_by_distance(half_width):
    matrix = neighbours(40, half_width)
    np.testing.assert_allclose(matrix.sum(1), 1)
    row = matrix[20]
    assert np.argmax(row) == 20
    np.testing.assert_allclose(row[20 - half_width : 20], row[20 + half_width : 20 : -1])
    assert np.count_nonzero(row) == 2 * half_width + 1
