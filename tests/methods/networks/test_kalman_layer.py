"""The Kalman cell against a textbook filter and finite differences; the network around it; tones that it keeps."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cocktail.method import View
from cocktail.nets import kalman
from cocktail.plugins.registry import Registry
from cocktail.stft import HOP, n_frames, stft

FS = 16000


def model(order, frames=6, bins=2, seed=0):
    """y, a, q, r in double precision."""
    generator = np.random.default_rng(seed)

    def values(*shape):
        return torch.as_tensor(generator.standard_normal(shape) + 1j * generator.standard_normal(shape))

    a = values(bins, frames, order) / (2 * order)
    q, r = torch.as_tensor(generator.uniform(0.1, 2, (2, bins, frames)))
    return values(bins, frames), a, q, r


def textbook(y, a, q, r):
    """R. E. Kalman 1960, with matrices: (T,) of one bin."""
    order = a.shape[-1]
    x, P, H, found = np.zeros((order, 1), complex), np.zeros((order, order), complex), np.eye(1, order), []
    for t in range(len(y)):
        A = np.eye(order, k=-1, dtype=complex)
        A[0] = a[t]
        Q = np.zeros((order, order))
        Q[0, 0] = q[t]
        x, P = A @ x, A @ P @ A.conj().T + Q
        K = P @ H.T @ np.linalg.inv(H @ P @ H.T + r[t])
        x = x + K @ (y[t] - H @ x)
        P = (np.eye(order) - K @ H) @ P
        found.append(x[0, 0])
    return np.array(found)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_it_equals_a_textbook_filter(order):
    parts = model(order)
    found = kalman.filtered(*parts).numpy()
    for b in range(2):
        np.testing.assert_allclose(found[b], textbook(*(part[b].numpy() for part in parts)), atol=1e-12)


@pytest.mark.parametrize("order", [1, 2])
def test_gradients_are_those_of_finite_differences(order):
    parts = [part.requires_grad_() for part in model(order, frames=4, bins=1)]
    assert torch.autograd.gradcheck(kalman.filtered, parts)


def test_without_prediction_it_is_a_wiener_filter_and_of_what_does_not_change_the_mean():
    y, a, q, r = model(1)
    torch.testing.assert_close(kalman.filtered(y, 0 * a, q, r), (q / (q + r)).to(y) * y)
    frozen = torch.cat([torch.full((2, 1), 1e9), torch.zeros(2, 5)], 1).double()
    mean = kalman.filtered(y, torch.ones_like(a), frozen, torch.ones_like(r))[:, -1]
    torch.testing.assert_close(mean, y.mean(-1), atol=1e-6, rtol=0)


def network(order=2):
    torch.manual_seed(0)
    return kalman.KalmanNetwork(order=order, units=8, layers=1, fs=FS).eval()


def noise(*shape, seed=0):
    return torch.as_tensor(np.random.default_rng(seed).standard_normal(shape), dtype=torch.float32)


@pytest.mark.parametrize("silent", [0, 2000])
def test_no_later_frame_changes_an_estimate_and_a_gain_is_kept(silent):
    net, Y = network(), stft(torch.nn.functional.pad(noise(1, 4000), (silent, 0)))
    found, cut = net(Y), net(Y[..., :20])
    torch.testing.assert_close(found[..., :20], cut, atol=1e-5, rtol=0)
    for gain in (1e-3, 100):
        torch.testing.assert_close(net(gain * Y) / gain, found, atol=1e-4, rtol=1e-3)
    assert net(0 * Y).eq(0).all()


def test_speech_is_stable_variances_are_positive_and_a_tone_turns_with_its_bin():
    net = network()
    with torch.no_grad():
        net.output.weight.mul_(100)  # tanh is at its ends
    a, q, r = net.model(stft(noise(2, 4000)).abs())
    assert a.abs().sum(-1).max() <= 1 and q.min() > 0 and r.min() > 0
    tone = stft(torch.cos(2 * torch.pi * 40 / 512 * torch.arange(4000)))[40]
    torch.testing.assert_close(net.turn[40, 0] * tone[8:20], tone[9:21], atol=1e-2, rtol=0)
    torch.testing.assert_close(net.turn[40, 1], net.turn[40, 0] ** 2)


class Tones:
    """A steady tone in white noise."""

    def augmented(self, names):
        return self

    def draw(self, generator, split):
        n = 40 * HOP
        hz = FS / 512 * generator.integers(20, 60)
        tone = np.cos(2 * np.pi * hz / FS * np.arange(n) + generator.uniform(0, 2 * np.pi))
        mixture = tone + 0.5 * generator.standard_normal(n)
        return SimpleNamespace(mixture=mixture.astype(np.float32), sources=tone[None].astype(np.float32))


def test_training_makes_it_hold_on_to_tones(tmp_path):
    method = replace(
        Registry().entry("kalman-layer").make(),
        width=0.06, segment_s=0.2, epochs=2, steps=15, batch_size=6, learning_rate=0.02,
    )  # fmt: skip
    method.fit(SimpleNamespace(mixer=Tones(), fs=FS, device="cpu", start=None), np.random.default_rng(0), tmp_path)
    trained = method.load(tmp_path)
    scene = Tones().draw(np.random.default_rng(99), "test")
    view = View(FS, np.random.default_rng(0), {"model": trained, "device": "cpu"})
    estimate = method(scene.mixture[None], view)
    assert estimate.shape == scene.sources.shape and method.causal
    error = np.mean((estimate - scene.sources) ** 2)
    assert error < 0.25 * np.mean((scene.mixture - scene.sources) ** 2)
    a, q, r = trained.model(stft(torch.as_tensor(scene.mixture)[None]).abs())
    assert a.shape == (1, 257, n_frames(40 * HOP), 1) and r.median() > q.median()
