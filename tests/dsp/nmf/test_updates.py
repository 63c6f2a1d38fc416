"""Updates of sparse NMF: the objective never rises, scikit-learn's is reached, scales do not matter."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from sklearn.decomposition import non_negative_factorization

from cocktail.dsp import blocks
from cocktail.dsp.nmf import updates

DIVERGENCES = ("kl", "is")

cases = st.tuples(
    st.integers(0, 10**6),
    st.sampled_from(DIVERGENCES),
    st.sampled_from([0.0, 0.1, 1.0, 20.0]),
    st.integers(0, 2),
)


def problem(seed, bins=12, frames=15, bases=4, batch=()):
    """Random positive V, W of unit norm and H, in double precision."""
    rng = np.random.default_rng(seed)
    V = torch.as_tensor(rng.gamma(0.5, 2.0, (*batch, bins, frames)) + 1e-4)
    W = updates.normalised(torch.as_tensor(rng.random((*batch, bins, bases)) + 1e-3))[0]
    return V, W, torch.as_tensor(rng.random((*batch, bases, frames)) + 1e-3)


@given(cases)
@settings(max_examples=60, deadline=None)
def test_objective_never_rises(case):
    seed, divergence, mu, fixed = case
    V, W, H = problem(seed)
    values = [updates.objective(V, W, H, mu, divergence)]
    for _ in range(15):
        H = updates.update_activations(V, W, H, mu, divergence)
        values.append(updates.objective(V, W, H, mu, divergence))
        W, H = updates.update_bases(V, W, H, mu, divergence, fixed)
        values.append(updates.objective(V, W, H, mu, divergence))
    assert np.all(np.diff(values) <= 1e-9 * np.abs(values[0]))


@given(cases)
@settings(max_examples=20, deadline=None)
def test_bases_keep_unit_norm_and_fixed_ones_stay(case):
    seed, divergence, mu, fixed = case
    V, W, H = problem(seed)
    found, _ = updates.update_bases(V, W, H, mu, divergence, fixed)
    torch.testing.assert_close(torch.linalg.vector_norm(found, dim=0), torch.ones(4, dtype=torch.float64))
    assert torch.equal(found[:, :fixed], W[:, :fixed])


def by_sklearn(V, W, H, iterations, update_bases=True):
    """The objective's factors by scikit-learn, whose matrices are frames x bins."""
    activations, bases, _ = non_negative_factorization(
        V.T.numpy(), W=H.T.numpy().copy() if update_bases else None, H=W.T.numpy().copy(), init="custom",
        n_components=W.shape[1], solver="mu", beta_loss="kullback-leibler", tol=0, max_iter=iterations,
        update_H=update_bases,
    )  # fmt: skip
    return torch.as_tensor(bases.T), torch.as_tensor(activations.T)


def test_equals_sklearn_without_sparsity():
    V, W, H = problem(3, 40, 60, 6)
    ours = updates.factorise(V, W, H, 0.0, "kl", 50)
    theirs = updates.objective(V, *by_sklearn(V, W, H, 50), 0.0, "kl")
    assert updates.objective(V, *ours, 0.0, "kl") == pytest.approx(theirs, rel=1e-6)


def test_activations_equal_sklearn_in_single_precision(exact_products):
    V, W, H = problem(4, 40, 600, 6)
    H = torch.full_like(H, (V.mean() / 6) ** 0.5)  # where scikit-learn starts, given bases
    ours = updates.activations(V.float(), W.float(), H.float(), 0.0, "kl", 30)
    theirs = updates.objective(V, W, by_sklearn(V, W, H, 30, update_bases=False)[1], 0.0, "kl")
    assert updates.objective(V, W, ours, 0.0, "kl") == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("mu", [0.0, 0.7])
def test_activations_end_where_no_step_helps(mu):
    """Karush-Kuhn-Tucker: the gradient is zero where H is not, and nowhere negative."""
    V, W, H = problem(4, 40, 10, 6)
    H = updates.activations(V, W, H, mu, "kl", 20000)
    gradient = W.T @ (1 - V / (W @ H)) + mu
    assert (gradient * H).abs().max() < 1e-3
    assert gradient.min() > -1e-3


@pytest.mark.parametrize("divergence", DIVERGENCES)
@pytest.mark.parametrize("mu", [0.0, 0.5])
def test_blocks_equal_single_updates(divergence, mu):
    V, W, H = problem(5, 20, 300, 4)
    assert V.shape[1] > blocks.FRAMES["cpu"]
    found = updates.activations(V, W, H, mu, divergence, 4)
    for _ in range(4):
        H = updates.update_activations(V, W, H, mu, divergence)
    torch.testing.assert_close(found, H)


@pytest.mark.parametrize("divergence", DIVERGENCES)
def test_padding_has_no_say(divergence):
    V, W, H = problem(6, frames=10)
    alone = updates.factorise(V, W, H, 0.3, divergence, 20, fixed=1)
    padded_v = torch.cat([V, torch.ones(12, 5, dtype=V.dtype)], dim=1)[None]
    frames = torch.cat([torch.ones(10), torch.zeros(5)]).double()[None, None]
    padded_h = torch.cat([H, torch.ones(4, 5, dtype=H.dtype)], dim=1)[None]
    together = updates.factorise(padded_v, W[None], padded_h, 0.3, divergence, 20, fixed=1, frames=frames)
    torch.testing.assert_close(together[0][0], alone[0])
    torch.testing.assert_close(together[1][0, :, :10], alone[1])


