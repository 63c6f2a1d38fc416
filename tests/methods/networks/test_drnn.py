"""Deep recurrent network with a masking layer: shares, its loss in numbers, padding, and what gamma does."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from two_bands import two_bands

from cocktail.method import View
from cocktail.nets import drnn
from cocktail.plugins.registry import Registry
from cocktail.stft import n_frames, stft

FS = 16000


def network(seed=0):
    torch.manual_seed(seed)
    return drnn.Drnn(units=8, context=1, fs=FS).eval()


def noise(*shape, seed=0):
    return torch.as_tensor(np.random.default_rng(seed).standard_normal(shape), dtype=torch.float32)


def test_the_two_outputs_sum_to_the_mixture_even_where_both_are_zero():
    net, Y = network(), stft(noise(2, 4000))
    shares = net(Y.abs())
    assert shares.shape == (2, 2, *Y.shape[1:]) and shares.min() >= 0
    torch.testing.assert_close((shares * Y[:, None]).sum(1), Y, atol=1e-5, rtol=0)
    with torch.no_grad():
        net.output.bias.fill_(-100)
    torch.testing.assert_close(net(Y.abs()), torch.full_like(shares, 0.5))


@pytest.mark.parametrize("gamma", [0.0, 0.3])
def test_loss_is_its_formula(gamma):
    """Of magnitudes whose mixture has the power 1; the frames after the first ones that count have no say."""
    net, mixture, target = network(), noise(1, 4000), noise(1, 4000, seed=1)
    count = 20
    batch = {"mixture": mixture, "target": target, "frames": torch.tensor([count])}
    found = drnn.loss(net, batch, gamma)
    Y, S = (stft(x)[..., :count] for x in (mixture, target))
    level = Y.abs().square().mean().sqrt()
    y, s, n = (x.abs()[0] / level for x in (Y, S, Y - S))
    first, second = net(Y.abs())[0] * y
    wanted = (first - s) ** 2 + (second - n) ** 2 - gamma * ((first - n) ** 2 + (second - s) ** 2)
    torch.testing.assert_close(found, wanted.mean())


def test_padding_and_gain_change_nothing():
    net, magnitude = network(), stft(noise(2, 4000)).abs()
    together = net(magnitude, torch.tensor([20, 31]))
    torch.testing.assert_close(together[:1, ..., :20], net(magnitude[:1, :, :20]), atol=1e-5, rtol=0)
    torch.testing.assert_close(net(1e-3 * magnitude), net(magnitude), atol=1e-4, rtol=0)


def test_only_the_second_layer_remembers():
    """With its memory gone, a share depends on the frame and its two neighbours alone."""
    net, magnitude = network(), stft(noise(1, 4000)).abs()
    changed = magnitude.clone()
    changed[..., 10] = magnitude[..., 10].flip(-1)  # the level stays what it was
    different = (net(magnitude) != net(changed)).any(1).any(1)[0]
    assert not different[:9].any() and different[9:15].all()
    with torch.no_grad():
        net.second.weight_hh_l0.zero_()
    different = (net(magnitude) - net(changed)).abs().amax((0, 1, 2)) > 1e-5
    assert different[9:12].all() and not different[:9].any() and not different[12:].any()


class Bands:
    """The target lives below 2 kHz, the noise above 3 kHz."""

    def augmented(self, names):
        return self

    def draw(self, generator, split):
        target, rest = two_bands(generator, 4000, FS).astype(np.float32)
        return SimpleNamespace(mixture=target + rest, sources=target[None])


def test_training_solves_a_problem_that_a_mask_can_solve(tmp_path):
    method = replace(
        Registry().entry("drnn").make(),
        width=0.03, segment_s=0.2, epochs=2, steps=25, batch_size=6, learning_rate=0.01,
    )  # fmt: skip
    method.fit(SimpleNamespace(mixer=Bands(), fs=FS, device="cpu", start=None), np.random.default_rng(0), tmp_path)
    model = method.load(tmp_path)
    scene = Bands().draw(np.random.default_rng(99), "test")
    view = View(FS, np.random.default_rng(0), {"model": model, "device": "cpu"})
    estimate = method(scene.mixture[None], view)
    error, before = (np.mean((x - scene.sources[0]) ** 2) for x in (estimate[0], scene.mixture))
    assert error < before / 20
    assert model(stft(torch.as_tensor(scene.mixture)[None]).abs()).shape[-1] == n_frames(4000)
