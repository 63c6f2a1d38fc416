"""The dynamical system: its objective never rises, the identity makes it smooth NMF, transitions are recovered."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cocktail.dsp.nmf import dynamical as nds


def problem(seed, bins=10, frames=17, bases=3):
    """Random positive V, W with columns of sum 1, H and A, in double precision."""
    rng = np.random.default_rng(seed)
    V, W, H, A = (
        torch.as_tensor(rng.gamma(1.0, 1.0, shape) + 1e-3)
        for shape in ((bins, frames), (bins, bases), (bases, frames), (bases, bases))
    )
    return V, W / W.sum(0), H, A


@given(st.integers(0, 10**6), st.sampled_from([1.0, 2.5, 20.0]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_objective_never_rises(seed, alpha, joined):
    V, W, H, A = problem(seed)
    follows = torch.ones(16).double()
    follows[7] = 0.0 if joined else 1.0
    values = [nds.objective(V, W, H, A, alpha, follows)]
    for _ in range(10):
        H = nds.update_activations(V, W, H, A, alpha, follows)
        values.append(nds.objective(V, W, H, A, alpha, follows))
        W, H, A = nds.update_bases(V, W, H, A)
        values.append(nds.objective(V, W, H, A, alpha, follows))
        A = nds.update_transitions(H, A, follows)
        values.append(nds.objective(V, W, H, A, alpha, follows))
    assert np.all(np.diff(values) <= 1e-9 * np.abs(values[0]))
    torch.testing.assert_close(W.sum(0), torch.ones(3, dtype=torch.float64))


def test_recordings_that_are_joined_know_nothing_of_each_other():
    V, W, H, A = problem(1)
    follows = torch.ones(16).double()
    follows[9] = 0
    together = nds.update_activations(V, W, H, A, 3.0, follows)
    apart = [nds.update_activations(V[:, part], W, H[:, part], A, 3.0) for part in (slice(10), slice(10, 17))]
    torch.testing.assert_close(together, torch.cat(apart, dim=1))


def test_activations_end_where_the_gradient_is_zero():
    V, W, H, A = problem(2)
    for _ in range(4000):
        H = nds.update_activations(V, W, H, A, 3.0)
    H.requires_grad_()
    predicted, now = A @ H[:, :-1], H[:, 1:]
    model = W @ H
    C = (V / model + model.log()).sum() + 3 * (predicted.log() + now / predicted - now.log()).sum()
    C.backward()
    assert (H.grad * H).abs().max() < 1e-3


def test_the_identity_makes_it_smooth_nmf():
    """As Fevotte (ICASSP 2011): each activation is the root of a quadratic that its two neighbours stand in."""
    V, W, H, _ = problem(3)
    alpha, expected = 4.0, H.clone()
    for frame in (*range(0, 17, 2), *range(1, 17, 2)):
        model = W @ expected
        h, p, q = expected[:, frame], W.T @ (V / model**2)[:, frame], W.T @ (1 / model)[:, frame]
        bend = torch.zeros_like(h)
        if frame > 0:
            q, bend = q + alpha / expected[:, frame - 1], bend + alpha
        if frame < 16:
            p, q = p + alpha * expected[:, frame + 1] / h**2, q + alpha / h
        expected[:, frame] = (bend + (bend**2 + 4 * p * h**2 * q).sqrt()) / (2 * q)
    torch.testing.assert_close(nds.update_activations(V, W, H, torch.eye(3).double(), alpha), expected)


@pytest.mark.parametrize("seed", range(3))
def test_planted_transitions_are_recovered(seed):
    """Activations drawn from the model: each one mostly hands over to the next."""
    rng = np.random.default_rng(seed)
    A = torch.as_tensor(0.05 + 0.8 * np.roll(np.eye(4), 1, axis=0))
    H = torch.ones(4, 3000, dtype=torch.float64)
    for n in range(1, 3000):
        H[:, n] = (A @ H[:, n - 1]) * torch.as_tensor(rng.gamma(5.0, 1 / 5.0, 4))
    found = torch.full_like(A, 0.25)
    for _ in range(1500):
        found = nds.update_transitions(H, found)
    torch.testing.assert_close(found, A, atol=0.05, rtol=0)
