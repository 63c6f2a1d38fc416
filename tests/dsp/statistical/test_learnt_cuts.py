"""What is learnt for normalised cuts: the cost is a distance of subspaces, it falls, and useless cues are off."""

import numpy as np
import pytest
import torch

from cocktail.dsp.statistical import learnt_cuts
from cocktail.dsp.statistical.normalised_cuts import Product, cluster


def test_the_cost_is_half_the_squared_distance_of_two_projections():
    rng = np.random.default_rng(0)
    labels = np.arange(12) % 3
    W = np.exp(-((rng.standard_normal((12, 1)) - rng.standard_normal(12)) ** 2))
    W = W + W.T
    degrees = W.sum(1)
    U = np.linalg.eigh(W / np.sqrt(np.outer(degrees, degrees)))[1][:, -3:]
    B = np.sqrt(degrees)[:, None] * np.eye(3)[labels]
    B /= np.linalg.norm(B, axis=0)
    found = learnt_cuts.cost(torch.as_tensor(W), torch.as_tensor(labels))
    assert float(found) == pytest.approx(np.sum((U @ U.T - B @ B.T) ** 2) / 2)


def test_blocks_that_are_the_partition_cost_nothing_and_others_do():
    labels = torch.as_tensor([0, 0, 0, 1, 1])
    W = (labels[:, None] == labels).double() + 1e-9
    assert float(learnt_cuts.cost(W, labels)) == pytest.approx(0, abs=1e-6)
    assert float(learnt_cuts.cost(W, torch.as_tensor([0, 1, 0, 1, 0]))) > 0.3


def test_the_gradient_is_that_of_the_cost_where_eigenvalues_are_apart():
    rng = np.random.default_rng(1)
    labels = torch.as_tensor(np.arange(20) % 2)
    x = torch.as_tensor(rng.standard_normal((20, 2)) + 3 * np.eye(2)[np.arange(20) % 2])
    x[0] = x[1]  # one that lies where the others are

    def cost(factor):
        return learnt_cuts.cost(learnt_cuts.affinity([x / 3], [factor.expand(2)], [1.0]), labels)

    factor = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    cost(factor).backward()
    difference = (cost(factor.detach() + 1e-4) - cost(factor.detach() - 1e-4)) / 2e-4
    assert factor.grad.item() == pytest.approx(float(difference), rel=0.02)


def planted(rng, n=42):
    """One cue that tells three clusters apart, and one, of another product, that tells others."""
    labels, other = rng.permutation(n) % 3, rng.permutation(n) % 3
    useful, useless = (2.0 * x[:, None] + 0.3 * rng.standard_normal((n, 1)) for x in (labels, other))
    return [np.hstack([useful, useless]), 2.0 * other[:, None] + 0.3 * rng.standard_normal((n, 1))], labels


def test_a_useless_cue_is_switched_off_and_unseen_points_come_apart():
    rng = np.random.default_rng(2)
    widths, weights = [np.ones(2), np.ones(1)], [1.0, 1.0]
    options = {"sparsity": 0.01, "iterations": 25}
    learnt, changed, history = learnt_cuts.learn([planted(rng) for _ in range(3)], widths, weights, **options)
    assert np.all(np.diff(history) <= 1e-9) and history[-1] < 0.2 * history[0]
    assert learnt[0][1] > 20 * learnt[0][0], "the useless cue in the product with the useful one"
    features, labels = planted(rng)
    found = [
        cluster([Product(*of) for of in zip(features, w, g, strict=True)], 3, np.random.default_rng(0), 42)
        for w, g in ((widths, weights), (learnt, changed))
    ]
    before, after = (len(set(zip(x, labels, strict=True))) for x in found)
    assert before > 3 and after == 3
