"""NMF of convolutive mixtures by EM: the likelihood never falls, one channel is IS-NMF by EM, planted sources part."""

import numpy as np
import pytest
from drawn_components import drawn

from cocktail.dsp.spatial import convolutive_nmf as nmf

SIGMA = 1e-2
NOISE = np.full(8, SIGMA)
ANNEALED = (1e-2, 1e-8)


def planted(rng, n_bins=8, n_frames=120, n_mics=2, components=2):
    """x (F, T, D), images at microphone 1 (2, F, T) and the model that they were drawn from."""
    A = rng.standard_normal((n_bins, n_mics, 2)) + 1j * rng.standard_normal((n_bins, n_mics, 2))
    source = np.repeat([0, 1], components)
    W, H = rng.gamma(0.5, 1.0, (n_bins, len(source))) + 0.02, rng.gamma(0.3, 2.0, (len(source), n_frames)) + 1e-3
    model = nmf._normalised(nmf.Model(A, W, H, source))
    s = np.sqrt(model.powers / 2) * (rng.standard_normal((2, 2, n_bins, n_frames)) * [[[[1]]], [[[1j]]]]).sum(0)
    noise = np.sqrt(SIGMA / 2) * (rng.standard_normal((2, n_bins, n_frames, n_mics)) * [[[[1]]], [[[1j]]]]).sum(0)
    return np.einsum("fdj,jft->ftd", model.A, s) + noise, np.moveaxis(model.A[:, 0], -1, 0)[..., None] * s, model


@pytest.mark.parametrize("seed", range(3))
def test_likelihood_never_falls(seed):
    rng = np.random.default_rng(seed)
    x, _, truth = planted(rng)
    blurred = truth.A + 0.5 * (rng.standard_normal(truth.A.shape) + 1j * rng.standard_normal(truth.A.shape))
    model = nmf._normalised(nmf.Model(blurred, rng.random((8, 4)) + 0.1, rng.random((4, 120)) + 0.1, truth.source))
    values = []
    for _ in range(40):
        model, likelihood = nmf.update(x, model, NOISE)
        values.append(likelihood)
    assert np.all(np.diff(values) >= -1e-8 * np.abs(values[0]))
    assert values[-1] > values[0] + 10


def test_the_likelihood_is_that_of_the_model():
    rng = np.random.default_rng(4)
    x, _, model = planted(rng, n_bins=2, n_frames=3)
    total = 0.0
    for f in range(2):
        for t in range(3):
            S = model.A[f] @ np.diag(model.powers[:, f, t]) @ model.A[f].conj().T + SIGMA * np.eye(2)
            total -= np.log(np.linalg.det(S).real) + (x[f, t].conj() @ np.linalg.solve(S, x[f, t])).real
    assert nmf.posterior(x, model, NOISE[:2]).likelihood == pytest.approx(total)


def test_one_channel_equals_is_nmf_by_em():
    """C. Fevotte, N. Bertin and J.-L. Durrieu, Neural Computation 21(3), 2009, algorithm 2, with additive noise."""
    rng = np.random.default_rng(5)
    V = rng.gamma(1.0, 1.0, (6, 25))
    x = np.sqrt(V)[..., None].astype(complex)
    W, H = rng.random((6, 3)) + 0.1, rng.random((3, 25)) + 0.1
    model, _ = nmf.update(x, nmf.Model(np.ones((6, 1, 1), complex), W, H, np.zeros(3, int)), np.full(6, 1e-9))
    expected = []
    for r in range(3):
        p = W[:, r : r + 1] * H[r]
        gain = p / (W @ H)
        u = gain**2 * V + p * (1 - gain)
        w = np.mean(u / H[r], axis=1)
        expected.append(w[:, None] * np.mean(u / w[:, None], axis=0))
    cross, second = (np.sum(V, axis=1) for _ in range(2))  # A of one channel and source without noise stays 1
    np.testing.assert_allclose(np.abs(model.A[:, 0, 0]), cross / second)
    np.testing.assert_allclose(model.powers[0], sum(expected), rtol=1e-5)


def test_weak_bins_are_not_taken_for_noise():
    rng = np.random.default_rng(8)
    x, _, truth = planted(rng)
    x[4:] *= 1e-2
    X = np.moveaxis(x, -1, 0)
    found, _ = nmf.separate(X, truth.A, *drawn(X, 2), 40, ANNEALED)
    kept = np.sum(np.abs(found.sum(0)) ** 2, axis=-1) / np.sum(np.abs(x[..., 0]) ** 2, axis=-1)
    assert np.all(np.abs(10 * np.log10(kept)) < 1)


def test_sources_drawn_from_the_model_come_apart():
    rng = np.random.default_rng(6)
    x, images, truth = planted(rng, n_bins=12, n_frames=200)
    blurred = truth.A + 0.3 * (rng.standard_normal(truth.A.shape) + 1j * rng.standard_normal(truth.A.shape))
    X = np.moveaxis(x, -1, 0)
    (found, _), (begun, _) = (nmf.separate(X, blurred, *drawn(X, 3), n, ANNEALED) for n in (80, 1))
    for k in range(2):
        error, before = (np.sum(np.abs(y[k] - images[k]) ** 2) for y in (found, begun))
        assert 10 * np.log10(before / error) > 5


def test_silence_and_scale():
    rng = np.random.default_rng(7)
    x, _, truth = planted(rng)
    X = np.moveaxis(x, -1, 0)
    assert not nmf.separate(0 * X, truth.A, *drawn(X, 2), 3)[0].any()
    one, loud = (nmf.separate(g * X, truth.A, *drawn(X, 2), 5)[0] for g in (1.0, 100.0))
    np.testing.assert_allclose(loud, 100 * one, rtol=1e-6)
