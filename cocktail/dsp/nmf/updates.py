"""Sparse non-negative matrix factorisation in torch, batched, on CPU or GPU.

Objective: D(V | W H) + mu |H|_1 with each column of W of unit Euclidean norm. J. Le Roux, F. J. Weninger and
J. R. Hershey, "Sparse NMF - half-baked or well done?", MERL TR2015-023, 2015: the norm belongs inside the objective,
or the penalty is escaped by scaling. C. Fevotte and J. Idier, "Algorithms for nonnegative matrix factorization with the
beta-divergence", Neural Computation 23(9), 2011, for the majorisations.

Shapes: V (..., F, T) > 0, W (..., F, R), H (..., R, T). KL is meant for magnitudes, IS (Itakura-Saito) for powers.

Deviations: for the bases, TR2015-023 splits the gradient of the normalised objective into two parts and divides them, a
rule that is seen to descend but not proven to. Here the same objective, written with the scale of W left free,
D(V | W H) + mu sum_k |w_k|_2 |h_k|_1, is majorised and each majoriser minimised, then the columns are scaled back: the
objective cannot rise. Without sparsity this is the rule of Lee and Seung. IS takes the square root of the usual ratio
(cube root for bases with sparsity), which is what its majoriser asks for.
"""

import contextlib

import torch

from cocktail.dsp.blocks import FRAMES

LEAST = 1e-12
"""Least entry of a basis before it is scaled: its square is a number in single precision, too."""

EPSILON = 1e-3
"""Keeps the logarithm of a block's activation finite."""


def objective(V, W, H, mu: float, divergence: str) -> float:
    """D(V | W H) + mu |H|_1, summed over all entries, in double precision. Columns of W have unit norm."""
    return distance(V, W.double() @ H.double(), divergence) + mu * float(H.double().sum())


def distance(V, L, divergence: str) -> float:
    """D(V | L), summed over all entries, in double precision."""
    V, L = V.double(), L.double()
    ratio = V / L
    return float((V * ratio.log() - V + L if divergence == "kl" else ratio - ratio.log() - 1).sum())


def evidence(V, L, divergence: str):
    """The parts of the negative gradient of D(V | L) over L: what speaks for a larger L, and what against it."""
    return (V / L, torch.ones_like(V)) if divergence == "kl" else (V / L**2, 1 / L)


def normalised(W):
    """Columns of W scaled to unit Euclidean norm, and the norms (..., R)."""
    norm = torch.linalg.vector_norm(W, dim=-2).clamp_min(torch.finfo(W.dtype).tiny)
    return W / norm[..., None, :], norm


def activations(V, W, H, mu: float, divergence: str, iterations: int):
    """Activations of fixed bases: V (F, T), W (F, R), H (R, T) the start -> (R, T).

    Frames are independent of each other: those of many scenes can be put side by side.
    """
    with fast_products():
        block = FRAMES[V.device.type]
        parts = zip(V.split(block, dim=-1), H.split(block, dim=-1), strict=True)
        update = _activations_kl if divergence == "kl" else _activations_is
        return torch.cat([update(v.contiguous(), W, h.clone(), mu, iterations) for v, h in parts], dim=-1)


def _activations_kl(V, W, H, mu, iterations):
    """H <- H * W^T (V / WH) / (W^T 1 + mu). W never changes, so the division is done on it, once."""
    scaled = (W / (W.sum(-2) + mu)).mT.contiguous()
    model, ratio = torch.empty_like(V), torch.empty_like(H)
    for _ in range(iterations):
        torch.mm(W, H, out=model)
        torch.div(V, model, out=model)
        torch.mm(scaled, model, out=ratio)
        H.mul_(ratio)
    return H


def _activations_is(V, W, H, mu, iterations):
    for _ in range(iterations):
        H = update_activations(V, W, H, mu, "is")
    return H


def update_activations(V, W, H, mu: float, divergence: str):
    """One update of H; the objective does not rise. mu: a number, or one for each row of H, (R,)."""
    model = W @ H
    if divergence == "kl":
        return H * (W.mT @ torch.div(V, model, out=model)) / (W.sum(-2) + mu)[..., None]
    inverse = 1 / model
    down = W.mT @ inverse + torch.as_tensor(mu, dtype=H.dtype, device=H.device)[..., None]
    return H * ((W.mT @ (V * inverse**2)) / down).sqrt()


def update_bases(V, W, H, mu: float, divergence: str, fixed: int = 0, frames=None, times=None):
    """One update of the columns of W from number `fixed` on, scaled to unit norm, and of H by the inverse scale.

    The objective does not rise. mu: a number, or one for each frame, (T,). frames (..., 1, T): 1 for a frame, 0 for
    padding, which has no say. times (F, T): V is modelled by times * (W H); 1. Returns (W, H).
    """
    model = W @ H if times is None else times * (W @ H)
    free, old = W[..., fixed:], H[..., fixed:, :]
    h = old if frames is None else old * frames
    penalty = (mu * h).sum(-1)[..., None, :]  # (..., 1, R): mu |h_k|_1
    if divergence == "kl":
        # majoriser of one entry: -a log w + b w + c w^2 / 2, from |w_k| <= (|w_k|^2 / |w_old| + |w_old|) / 2
        ratio = torch.div(V, model, out=model)
        total = h.sum(-1)[..., None, :] if times is None else times @ h.mT
        a, b, c = free * ((ratio if times is None else times * ratio) @ h.mT), total, penalty
        free = 2 * a / (b + (b**2 + 4 * a * c).sqrt()).clamp_min(torch.finfo(W.dtype).tiny)
    else:
        inverse = 1 / model
        up, down = V * inverse**2, inverse
        if times is not None:
            up, down = times * up, times * down
        up, down = up @ h.mT, down @ h.mT + penalty * free
        free = free * (up / down.clamp_min(torch.finfo(W.dtype).tiny)) ** (1 / 3 if penalty.any() else 1 / 2)
    free, norm = normalised(free.clamp_min(LEAST))
    return torch.cat([W[..., :fixed], free], -1), torch.cat([H[..., :fixed, :], old * norm[..., None]], -2)


def block_weights(H, block: int, weight: float):
    """mu of each row of H (R, T), (R,), with which |H|_1 majorises weight * sum_g log(EPSILON + |H_g|_1) at H.

    H_g are blocks of `block` rows. D. L. Sun and G. J. Mysore, "Universal speech models for speaker independent single
    channel source separation", ICASSP 2013; A. Lefevre, F. Bach and C. Fevotte, "Itakura-Saito nonnegative matrix
    factorization with group sparsity", ICASSP 2011.
    """
    totals = H.sum(-1).unflatten(0, (-1, block)).sum(-1)
    return (weight / (EPSILON + totals)).repeat_interleave(block)


def factorise(V, W, H, mu: float, divergence: str, iterations: int, *, fixed: int = 0, frames=None):
    """Alternate both updates. The first `fixed` columns of W stay; all of W has unit norm from the start.

    `frames` as in `update_bases`. Returns (W, H).
    """
    with fast_products():
        for _ in range(iterations):
            H = update_activations(V, W, H, mu, divergence)
            W, H = update_bases(V, W, H, mu, divergence, fixed, frames)
        return W, H


@contextlib.contextmanager
def fast_products():
    """Let torch choose its fastest single-precision product.

    On x86 that is oneDNN's, which on processors not by Intel is twice as fast as the default and as precise; with
    matrix units (AMX, tensor cores) it rounds factors to bfloat16 or TF32, which moves the objective by less than 1e-3
    and, in the suite `quick`, SI-SDR and SDR by less than 0.01 dB.
    """
    precision = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(precision)
