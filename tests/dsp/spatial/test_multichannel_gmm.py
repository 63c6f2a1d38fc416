"""The multichannel GMM: a bound that never falls, what its own samples came from, posteriors in closed form."""

import numpy as np
import pytest
import torch

from cocktail.dsp.spatial import multichannel_gmm as mcgmm
from cocktail.dsp.statistical import power_mixture

F, T, D = 12, 60, 3


def normal(rng, *shape):
    return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / np.sqrt(2)


def states(rng, n_states=4):
    """States that differ in every bin."""
    weights = np.full(n_states, 1 / n_states)
    logs = (np.log(weights), rng.normal(0, 2, (n_states, F)))
    return mcgmm.States(*(torch.as_tensor(x) for x in logs))


def sampled(rng, known, K=2, noise=0.05):
    """Observations (F, T, D), channels (F, D, K) and talkers (F, T, K)."""
    A = normal(rng, F, D, K)
    chosen = rng.integers(len(known.log_weights), size=(T, K))
    x = normal(rng, F, T, K) * np.exp(known.log_variances.numpy()[chosen] / 2).transpose(2, 0, 1)
    y = np.einsum("fdk,ftk->ftd", A, x) + noise * normal(rng, F, T, D)
    return torch.as_tensor(y), torch.as_tensor(A), torch.as_tensor(x)


@pytest.mark.parametrize(("K", "step"), [(2, 1.0), (3, 1.0), (2, 0.4)])
def test_the_bound_never_falls(K, step):
    rng = np.random.default_rng(0)
    known = states(rng)
    y, A, x = sampled(rng, known, K, noise=1.0)
    scene = mcgmm.begin(y, A + 0.5 * torch.as_tensor(normal(rng, F, D, K)), x.abs().square().mean() + 0 * x.real, known)
    trace = []
    for _ in range(15):
        scene = mcgmm.iterate(y, scene, mcgmm.Layer(known, step))
        trace.append(float(mcgmm.bound(y, scene, known)))
    assert (np.diff(trace) > -1e-6 * abs(trace[0])).all()
    assert trace[-1] > trace[0] + 10


def test_channels_and_talkers_of_its_own_samples_are_found():
    rng = np.random.default_rng(1)
    known = states(rng)
    y, A, x = sampled(rng, known)
    start = A + 0.3 * torch.as_tensor(normal(rng, F, D, 2))
    powers = x.abs().square() * torch.as_tensor(rng.exponential(size=x.shape))
    scene = mcgmm.separate(y, start, powers, [mcgmm.Layer(known)] * 20)
    truth = (A[:, None, 0] * x).movedim(-1, 0)
    before = mcgmm.begin(y, start, powers, known).images
    errors = [float((e - truth).abs().square().mean() / truth.abs().square().mean()) for e in (scene.images, before)]
    assert errors[0] < 0.05
    assert errors[0] < errors[1] / 4


def test_channels_that_take_no_step_stay_where_they_are():
    rng = np.random.default_rng(5)
    known = states(rng)
    y, A, x = sampled(rng, known)
    powers = x.abs().square()
    still, moved = (mcgmm.separate(y, A, powers, [mcgmm.Layer(known, step)] * 2).channels for step in (0.0, 1.0))
    torch.testing.assert_close(still, A)
    assert (moved - A).abs().max() > 1e-3


def test_the_posterior_of_talkers_is_the_wiener_filters():
    rng = np.random.default_rng(2)
    y, A, v = normal(rng, 1, 1, D), normal(rng, 1, D, 2), np.array([2.0, 0.5])
    psi = 4.0
    mean, covariance = mcgmm.talkers(
        *(torch.as_tensor(x) for x in (y, A, np.array([psi]))), torch.as_tensor(1 / v)[None, None]
    )
    gain = np.diag(v) @ A[0].conj().T @ np.linalg.inv(A[0] @ np.diag(v) @ A[0].conj().T + np.eye(D) / psi)
    np.testing.assert_allclose(mean[0, 0], gain @ y[0, 0])
    np.testing.assert_allclose(covariance[0, 0], np.diag(v) - gain @ A[0] @ np.diag(v), atol=1e-12)


def test_the_posterior_of_states_weighs_every_bin():
    rng = np.random.default_rng(3)
    known = states(rng)
    powers = torch.as_tensor(rng.exponential(size=(F, 5, 2)))
    q = mcgmm.posterior(powers, known)
    mixture = power_mixture.PowerMixture(*(x.exp().numpy() for x in (known.log_weights, known.log_variances)))
    joint = mixture.joint(powers[..., 1].numpy())
    np.testing.assert_allclose(q[:, 1].T, np.exp(joint) / np.exp(joint).sum(0))


def test_a_mixture_of_powers_is_recovered_from_its_samples_and_its_likelihood_never_falls():
    rng = np.random.default_rng(4)
    variances = np.exp(rng.normal(0, 2, (3, F)))
    chosen = rng.choice(3, 4000, p=[0.5, 0.3, 0.2])
    P = np.abs(normal(rng, F, 4000)) ** 2 * variances[chosen].T
    found, history = power_mixture.learn(P, 3, 40, rng)
    assert (np.diff(history) > -1e-9).all()
    order = [np.argmin(np.abs(np.log(found.variances / v)).sum(1)) for v in variances]
    assert sorted(order) == [0, 1, 2]
    np.testing.assert_allclose(found.variances[order], variances, rtol=0.25)
    np.testing.assert_allclose(found.weights[order], [0.5, 0.3, 0.2], atol=0.03)
