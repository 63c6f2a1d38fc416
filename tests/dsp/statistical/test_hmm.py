"""Hidden Markov models against a sum, or a maximum, over all paths."""

import itertools

import numpy as np
import pytest

from cocktail.dsp.statistical.hmm import Chain, decode, expectations, posteriors, viterbi


def chain(rng, n_states):
    transition = rng.dirichlet(np.ones(n_states), n_states)
    return Chain(rng.dirichlet(np.ones(n_states)), transition, rng.random(n_states))


def paths(likelihood, c):
    """Every path and its joint log-probability."""
    n_states, n_frames = likelihood.shape
    for path in itertools.product(range(n_states), repeat=n_frames):
        p = np.log(c.initial[path[0]]) + np.log(c.final[path[-1]]) + likelihood[list(path), range(n_frames)].sum()
        steps = [c.transition[a, b] for a, b in itertools.pairwise(path)]
        yield path, p + np.sum(np.log(steps)) if all(steps) else -np.inf


def test_posteriors_and_the_best_path_are_those_of_all_paths():
    rng = np.random.default_rng(0)
    c, likelihood = chain(rng, 3), 3 * rng.standard_normal((3, 5)) - 700
    found = list(paths(likelihood, c))
    total = np.logaddexp.reduce([p for _, p in found])
    expected = np.zeros((3, 5))
    for path, p in found:
        expected[list(path), range(5)] += np.exp(p - total)
    states, log_p = posteriors(likelihood, c)
    np.testing.assert_allclose(states, expected, atol=1e-12)
    assert log_p == pytest.approx(total)
    assert tuple(viterbi(likelihood, c)) == max(found, key=lambda item: item[1])[0]
    counts = np.zeros((3, 3))
    for path, p in found:
        np.add.at(counts, (path[:-1], path[1:]), np.exp(p - total))
    again, transitions, log_p = expectations(likelihood, c)
    np.testing.assert_allclose(transitions, counts, atol=1e-12)
    np.testing.assert_array_equal(again, states)
    assert log_p == pytest.approx(total)


def test_decoding_counts_transitions_once():
    """By brute force: of possible paths, that with the largest product of posteriors, which hold them already."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        c, states = chain(rng, 3), rng.dirichlet(np.full(3, 0.5), 5).T
        c.transition[rng.integers(3), rng.integers(3)] = 0
        possible = [path for path, p in paths(np.zeros((3, 5)), c) if np.isfinite(p)]
        best = max(possible, key=lambda path: np.log(states[list(path), range(5)]).sum())
        assert tuple(decode(states, c)) == best


def test_a_chain_without_a_path_is_an_error():
    stuck = Chain(np.array([1.0, 0.0]), np.eye(2), np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match="ends in a final state"):
        posteriors(np.zeros((2, 3)), stuck)