def test_sparse_update_reaches_what_the_paper_s_heuristic_reaches():
    """The rules of MERL TR2015-023 for KL: other steps, the same objective, the same kind of end."""
    V, W, H = problem(7, 20, 40, 3)
    mu, paper_w, paper_h = 0.5, W.clone(), H.clone()
    for _ in range(600):
        model = paper_w @ paper_h
        paper_h = paper_h * (paper_w.T @ (V / model)) / (paper_w.sum(0) + mu)[:, None]
        model = paper_w @ paper_h
        up, down = (V / model) @ paper_h.T, paper_h.sum(1).expand(20, -1)
        paper_w = paper_w * (up + paper_w * (paper_w * down).sum(0)) / (down + paper_w * (paper_w * up).sum(0))
        paper_w = updates.normalised(paper_w)[0]
    ours = updates.factorise(V, W, H, mu, "kl", 600)
    assert updates.objective(V, *ours, mu, "kl") == pytest.approx(
        updates.objective(V, paper_w, paper_h, mu, "kl"), rel=2e-2
    )


def test_recovers_bases_of_separable_data():
    rng = np.random.default_rng(8)
    truth = np.zeros((9, 3))
    for k in range(3):
        truth[3 * k : 3 * k + 3, k] = rng.random(3) + 0.2
    V = torch.as_tensor(truth @ rng.gamma(0.3, 1.0, (3, 200)) + 1e-8)
    W = updates.normalised(torch.as_tensor(rng.random((9, 3)) + 0.1))[0]
    found, _ = updates.factorise(V, W, torch.ones(3, 200, dtype=torch.float64), 0.0, "kl", 500)
    alike = found.T @ updates.normalised(torch.as_tensor(truth))[0]
    assert alike.max(0).values.min() > 0.999


def test_sparsity_trades_fit_for_smaller_activations():
    V, W, H = problem(9, 20, 100, 8)
    found = [updates.activations(V, W, H, mu, "kl", 100) for mu in (0.0, 1.0, 5.0)]
    assert found[0].sum() > found[1].sum() > found[2].sum()
    assert np.all(np.diff([updates.objective(V, W, h, 0.0, "kl") for h in found]) > 0)


@given(st.integers(0, 10**6), st.sampled_from(DIVERGENCES), st.sampled_from([0.1, 3.0]))
@settings(max_examples=30, deadline=None)
def test_block_sparse_objective_never_rises(seed, divergence, weight):
    V, W, H = problem(seed, bases=6)

    def objective():
        penalty = (updates.EPSILON + H[:4].sum(-1).unflatten(0, (-1, 2)).sum(-1)).log().sum()
        return updates.objective(V, W, H, 0.0, divergence) + weight * float(penalty)

    values = [objective()]
    for _ in range(15):
        mu = torch.cat([updates.block_weights(H[:4], 2, weight), torch.zeros(2, dtype=H.dtype)])
        H = updates.update_activations(V, W, H, mu, divergence)
        values.append(objective())
        W, H = updates.update_bases(V, W, H, 0.0, divergence, fixed=4)
        values.append(objective())
    assert np.all(np.diff(values) <= 1e-9 * np.abs(values[0]))


def test_block_weights_are_the_penalty_s_gradient():
    H = problem(11, bases=6)[2].requires_grad_()
    totals = H.sum(-1).unflatten(0, (-1, 2)).sum(-1)
    (0.7 * (updates.EPSILON + totals).log().sum()).backward()
    torch.testing.assert_close(H.grad[:, 0], updates.block_weights(H.detach(), 2, 0.7))


@pytest.mark.parametrize("divergence", DIVERGENCES)
def test_a_basis_that_is_never_active_keeps_unit_norm_in_single_precision(divergence):
    V, W, H = (x.float() for x in problem(12))
    H[2] = 0
    found, _ = updates.update_bases(V, W, H, 0.5, divergence)
    torch.testing.assert_close(torch.linalg.vector_norm(found, dim=0), torch.ones(4))


@pytest.mark.parametrize("mu", [0.0, 0.7])
def test_an_update_of_is_bases_minimises_its_majoriser(mu):
    """The majoriser at one entry, with |w_k| and 1 / model bounded by their tangents, by a search for its minimum.

    Where w old is 1 in units of itself: up / r + down (r + 1 / r) / 2 with sparsity, up / r + down r without.
    """
    V, W, H = problem(13, 6, 8, 2)
    model, total = W @ H, H.sum(-1)
    parts = W * ((V / model**2) @ H.T), W * ((1 / model) @ H.T), mu * W**2 * total
    up, linear, quadratic = (part.numpy() for part in parts)

    def majoriser(r, f, k):
        spread = (r**2 + 1) / 2 if mu else r
        return up[f, k] / r + linear[f, k] * spread + quadratic[f, k] * (r**2 + 1) / 2

    ratio = [
        [minimize_scalar(majoriser, bounds=(1e-3, 1e3), args=(f, k), method="bounded", options={"xatol": 1e-9}).x
         for k in range(2)]
        for f in range(6)
    ]  # fmt: skip
    expected = updates.normalised(W * torch.as_tensor(ratio))[0]
    torch.testing.assert_close(updates.update_bases(V, W, H, mu, "is")[0], expected, rtol=1e-4, atol=1e-6)
