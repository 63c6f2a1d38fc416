"""Vector Taylor series: the posterior of one band against numerical integration, and EM over the noise."""

import numpy as np
import pytest

from cocktail.dsp.statistical import vts
from cocktail.dsp.statistical.gmm import Gmm


def density(x, mean, variance):
    return np.exp(-0.5 * (x - mean) ** 2 / variance) / np.sqrt(2 * np.pi * variance)


def integrated(y, mu, sigma2, nu, tau2, psi):
    """Posterior means of speech and of noise, posterior variance of noise, log-likelihood, on a grid."""
    axes = [np.linspace(m - 8 * v**0.5, m + 8 * v**0.5, 801) for m, v in ((mu, sigma2), (nu, tau2))]
    x, n = np.meshgrid(*axes, indexing="ij")
    p = density(x, mu, sigma2) * density(n, nu, tau2) * density(y, np.logaddexp(x, n), psi)
    cell = (axes[0][1] - axes[0][0]) * (axes[1][1] - axes[1][0])
    mean = np.sum(p * n) / p.sum()
    return np.sum(p * x) / p.sum(), mean, np.sum(p * n**2) / p.sum() - mean**2, np.log(p.sum() * cell)


@pytest.mark.parametrize(
    "band", [(5.3, 5.0, 0.05, 3.0, 0.04, 0.02), (4.9, 4.0, 0.04, 4.3, 0.02, 0.05), (5.0, 3.0, 0.02, 4.7, 0.04, 0.02)]
)
def test_posterior_equals_integration_where_the_sum_is_almost_linear(band):
    *means, variance, likelihood = vts.linearised(*map(np.array, band[:5]), band[5], iterations=6)
    truth = integrated(*band)
    np.testing.assert_allclose(means, truth[:2], rtol=0.01)
    assert variance == pytest.approx(truth[2], rel=0.05)
    assert likelihood == pytest.approx(truth[3], abs=0.05)


def test_iterations_move_the_expansion_point_to_the_posterior():
    band = (6.0, 3.0, 1.0, 3.0, 0.05, 0.02)
    errors = [
        abs(vts.linearised(*map(np.array, band[:5]), band[5], iterations)[0] - integrated(*band)[0])
        for iterations in (1, 6)
    ]
    assert errors[1] < 0.2 * errors[0]


def test_em_finds_the_noise_and_the_level_of_speech():
    rng = np.random.default_rng(0)
    means = np.array([[4.0] * 5 + [-4.0] * 5, [-4.0] * 5 + [4.0] * 5])
    speech = Gmm(np.array([0.5, 0.5]), means, np.full((2, 10), 0.3))
    true = vts.Scene(np.linspace(-1, 1, 10), np.full(10, 0.2), level=1.0)
    x = speech.means[rng.integers(0, 2, 400)].T + true.level + 0.3**0.5 * rng.standard_normal((10, 400))
    n = true.mean[:, None] + 0.2**0.5 * rng.standard_normal((10, 400))
    scene, history = vts.Scene(np.zeros(10), np.ones(10)), []
    for _ in range(30):
        found = vts.infer(np.logaddexp(x, n), speech, scene, psi=0.01, iterations=3)
        history.append(found.log_likelihood)
        scene = vts.step(scene, found)
    assert np.all(np.diff(history) > -1e-3)
    np.testing.assert_allclose(scene.mean, true.mean, atol=0.1)
    np.testing.assert_allclose(scene.variance, true.variance, atol=0.08)
    assert scene.level == pytest.approx(true.level, abs=0.1)
    assert np.sqrt(np.mean((found.speech - x) ** 2)) < 0.7 * np.sqrt(np.mean((np.logaddexp(x, n) - x) ** 2))
