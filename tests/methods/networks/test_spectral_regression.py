"""Log-spectral regression: statistics, the noise that it is told of, the global variance, and a problem it solves."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from two_bands import two_bands

from cocktail.method import View
from cocktail.nets import regression
from cocktail.nets.mask_training import Cut
from cocktail.nets.masks import BINS
from cocktail.plugins.registry import Registry
from cocktail.stft import n_frames, stft

FS = 16000


class Bands:
    """The target lives below 2 kHz, the noise above 3 kHz."""

    def augmented(self, names):
        return self

    def draw(self, generator, split):
        n = int(generator.integers(6000, 9000))
        target, noise = two_bands(generator, n, FS).astype(np.float32)
        return SimpleNamespace(mixture=target + noise, sources=target[None], noise=noise)


def _network(noise_aware=True):
    torch.manual_seed(0)
    return regression.RegressionNetwork(fs=FS, units=16, layers=2, context=2, noise_aware=noise_aware).eval()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    method = replace(
        Registry().entry("dnn-lsd").make(),
        width=0.02, context=1, segment_s=0.5, epochs=3, steps=25, batch_size=4, learning_rate=0.005,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("model")
    data = SimpleNamespace(mixer=Bands(), fs=FS, device="cpu", start=None)
    method.fit(data, np.random.default_rng(0), folder)
    return method, method.load(folder)


def test_what_a_regression_can_learn_is_learnt(trained):
    method, model = trained
    scene = Bands().draw(np.random.default_rng(99), "test")
    for gain in (1e-2, 1.0):
        view = View(FS, np.random.default_rng(0), {"model": model, "device": "cpu"})
        estimate = method(gain * scene.mixture[None].astype(float), view)[0] / gain
        spectra = [np.abs(stft(x))[..., 4:-4] for x in (scene.sources[0], estimate, scene.mixture)]
        low, high = slice(5, 60), slice(110, 250)
        powers = [[np.mean(x[part] ** 2) for part in (low, high)] for x in spectra]
        assert 10 * abs(np.log10(powers[1][0] / powers[0][0])) < 3  # the target, at its level
        assert powers[1][1] < powers[2][1] / 100  # the noise is gone


def test_the_variance_of_the_estimates_is_that_of_speech(trained):
    """The factor is that of the estimates themselves, and undoes a smoothing that is known."""
    _, model = trained
    cut = Cut(Bands().draw, 6000)
    regression.equalise_variance(model, cut, 10, np.random.default_rng(3))
    before = float(model.stretch)
    with torch.no_grad():
        model.output.weight.mul_(0.5)
        model.output.bias.mul_(0.5)
    regression.equalise_variance(model, cut, 10, np.random.default_rng(3))
    assert float(model.stretch) == pytest.approx(2 * before, rel=1e-4)
    generator = np.random.default_rng(3)
    pairs = [regression._magnitudes(cut(generator, "train")) for _ in range(10)]
    found = torch.cat([(model.stretch * model(mixture)[0]).detach() for mixture, _ in pairs])
    wanted = torch.cat([(regression.logarithms(s)[0] - model.speech_mean) / model.speech_deviation for _, s in pairs])
    assert float(found.std()) == pytest.approx(float(wanted.std()), rel=1e-4)
    with torch.no_grad():
        model.output.weight.mul_(2)
        model.output.bias.mul_(2)
        model.stretch.fill_(before)


def test_statistics_are_of_log_spectra_of_mixtures_and_of_speech():
    network, cut = _network(), Cut(Bands().draw, 6000)
    regression.set_statistics(network, cut, 5, np.random.default_rng(1))
    generator = np.random.default_rng(1)
    examples = [cut(generator, "train") for _ in range(5)]
    Y, S = ([np.abs(stft(x[name].astype(float))) for x in examples] for name in ("mixture", "target"))
    levels = [np.sqrt(np.mean(y**2)) for y in Y]
    for magnitudes, name in ((Y, "mixture"), (S, "speech")):
        logs = np.concatenate([np.log(x / level + 1e-3) for x, level in zip(magnitudes, levels, strict=True)], axis=1)
        np.testing.assert_allclose(getattr(network, f"{name}_mean"), logs.mean(1), atol=1e-3)
        np.testing.assert_allclose(getattr(network, f"{name}_deviation"), logs.std(1), rtol=1e-2)


def test_the_first_frames_tell_of_the_noise_everywhere_and_those_of_the_others_do_not():
    magnitude = torch.rand(1, BINS, 60)
    early, late = magnitude.clone(), magnitude.clone()
    early[..., 5] *= 3  # one of the first frames that lie in the signal
    late[..., 50] *= 3
    for noise_aware in (True, False):
        network = _network(noise_aware)
        plain = network(magnitude)
        assert bool((network(early) != plain)[:, 30:].any()) is noise_aware
        assert torch.equal(network(late)[:, :40], plain[:, :40])


def test_padding_changes_nothing_and_counts_nothing():
    network, frames = _network(), n_frames(4000)
    signals = np.random.default_rng(2).standard_normal((2, 4000)).astype(np.float32)
    batch = {
        "mixture": torch.tensor(signals[:1]),
        "target": torch.tensor(signals[1:]),
        "frames": torch.tensor([frames]),
    }
    padded = {name: torch.nn.functional.pad(batch[name], (0, 3000)) for name in ("mixture", "target")}
    alone, together = (regression.loss(network, each) for each in (batch, padded | {"frames": batch["frames"]}))
    assert alone.item() == pytest.approx(together.item(), rel=1e-3)
