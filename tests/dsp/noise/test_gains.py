"""Gains against numerical integration, their order and limits; the decision-directed rule against closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import i0e

from cocktail.dsp.noise.gains import GAMMA_MIN, a_posteriori_snr, decision_directed, mmse_lsa, mmse_stsa, wiener

XI = [1e-3, 0.03, 0.5, 1.0, 10.0, 1e3]
GAMMA = [1e-3, 0.1, 1.0, 4.0, 50.0, 1e3, 1e4]


def posterior_mean(function, xi, gamma):
    """E[function(A)] of the speech amplitude A given a noisy amplitude sqrt(gamma), in noise of power 1.

    Speech and noise are complex Gaussian, so that speech given the noisy bin is Gaussian about w y with variance w,
    where w = xi / (1 + xi): its amplitude has a Rice density.
    """
    w = xi / (1 + xi)
    centre, width = w * np.sqrt(gamma), np.sqrt(w / 2)

    def density(a):
        return 2 * a / w * np.exp(-((a - centre) ** 2) / w) * i0e(2 * a * centre / w)

    low, high = max(centre - 12 * width, 0), centre + 12 * width
    points = [p for p in (centre - 2 * width, centre, centre + 2 * width) if low < p < high]
    return quad(lambda a: function(a) * density(a), low, high, points=points, limit=400, epsabs=0, epsrel=1e-10)[0]


@pytest.mark.parametrize("xi", XI)
@pytest.mark.parametrize("gamma", GAMMA)
def test_mmse_stsa_is_the_posterior_mean_of_the_amplitude(xi, gamma):
    expected = posterior_mean(lambda a: a, xi, gamma) / np.sqrt(gamma)
    assert mmse_stsa(np.array(xi), np.array(gamma)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("xi", XI)
@pytest.mark.parametrize("gamma", GAMMA)
def test_mmse_lsa_is_the_posterior_mean_of_the_log_amplitude(xi, gamma):
    expected = np.exp(posterior_mean(np.log, xi, gamma)) / np.sqrt(gamma)
    assert mmse_lsa(np.array(xi), np.array(gamma)) == pytest.approx(expected, rel=1e-6)


@given(xi_db=st.floats(-40, 60), gamma_db=st.floats(-100, 60))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_gains_are_finite_and_ordered(xi_db, gamma_db):
    """Wiener < LSA (its factor exceeds 1) <= STSA (Jensen: the mean exceeds the geometric mean)."""
    xi, gamma = np.array(10 ** (xi_db / 10)), np.array(10 ** (gamma_db / 10))
    with np.errstate(all="raise", under="ignore"):
        low, middle, high = wiener(xi, gamma), mmse_lsa(xi, gamma), mmse_stsa(xi, gamma)
    assert np.isfinite([low, middle, high]).all()
    assert 0 < low <= middle <= high * (1 + 1e-9)


@pytest.mark.parametrize("xi", XI[2:])
def test_all_gains_meet_where_the_observation_is_strong(xi):
    xi, gamma = np.array(xi), np.array(1e4)
    assert mmse_lsa(xi, gamma) == pytest.approx(wiener(xi, gamma), rel=1e-3)
    assert mmse_stsa(xi, gamma) == pytest.approx(wiener(xi, gamma), rel=1e-3)


def test_amplitude_estimate_stays_bounded_as_the_observation_vanishes():
    """STSA: a bin that is 0 leaves the mean of a Rayleigh amplitude, sqrt(pi w) / 2 for noise of power 1."""
    xi, gamma = np.array(2.0), np.array(GAMMA_MIN)
    assert mmse_stsa(xi, gamma) * np.sqrt(gamma) == pytest.approx(np.sqrt(np.pi * 2 / 3) / 2, rel=1e-6)


def test_a_posteriori_snr_of_silence_is_finite():
    power, noise = np.array([0.0, 0.0, 1.0, 6.0]), np.array([0.0, 1.0, 0.0, 2.0])
    gamma = a_posteriori_snr(power, noise)
    assert np.isfinite(gamma).all()
    assert gamma[3] == 3
    assert (gamma[:2] == GAMMA_MIN).all()


def test_decision_directed_without_memory_is_the_maximum_likelihood_estimate():
    gamma = np.array([[0.2, 1.0, 3.0, 11.0]])
    xi = decision_directed(gamma, gain=wiener, alpha=0, xi_min=0.01)
    np.testing.assert_allclose(xi, [[0.01, 0.01, 2, 10]])


def test_decision_directed_first_frame_and_recursion():
    gamma = np.array([[4.0, 2.0, 0.5]])
    alpha = 0.9
    xi = decision_directed(gamma, gain=lambda xi, gamma: np.full_like(xi, 0.5), alpha=alpha, xi_min=1e-3)
    np.testing.assert_allclose(xi, [[alpha + 0.1 * 3, alpha * 0.25 * 4 + 0.1 * 1, alpha * 0.25 * 2]])


def test_decision_directed_settles_at_its_fixed_point():
    gamma = np.full((1, 2000), 20.0)
    xi = decision_directed(gamma, gain=wiener, alpha=0.98, xi_min=1e-3)[0, -1]
    assert xi == pytest.approx(0.98 * (xi / (1 + xi)) ** 2 * 20 + 0.02 * 19, rel=1e-9)


def test_decision_directed_takes_leading_axes_one_by_one():
    gamma = np.random.default_rng(0).exponential(3, (2, 5, 30))
    together = decision_directed(gamma, gain=mmse_lsa, alpha=0.98, xi_min=0.01)
    for one, expected in zip(gamma, together, strict=True):
        np.testing.assert_array_equal(decision_directed(one, gain=mmse_lsa, alpha=0.98, xi_min=0.01), expected)
