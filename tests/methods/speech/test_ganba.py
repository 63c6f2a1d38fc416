"""GANBA: whose weights learn in whose turn, and what is left of a hardened detector."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cocktail.errors import CocktailError
from cocktail.nets.adversary import Generator, Sounds
from cocktail.nets.detection import Trials
from cocktail.nets.saved import n_parameters
from cocktail.plugins.registry import Registry

FS = 16000
ENTRIES = Registry().entries
HARDENED = replace(ENTRIES["lcnn-hardened"].make(), width=0.05, bands=16)
PLAIN = replace(ENTRIES["lcnn"].make(), width=0.05, bands=16)


class Verifier(torch.nn.Module):
    """Hears the first samples."""

    def embeddings(self, samples, heard):
        return samples[:, :100]


def bases(detector=PLAIN):
    network = detector.network(FS)
    adversary = Generator(FS, channels=4, layers=1, bound_db=6.0)
    return {"detector": network, "verifier": Verifier(), "adversary": adversary}


def begun(models):
    network = HARDENED.network(FS)
    HARDENED.initialise(network, SimpleNamespace(bases=models, device="cpu"), None, None)
    return network.train()


def noise(n, seconds=0.3, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((n, round(seconds * FS)))).float()


def test_in_the_generators_turn_the_detector_does_not_even_count_its_batches():
    network = begun(bases())
    before = {name: x.clone() for name, x in network.classifier.state_dict().items()}
    detector, generator = HARDENED.updates(network)
    assert (detector.part, generator.part) == (network.classifier, network.generator)
    generator.loss(network, {"spoofs": noise(3)}).backward()
    for name, x in network.classifier.state_dict().items():
        assert torch.equal(x, before[name]), name
    assert network.classifier.training
    assert all(x.grad.abs().sum() > 0 for x in network.generator.parameters())


def test_in_the_detectors_turn_the_generator_has_no_gradient():
    network = begun(bases())
    detector, _ = HARDENED.updates(network)
    detector.loss(network, {"spoofs": noise(3), "bona_fide": noise(3, seed=1)}).backward()
    assert all(x.grad is None for x in network.generator.parameters())
    assert any(x.grad is not None and x.grad.abs().sum() > 0 for x in network.classifier.parameters())


def test_a_hardened_detector_begins_as_the_plain_one_and_is_as_large():
    models = bases()
    wanted = {name: x.clone() for name, x in models["detector"].state_dict().items()}
    network = begun(models)
    sound = list(noise(2, 0.6).numpy())
    examples = Sounds({"valid": Trials(sound[:1], sound[1:])}, 1600, bona_fide=True)
    HARDENED.finish(network.eval(), examples)
    found = network.state_dict()
    assert found.keys() == wanted.keys() and n_parameters(network) == n_parameters(PLAIN.network(FS))
    assert all(torch.equal(found[name], wanted[name]) for name in found if name != "threshold")
    assert found["threshold"] != 0


def test_a_detector_of_another_size_cannot_be_hardened():
    with pytest.raises(CocktailError, match="the detector that it uses"):
        begun(bases(replace(PLAIN, bands=32)))
    noisy = ENTRIES["grcnn"].make()
    with pytest.raises(CocktailError, match="Grcnn: the detector's features have no gradients"):
        noisy.differentiable(noise(1), FS)


def test_examples_are_stretches_of_both_classes_where_a_detector_learns():
    trials = {"train": Trials([np.full(50, 2.0)], [np.arange(50.0)])}
    drawn = Sounds(trials, 10, bona_fide=True)(np.random.default_rng(0), "train")
    assert drawn["bona_fide"].tolist() == [2.0] * 10 and np.all(np.diff(drawn["spoofs"]) == 1)
    assert Sounds(trials, 10, bona_fide=False)(np.random.default_rng(0), "train").keys() == {"spoofs"}
