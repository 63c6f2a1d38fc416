"""The vocoder as an attack: it learns, it is saved without its discriminators, and its copies are other waveforms."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cocktail import stft
from cocktail.method import View
from cocktail.nets.hifi_gan import LEVEL, at_level
from cocktail.plugins.registry import Registry
from cocktail.testing.data import TinyData

FS = 16000
METHOD = replace(
    Registry().entries["hifi-gan"].make(), width=0.0625, discriminators=0.01, segment_s=0.128, batch_size=2, epochs=1,
    steps=25, learning_rate=0.008,
)  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hifi-gan")
    METHOD.fit(TinyData("source-model", ("attack",)), np.random.default_rng(0), folder)
    return METHOD.load(folder)


def utterance():
    return next(TinyData("source-model", ("attack",)).speech("valid")).samples


def copy(model, x):
    view = View.of(METHOD, {"model": model, "device": "cpu"}, fs=FS, rng=np.random.default_rng(0))
    return METHOD(x[None], view)


def mel_distance(model, a, b):
    """Mean distance of log-mel magnitudes, at the level of the training."""
    a, b = (model.mel(torch.from_numpy(at_level(x))[None]) for x in (a, b))
    return (a - b).abs().mean().item()


def spectral_distance(a, b):
    """Multi-resolution STFT loss (Yamamoto et al. 2020): spectral convergence and log magnitudes, three windows."""
    total = 0.0
    for size in (256, 512, 1024):
        A, B = (np.abs(stft.stft(at_level(x).astype(float), size, size // 4)) + LEVEL * 1e-3 for x in (a, b))
        total += np.linalg.norm(A - B) / np.linalg.norm(B) + np.mean(np.abs(np.log(A / B)))
    return total / 3


def test_training_brings_the_copy_nearer_than_noise_and_than_an_untrained_network(trained):
    x = utterance()
    torch.manual_seed(0)
    untrained = copy(METHOD.network(FS).eval(), x)[0]
    noise, made = np.random.default_rng(1).standard_normal(len(x)), copy(trained, x)[0]
    for distance in (lambda y: mel_distance(trained, y, x), lambda y: spectral_distance(y, x)):
        assert distance(made) < 0.8 * min(distance(untrained), distance(noise))


def test_a_copy_is_another_waveform_as_long(trained):
    x = utterance()
    y = copy(trained, x)
    assert y.shape == (1, len(x))
    assert abs(np.corrcoef(x, y[0])[0, 1]) < 0.9


def test_discriminators_serve_training_alone(trained):
    assert not hasattr(trained, "discriminators")
    assert METHOD.size(trained) == sum(x.numel() for x in trained.generator.parameters())
