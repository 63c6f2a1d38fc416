"""A verifier of estimates: its energy in numbers, its three conditions, descent, and the frames that it learns from."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cocktail.errors import CocktailError
from cocktail.method import Recording
from cocktail.nets import verifier

F, T = 12, 5


def positive(*shape, seed=0):
    return torch.as_tensor(np.random.default_rng(seed).uniform(0.1, 1, shape))


def network(bins=F):
    torch.manual_seed(0)
    made = verifier.Verifier(bins=bins, units=8, layers=2, fs=16000).double().requires_grad_(False).eval()
    made.layers[-2].weight.mul_(5)  # so that it can be sure
    return made


def test_energy_is_its_formula():
    net = network()
    x, u, y = positive(2, T, F) - 0.3, positive(2, T, 1, seed=1) - 0.3, positive(T, F, seed=2)
    found = verifier.Energy(net, 5.0, 3.0)(x, u, y)
    for t in range(T):
        (speech, other), (other_noise, noise) = net(x[0, t]), net(x[1, t])
        own = (1 - speech) ** 2 + other**2 + other_noise**2 + (1 - noise) ** 2
        rest = ((u[0, t] * x[0, t] + u[1, t] * x[1, t] - y[t]) ** 2).sum()
        values = torch.cat([x[:, t].flatten(), u[:, t].flatten()])
        below = (values[values < 0] ** 2).sum()
        torch.testing.assert_close(found[t], own + 5 * rest + 3 * below)


def test_energy_never_rises_with_more_steps():
    x, y = verifier.unit(positive(2, T, F)), verifier.unit(positive(T, F, seed=1))
    u = positive(2, T, 1, seed=2)
    energy = verifier.Energy(network(), 5.0, 3.0)
    values = [energy(x, u, y).sum().item()]
    values += [energy(*energy.minimise(x, u, y, n), y).sum().item() for n in range(1, 16, 2)]
    assert all(later <= earlier + 1e-9 for earlier, later in itertools.pairwise(values))
    assert values[-1] < 0.9 * values[0]


def test_each_condition_is_met_where_it_counts():
    x, u = verifier.unit(positive(2, T, F)), positive(2, T, 1, seed=2)
    y, net = verifier.unit(positive(T, F, seed=1)), network()

    def after(together, negative, start=x):
        return verifier.Energy(net, together, negative).minimise(start, u, y, 60)

    fitted, gains = after(1e4, 0.0)
    assert (gains * fitted).sum(0).sub(y).abs().max() < 1e-2, "the sum is the mixture"
    fitted, _ = after(0.0, 0.0)
    assert net.misfit(fitted).mean() < 0.5 * net.misfit(x).mean(), "the network agrees"
    fitted, _ = after(0.0, 1e6, start=x - 0.2)
    assert fitted.min() > -1e-3, "nothing is negative"


def test_without_steps_the_share_is_that_of_the_nmf_in_blocks_as_in_one(monkeypatch):
    speech, noise, V = (positive(F, T, seed=seed) for seed in range(3))
    still = SimpleNamespace(minimise=lambda x, u, y, iterations: (x, u))
    for block in (512, 2):
        monkeypatch.setattr(verifier, "BLOCK", block)
        torch.testing.assert_close(verifier.speech_share(still, speech, noise, V, 0), speech / (speech + noise))


def test_a_network_that_accepts_everything_leaves_the_share_of_the_nmf():
    """Though its models do not add up to the mixture."""
    speech, noise, V = (positive(F, T, seed=seed) for seed in range(3))
    energy = verifier.Energy(SimpleNamespace(misfit=lambda x: 0 * x.sum(-1)), 5.0, 3.0)
    share = verifier.speech_share(energy, speech, noise, V, 20)
    torch.testing.assert_close(share, speech / (speech + noise))


def test_frames_are_heard_in_noise_in_training_alone():
    net, x = network(), verifier.unit(positive(40, F))
    torch.testing.assert_close(net(x), net.layers(F**0.5 * x))
    loud = net.train().layers.register_forward_hook(lambda _, inputs, output: heard.append(inputs[0]))
    heard = []
    net(x)
    loud.remove()
    assert (heard[0] - F**0.5 * x).square().mean().sqrt() == pytest.approx(1.0, rel=0.15)


def test_shares_are_between_0_and_1_and_depend_on_no_level():
    energy = verifier.Energy(network(), 5.0, 0.0)
    speech, noise, V = (positive(F, T, seed=seed) for seed in range(3))
    share = verifier.speech_share(energy, speech, noise, V, 30)
    assert share.shape == (F, T) and share.min() >= 0 and share.max() <= 1
    torch.testing.assert_close(verifier.speech_share(energy, 8 * speech, 8 * noise, 8 * V, 30), share)


def test_a_trained_verifier_takes_apart_what_the_start_confuses():
    """Speech has power in the lower half alone, noise in the upper; the start gives everybody half of everything."""
    generator = np.random.default_rng(0)
    low = np.arange(F) < F // 2
    net = network().float().train().requires_grad_(True)
    optimiser = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(150):
        frames = torch.as_tensor(generator.uniform(0.1, 1, (2, 1, 32, F)), dtype=torch.float32)
        frames *= torch.as_tensor(np.stack([low, ~low])[:, None, None] + 0.02, dtype=torch.float32)
        speech, noise = verifier.unit(frames)
        optimiser.zero_grad()
        value = verifier.loss(net, {"speech": speech, "noise": noise})
        value.backward()
        optimiser.step()
    assert value < 0.05
    V = positive(F, T)
    energy = verifier.Energy(net.double().eval().requires_grad_(False), 5.0, 3.0)
    share = verifier.speech_share(energy, V / 2, V / 2, V, 40)
    assert share[low].mean() > 0.65 and share[~low].mean() < 0.35


def test_frames_are_those_of_speech_and_of_every_kind_of_noise():
    t = np.arange(16000) / 16000
    tones = {"speech": 1000, "hum": 3000, "hiss": 5000}

    def recordings(*kinds):
        return lambda split: [Recording(np.sin(2 * np.pi * tones[kind] * t), kind) for kind in kinds]

    data = SimpleNamespace(speech=recordings("speech"), noise=recordings("hum", "hiss"))
    frames = verifier.Frames(data, 40, 100)
    example = frames(np.random.default_rng(0), "train")
    assert example["speech"].shape == example["noise"].shape == (100, 513)
    np.testing.assert_allclose(np.linalg.norm(example["noise"], axis=1), 1, atol=1e-4)
    peaks = {name: {round(k * 16000 / 1024) for k in x.argmax(1)} for name, x in example.items()}
    assert peaks == {"speech": {1000}, "noise": {3000, 5000}}
    with pytest.raises(CocktailError, match="the split 'train' has no noise to learn from"):
        verifier.Frames(SimpleNamespace(speech=recordings("speech"), noise=recordings()), 40, 10)
