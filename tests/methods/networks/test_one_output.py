"""Networks of waveforms with one output enhance: they are those of talkers but for that, and follow the mixture."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cocktail.errors import CocktailError
from cocktail.method import View
from cocktail.nets import saved
from cocktail.plugins.registry import Registry

FS = 16000
TINY = {
    "conv-tasnet": {"width": 0.02, "blocks": 2, "repeats": 1},
    "dprnn": {"width": 0.05, "blocks": 1, "chunk": 20},
    "tf-gridnet": {"width": 0.05, "blocks": 1, "shift_ms": 16.0},
}


def methods(name):
    """For speech in noise, and for talkers."""
    return [replace(Registry().entry(entry).make(), **TINY[name]) for entry in (f"{name}-enhance", name)]


@pytest.mark.parametrize("name", TINY)
def test_it_is_the_network_of_talkers_with_one_output(name):
    enhance, talkers = methods(name)
    assert enhance.tasks() == ("enhance",) and talkers.tasks() == ("separate",)
    sizes = [saved.n_parameters(method.network(FS)) for method in (enhance, replace(talkers, outputs=1), talkers)]
    assert sizes[0] == sizes[1] < sizes[2]


@pytest.mark.parametrize("name", TINY)
def test_the_estimate_is_where_it_is_nearest_to_the_mixture(name):
    enhance, _ = methods(name)
    network = saved.seeded(enhance.network, 0, fs=FS).eval()
    network.fs = FS
    mixture = np.random.default_rng(0).standard_normal((1, 4000))
    view = View(FS, np.random.default_rng(0), {"model": network, "device": "cpu"})
    (estimate,) = enhance(mixture, view)
    assert abs(estimate.mean()) < 1e-6 * np.abs(estimate).max()
    assert (mixture[0] - estimate) @ estimate == pytest.approx(0, abs=1e-5 * np.sum(estimate**2))


@pytest.mark.parametrize("name", TINY)
def test_talkers_are_refused_in_training(name):
    enhance, _ = methods(name)
    network = saved.seeded(enhance.network, 0, fs=FS)
    with pytest.raises(CocktailError, match="2 talkers, but the network has 1 outputs"):
        enhance.objective(network, {"mixture": torch.ones(1, 2000), "sources": torch.ones(1, 2, 2000)})
