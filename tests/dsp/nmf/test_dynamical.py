"""The dynamical system: its objective never rises, the identity makes it smooth NMF, transitions are recovered."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cocktail.dsp.nmf import dynamical as nds
from cocktail.dsp.nmf import models, updates


def problem(seed, alpha=2.0, mu=0.0, follows=1.0, bins=10, frames=17, bases=3):
    """Random positive V, W of unit norm, H and a prior, in double precision."""
    rng = np.random.default_rng(seed)
    V, W, H, A = (
        torch.as_tensor(rng.gamma(1.0, 1.0, shape) + 1e-3)
        for shape in ((bins, frames), (bins, bases), (bases, frames), (bases, bases + 1))
    )
    return V, updates.normalised(W)[0], H, nds.Prior(A, alpha, mu, follows)


def joined(frames=17, at=7):
    """All frames follow each other but one."""
    follows = torch.ones(frames - 1).double()
    follows[at] = 0
    return follows


@given(
    st.integers(0, 10**6), st.sampled_from(["kl", "is"]), st.sampled_from([0.5, 2.5, 20.0]),
    st.sampled_from([0.0, 1.0]), st.booleans(),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_objective_never_rises(seed, divergence, alpha, mu, whole):
    V, W, H, prior = problem(seed, alpha, mu, 1.0 if whole else joined())
    values = [nds.objective(V, W, H, prior, divergence)]
    for _ in range(10):
        H = nds.update_activations(V, W, H, prior, divergence)
        values.append(nds.objective(V, W, H, prior, divergence))
        W, H, prior = nds.update_bases(V, W, H, prior, divergence)
        values.append(nds.objective(V, W, H, prior, divergence))
        prior = nds.update_transitions(H, prior)
        values.append(nds.objective(V, W, H, prior, divergence))
    assert np.all(np.diff(values) <= 1e-9 * np.abs(values[0]))
    torch.testing.assert_close(torch.linalg.vector_norm(W, dim=0), torch.ones(3, dtype=torch.float64))


@pytest.mark.parametrize("divergence", ["kl", "is"])
def test_a_factor_of_a_larger_model_descends(divergence):
    V, W, H, prior = problem(4, mu=0.3)
    times, plus = (problem(seed)[0] for seed in (5, 6))
    prior = nds.Prior(prior.transitions, 2.0, torch.linspace(0, 1, 17).double())

    def objective(H):
        return updates.distance(V, times * (W @ H) + plus, divergence) + prior.cost(H)

    values = [objective(H)]
    for _ in range(20):
        H = nds.update_activations(V, W, H, prior, divergence, times=times, plus=plus)
        values.append(objective(H))
    assert np.all(np.diff(values) <= 1e-9 * np.abs(values[0]))
    assert values[0] > values[-1] + 1


@pytest.mark.parametrize("divergence", ["kl", "is"])
def test_without_innovations_it_is_sparse_nmf(divergence):
    V, W, H, _ = problem(7)
    found = nds.update_activations(V, W, H, nds.Prior(None, 0.0, 0.4), divergence)
    torch.testing.assert_close(found, updates.update_activations(V, W, H, 0.4, divergence))


def test_recordings_that_are_joined_know_nothing_of_each_other():
    V, W, H, prior = problem(1, follows=joined(at=9))
    together = nds.update_activations(V, W, H, prior, "is")
    alone = nds.Prior(prior.transitions, 2.0)
    apart = [nds.update_activations(V[:, part], W, H[:, part], alone, "is") for part in (slice(10), slice(10, 17))]
    torch.testing.assert_close(together, torch.cat(apart, dim=1))


@pytest.mark.parametrize("divergence", ["kl", "is"])
def test_activations_end_where_the_gradient_is_zero(divergence):
    V, W, H, prior = problem(2, alpha=3.0, mu=0.2)
    for _ in range(4000):
        H = nds.update_activations(V, W, H, prior, divergence)
    H.requires_grad_()
    expected, now, model = prior.expected(H), H[:, 1:], W @ H
    fit = (model - V * model.log()) if divergence == "kl" else (V / model + model.log())
    C = fit.sum() + 0.2 * H.sum() + 3 * (expected.log() + now / expected - now.log()).sum()
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
    stays = torch.cat([torch.eye(3), torch.zeros(3, 1)], dim=1).double()
    found = nds.update_activations(V, W, H, nds.Prior(stays, alpha), "is")
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("seed", range(3))
def test_planted_transitions_are_recovered(seed):
    """Activations drawn from the model: each one mostly hands over to the next, and all may begin by themselves."""
    rng = np.random.default_rng(seed)
    truth = np.hstack([0.05 + 0.8 * np.roll(np.eye(4), 1, axis=0), [[0.2], [0.0], [0.1], [0.0]]])
    truth = torch.as_tensor(truth)
    H = torch.ones(4, 3000, dtype=torch.float64)
    for n in range(1, 3000):
        past = torch.cat([H[:, n - 1], torch.ones(1)])
        H[:, n] = (truth @ past) * torch.as_tensor(rng.gamma(5.0, 1 / 5.0, 4))
    prior = nds.Prior(torch.full_like(truth, 0.25), 5.0)
    for _ in range(1500):
        prior = nds.update_transitions(H, prior)
    torch.testing.assert_close(prior.transitions, truth, atol=0.08, rtol=0)


def test_what_ends_one_recording_does_not_lead_to_what_begins_the_next():
    """Recordings of one sound and recordings of another take turns: neither sound follows the other."""
    rng = np.random.default_rng(5)
    sounds = np.repeat(np.eye(2), 4, axis=0) + 1e-4
    told = [sounds[:, [i % 2]] * rng.gamma(5.0, 0.2, (1, 4)) for i in range(60)]
    options = {"mu": 0.0, "alpha": 2.0, "divergence": "kl", "iterations": 80}
    W, transitions = models.learn_dynamical([x.astype(np.float32) for x in told], 2, rng, **options)
    A = transitions[:, :-1]
    assert (W.argmax(0) < 4).sum() == 1, "a basis for each sound"
    assert max(A[0, 1], A[1, 0]) < 0.02 * np.diag(A).min()
