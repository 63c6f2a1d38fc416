"""Beamformers inside networks learn planted directions: one for all scenes, or weights for each scene."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from planted_talkers import FS, N_SAMPLES, Planted, arriving

from cocktail.dsp.spatial import directions
from cocktail.nets.beams import AdaptiveBeam, FilterAndSum
from cocktail.nets.saved import seeded
from cocktail.plugins.registry import Registry
from cocktail.rooms.arrays import positions
from cocktail.stft import HOP, stft

TINY = {"microphones": 3, "units": 8, "layers": 1}
FITTED = {"segment_s": 0.25, "epochs": 1, "learning_rate": 0.02}
DIRECTIONS = ([0, 3, -2], [0, -2, 4], [0, 1, 1])
"""Delays at three microphones, in samples."""


def method(name, **fields):
    return replace(Registry().entry(name).make(), **TINY | fields)


def scene(generator, delays):
    """A talker and independent noise, 3 dB below, at three microphones."""
    return arriving(generator.standard_normal(N_SAMPLES), delays), 0.7 * generator.standard_normal((3, N_SAMPLES))


def test_a_layer_learns_the_delays_of_a_direction(tmp_path):
    entry = method("bf-layer", beams=1, taps=13, steps=50, batch_size=4, **FITTED)
    talkers = Planted(lambda generator: scene(generator, DIRECTIONS[0]), np.zeros((3, 3)))
    entry.fit(talkers, np.random.default_rng(0), tmp_path)
    filters = entry.load(tmp_path).front.filters[0].detach().abs()
    assert (filters.argmax(1) - 6).tolist() == DIRECTIONS[0], "it began with no delay"
    assert filters.topk(2).values.diff().max() < -0.15


def test_a_layer_begins_with_delay_and_sum_all_around():
    array, layer = positions("tablet"), FilterAndSum(microphones=6, beams=5, taps=41)
    layer.look(array, FS)
    sound = np.random.default_rng(0).standard_normal(2000)
    for p, direction in enumerate(directions.sphere(5)):
        ahead = np.angle(directions.steering(array, direction, np.array([100.0]))[0]) / (2 * np.pi * 100)
        heard = arriving(sound, -np.round(ahead * FS).astype(int))
        beams = layer(torch.as_tensor(heard, dtype=torch.float32)[None])[0]
        error = (beams - stft(torch.as_tensor(sound, dtype=torch.float32)))[:, :, 5:-5].abs().square().sum((1, 2))
        assert error[p] < 1e-4 * error.max() and error.argmin() == p


def test_a_network_gives_each_scene_the_weights_of_its_direction(tmp_path):
    """In independent noise, the gain in SNR of aligned microphones is their number, and no weights have more."""
    entry = method("bf-network", lags=6, window=8, beam_units=32, steps=70, batch_size=6, **FITTED)
    talkers = Planted(lambda generator: scene(generator, DIRECTIONS[generator.integers(3)]))
    entry.fit(talkers, np.random.default_rng(0), tmp_path)
    front = entry.load(tmp_path).front
    steering = np.exp(-1j * np.pi / 256 * np.arange(257) * np.array(DIRECTIONS)[..., None])  # (direction, D, F)
    for k, delays in enumerate(DIRECTIONS):
        mixture = sum(scene(np.random.default_rng(100 + k), delays))
        with torch.no_grad():
            w = front.weights(stft(torch.as_tensor(mixture, dtype=torch.float32))[None])[0].numpy()
        response = (w.conj() * steering).sum(1)[:, 8:-8]
        gain = (np.abs(response) ** 2).mean(-1) / (np.abs(w) ** 2).sum(0).mean()
        assert gain[k] > 2.6 and gain[np.arange(3) != k].max() < 1.5, gain
        assert np.abs(np.angle(response[k])).mean() < 0.2, "the beam is aligned to microphone 1"


def test_weights_are_those_of_microphone_1_to_begin_with_and_know_no_silence():
    front = seeded(AdaptiveBeam, 0, microphones=3, lags=6, window=8, units=16, layers=2).eval()
    X = stft(torch.as_tensor(sum(scene(np.random.default_rng(0), DIRECTIONS[0])), dtype=torch.float32))[None]
    w = front.weights(X)
    assert (w - torch.eye(3)[0, :, None]).abs().max() < 0.3
    torch.testing.assert_close(front.weights(torch.nn.functional.pad(X, (0, 50))), w)
    assert front.weights(0 * X).isfinite().all()


@pytest.mark.parametrize("name", ["bf-layer", "bf-network"])
def test_padding_changes_no_estimate_and_masks_share_the_beams(name):
    network = seeded(method(name, width=0.1).network, 0, fs=FS).eval()
    x = torch.as_tensor(sum(scene(np.random.default_rng(1), DIRECTIONS[1])), dtype=torch.float32)[None]
    x = x[..., : 20 * HOP]
    alone = network(x)
    frames = torch.tensor([alone.shape[-1]])
    padded = network(torch.nn.functional.pad(x, (0, 2000)), frames)[..., : int(frames)]
    torch.testing.assert_close(padded, alone, atol=2e-3, rtol=1e-3)
    with torch.no_grad():
        network.output.weight.zero_()
        network.output.bias.zero_()
    shared = network.front(x).sum(1) / (network.front.beams + 1)
    torch.testing.assert_close(network(x), shared, atol=1e-3, rtol=1e-3)
