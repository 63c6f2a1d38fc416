"""Every plugin that computes on a GPU keeps its tensors there, in training and at work, on a GPU that is none."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from fake_gpu import FakeGpu, on_gpu

from benchmarks.gpu.prepare import chosen
from cocktail.nets.clustering import EmbeddingNetwork, separate
from cocktail.nets.saved import seeded
from cocktail.plugins.registry import Registry
from cocktail.rng import rng
from cocktail.testing.entries import probed
from cocktail.testing.learning import prepare
from cocktail.testing.probes import difference
from cocktail.testing.signals import speech_like

REGISTRY = Registry()
TOLERANCE = 5e-3
"""Scenes that are worked on together round otherwise, and expectation maximisation makes more of it."""
ENTRIES = [entry.name for entry in chosen(REGISTRY)]


@pytest.mark.parametrize("name", ENTRIES)
def test_tensors_stay_on_the_gpu(name, tmp_path, monkeypatch):
    monkeypatch.setattr("cocktail.training.loop.loop.workers", lambda device: 0)
    with FakeGpu():
        bench = prepare(probed(REGISTRY.entry(name), REGISTRY), tmp_path, device="cuda")
    scenes = [bench.scene(seconds, seed=seed) for seed, seconds in enumerate((0.7, 1.0))]

    def answers(device):
        views = [replace(bench, device=device).view(scene) for scene in scenes]
        return [np.ravel(x) for x in bench.method.batch([scene.mixture.copy() for scene in scenes], views)]

    expected = answers("cpu")
    with FakeGpu():
        found = answers("cuda")
    for a, b in zip(found, expected, strict=True):
        assert np.array_equal(a, b) if a.dtype.kind == "U" else difference(a, b) < TOLERANCE


def test_the_rounding_of_a_gpu_does_not_change_what_k_means_draws(monkeypatch):
    """In this scene, a band is so near the threshold that an error of 1e-7 takes it to the other side."""
    network = seeded(EmbeddingNetwork, 0, fs=16000, shift_ms=8.0, layers=1, units=20, dimensions=10, dropout=0.0).eval()
    mixture = sum(speech_like(48000, 16000, rng(2, k, role="x")) for k in range(2))
    mixture = torch.as_tensor(mixture, dtype=torch.float32)
    exact = torch.fft.rfft

    def rounded(x, **options):
        X = exact(x, **options)
        if not on_gpu(x):
            return X
        noise = torch.randn(X.shape, generator=torch.Generator().manual_seed(0)).to("cuda")
        return X + 1e-7 * X.abs().amax(-1, keepdim=True) * noise

    monkeypatch.setattr(torch.fft, "rfft", rounded)
    expected = separate(network, mixture, 2, np.random.default_rng(2)).numpy()
    with FakeGpu():
        found = separate(network.to("cuda"), mixture.to("cuda"), 2, np.random.default_rng(2)).cpu().numpy()
    assert difference(found, expected) < 1e-3


def x():
    return torch.ones(3).to("cuda")


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: x() + torch.ones(3),
        lambda: torch.where(x() > 0, x(), torch.zeros(3)),
        lambda: x().numpy(),
        lambda: np.asarray(x()),
        lambda: torch.ones(3)[x() > 0],
        lambda: torch.cat([x(), torch.arange(2.0)]),
        lambda: torch.nn.Linear(3, 2)(x()),
        lambda: torch.nn.Linear(3, 2).to("cuda")(torch.ones(3)),
        lambda: torch.nn.LSTM(1, 2).to("cuda")(torch.ones(3, 1)),
        lambda: torch.nn.utils.rnn.pack_padded_sequence(torch.ones(3, 1, 1).to("cuda"), x()[:1].long() * 3),
    ],
)
def test_the_mistakes_that_a_gpu_would_refuse_are_refused(mistake):
    with FakeGpu(), pytest.raises((RuntimeError, TypeError), match=r"same device|numpy|on the CPU"):
        mistake()


def test_what_a_gpu_allows_is_allowed():
    with FakeGpu():
        a = x()
        assert a.device.type == "cuda" and a.detach().data.is_cuda and (a + 1).sum().is_cuda and not a.cpu().is_cuda
        assert on_gpu(torch.zeros_like(a)) and on_gpu(torch.arange(3, device=a.device)) and on_gpu(a.to(torch.float64))
        assert on_gpu(a[torch.tensor([0, 1])]) and on_gpu(a * torch.tensor(2.0)) and a.cpu().numpy().sum() == 3
        assert all(map(on_gpu, a)) and not on_gpu(torch.ones(3).copy_(a)) and a.tolist() == [1, 1, 1]
        lstm = torch.nn.LSTM(1, 2, bidirectional=True).to("cuda")
        packed = torch.nn.utils.rnn.pack_padded_sequence(torch.ones(3, 2, 1).to("cuda"), torch.tensor([3, 2]))
        padded, lengths = torch.nn.utils.rnn.pad_packed_sequence(lstm(packed)[0])
        assert on_gpu(padded) and not on_gpu(lengths)
        padded.sum().backward()
        optimiser = torch.optim.Adam(lstm.parameters())
        torch.nn.utils.clip_grad_norm_(lstm.parameters(), 1.0)
        optimiser.step()
        assert all(map(on_gpu, lstm.state_dict().values()))
