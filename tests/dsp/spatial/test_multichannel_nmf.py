"""Multichannel NMF: the divergence never rises, one channel is IS-NMF, sources drawn from the model come apart."""

import numpy as np
import pytest
import torch
from drawn_components import drawn

from cocktail.dsp.nmf import updates
from cocktail.dsp.spatial import multichannel_nmf as mnmf
from cocktail.dsp.spatial import nmf_start


def planted(rng, n_bins=6, n_frames=80, n_mics=3, components=4):
    """X (D, F, T), images at microphone 1 (2, F, T), R (2, F, D, D): two sources of two components each."""
    A = rng.standard_normal((2, n_bins, n_mics, n_mics)) + 1j * rng.standard_normal((2, n_bins, n_mics, n_mics))
    A[..., 0] *= 4
    R = A @ A.conj().swapaxes(-1, -2)
    R *= n_mics / np.trace(R, axis1=-2, axis2=-1).real[..., None, None]
    t, v = rng.gamma(0.5, 1.0, (n_bins, components)) + 0.02, rng.gamma(0.3, 1.0, (components, n_frames)) + 1e-3
    powers = np.stack([t[:, k::2] @ v[k::2] for k in range(2)])
    white = rng.standard_normal((2, 2, n_bins, n_mics, n_frames)) / np.sqrt(2)
    images = np.linalg.cholesky(R) @ (white[0] + 1j * white[1]) * np.sqrt(powers)[:, :, None]
    return images.sum(0).swapaxes(0, 1), images[:, :, 0], R


@pytest.mark.parametrize("seed", range(3))
def test_divergence_never_rises(seed):
    rng = np.random.default_rng(seed)
    X, _, R = planted(rng)
    _, values = mnmf.separate(X, R[::-1], *drawn(X, 3), 25)
    assert np.all(np.diff(values) <= 1e-6 * np.abs(values[0]))
    assert values[-1] < values[0] - 1


@pytest.mark.parametrize("name", ["t", "v", "z", "R"])
def test_each_parameter_s_update_alone_lowers_it(name):
    rng = np.random.default_rng(4)
    X, _, R = planted(rng)
    x = np.moveaxis(X, 0, -1)
    model = mnmf.Model(R[::-1], rng.uniform(0.2, 0.8, (2, 5)), rng.random((6, 5)) + 0.1, rng.random((5, 80)) + 0.1)
    assert mnmf.divergence(x, mnmf.update(x, model, name)) < mnmf.divergence(x, model)


def test_one_channel_equals_is_nmf():
    rng = np.random.default_rng(5)
    V = rng.gamma(1.0, 1.0, (7, 30)) + 0.01
    t, v = rng.random((7, 3)) + 0.1, rng.random((3, 30)) + 0.1
    model = mnmf.Model(np.ones((1, 7, 1, 1)), np.ones((1, 3)), t, v)
    W, H = torch.as_tensor(t), torch.as_tensor(v)
    for _ in range(20):
        model = mnmf.update(np.sqrt(V)[..., None].astype(complex), model, "tv")
        inverse = 1 / (W @ H)
        W = W * (((torch.as_tensor(V) * inverse**2) @ H.T) / (inverse @ H.T)).sqrt()
        H = updates.update_activations(torch.as_tensor(V), W, H, 0.0, "is")
    np.testing.assert_allclose(model.t, W.numpy(), rtol=1e-9)
    np.testing.assert_allclose(model.v, H.numpy(), rtol=1e-9)
    value = (torch.as_tensor(V) / (W @ H) + (W @ H).log()).sum()
    assert mnmf.divergence(np.sqrt(V)[..., None].astype(complex), model) == pytest.approx(float(value))


def test_sources_drawn_from_the_model_come_apart():
    rng = np.random.default_rng(6)
    X, images, R = planted(rng, n_bins=12, n_frames=150)
    blurred = 0.7 * R + 0.3 * np.eye(3)
    (found, _), (begun, _) = (mnmf.separate(X, blurred, *drawn(X, 3), n) for n in (60, 0))
    for k in range(2):
        error, before = (np.sum(np.abs(y[k] - images[k]) ** 2) for y in (found, begun))
        assert 10 * np.log10(before / error) > 3
    np.testing.assert_allclose(found.sum(0), X[0], atol=1e-8)


def test_silence_and_scale():
    rng = np.random.default_rng(7)
    X, _, R = planted(rng)
    assert not mnmf.separate(0 * X, R, *drawn(X, 2), 3)[0].any()
    one, loud = (mnmf.separate(g * X, R, *drawn(X, 2), 5)[0] for g in (1.0, 100.0))
    np.testing.assert_allclose(loud, 100 * one, rtol=1e-6)


def test_factorised_powers_of_low_rank_come_back():
    """Two sources at once, each of rank 2: the product is theirs, and no source sees the other."""
    rng = np.random.default_rng(8)
    powers = rng.gamma(1.0, 1.0, (2, 9, 2)) @ rng.gamma(1.0, 1.0, (2, 2, 40))
    W, H = nmf_start.factorised(powers, 2, rng)
    assert np.mean(np.abs(np.log(W @ H / powers))) < 0.1
