"""Models of speech and noise by NMF: learnt from isolated columns, fitted to mixtures.

The vocabulary is that of cocktail/dsp/nmf/updates.py; arrays in and out are NumPy's, so that callers need no torch.
"""

from collections.abc import Sequence

import numpy as np
import torch

from cocktail.dsp.blocks import SCENES_NMF
from cocktail.dsp.nmf import updates

SMALLEST = 1e-8
"""Least entry of a basis of unit norm: no model is ever zero where a mixture is not."""


def learn(V: np.ndarray, n_bases: int, mu: float, divergence: str, iterations: int, rng) -> np.ndarray:
    """Bases of unit norm from columns V (F, T) -> (F, n_bases) float32. They start as columns drawn from V."""
    V = torch.as_tensor(V)
    W = _drawn(V, n_bases, rng)
    H = torch.as_tensor(rng.random((n_bases, V.shape[1]), np.float32)) * _even(V, n_bases) * 2
    return updates.factorise(V, W, H, mu, divergence, iterations)[0].clamp_min(SMALLEST).numpy()


def supervised(
    columns: Sequence[np.ndarray], speech: np.ndarray, noise: np.ndarray, mu: float, divergence: str, iterations: int,
    device: str,
) -> list[tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """Speech and noise models of many mixtures with all bases fixed: columns (F, T) each -> [((F, T), (F, T))]."""
    V = torch.as_tensor(np.concatenate(columns, axis=1), device=device)
    S, N = torch.as_tensor(speech, device=device), torch.as_tensor(noise, device=device)
    W = torch.cat([S, N], dim=1)
    H = updates.activations(V, W, _even(V, W.shape[1]).expand(W.shape[1], -1), mu, divergence, iterations)
    ends = np.cumsum([part.shape[1] for part in columns])[:-1]
    models = [(basis @ h).cpu().numpy() for basis, h in ((S, H[: S.shape[1]]), (N, H[S.shape[1] :]))]
    return list(zip(*(np.split(model, ends, axis=1) for model in models), strict=True))


def semi_supervised(
    columns: Sequence[np.ndarray], speech: np.ndarray, n_noise: int, mu: float, divergence: str, iterations: int,
    device: str, rngs: Sequence[np.random.Generator],
) -> list[tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """The same with noise bases learnt on each mixture, from a start drawn by its generator."""
    found = []
    for first in range(0, len(columns), SCENES_NMF[device]):
        group = slice(first, first + SCENES_NMF[device])
        found += _semi_supervised(columns[group], speech, n_noise, mu, divergence, iterations, device, rngs[group])
    return found


def _semi_supervised(columns, speech, n_noise, mu, divergence, iterations, device, rngs):
    """One padded stack: V (B, F, T), its frames marked."""
    lengths = [part.shape[1] for part in columns]
    V = np.ones((len(columns), len(speech), max(lengths)), np.float32)
    frames = np.zeros((len(columns), 1, max(lengths)), np.float32)
    for b, part in enumerate(columns):
        V[b, :, : lengths[b]] = part
        frames[b, :, : lengths[b]] = 1
    V, frames = torch.as_tensor(V, device=device), torch.as_tensor(frames, device=device)
    N = torch.stack([_flat(torch.as_tensor(part), n_noise, rng) for part, rng in zip(columns, rngs, strict=True)])
    S = torch.as_tensor(speech, device=device)
    W = torch.cat([S.expand(len(columns), -1, -1), N.to(device)], dim=2)
    H = _even(V, W.shape[2]).expand(-1, W.shape[2], -1)
    k = S.shape[1]
    W, H = updates.factorise(V, W, H, mu, divergence, iterations, fixed=k, frames=frames)
    models = [(W[..., part] @ H[:, part]).cpu().numpy() for part in (slice(None, k), slice(k, None))]
    return [(models[0][b, :, :n], models[1][b, :, :n]) for b, n in enumerate(lengths)]


def _drawn(V, n_bases, rng):
    """Columns of V, mixed with a tenth of its mean column and noise so that no two are equal; unit norm."""
    chosen = V[:, torch.as_tensor(rng.integers(V.shape[1], size=n_bases))]
    spread = torch.as_tensor(rng.random((len(V), n_bases), np.float32))
    return updates.normalised(0.9 * chosen + 0.1 * spread * V.mean(1, keepdim=True))[0].clamp_min(SMALLEST)


def _flat(V, n_bases, rng):
    """The mean column of V times noise between 0.5 and 1.5, unit norm: it resembles no single moment of the speech."""
    noise = torch.as_tensor(rng.random((len(V), n_bases), np.float32))
    return updates.normalised(V.mean(1, keepdim=True) * (0.5 + noise))[0]


def _even(V, n_bases):
    """Activation (..., 1, T) with which `n_bases` flat bases of unit norm make each column's mean."""
    return V.mean(-2, keepdim=True) * V.shape[-2] ** 0.5 / n_bases
