"""Models of speech and noise by NMF: learnt from isolated columns, fitted to mixtures.

The vocabulary is that of cocktail/dsp/nmf/updates.py; arrays in and out are NumPy's, so that callers need no torch.
"""

from collections.abc import Sequence

import numpy as np
import torch

from cocktail.dsp.blocks import SCENES_NMF
from cocktail.dsp.nmf import convolutive, dynamical, updates

SMALLEST = 1e-8
"""Least entry of a basis of unit norm: no model is ever zero where a mixture is not."""


def learn(V: np.ndarray, n_bases: int, rng, *, mu: float, divergence: str, iterations: int) -> np.ndarray:
    """Bases of unit norm from columns V (F, T) -> (F, n_bases) float32. They start as columns drawn from V."""
    V = torch.as_tensor(V)
    W = _drawn(V, n_bases, rng)
    H = torch.as_tensor(rng.random((n_bases, V.shape[1]), np.float32)) * _even(V, n_bases) * 2
    return updates.factorise(V, W, H, mu, divergence, iterations)[0].clamp_min(SMALLEST).numpy()


def exemplars(V: np.ndarray, n_bases: int, rng) -> np.ndarray:
    """Columns drawn from V (F, T), each once, of unit norm -> (F, at most n_bases) float32."""
    chosen = V[:, rng.choice(V.shape[1], size=min(n_bases, V.shape[1]), replace=False)]
    return updates.normalised(torch.as_tensor(chosen))[0].clamp_min(SMALLEST).numpy()


