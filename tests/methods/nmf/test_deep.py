"""Deep NMF as an entry: before any training it is the sparse NMF whose bases it begins with."""

import numpy as np
import pytest
from nmf_sounds import FS, hiss, trained, view, voiced

from cocktail.errors import CocktailError
from cocktail.plugins.registry import Registry


class Bases:
    """Training data that offer nothing but the bases to begin with."""

    def __init__(self, model):
        self.bases = {"bases": model}


@pytest.mark.parametrize("layers", [1, 3])
def test_untrained_it_estimates_what_sparse_nmf_does(tmp_path, exact_products, layers):
    sparse, model = trained(tmp_path, "nmf", speech_bases=10, noise_bases=4, frames_fit=400)
    deep = Registry().plugins["nmf_deep"].cls(trained=layers)
    network = deep.network(FS, **deep.facts(Bases(model), None))
    deep.initialise(network, Bases(model), None, None)
    network.fs = FS
    rng = np.random.default_rng(3)
    mixture = (voiced(rng) + hiss(rng))[None]
    estimate = deep(mixture, view(network.eval()))
    np.testing.assert_allclose(estimate, sparse(mixture, view(model)), atol=1e-4 * np.abs(mixture).max())


def test_more_trained_layers_than_there_are_is_an_error():
    deep = Registry().plugins["nmf_deep"].cls
    assert deep(iterations=2, trained=3).trained == 3, "both iterations and the reconstruction"
    with pytest.raises(CocktailError, match="trained: 4 layers of 2 iterations and the reconstruction; give at most 3"):
        deep(iterations=2, trained=4)
