"""Factorial models: the max model by sampling, exact inference by brute force, and the variational bound."""

import itertools

import numpy as np
import pytest

from cocktail.dsp.statistical import factorial, hmm


def talker(rng, n_states=3, n_gaussians=4, n_bins=5, spread=4.0):
    chain = hmm.Chain(
        rng.dirichlet(np.ones(n_states)), rng.dirichlet(np.full(n_states, 0.5), n_states), rng.random(n_states)
    )
    emission = rng.dirichlet(np.full(n_gaussians, 0.5), n_states)
    variances = rng.uniform(0.3, 1.0, (n_gaussians, n_bins))
    return factorial.Talker(spread * rng.standard_normal((n_gaussians, n_bins)), variances, emission, chain)


def sampled(rng, t, n_frames):
    """Log powers (F, T) of a talker."""
    state = rng.choice(len(t.emission), p=t.chain.initial)
    frames = []
    for _ in range(n_frames):
        c = rng.choice(t.emission.shape[1], p=t.emission[state])
        frames.append(t.means[c] + np.sqrt(t.variances[c]) * rng.standard_normal(t.means.shape[1]))
        state = rng.choice(len(t.emission), p=t.chain.transition[state])
    return np.array(frames).T


def mixture(seed, n_talkers=2, n_frames=4, **sizes):
    rng = np.random.default_rng(seed)
    talkers = [talker(rng, **sizes) for _ in range(n_talkers)]
    return talkers, np.max([sampled(rng, t, n_frames) for t in talkers], axis=0)


def frame_by_definition(heard, c, t):
    """log p(y_t | Gaussians c) and the probabilities of the loudest, from the sum over masks."""
    terms = [
        sum(h.density[t, i] if j == k else h.below[t, i] for j, (h, i) in enumerate(zip(heard, c, strict=True)))
        for k in range(len(heard))
    ]
    total = np.logaddexp.reduce(terms, axis=0)
    return total.sum(), np.exp(np.array(terms) - total)


def brute_force(talkers, y):
    """Masks, states of each talker, and log p(y), over all joint paths of states and Gaussians."""
    heard = [factorial.hear(t, y) for t in talkers]
    n_frames, shape = y.shape[1], [len(t.emission) for t in talkers]
    joint = list(itertools.product(*map(range, shape)))
    gaussians = list(itertools.product(*(range(t.emission.shape[1]) for t in talkers)))
    local = np.array([[frame_by_definition(heard, c, t)[0] for t in range(n_frames)] for c in gaussians])
    weight = np.array([[np.prod([t.emission[v, i] for t, v, i in zip(talkers, vs, c, strict=True)]) for c in gaussians]
                       for vs in joint])  # fmt: skip
    likelihood = np.log(weight @ np.exp(local))
    chain = hmm.Chain(*(
        np.array([np.prod([getattr(t.chain, part)[v] for t, v in zip(talkers, vs, strict=True)]) for vs in joint])
        if part != "transition"
        else np.array([[np.prod([t.chain.transition[v, w] for t, v, w in zip(talkers, vs, ws, strict=True)])
                        for ws in joint] for vs in joint])
        for part in ("initial", "transition", "final")
    ))  # fmt: skip
    found, log_p = hmm.posteriors(likelihood, chain)
    states = [np.array([found[[vs[k] == v for vs in joint]].sum(0) for v in range(n)]) for k, n in enumerate(shape)]
    share = np.exp(local) * (weight.T @ (found / np.exp(likelihood)))
    masks = np.zeros((len(talkers), *y.shape))
    for c, p in zip(gaussians, share, strict=True):
        for t in range(n_frames):
            masks[:, :, t] += p[t] * frame_by_definition(heard, c, t)[1]
    return masks, states, log_p


def test_the_max_model_is_a_density():
    """p(y | c_1, c_2) of one bin integrates to 1, and the loudest talker is as often the loudest as in samples."""
    normals = [(0.0, 1.0), (1.0, 0.4)]
    pair = [factorial.Talker(np.array([[m]]), np.array([[v]]), np.ones((1, 1)), None) for m, v in normals]
    y = np.linspace(-9, 9, 3001)
    heard = [factorial.hear(t, y[None]) for t in pair]
    p = np.exp([factorial.pair_likelihood(*heard, t)[0, 0] for t in range(len(y))])
    assert p.sum() * (y[1] - y[0]) == pytest.approx(1, abs=1e-4)
    first = np.exp(heard[0].density + heard[1].below)[:, 0, 0]
    rng = np.random.default_rng(0)
    louder = np.mean(rng.standard_normal(200000) > 1 + 0.4**0.5 * rng.standard_normal(200000))
    assert first.sum() * (y[1] - y[0]) == pytest.approx(louder, abs=4e-3)


@pytest.mark.parametrize("seed", range(3))
def test_exact_inference_equals_brute_force(seed, monkeypatch):
    monkeypatch.setattr(factorial, "BLOCK", 3)  # blocks end amid the frames
    talkers, y = mixture(seed)
    masks, states, log_p = brute_force(talkers, y)
    found = factorial.exact(talkers, y)
    assert found.bounds[0] == pytest.approx(log_p, abs=1e-3)
    np.testing.assert_allclose(found.masks, masks, atol=1e-4)
    for k in range(2):
        np.testing.assert_allclose(found.states[k], states[k], atol=1e-4)


@pytest.mark.parametrize("n_talkers", [2, 3, 4])
def test_the_bound_never_falls_and_stays_below_the_likelihood(n_talkers):
    sizes = {"n_states": 2, "n_gaussians": 2, "n_bins": 3}
    talkers, y = mixture(n_talkers, n_talkers, n_frames=3, **sizes)
    found = factorial.variational(talkers, y, iterations=12, beliefs=2)
    assert np.all(np.diff(found.bounds) > -1e-3)
    assert found.bounds[-1] <= brute_force(talkers, y)[2] + 1e-3
    np.testing.assert_allclose(found.masks.sum(0), 1, atol=1e-5)


def test_variational_marginals_are_near_those_of_brute_force():
    errors = []
    for seed in range(4):
        talkers, y = mixture(10 + seed, n_bins=20)
        masks, states, _ = brute_force(talkers, y)
        found = factorial.variational(talkers, y, iterations=20, beliefs=2)
        errors.append(np.mean(np.abs(found.masks - masks)))
        for k in range(2):
            assert np.mean(found.states[k].argmax(0) == states[k].argmax(0)) >= 0.75
    assert np.mean(errors) < 0.03


def test_likelihood_of_gaussians_is_linear_in_the_mask():
    """Of two masks' mean it is the mean: what a chain hears is a sum over bins, weighted by the mask."""
    rng = np.random.default_rng(5)
    t, y = talker(rng), rng.standard_normal((5, 6))
    heard = factorial.hear(t, y)
    a, b = rng.random((2, 5, 6))
    said = [factorial.given_mask(heard, mask) for mask in (a, b, (a + b) / 2)]
    np.testing.assert_allclose(said[2], (said[0] + said[1]) / 2, rtol=1e-5)
