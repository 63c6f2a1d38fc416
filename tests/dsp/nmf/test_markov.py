"""The non-negative HMM: EM never lowers the likelihood, pairs of states equal brute force, planted states come back."""

import itertools

import numpy as np
import pytest
import torch

from cocktail.dsp.nmf import markov
from cocktail.dsp.statistical import hmm


def columns(rng, *shape):
    """Random columns of sum 1."""
    W = rng.gamma(0.5, 1.0, shape) + 1e-3
    return W / W.sum(-2, keepdims=True)


def chain(rng, n_states):
    return hmm.Chain(rng.dirichlet(np.ones(n_states)), rng.dirichlet(np.ones(n_states), n_states), np.ones(n_states))


def test_the_likelihood_never_falls_and_weights_sum_to_one():
    rng = np.random.default_rng(0)
    V = rng.gamma(1.0, 1.0, (12, 40)) + 1e-3
    _, _, history = markov.learn([V[:, :25], V[:, 25:]], 3, 2, 30, rng)
    assert np.all(np.diff(history[1:]) >= -0.05)  # a prior of one transition a state has a say
    W = torch.as_tensor(columns(rng, 3, 12, 2))
    values = [markov.likelihood(torch.as_tensor(V), W, markov.weigh(torch.as_tensor(V), W, n)) for n in range(12)]
    assert np.all(np.diff(values, axis=0) >= -1e-9)


def test_shares_of_a_mixture_are_those_of_all_paths():
    """Posteriors of pairs of states by brute force over every path of speech and every path of noise."""
    rng = np.random.default_rng(1)
    V = rng.gamma(1.0, 1.0, (6, 4)) + 1e-2
    speech, noise = ((columns(rng, n, 6, 2), chain(rng, n)) for n in (2, 3))
    found, rest = markov.separate(V, speech, noise, iterations=7, device="cpu")
    weights, shares = {}, {}
    for a, b in itertools.product(range(2), range(3)):
        W = np.hstack([speech[0][a], noise[0][b]])
        h = np.full((4, 4), 1 / 4)
        for _ in range(7):
            h = h * (W.T @ (V / (W @ h)))
            h /= h.sum(0)
        weights[a, b] = (V * np.log(W @ h)).sum(0)
        shares[a, b] = (W[:, :2] @ h[:2]) / (W @ h)
    total, expected = 0.0, np.zeros_like(V)
    for path in itertools.product(weights, repeat=4):
        p = np.exp(sum(weights[pair][t] for t, pair in enumerate(path)))
        for part, (_, c) in enumerate((speech, noise)):
            states = [pair[part] for pair in path]
            p *= c.initial[states[0]] * np.prod([c.transition[x, y] for x, y in itertools.pairwise(states)])
        total += p
        expected += p * np.stack([shares[pair][:, t] for t, pair in enumerate(path)], axis=1)
    np.testing.assert_allclose(found, expected / total, rtol=1e-9)
    np.testing.assert_allclose(found + rest, 1)


def test_planted_states_are_recovered():
    """Two states of two bases each that take turns every eight frames."""
    rng = np.random.default_rng(2)
    truth = np.full((2, 12, 2), 1e-3)
    for s, r in itertools.product(range(2), repeat=2):
        truth[s, 3 * (2 * s + r) : 3 * (2 * s + r) + 3, r] = 1
    truth /= truth.sum(1, keepdims=True)
    state = np.arange(160) // 8 % 2
    H = rng.gamma(1.0, 1.0, (2, 160))
    V = 20 * np.einsum("tfr,rt->ft", truth[state], H) + 1e-3
    W, found, _ = markov.learn([V], 2, 2, 40, rng)
    assert np.diag(found.transition) == pytest.approx([7 / 8] * 2, abs=0.06)
    support = np.sort([(part.sum(1) > 0.05).nonzero()[0].min() for part in W])
    np.testing.assert_array_equal(support, [0, 6])
