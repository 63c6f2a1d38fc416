"""Methods that build on a mask network: with the true mask they come near the oracles; limits and equalities."""

import sys

import numpy as np
import pytest
import torch

from cocktail import stft
from cocktail.dsp import blocks, masks
from cocktail.dsp.spatial import beamformers
from cocktail.method import Info, References, View
from cocktail.plugins.registry import Registry

FS = 16000
ARRAY = np.array([[-0.1, 0.05, 0], [0, 0.05, 0], [0.1, 0.05, 0], [-0.1, -0.05, 0], [0.1, -0.05, 0]])


def plugin(name, cls, **parameters):
    """A method of the project."""
    return getattr(sys.modules[Registry().plugins[name].cls.__module__], cls)(**parameters)


class TrueMask:
    """Knows the scene: the Wiener-like mask at microphone 1, whatever it is shown."""

    def __init__(self, image, noise):
        self._mask = masks.wiener_like(stft.stft(image[0]), stft.stft(noise[0]))

    def mask(self, mixture, fs, device="cpu", lengths=None):
        return torch.as_tensor(self._mask, dtype=torch.float32).expand(*mixture.shape[:-1], *self._mask.shape)

    def mask_of(self, spectrum, lengths=None):
        return torch.as_tensor(self._mask, dtype=torch.float32).expand(spectrum.shape)


class Loudness:
    """Believes what is loud to be speech; looks at each signal for itself."""

    def mask(self, mixture, fs, device="cpu", lengths=None):
        return self.mask_of(stft.stft(torch.as_tensor(mixture, dtype=torch.float32)), stft.n_frames(lengths))

    def mask_of(self, spectrum, lengths):
        power = spectrum.abs() ** 2
        mean = power.sum((-2, -1), keepdim=True) / torch.as_tensor(lengths).reshape(-1, 1, 1)
        return power / (power + mean / 100 + 1e-20)


class Open:
    """Lets everything through."""

    def enhance(self, mixture, fs, device="cpu", lengths=None):
        return torch.as_tensor(mixture)


def scene(seed, seconds=2.0):
    """A talker with pauses and a steady noise from two directions, echoes, sensor noise: images (D, N) and noise."""
    rng = np.random.default_rng(seed)
    n_samples = int(seconds * FS)
    f_hz = np.fft.rfftfreq(n_samples, 1 / FS)
    found = []
    for k in range(2):
        gate = np.repeat(rng.random(50) > 0.5, 2000)[:n_samples] + 0.02 if k == 0 else 1
        spectrum = np.fft.rfft(gate * rng.standard_normal(n_samples)) / (1 + f_hz / (800 if k == 0 else 3000))
        response = 0
        for echo, level in enumerate((1.0, 0.2, 0.1)):
            angle = np.deg2rad(80 + 100 * k) if echo == 0 else rng.uniform(0, 2 * np.pi)
            delay_s = 0.003 * echo - (ARRAY - ARRAY[0]) @ [np.cos(angle), np.sin(angle), 0] / 343
            response = response + level * np.exp(-2j * np.pi * f_hz * delay_s[:, None])
        image = np.fft.irfft(spectrum * response, n_samples)
        found.append(image / image.std())
    return found[0], found[1] + 0.03 * rng.standard_normal(image.shape)


def view(base, **more):
    return View(FS, np.random.default_rng(0), {"array": ARRAY, "device": "cpu", "bases": {"base": base}, **more})


def snr_db(reference, estimate):
    """Of the estimate, scaled as fits best."""
    gain = np.vdot(estimate, reference) / np.vdot(reference, reference)
    return 10 * np.log10(np.sum((gain * reference) ** 2) / np.sum((estimate - gain * reference) ** 2))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("beamformer", ["mvdr", "mwf", "gev"])
def test_with_the_true_mask_it_comes_near_the_oracle(seed, beamformer):
    image, noise = scene(seed)
    mixture = image + noise
    found = plugin("mask_beamformer", "MaskBeamformer", beamformer=beamformer)(mixture, view(TrueMask(image, noise)))
    truth = view(None, references=References(image[:1], image[None], noise))
    oracle = plugin("oracle_beamformer", "OracleBeamformer", beamformer=beamformer)(mixture, truth)
    assert found.shape == (1, mixture.shape[-1])
    assert snr_db(image[0], found[0]) > snr_db(image[0], oracle[0]) - 3
    assert snr_db(image[0], found[0]) > snr_db(image[0], mixture[0]) + 6


@pytest.mark.parametrize("beamformer", ["mvdr", "gev"])
def test_output_is_aligned_with_microphone_1(beamformer):
    image, noise = scene(2)
    found = plugin("mask_beamformer", "MaskBeamformer", beamformer=beamformer)(
        image + noise, view(TrueMask(image, noise))
    )[0]
    gain = np.vdot(image[0], found) / np.vdot(image[0], image[0])
    assert 0.6 < gain < 1.3
    assert np.argmax(np.correlate(found[8000:16000], image[0, 8000:16000], "full")) == 7999


