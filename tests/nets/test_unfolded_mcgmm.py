"""The unfolded multichannel GMM: untrained, every layer is an iteration; training moves each and lowers the loss."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cocktail import stft
from cocktail.dsp.spatial import multichannel_gmm
from cocktail.nets.unfolded_mcgmm import Scenes, UnfoldedMcgmm, collate, loss

WINDOW, HOP, BINS, D, N = 64, 16, 33, 3, 800
STATES, LAYERS = 4, 3


def begun(rng):
    """A network of states drawn at random."""
    network = UnfoldedMcgmm(bins=BINS, states=STATES, layers=LAYERS)
    states = torch.full((STATES,), -np.log(STATES)), torch.as_tensor(rng.normal(0, 1, (STATES, BINS)))
    network.begin(*(x.float() for x in states))
    return network


def example(rng, K):
    """K noises, each with a channel of its own to every microphone that is nearly known."""
    sources = rng.standard_normal((K, N)) * (rng.random((K, 1)) + 0.5)
    gains = rng.standard_normal((K, D))
    gains /= gains[:, :1]
    y = np.stack([stft.stft(x, WINDOW, HOP) for x in gains.T @ sources + 0.1 * rng.standard_normal((D, N))], -1)
    channels = np.broadcast_to(gains.T, (BINS, D, K)) + 0.2 * rng.standard_normal((BINS, D, K))
    powers = rng.exponential(size=(*y.shape[:2], K))
    single = {"y": y.astype(np.complex64), "channels": channels.astype(np.complex64)}
    return single | {"powers": powers.astype(np.float32), "sources": sources.astype(np.float32)}


def test_every_layer_is_an_iteration_with_states_and_a_step_of_its_own():
    rng = np.random.default_rng(0)
    network, batch = begun(rng), collate([example(rng, 2)])
    with torch.no_grad():
        network.log_variances += torch.as_tensor(rng.normal(0, 0.5, network.log_variances.shape)).float()
        network.log_weights += torch.as_tensor(rng.normal(0, 0.5, network.log_weights.shape)).float()
        network.steps *= torch.linspace(0.2, 1, LAYERS)
        y, A, powers = (batch[name][0] for name in ("y", "channels", "powers"))
        states = list(map(multichannel_gmm.States, network.log_weights, network.log_variances))
        scene = multichannel_gmm.begin(y, A, powers, states[0])
        for i in range(LAYERS):
            scene = multichannel_gmm.iterate(y, scene, multichannel_gmm.Layer(states[i], network.steps[i]))
        found = network(batch["y"], batch["channels"], batch["powers"])[0]
        torch.testing.assert_close(found, scene.images, atol=1e-3, rtol=1e-3)


def test_training_moves_every_layer_and_lowers_the_loss():
    rng = np.random.default_rng(1)
    network, batch = begun(rng), collate([example(rng, 2) for _ in range(3)])
    start = network.log_variances.detach().clone()
    optimiser = torch.optim.Adam(network.parameters(), lr=0.05)
    values = []
    for _ in range(30):
        optimiser.zero_grad()
        value = loss(network, batch, WINDOW, HOP)
        value.backward()
        values.append(value.item())
        optimiser.step()
    assert values[-1] < values[0] - 1
    assert ((network.log_variances - start).abs().amax((1, 2)) > 0.1).all(), "every layer has moved"
    assert network.log_weights.grad.abs().amax(1).min() > 0
    assert ((network.steps - 1).abs() > 0.01).all()


def test_scenes_of_two_and_of_three_talkers_share_a_batch():
    rng = np.random.default_rng(2)
    network, examples = begun(rng), [example(rng, K) for K in (2, 3, 2)]
    with torch.no_grad():
        together = loss(network, collate(examples), WINDOW, HOP)
        alone = [loss(network, collate([x]), WINDOW, HOP) for x in examples]
    torch.testing.assert_close(together, sum(alone) / 3)


def test_the_order_of_talkers_does_not_matter_to_the_loss():
    rng = np.random.default_rng(3)
    network, known = begun(rng), example(rng, 2)
    other = known | {"sources": known["sources"][::-1].copy()}
    with torch.no_grad():
        one, two = (loss(network, collate([x]), WINDOW, HOP) for x in (known, other))
    torch.testing.assert_close(one, two)


@pytest.mark.parametrize("n_samples", [6000, 12000])
def test_an_example_is_a_started_segment_with_its_talkers_at_the_same_level(n_samples):
    array = 0.05 * np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0.0]])

    def draw(generator, split):
        sources = 3e-3 * np.stack([generator.standard_normal(8000), 0.5 * generator.standard_normal(8000)])
        mixture = np.stack([sources.sum(0)] * 3)
        return SimpleNamespace(mixture=mixture.astype(np.float32), sources=sources.astype(np.float32), array=array)

    scenes = Scenes(draw, n_samples, 16000, 512, 128)
    found = scenes(np.random.default_rng(4), "valid")
    assert found["channels"].shape == (257, 3, 2) and found["powers"].shape == (*found["y"].shape[:2], 2)
    assert np.mean(np.abs(found["y"]) ** 2) == pytest.approx(1, abs=1e-3)
    assert found["sources"].shape == (2, n_samples)
    heard = stft.istft(found["y"][..., 0], n_samples, 512, 128)
    error = heard - found["sources"].sum(0)
    assert np.mean(error**2) < 1e-4 * np.mean(heard**2)
    several = scenes.started(2)
    assert len(several.train) == 2 and not np.allclose(several.train[0]["sources"], several.train[1]["sources"])
    assert any(several(np.random.default_rng(4), "train") is x for x in several.train)
    np.testing.assert_array_equal(several(np.random.default_rng(4), "valid")["y"], found["y"])
