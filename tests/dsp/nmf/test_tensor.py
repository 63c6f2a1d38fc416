"""Tensor factorisation: the divergence never rises, one source is plain NMF, and codes give back what they were of."""

import numpy as np
import pytest
import torch

from cocktail.dsp.nmf import coding, tensor, updates


def problem(seed, sources=3, bins=8, frames=12, components=4):
    """Random positive V (J, F, T), and factors in double precision."""
    rng = np.random.default_rng(seed)
    V = torch.as_tensor(rng.gamma(0.5, 2.0, (sources, bins, frames)) + 1e-3)
    return V, *(torch.as_tensor(rng.random(shape) + 0.1) for shape in
                ((sources, components), (bins, components), (components, frames)))  # fmt: skip


def divergence(V, L, kind):
    ratio = V / L
    return float((V * ratio.log() - V + L if kind == "kl" else ratio - ratio.log() - 1).sum())


@pytest.mark.parametrize("kind", ["kl", "is"])
def test_the_divergence_never_rises(kind):
    for seed in range(5):
        V, *factors = problem(seed)
        values = [divergence(V, tensor.model(*factors), kind)]
        for _ in range(30):
            factors = tensor.factorise(V, *factors, kind, 1)
            values.append(divergence(V, tensor.model(*factors), kind))
        assert np.all(np.diff(values) <= 1e-9 * values[0]) and values[-1] < 0.7 * values[0]


def test_activations_of_one_source_are_those_of_plain_nmf():
    V, Q, W, H = problem(0, sources=1)
    Q = torch.ones_like(Q)
    found = tensor.factorise(V, Q, W, H, "is", 1)[2]
    torch.testing.assert_close(found, updates.update_activations(V[0], W, H, 0.0, "is"))


def test_planted_shares_are_recovered():
    """Three components, one of two sources each and one of both, from a start that knows nothing of it."""
    rng = np.random.default_rng(2)
    Q = torch.tensor([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5]])
    W = torch.as_tensor(rng.gamma(0.3, 1.0, (40, 3)), dtype=torch.float32)
    H = torch.as_tensor(rng.gamma(0.3, 1.0, (3, 60)), dtype=torch.float32)
    V = tensor.model(Q, W, H) + 1e-6
    start = tensor.start(V.numpy(), 3, rng)
    found = tensor.factorise(V, *start, "kl", 300)[0]
    shares = np.sort((found[0] / found.sum(0)).numpy())
    np.testing.assert_allclose(shares, [0, 0.5, 1], atol=0.02)


def test_codes_are_within_half_a_step_and_take_little_more_than_the_entropy():
    x = np.random.default_rng(3).gamma(0.3, 1.0, (5, 200))
    for step_db in (0.5, 3.0):
        found = coding.values(coding.levels(x, step_db), step_db) * x.max()
        heard = x > 10 ** (-coding.RANGE_DB / 10) * x.max()
        assert np.abs(10 * np.log10(found / x))[heard].max() <= step_db / 2 + 1e-9
    symbols = np.random.default_rng(4).choice(8, 20000, p=[0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
    coded = coding.pack(symbols.astype(np.uint8))
    np.testing.assert_array_equal(coding.unpack(coded), symbols)
    entropy = -(0.3 * np.log2(0.3) + 0.7 * np.log2(0.1)) * 20000 / 8
    assert entropy <= len(coded) < 1.08 * entropy, "bytes"
