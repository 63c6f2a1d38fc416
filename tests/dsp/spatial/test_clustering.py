"""Directional mixtures: likelihood, densities that integrate to one, recovery, and permutations that are undone."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gammaln

from cocktail.dsp.spatial import clustering, permutation
from cocktail.dsp.spatial.central_gaussian import CentralGaussian
from cocktail.dsp.spatial.watson import Watson

FAMILIES = (CentralGaussian(), Watson())


def gaussian(rng, *shape):
    return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)


def central(rng, B, n):
    """(n, D) directions of Gaussian vectors of covariance B (D, D)."""
    x = gaussian(rng, n, len(B)) @ np.linalg.cholesky(B).T
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def watson(rng, mode, kappa, n):
    """(n, D) of a Watson distribution, by rejection."""
    found = []
    while len(found) < n:
        z = central(rng, np.eye(len(mode)), 4 * n)
        found.extend(z[rng.random(len(z)) < np.exp(kappa * (np.abs(z @ mode.conj()) ** 2 - 1))])
    return np.array(found[:n])


def covariance(rng, D):
    A = gaussian(rng, D, D)
    B = A @ A.conj().T + 0.1 * np.eye(D)
    return D * B / np.trace(B).real


@pytest.mark.parametrize("family", FAMILIES)
def test_likelihood_never_falls(family):
    rng = np.random.default_rng(0)
    z = np.stack([np.concatenate([central(rng, covariance(rng, 3), 60) for _ in range(2)]) for _ in range(4)])
    trace = clustering.fit(z, family, rng.dirichlet(np.ones(3), z.shape[:2]).swapaxes(1, 2), 25).log_likelihood
    assert np.all(np.diff(trace) > -1e-6 * abs(trace[-1])) and trace[-1] > trace[0] + 10


@pytest.mark.parametrize("D", [2, 4])
def test_the_watson_density_integrates_to_one(D):
    """Along its mode: u = |a^H z|^2 of a uniform direction has the density (D - 1) (1 - u)^(D - 2)."""
    mode = np.eye(D)[0][None, None]
    area = np.exp(np.log(2) + D * np.log(np.pi) - gammaln(D))
    for kappa in (0.0, 3.0, 40.0):

        def density(u, kappa=kappa):
            z = np.zeros((1, 1, D), complex)
            z[..., 0], z[..., 1] = np.sqrt(u), np.sqrt(1 - u)
            return np.exp(Watson().log_density(z, np.sqrt(kappa) * mode))[0, 0, 0] * area

        assert quad(lambda u, f=density: f(u) * (D - 1) * (1 - u) ** (D - 2), 0, 1)[0] == pytest.approx(1, rel=1e-6)


def test_the_central_gaussian_density_integrates_to_one():
    """By importance: the mean over uniform directions of its ratio to the uniform density."""
    rng = np.random.default_rng(1)
    B = covariance(rng, 3)[None, None]
    z = central(rng, np.eye(3), 100_000)[None]
    area = np.exp(np.log(2) + 3 * np.log(np.pi) - gammaln(3))
    assert np.mean(np.exp(CentralGaussian().log_density(z, B))) * area == pytest.approx(1, rel=0.02)


def test_a_covariance_is_recovered_from_directions():
    """But for its scale."""
    rng = np.random.default_rng(2)
    B = covariance(rng, 4)
    z = central(rng, B, 8000)[None]
    found = clustering.fit(z, CentralGaussian(), np.ones((1, 1, z.shape[1])), 30).parameters[0, 0]
    assert np.linalg.norm(found - B) < 0.08 * np.linalg.norm(B)


def test_modes_and_concentrations_are_recovered_from_a_mixture():
    rng = np.random.default_rng(3)
    modes, kappas, share = central(rng, np.eye(3), 2), (8.0, 20.0), (3000, 1500)
    z = np.concatenate([watson(rng, *known) for known in zip(modes, kappas, share, strict=True)])[None]
    start = np.abs(modes.conj() @ z[0].T)[None] ** 2
    found = clustering.fit(z, Watson(), start / start.sum(1, keepdims=True), 60)
    np.testing.assert_allclose(found.weights[0], [2 / 3, 1 / 3], atol=0.05)
    size = np.linalg.norm(found.parameters[0], axis=-1)
    np.testing.assert_allclose(size**2, kappas, rtol=0.15)
    assert np.all(np.abs(np.sum(found.parameters[0].conj() * modes, -1)) > 0.99 * size)


def test_the_concentration_of_one_direction_is_bounded():
    z = np.tile(np.eye(3)[0], (1, 5, 1)).astype(complex)
    for family in FAMILIES:
        found = clustering.fit(z, family, np.full((1, 2, 5), 0.5), 10)
        assert np.isfinite(found.log_likelihood).all() and np.isfinite(found.affiliations).all()


def activities(rng, K, T):
    """Sources that speak in turn and together: (K, T) powers."""
    return np.repeat(rng.gamma(0.3, 1.0, (K, T // 5)), 5, axis=1) + 0.01


@pytest.mark.parametrize("K", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_planted_permutations_are_undone(K, seed):
    rng = np.random.default_rng(seed)
    F, T = 120, 150
    power = activities(rng, K, T) * rng.gamma(1.0, 1.0, (F, K, T))
    masks = power / power.sum(1, keepdims=True)
    planted = np.array([rng.permutation(K) for _ in range(F)])
    shuffled = permutation.ordered(masks, planted)
    found = permutation.ordered(planted[..., None], permutation.alignment(shuffled))[..., 0]
    assert np.all(found == found[0])
