"""Complex NMF in torch: components of fixed bases have phases of their own and add up as complex numbers.

H. Kameoka, N. Ono, K. Kashino and S. Sagayama, "Complex NMF: A new sparse representation for acoustic signals", ICASSP
2009. The STFT Y is modelled by M[t, f] = sum_k W[f, k] U[t, k] E[t, f, k] with |E| = 1. Objective:

    sum |Y - M|^2 + 2 weight sum U^p,    0 < p < 2.

Its auxiliary function shares the error among the components by beta_k = W_k U_k / sum_j W_j U_j; what a component gets,
W_k U_k E_k + beta_k (Y - M), sums to Y over the components.

Shapes: complex numbers are pairs of a real and an imaginary part, along the first axis: Y (2, T, F), E (2, T, F, K);
W (F, K), U (T, K). Frames are independent of each other.

Deviations: bases stay as they are. What is returned of components is what they get of Y, not the components alone, so
that estimates of all sources add up to the mixture.
"""

import numpy as np
import torch

LEAST = 1e-12
"""Least activation in the penalty: its power is a number, and no update meets denormal ones."""
TOGETHER = 4
"""Frames that are updated together: what fits a cache."""


def objective(Y, W, U, E, weight: float, p: float) -> float:
    """The sum above."""
    error = Y - (W * U[:, None] * E).sum(-1)
    return float(error.square().sum() + 2 * weight * U.pow(p).sum())


def parts(Y, W, U, E):
    """What each component gets of Y, over its magnitude W_k U_k: (2, T, F, K)."""
    total = (U @ W.mT).clamp_min(torch.finfo(U.dtype).tiny)
    return E + ((Y - (W * U[:, None] * E).sum(-1)) / total)[..., None]


def update(Y, W, U, E, weight: float, p: float):
    """One update of phases, then of activations; the objective does not rise. Returns (U, E)."""
    tiny = torch.finfo(U.dtype).tiny
    Z = parts(Y, W, U, E)
    size = torch.hypot(*Z).clamp_min_(tiny)
    total = U @ W.mT
    up = (total[:, None] @ (W * size))[:, 0]
    down = total @ W + weight * p * U.clamp_min(LEAST).pow(p - 1)
    return (U * up / down.clamp_min(tiny)).clamp_min(LEAST), Z.div_(size)


def separate(Y, W, U, n_first: int, rng, *, spread: float, weight: float, p: float, iterations: int):
    """The sum (2, T, F) of what the first `n_first` components get of Y, from activations U and phases around those of
    Y.

    `rng` draws the phases, with the standard deviation `spread`.
    """
    sums = []
    for y, u in zip(Y.split(TOGETHER, dim=1), U.split(TOGETHER), strict=True):
        angle = torch.atan2(y[1], y[0])[..., None]
        angle = angle + spread * torch.as_tensor(rng.standard_normal((*y.shape[1:], W.shape[1]), np.float32))
        E = torch.stack([angle.cos(), angle.sin()])
        for _ in range(iterations):
            u, E = update(y, W, u, E, weight, p)
        sums.append((W * u[:, None] * parts(y, W, u, E))[..., :n_first].sum(-1))
    return torch.cat(sums, dim=1)
