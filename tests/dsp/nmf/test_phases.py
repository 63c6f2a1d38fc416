"""Complex NMF: the objective never rises, components add up to the mixture, and what cancels is understood."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cocktail.dsp.nmf import phases


def pair(angle):
    return torch.stack([angle.cos(), angle.sin()])


def problem(seed, bins=6, frames=7, components=4):
    """Random Y, W, U, E in double precision."""
    rng = np.random.default_rng(seed)
    Y = torch.as_tensor(rng.standard_normal((2, frames, bins)))
    W, U = (torch.as_tensor(rng.random((n, components)) + 0.05) for n in (bins, frames))
    return Y, W, U, pair(torch.as_tensor(2 * np.pi * rng.random((frames, bins, components))))


@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.1, 3.0]), st.sampled_from([0.8, 1.0, 1.2]))
@settings(max_examples=40, deadline=None)
def test_objective_never_rises(seed, weight, p):
    Y, W, U, E = problem(seed)
    values = [phases.objective(Y, W, U, E, weight, p)]
    for _ in range(20):
        U, E = phases.update(Y, W, U, E, weight, p)
        values.append(phases.objective(Y, W, U, E, weight, p))
    assert np.all(np.diff(values) <= 1e-9 * values[0])
    torch.testing.assert_close(E.square().sum(0), torch.ones_like(E[0]))


def test_components_add_up_to_the_mixture():
    Y, W, U, E = problem(1)
    torch.testing.assert_close((W * U[:, None] * phases.parts(Y, W, U, E)).sum(-1), Y)


def test_components_that_cancel_are_explained_by_phases_alone():
    """Two components out of phase add up to less than either: no real sum of their bases does. From equal phases none
    would move, from scattered ones the error goes."""
    rng = np.random.default_rng(2)
    W, U = (torch.as_tensor(rng.random((n, 2)) + 0.3) for n in (40, 10))
    Y = (W * U[:, None] * pair(torch.as_tensor(2 * np.pi * rng.random((10, 40, 2))))).sum(-1)
    errors = []
    for spread in (0.0, 0.5):
        E = pair(torch.atan2(Y[1], Y[0])[..., None] + spread * torch.as_tensor(rng.standard_normal((10, 40, 2))))
        found = U
        for _ in range(200):
            found, E = phases.update(Y, W, found, E, 0.0, 1.0)
        errors.append(phases.objective(Y, W, found, E, 0.0, 1.0))
    assert errors[1] < 0.02 * errors[0]


def test_frames_are_independent_of_how_many_go_together(monkeypatch):
    Y, W, U, _ = (x.float() for x in problem(3))
    options = {"spread": 0.0, "weight": 0.1, "p": 1.2, "iterations": 5}
    whole = phases.separate(Y, W, U, 2, np.random.default_rng(0), **options)
    monkeypatch.setattr(phases, "TOGETHER", 2)
    torch.testing.assert_close(phases.separate(Y, W, U, 2, np.random.default_rng(0), **options), whole)


def test_all_components_are_the_mixture():
    Y, W, U, _ = (x.float() for x in problem(4))
    options = {"spread": 0.5, "weight": 0.1, "p": 1.2, "iterations": 5}
    found = phases.separate(Y, W, U, 4, np.random.default_rng(0), **options)
    torch.testing.assert_close(found, Y, atol=1e-5, rtol=1e-4)
