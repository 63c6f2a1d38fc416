"""Attractors and two-headed networks: against their definitions, and on talkers that anyone can tell apart."""

import functools
from itertools import permutations

import numpy as np
import pytest
import torch
from tone_talkers import FS, trained, worst_db

from cocktail.errors import CocktailError
from cocktail.nets import attractors, chimera, clustering, pit, saved

TINY = {"fs": FS, "shift_ms": 16.0, "layers": 1, "units": 12, "dropout": 0.0}


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def points(p=40, e=5, k=3):
    """Embeddings (1, P, E), memberships (1, P, K) and weights (1, P)."""
    V, Y = noise(1, p, e), torch.nn.functional.one_hot(torch.arange(p) % k, k).double()[None]
    return V, Y, (noise(1, p, seed=1) > -0.5).double()


def test_an_attractor_is_the_mean_embedding_of_its_talker():
    V, Y, w = points()
    found, there = attractors.attractors(V, torch.nn.functional.pad(Y, (0, 1)), w)
    for talker in range(3):
        own = V[0, (Y[0, :, talker] > 0) & (w[0] > 0)]
        torch.testing.assert_close(found[0, talker], own.mean(0))
    assert there.tolist() == [[True, True, True, False]]


def test_masks_are_softmax_of_products_and_none_for_who_is_absent():
    V, A = noise(1, 2, 3, 4), noise(1, 3, 4, seed=1)
    found = attractors.masks(V, A, torch.tensor([[True, True, False]]))
    expected = torch.stack([(V[0] @ A[0, talker]).exp() for talker in range(2)])
    torch.testing.assert_close(found[0, :2], expected / expected.sum(0))
    assert found[0, 2].eq(0).all()


@pytest.mark.parametrize(
    ("network", "loss"),
    [(attractors.AttractorNetwork, attractors.loss), (clustering.EmbeddingNetwork, clustering.loss),
     (functools.partial(chimera.ChimeraNetwork, outputs=3), functools.partial(chimera.loss, alpha=0.5))],
)  # fmt: skip
def test_losses_know_neither_the_order_of_talkers_nor_absent_ones(network, loss):
    """The third talker does not speak. All of three voices or of two, told in any order, it is the same loss.

    Both voices pause together in a noise that goes on, which is no talker either.
    """
    network = saved.seeded(network, 0, **TINY, dimensions=4).eval()
    sources = noise(1, 2, 8000).float()
    sources[..., 3000:6000] = 0
    batch = {"mixture": sources.sum(1) + 0.3 * noise(1, 8000, seed=1).float(), "sources": sources}
    found = loss(network, batch)
    for other in (sources.flip(1), torch.nn.functional.pad(sources, (0, 0, 0, 1))):
        torch.testing.assert_close(loss(network, batch | {"sources": other}), found)


def test_the_whitened_loss_is_the_distance_of_whitened_embeddings_from_their_means():
    """|V (V'V)^-1/2 - Y (Y'Y)^-1 Y'V (V'V)^-1/2|^2, over the points that count."""
    V, Y, w = points()
    v, y = V[0, w[0] > 0], Y[0, w[0] > 0]
    values, vectors = torch.linalg.eigh(v.T @ v)
    white = v @ vectors @ torch.diag(values**-0.5) @ vectors.T
    means = y @ torch.linalg.solve(y.T @ y, y.T @ white)
    expected = (white - means).square().sum() / 5
    torch.testing.assert_close(chimera.whitened_loss(V, Y, w)[0], expected, rtol=1e-4, atol=0)
    torch.testing.assert_close(chimera.whitened_loss(V @ noise(5, 5, seed=3), Y, w)[0], expected, rtol=1e-3, atol=0)
    assert chimera.whitened_loss(Y, Y, w) == pytest.approx(0, abs=1e-3)


def test_the_loss_of_masks_is_absolute_and_of_the_best_order():
    masks, mixture = noise(1, 3, 4, 5).sigmoid(), noise(1, 4, 5, seed=1).abs()
    talkers = 2 * noise(1, 3, 4, 5, seed=2).abs()
    wanted = torch.minimum(talkers, mixture[:, None])
    errors = [(masks[:, list(order)] * mixture - wanted).abs().sum() for order in permutations(range(3))]
    found = chimera.mask_loss(masks, talkers=talkers, mixture=mixture)
    torch.testing.assert_close(found[0], min(errors) / mixture.sum())


def test_more_talkers_than_outputs_are_refused():
    network = chimera.ChimeraNetwork(**TINY, dimensions=4, outputs=2)
    with pytest.raises(CocktailError, match="3 talkers, but the network has 2 outputs"):
        chimera.loss(network, {"mixture": torch.randn(1, 4000), "sources": torch.randn(1, 3, 4000)}, 0.5)


def test_attractors_separate_two_and_three_registers():
    network = saved.seeded(attractors.AttractorNetwork, 0, **TINY, dimensions=5)
    trained(network, attractors.loss, 30)
    worst = worst_db(lambda mixture, k: attractors.separate(network, mixture, k, np.random.default_rng(0)))
    assert worst[2] > 10 and worst[3] > 10


def test_masks_of_a_chimera_separate_two_and_three_registers():
    network = saved.seeded(chimera.ChimeraNetwork, 0, **TINY, dimensions=5, outputs=3)
    trained(network, lambda network, batch: chimera.loss(network, batch, 0.5), 40)
    worst = worst_db(lambda mixture, k: pit.separate(network, mixture, k))
    assert worst[2] > 10 and worst[3] > 10