def test_wiener_filter_tends_to_mvdr():
    image, noise = scene(3)
    base = view(TrueMask(image, noise))
    limit = plugin("mask_beamformer", "MaskBeamformer")(image + noise, base)
    for mu in (0.0, 1e-9):
        found = plugin("mask_beamformer", "MaskBeamformer", beamformer="mwf", mu=mu)(image + noise, base)
        np.testing.assert_allclose(found, limit, atol=1e-6 * np.abs(limit).max())


def test_median_over_channels_forgives_a_broken_one():
    image, noise = scene(4)

    class Broken(TrueMask):
        def mask(self, mixture, fs, device="cpu", lengths=None):
            mask = super().mask(mixture, fs).clone()
            mask[1] = torch.rand(mask[1].shape, generator=torch.Generator().manual_seed(0))
            return mask

    method = plugin("mask_beamformer", "MaskBeamformer")
    found, expected = (method(image + noise, view(base(image, noise))) for base in (Broken, TrueMask))
    np.testing.assert_allclose(found, expected)


def test_rank_one_part_is_found_beneath_noise_that_leaked_in():
    rng = np.random.default_rng(5)
    A = rng.standard_normal((7, 4, 4)) + 1j * rng.standard_normal((7, 4, 4))
    noise = A @ A.conj().swapaxes(-1, -2)
    a = rng.standard_normal((7, 4, 1)) + 1j * rng.standard_normal((7, 4, 1))
    talker = 100 * a @ a.conj().swapaxes(-1, -2)
    np.testing.assert_allclose(beamformers.rank_one_in(noise, talker + noise), talker, atol=1e-6)
    beneath = beamformers.rank_one_in(noise, talker + 0.5 * noise)
    towards = [phi[..., 0] / phi[..., :1, 0] for phi in (beneath, talker)]
    np.testing.assert_allclose(*towards, atol=1e-5)
    assert not beamformers.rank_one_in(noise, 0.5 * noise).any()


def test_mask_beamformer_skips_one_microphone():
    method = plugin("mask_beamformer", "MaskBeamformer")
    assert "several microphones" in method.skip(Info("x", "enhance", 1, 1, FS, "image"))
    assert method.skip(Info("x", "enhance", 2, 1, FS, "image")) is None


def test_mvdr_towards_a_position_hears_the_noise_before_the_talker():
    image, noise = scene(8)
    image[:, :8000] = 0
    angle = np.deg2rad(80)
    towards = 100 * np.array([np.cos(angle), np.sin(angle), 0])
    found = plugin("mvdr_position", "MvdrPosition")(image + noise, view(None, position=towards))[0]
    elsewhere = plugin("mvdr_position", "MvdrPosition")(image + noise, view(None, position=-towards))[0]
    assert snr_db(image[0], found) > snr_db(image[0], image[0] + noise[0]) + 6
    assert snr_db(image[0], found) > snr_db(image[0], elsewhere) + 3


def test_an_open_mask_behind_delay_and_sum_is_delay_and_sum():
    image, noise = scene(6, 1.0)
    found = plugin("beamformed_mask", "BeamformedMask")(image + noise, view(Open()))
    expected = plugin("delay_and_sum", "DelayAndSum")(image + noise, view(None, n_sources=1))
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("seed", range(2))
def test_dnn_em_with_the_true_mask_gains_by_its_covariances(seed):
    """R_j = I is a mask on one channel; updates make it a filter of the array."""
    image, noise = scene(seed)
    base, mixture = view(TrueMask(image, noise)), image + noise
    methods = (plugin("dnn_em_mask", "DnnEmMask", iterations=n) for n in (0, 1, 3))
    start, one, three = (snr_db(image[0], method(mixture, base)[0]) for method in methods)
    assert one > start + 2
    assert three > one - 0.5


def test_dnn_em_on_scenes_of_several_lengths(monkeypatch):
    """A stack equals the loop, as on a GPU."""
    mixtures = [sum(scene(seed, seconds)) for seed, seconds in enumerate((0.6, 0.4, 0.5))]
    views = [view(Loudness()) for _ in mixtures]
    method = plugin("dnn_em_mask", "DnnEmMask", iterations=1)
    alone = [method(mixture, v) for mixture, v in zip(mixtures, views, strict=True)]
    monkeypatch.setitem(blocks.SCENES_EM, "cpu", 8)
    for found, expected in zip(method.batch(mixtures, views), alone, strict=True):
        assert found.shape == expected.shape
        assert np.linalg.norm(found - expected) < 1e-3 * np.linalg.norm(expected)


def test_dnn_em_keeps_silence_and_level():
    image, noise = scene(7, 0.5)
    method, base = plugin("dnn_em_mask", "DnnEmMask", iterations=1), view(Loudness())
    expected = method(image + noise, base)
    for scale in (1e-3, 100):
        found = method(scale * (image + noise), base) / scale
        assert np.linalg.norm(found - expected) < 1e-3 * np.linalg.norm(expected)
    assert not method(0 * image, base).any()
