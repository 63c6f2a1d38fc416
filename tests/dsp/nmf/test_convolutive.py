"""Convolutive NMF: the objective never rises, one frame is plain NMF, planted templates come back."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cocktail.dsp.nmf import convolutive, updates


def problem(seed, frames=3, bins=8, columns=20, bases=3):
    """Random positive V, W of unit norm and H, in double precision."""
    rng = np.random.default_rng(seed)
    V = torch.as_tensor(rng.gamma(0.5, 2.0, (bins, columns)) + 1e-4)
    W = convolutive.normalised(torch.as_tensor(rng.random((frames, bins, bases)) + 1e-3))[0]
    return V, W, torch.as_tensor(rng.random((bases, columns)) + 1e-3)


@given(st.integers(0, 10**6), st.integers(1, 5), st.sampled_from([0.0, 0.3, 5.0]))
@settings(max_examples=40, deadline=None)
def test_objective_never_rises(seed, frames, mu):
    V, W, H = problem(seed, frames)
    values = [convolutive.objective(V, W, H, mu)]
    for _ in range(12):
        H = convolutive.update_activations(V, W, H, mu)
        values.append(convolutive.objective(V, W, H, mu))
        W, H = convolutive.update_templates(V, W, H, mu)
        values.append(convolutive.objective(V, W, H, mu))
    assert np.all(np.diff(values) <= 1e-9 * np.abs(values[0]))


def test_model_is_its_definition():
    _, W, H = problem(1, frames=4)
    slow = torch.zeros(8, 20, dtype=H.dtype)
    for p in range(4):
        for t in range(p, 20):
            slow[:, t] += W[p] @ H[:, t - p]
    torch.testing.assert_close(convolutive.model(W, H), slow)


@pytest.mark.parametrize("mu", [0.0, 0.5])
def test_one_frame_equals_plain_nmf(mu):
    V, W, H = problem(2, frames=1)
    templates, found = convolutive.learn(V, W, H, mu, 20)
    bases, expected = updates.factorise(V, W[0], H, mu, "kl", 20)
    torch.testing.assert_close(templates[0], bases)
    torch.testing.assert_close(found, expected)


def test_planted_templates_are_recovered():
    rng = np.random.default_rng(3)
    truth = np.zeros((4, 12, 2))
    truth[np.arange(4), np.arange(4), 0] = 1  # one rises
    truth[np.arange(4), 10 - np.arange(4), 1] = 1  # one falls
    truth, _ = convolutive.normalised(torch.as_tensor(truth))
    H = torch.as_tensor(rng.random((2, 300)) * (rng.random((2, 300)) < 0.05))
    V = convolutive.model(truth, H) + 1e-6
    blurred = truth + torch.as_tensor(rng.random((4, 12, 2)))  # far from it: each is nearer to the mean of both
    W, _ = convolutive.learn(V, convolutive.normalised(blurred)[0], torch.ones(2, 300, dtype=V.dtype), 0.01, 300)
    alike = torch.einsum("pfr,pfs->rs", W, truth)
    assert alike.max(0).values.min() > 0.99


def test_planted_activations_are_recovered():
    _, W, _ = problem(4, frames=3, bases=2)
    H = torch.zeros(2, 30, dtype=W.dtype)
    H[0, 5], H[1, 17] = 2.0, 1.0
    V = convolutive.model(W, H) + 1e-9
    found = convolutive.activations(V, W, torch.ones_like(H), 0.0, 3000)
    torch.testing.assert_close(found, H, atol=1e-2, rtol=0)
