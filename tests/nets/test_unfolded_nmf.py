"""Unfolded NMF: untrained, it is sparse NMF; training lowers its loss and keeps its bases positive."""

import numpy as np
import pytest
import torch

from cocktail.dsp.nmf import models, updates
from cocktail.nets.unfolded_nmf import UnfoldedNmf, loss


def bases(rng, n):
    return updates.normalised(torch.as_tensor(rng.random((33, n), np.float32) + 1e-3))[0]


def network(trained, iterations=12):
    rng = np.random.default_rng(0)
    found = UnfoldedNmf(bins=33, speech=5, noise=4, iterations=iterations, trained=trained, sparsity=0.7)
    speech, noise = bases(rng, 5), bases(rng, 4)
    found.begin(speech, noise)
    return found, speech, noise


@pytest.mark.parametrize("trained", [1, 3])
def test_untrained_it_equals_sparse_nmf_with_as_many_iterations(trained, exact_products):
    found, speech, noise = network(trained)
    V = torch.as_tensor(np.random.default_rng(1).gamma(1.0, 1.0, (33, 20)).astype(np.float32) + 1e-3)
    ((s, n),) = models.supervised(
        [V.numpy()], speech.numpy(), noise.numpy(), mu=0.7, divergence="kl", iterations=12, device="cpu"
    )
    torch.testing.assert_close(found(V[None])[0], torch.as_tensor(s / (s + n)), atol=1e-5, rtol=0)


@pytest.mark.parametrize("trained", [1, 3])
def test_every_trained_layer_has_a_gradient_and_the_loss_falls(trained):
    found, *_ = network(trained)
    rng = np.random.default_rng(2)
    tone = np.sin(0.4 * np.arange(1600)) * (np.arange(1600) % 400 < 200)
    sources = torch.as_tensor(np.stack([[tone * a] for a in (0.5, 1.0)]).astype(np.float32))
    mixture = sources[:, 0] + torch.as_tensor(0.5 * rng.standard_normal((2, 1600)).astype(np.float32))
    batch = {"mixture": mixture, "sources": sources}
    begun, *_ = network(1)
    optimiser = torch.optim.Adam(found.parameters(), lr=0.05)
    values = []
    for _ in range(30):
        optimiser.zero_grad()
        value = loss(found, batch, 64, 16)
        value.backward()
        values.append(value.item())
        assert all(layer.abs().max() > 0 for layer in found.layers.grad)
        optimiser.step()
    assert values[-1] < 0.5 * values[0]
    assert torch.isfinite(found.layers).all()
    assert all((layer - begun.layers[0]).abs().max() > 0.1 for layer in found.layers), "every layer has moved"


def test_level_does_not_matter_to_the_loss():
    found, *_ = network(1)
    rng = np.random.default_rng(3)
    sources = torch.as_tensor(rng.standard_normal((1, 1, 800)).astype(np.float32))
    mixture = sources[:, 0] + torch.as_tensor(rng.standard_normal((1, 800)).astype(np.float32))
    one, loud = (loss(found, {"mixture": g * mixture, "sources": g * sources}, 64, 16) for g in (1.0, 30.0))
    torch.testing.assert_close(one, loud)
