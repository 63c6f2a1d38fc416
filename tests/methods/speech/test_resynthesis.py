"""Resynthesis by enhancers: the noise that they are given, and what is left of the utterance."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cocktail.errors import CocktailError
from cocktail.method import Bases, View
from cocktail.plugins.bases import Enhancer
from cocktail.plugins.registry import Registry
from cocktail.testing.signals import speech_like

FS = 16000
ENTRIES = Registry().entries
METHOD = ENTRIES["resynthesis-mask"].make()


class Listener:
    """An enhancer that remembers what it heard and leaves the half of it."""

    def enhance(self, mixture, fs, device="cpu"):
        self.heard = np.array(mixture[0])
        return torch.from_numpy(mixture / 2)


def attack(x, enhancer, seed=0):
    view = View.of(METHOD, {"bases": Bases(enhancer=enhancer)}, fs=FS, rng=np.random.default_rng(seed))
    return METHOD(x[None], view)


def speech(n=8001):
    return speech_like(n, FS, np.random.default_rng(0))


def test_an_enhancer_hears_the_utterance_in_noise_of_its_own_spectrum():
    x, enhancer = speech(), Listener()
    ratios = []
    for seed in range(40):
        attack(x, enhancer, seed)
        noise = enhancer.heard - x
        ratios.append(10 * np.log10(np.mean(x**2) / np.mean(noise**2)))
    assert 0 <= min(ratios) < 1 and 9 < max(ratios) <= 10
    shape = np.abs(np.fft.rfft(noise))
    np.testing.assert_allclose(shape / shape.max(), np.abs(np.fft.rfft(x)) / np.abs(np.fft.rfft(x)).max(), atol=1e-6)
    assert abs(np.corrcoef(noise, x)[0, 1]) < 0.2


@pytest.mark.parametrize("scale", [1e-3, 1.0, 100.0])
def test_what_it_leaves_is_as_long_as_the_utterance_and_follows_its_level(scale):
    for n in (8000, 8001):
        x = speech(n)
        y = attack(scale * x, Listener())
        assert y.shape == (1, n)
        np.testing.assert_allclose(y, scale * attack(x, Listener()), rtol=1e-9, atol=1e-12 * scale)
        assert np.corrcoef(x, y[0])[0, 1] < 0.99
    assert not attack(np.zeros(100), Listener()).any()


def test_a_model_that_enhances_nothing_is_refused():
    with pytest.raises(CocktailError, match="in the role 'enhancer' has no `enhance`; use an entry such as blstm-psa"):
        attack(speech(), SimpleNamespace())


def test_mask_networks_and_conv_tasnet_are_enhancers():
    from dataclasses import replace

    network = replace(ENTRIES["conv-tasnet-enhance"].make(), width=0.02, blocks=2, repeats=1).network(FS)
    network.fs = FS
    x = np.stack([speech(), speech()[::-1]])
    assert isinstance(network, Enhancer)
    y = network.enhance(x, FS)
    assert y.shape == x.shape and not y.requires_grad
    torch.testing.assert_close(network.enhance(100 * x, FS), 100 * y, rtol=1e-3, atol=1e-3)
    with pytest.raises(CocktailError):
        network.enhance(x, 8000)
    mask = replace(ENTRIES["blstm-psa"].make(), width=0.05).network(FS)
    assert isinstance(mask, Enhancer)