def supervised(
    columns: Sequence[np.ndarray], speech: np.ndarray, noise: np.ndarray, *, mu: float, divergence: str,
    iterations: int, device: str, start: Sequence[np.ndarray] | None = None,
) -> list[tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """Speech and noise models of many mixtures with all bases fixed: columns (F, T) each -> [((F, T), (F, T))].

    `start` (R, T) each: where activations of speech start, relative to an even start; 0 leaves a basis out.
    """
    V = torch.as_tensor(np.concatenate(columns, axis=1), device=device)
    S, N = torch.as_tensor(speech, device=device), torch.as_tensor(noise, device=device)
    W = torch.cat([S, N], dim=1)
    H = _even(V, W.shape[1]).repeat(W.shape[1], 1)
    if start is not None:  # what is 0 stays so, for updates multiply
        H[: S.shape[1]] *= torch.as_tensor(np.concatenate(start, axis=1), device=device)
    H = updates.activations(V, W, H, mu, divergence, iterations)
    ends = np.cumsum([part.shape[1] for part in columns])[:-1]
    models = [(basis @ h + SMALLEST).cpu().numpy() for basis, h in ((S, H[: S.shape[1]]), (N, H[S.shape[1] :]))]
    return list(zip(*(np.split(model, ends, axis=1) for model in models), strict=True))


def activations(V, W, *, mu: float, divergence: str, iterations: int):
    """Activations (R, T) of fixed bases W (F, R) for V (F, T), in torch, from a start that is flat in every frame."""
    return updates.activations(V, W, _even(V, W.shape[1]).expand(W.shape[1], -1), mu, divergence, iterations)


def semi_supervised(
    columns: Sequence[np.ndarray], speech: np.ndarray, n_noise: int, rngs: Sequence[np.random.Generator], *,
    device: str, **options,
) -> list[tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """The same with noise bases learnt on each mixture, from a start drawn by its generator; `options` as there."""
    models = []
    for first in range(0, len(columns), SCENES_NMF[device]):
        group = slice(first, first + SCENES_NMF[device])
        models += _semi_supervised(columns[group], speech, n_noise, rngs[group], device=device, **options)
    return models


def _semi_supervised(columns, speech, n_noise, rngs, *, mu, divergence, iterations, device):
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


def learn_templates(
    recordings: Sequence[np.ndarray],
    n_frames: int,
    n_templates: int,
    rng: np.random.Generator,
    *,
    mu: float,
    iterations: int,
) -> np.ndarray:
    """Templates of unit norm from spectrograms (F, T) -> (n_frames, F, n_templates) float32.

    They start as stretches drawn from them. So much silence follows each recording that no template spans two.
    """
    gap = [(0, 0), (0, n_frames - 1)]
    V = torch.as_tensor(np.concatenate([np.pad(V, gap, constant_values=V.min()) for V in recordings], axis=1))
    starts = torch.as_tensor(rng.integers(max(V.shape[1] - n_frames + 1, 1), size=n_templates))
    index = (starts + torch.arange(n_frames)[:, None]).clamp_max(V.shape[1] - 1)
    spread = torch.as_tensor(rng.random((n_frames, len(V), n_templates), np.float32))
    W = 0.9 * V[:, index].transpose(0, 1) + 0.1 * spread * V.mean(1)[:, None]
    W = convolutive.normalised(W)[0].clamp_min(SMALLEST)
    H = torch.as_tensor(rng.random((n_templates, V.shape[1]), np.float32)) * _even(V, n_frames * n_templates) * 2
    return convolutive.learn(V, W, H, mu, iterations)[0].clamp_min(SMALLEST).numpy()


def supervised_templates(
    V: np.ndarray, speech: np.ndarray, noise: np.ndarray, *, mu: float, iterations: int, device: str
) -> tuple[np.ndarray, np.ndarray]:
    """Speech and noise models (F, T) of a mixture V (F, T) with templates (P, F, R) that are fixed."""
    V = torch.as_tensor(V, device=device)
    W = torch.cat([torch.as_tensor(part, device=device) for part in (speech, noise)], dim=-1)
    H = _even(V, len(W) * W.shape[-1]).expand(W.shape[-1], -1)
    H = convolutive.activations(V, W, H, mu, iterations)
    k = speech.shape[-1]
    parts = (W[..., :k], H[:k]), (W[..., k:], H[k:])
    return tuple((convolutive.model(*part) + SMALLEST).cpu().numpy() for part in parts)


def block_sparse(
    V: np.ndarray, speech: np.ndarray, rng: np.random.Generator, *, block: int, n_noise: int, share: float,
    divergence: str, iterations: int, device: str,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Speech and noise models (F, T) of a mixture V (F, T), few of the blocks of speech bases being active.

    `speech` (F, G block) holds blocks of `block` bases each; the penalty is that of updates.block_weights with weight =
    `share` times the sum of V. `n_noise` bases are learnt on the mixture.
    """
    V = torch.as_tensor(V)
    N = _flat(V, n_noise, rng).to(device)
    V, S = V.to(device), torch.as_tensor(speech, device=device)
    W = torch.cat([S, N], dim=1)
    H = _even(V, W.shape[1]).expand(W.shape[1], -1).clone()
    k, weight = S.shape[1], share * float(V.sum())
    with updates.fast_products():
        for _ in range(iterations):
            mu = torch.cat([updates.block_weights(H[:k], block, weight), H.new_zeros(n_noise)])
            H = updates.update_activations(V, W, H, mu, divergence)
            W, H = updates.update_bases(V, W, H, 0.0, divergence, fixed=k)
    return tuple((W[:, part] @ H[part]).cpu().numpy() for part in (slice(None, k), slice(k, None)))


System = tuple[np.ndarray, np.ndarray]
"""Bases of unit norm (F, R) and their transitions (R, R + 1), as in cocktail/dsp/nmf/dynamical.py."""


def learn_dynamical(
    recordings: Sequence[np.ndarray], n_bases: int, rng: np.random.Generator, *, mu: float, alpha: float,
    divergence: str, iterations: int,
) -> System:  # fmt: skip
    """The system of spectrograms (F, T): bases as `learn` finds them, then bases and transitions together."""
    V, follows = dynamical.joined(recordings)
    H = torch.as_tensor(rng.random((n_bases, V.shape[1]), np.float32)) * _even(V, n_bases) * 2
    W, H = updates.factorise(V, _drawn(V, n_bases, rng), H, mu, divergence, iterations // 2)
    stays = torch.full((n_bases, n_bases), 0.1 / n_bases) + 0.9 * torch.eye(n_bases)
    prior = dynamical.Prior(torch.cat([stays, 0.1 * H.mean(1, keepdim=True)], dim=1), alpha, mu, follows)
    H = H.clamp_min(dynamical.TINY)
    with updates.fast_products():
        for _ in range(iterations - iterations // 2):
            H = dynamical.update_activations(V, W, H, prior, divergence)
            W, H, prior = dynamical.update_bases(V, W, H, prior, divergence)
            prior = dynamical.update_transitions(H, prior)
    return W.clamp_min(SMALLEST).numpy(), prior.transitions.numpy()


def side_by_side(systems: Sequence[System]) -> System:
    """The system of several that know nothing of each other."""
    bases, transitions = zip(*systems, strict=True)
    A = torch.block_diag(*(torch.as_tensor(part[:, :-1]) for part in transitions)).clamp_min(dynamical.TINY)
    return np.concatenate(bases, axis=1), np.hstack([A.numpy(), np.vstack([part[:, -1:] for part in transitions])])


def supervised_dynamical(
    V: np.ndarray, speech: System, noise: System, *, mu: float, alpha: float, divergence: str, iterations: int,
    device: str,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Speech and noise models (F, T) of a mixture V (F, T) by systems that are fixed."""
    V = torch.as_tensor(V, device=device)
    W, transitions = (torch.as_tensor(x, device=device) for x in side_by_side([speech, noise]))
    prior = dynamical.Prior(transitions, alpha, mu)
    H = _even(V, W.shape[1]).expand(W.shape[1], -1)
    with updates.fast_products():
        for _ in range(iterations):
            H = dynamical.update_activations(V, W, H, prior, divergence)
    k = speech[0].shape[1]
    return tuple((W[:, part] @ H[part]).cpu().numpy() for part in (slice(None, k), slice(k, None)))


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
