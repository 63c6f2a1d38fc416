"""Time-domain NMF: signals add up to the mixture, the objective never rises, and phases come from the signals."""

import numpy as np
import pytest
import torch

from cocktail.dsp.nmf import time_domain
from cocktail.stft import istft, stft

SIZE, HOP, N = 64, 16, 640
FRAME = {"size": SIZE, "hop": HOP}


def problem(seed, mean=1.0):
    rng = np.random.default_rng(seed)
    mixture = torch.as_tensor(rng.standard_normal(N))
    mixture *= mean / stft(mixture, SIZE, HOP).abs().mean()
    frames = stft(mixture, SIZE, HOP).shape[-1]
    W = [torch.as_tensor(rng.random((SIZE // 2 + 1, n))) for n in (3, 5)]
    return mixture, W, [torch.as_tensor(rng.random((w.shape[1], frames))) for w in W]


@pytest.mark.parametrize("mu", [0.0, 2.0])
@pytest.mark.parametrize("seed", range(4))
def test_objective_never_rises_and_signals_add_up(seed, mu):
    mixture, W, H = problem(seed)
    x, history = time_domain.separate(mixture, W, H, mu=mu, iterations=15, **FRAME)
    torch.testing.assert_close(x.sum(0), mixture)
    assert np.all(np.diff(history) <= 1e-9 * history[0])
    assert history[-1] < 0.9 * history[0]


@pytest.mark.parametrize("seed", range(4))
def test_signals_alone_lower_the_divergence(seed):
    mixture, W, H = problem(seed)
    models = torch.stack([w @ h for w, h in zip(W, H, strict=True)])
    before, _ = time_domain.separate(mixture, W, H, mu=0.0, iterations=0, **FRAME)
    after, _ = time_domain.signals(before, stft(before, SIZE, HOP), models, **FRAME)
    ones = [torch.eye(SIZE // 2 + 1, dtype=torch.double)] * 2
    values = [time_domain.objective(stft(x, SIZE, HOP).abs(), ones, models, 0.0) for x in (before, after)]
    assert values[1] < values[0]


def test_activations_are_kl_nmf_on_the_signals_magnitudes():
    """One basis: the closed form is the share of all magnitude that the basis and mu ask for, the floor set apart."""
    rng = np.random.default_rng(3)
    w, a = torch.as_tensor(rng.random((9, 1))), torch.as_tensor(rng.random((1, 9, 4)))
    h = [torch.ones(1, 4, dtype=torch.double)]
    for _ in range(3):
        h = time_domain.activations(a, [w], h, mu=0.7)
    bins = torch.ones(9, dtype=torch.double)
    bins[[0, -1]] = 0.5
    torch.testing.assert_close(h[0][0], bins @ a[0] / (bins @ w + 0.7), rtol=1e-3, atol=0)


def test_shares_of_magnitude_are_the_optimum_where_phases_agree():
    """Two sources that are one signal at two levels, models at any level: nothing is left to gain."""
    mixture, _, _ = problem(5)
    A = stft(mixture, SIZE, HOP).abs()
    models = torch.stack([0.6 * A, 0.2 * A])
    x = torch.stack([0.75 * mixture, 0.25 * mixture])
    torch.testing.assert_close(time_domain.signals(x, stft(x, SIZE, HOP), models, **FRAME)[0], x)


def test_true_magnitudes_give_signals_that_masks_cannot():
    """Where two sources meet in a bin, a mask gives both the phase of the mixture."""
    t = torch.arange(4 * N) / (4 * N)
    sources = torch.stack([torch.sin(700 * t**2), torch.sin(1600 * t - 700 * t**2)])
    models = stft(sources, SIZE, HOP).abs() + time_domain.FLOOR
    mixture = sources.sum(0)
    x = torch.stack([m / models.sum(0) for m in models]) * stft(mixture, SIZE, HOP)
    x = istft(x, len(mixture), SIZE, HOP)
    before = float((x - sources).square().sum())
    X = stft(x, SIZE, HOP)
    for _ in range(30):
        x, X = time_domain.signals(x, X, models, **FRAME)
    torch.testing.assert_close(X, stft(x, SIZE, HOP))
    assert float((x - sources).square().sum()) < 0.6 * before
