"""HiFi-GAN: the size of the paper, what its losses are, when its samples sound, and that it learns."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cocktail.nets import hifi_gan
from cocktail.nets.hifi_gan import Discriminators, Generator, Vocoder, at_level, discriminator_loss, generator_loss
from cocktail.testing.signals import speech_like

FS = 16000


def speech(seconds=0.5, seed=0):
    return torch.from_numpy(at_level(speech_like(round(seconds * FS), FS, np.random.default_rng(seed))))[None]


def vocoder(channels=16):
    torch.manual_seed(0)
    return Vocoder(FS, channels).eval()


def test_generator_and_discriminators_are_as_large_as_the_authors():
    with torch.device("meta"):
        generator, judges = Generator(256), Discriminators(1.0)
    assert sum(x.numel() for x in generator.parameters()) == pytest.approx(1.46e6, rel=0.005), "V3 of table 1"
    counts = [sum(x.numel() for x in part.parameters()) for part in (judges.periods, judges.scales)]
    assert counts == pytest.approx([41.09e6, 29.61e6], rel=1e-3), "those of the authors' program, layer by layer"


@torch.no_grad()
def test_what_is_made_of_a_sample_lies_around_it():
    x, network = speech(), vocoder()
    changed = x.clone()
    changed[0, 4000:4010] += 0.1
    differs = np.flatnonzero((network(x) != network(changed))[0].numpy())
    before, after = 4005 - differs[0], differs[-1] - 4005
    assert 400 < before < 2000 and abs(before - after) <= 160


@pytest.mark.parametrize("scale", [1e-3, 1.0, 100.0])
@torch.no_grad()
def test_a_copy_is_as_long_as_the_sound_and_follows_its_level(scale):
    network = vocoder()
    for n in (100, 1601, 8000):
        x = speech()[:, :n]
        y = network.copied(scale * x)
        assert y.shape == x.shape
        torch.testing.assert_close(y, scale * network.copied(x), rtol=1e-3, atol=1e-4 * scale)
    copy, expected = network.copied(scale * speech()), scale * network(speech())
    torch.testing.assert_close(copy, expected, rtol=1e-3, atol=1e-4 * scale)
    assert not network.copied(0 * x).any()


def test_losses_by_hand():
    """One discriminator of one hidden layer, which triples a sound, and whose answer is the mean of it."""
    network = Halved()
    network.mel = network.spectrum
    batch = {"sounds": torch.tensor([[0.2, 0.4], [0.6, 0.8]])}
    made, real = torch.tensor([0.15, 0.35]), torch.tensor([0.3, 0.7])  # means of the halves, and of the sounds
    distance = 0.25  # of the halves from the sounds, on average
    answers = (real - made).mean()  # features as well, Eq. (4)
    expected = ((made - 1) ** 2).mean() + 2 * (3 * distance + answers) + 45 * 10 * distance
    torch.testing.assert_close(generator_loss(network, batch), expected)
    torch.testing.assert_close(discriminator_loss(network, batch), ((real - 1) ** 2).mean() + (made**2).mean())


class Halved(torch.nn.Module):
    """Makes half of a sound."""

    def forward(self, x):
        return x / 2

    def spectrum(self, x):
        return 10 * x

    def discriminators(self, x):
        return [[3 * x, x.mean(-1)]]


def test_each_part_learns_in_its_own_turn():
    network = vocoder(8)
    network.discriminators = Discriminators(0.01)
    discriminator_loss(network, {"sounds": speech(0.1)}).backward()
    assert all(x.grad is None for x in network.generator.parameters())
    assert all(x.grad is not None and x.grad.abs().sum() > 0 for x in network.discriminators.parameters())
    generator_loss(network, {"sounds": speech(0.1)}).backward()
    assert all(x.grad.abs().sum() > 0 for x in network.generator.parameters())


def test_discriminators_hear_periods_and_scales():
    judges = Discriminators(0.01)
    heard = judges(speech(0.1))
    assert len(heard) == 5 + 3 and all(len(layers) == 6 for layers in heard[:5]) and len(heard[5]) == 8
    assert [layers[0].shape[-1] for layers in heard[:5]] == [2, 3, 5, 7, 11]
    lengths = [layers[0].shape[-1] for layers in heard[5:]]
    assert lengths == [1600, 801, 401]


def test_features_are_what_the_rectifiers_leave_and_the_last_layer_decides():
    """As in the authors' program: two layers of one tap, which double and halve."""
    layers = [torch.nn.Conv1d(1, 1, 1, bias=False) for _ in range(2)]
    for layer, weight in zip(layers, (2.0, 0.5), strict=True):
        torch.nn.init.constant_(layer.weight, weight)
    features, answers = hifi_gan.Judge(layers)(torch.tensor([[[1.0, -1.0]]]))
    torch.testing.assert_close(features, torch.tensor([[[2.0, -0.2]]]))
    torch.testing.assert_close(answers, torch.tensor([[[1.0, -0.1]]]))


def test_examples_are_at_one_level_and_silence_is_no_example():
    loud = SimpleNamespace(samples=10 * np.sin(np.arange(900.0)))
    data = SimpleNamespace(fs=FS, speech=lambda split: [SimpleNamespace(samples=np.zeros(500)), loud])
    examples = hifi_gan.Speech.of(data, 0.05)
    for split in ("train", "valid"):
        sounds = examples(np.random.default_rng(0), split)["sounds"]
        assert sounds.shape == (800,) and sounds.dtype == np.float32
        assert np.sqrt(np.mean(sounds**2)) == pytest.approx(hifi_gan.LEVEL, rel=0.01)
