"""The non-negative dynamical system: NMF whose activations follow from those of the frame before.

C. Fevotte, J. Le Roux and J. R. Hershey, "Non-negative dynamical system with application to speech and audio", ICASSP
2013. Powers V have the expectation W H under exponential noise (Itakura-Saito). Activations evolve by multiplicative
innovations, h_n = (A h_{n-1}) * e_n, e_n gamma of shape and rate alpha, so that its mean is 1. Its MAP objective:

    C = sum_n D_IS(v_n | W h_n) + alpha sum_nk [h_kn / (A h_{n-1})_k - log (h_kn / (A h_{n-1})_k)]

Every update minimises a majoriser (Jensen for convex terms, tangents for concave ones), so that C never rises. With A
the identity the penalty is the smoothness of C. Fevotte, "Majorization-minimization algorithm for smooth Itakura-Saito
nonnegative matrix factorization", ICASSP 2011.

Shapes: V (F, T) > 0, W (F, R), H (R, T) > 0, A (R, R). Columns of W sum to 1, which fixes the scale that the model
leaves open. `follows` (T - 1,) is 1 where frame n + 1 follows frame n, 0 where another recording begins; the first
frame of each has a flat prior over log h.

Deviations: this is the mode over log h; over h itself, as in the paper, log h_kn has the weight alpha - 1, and C
falls without limit as a component fades, by the logarithm of its scale in each frame: after fifty iterations the noise
of a mixture was gone from the model. The paper goes through the frames in turn; here the even frames are updated
together, then the odd ones. A frame's terms hold its neighbours alone, so that this descends as well, and needs two
products instead of T.
"""

import torch

TINY = 1e-12
"""Least activation and least transition: a model that was zero once would stay so."""


def objective(V, W, H, A, alpha: float, follows=1.0) -> float:
    """C, in double precision."""
    V, W, H, A = V.double(), W.double(), H.double(), A.double()
    ratio, innovation = V / (W @ H), H[:, 1:] / (A @ H[:, :-1])
    return float((ratio - ratio.log() - 1).sum() + alpha * (follows * (innovation - innovation.log())).sum())


def update_activations(V, W, H, A, alpha: float, follows=1.0):
    """One update of all frames, even ones first; the objective does not rise."""
    for first in (0, 1):
        H = H.clone()
        H[:, first::2] = _minimised(V, W, H, A, alpha, follows)[:, first::2]
    return H


def _minimised(V, W, H, A, alpha, follows):
    """(R, T): where the majoriser of each frame is least, its neighbours staying.

    The majoriser of an entry is p / h + q h - bend log h; what begins a recording has no bend.
    """
    inverse = 1 / (W @ H)
    p, q, bend = W.mT @ (V * inverse**2), W.mT @ inverse, torch.zeros_like(H)
    predicted, weight = 1 / (A @ H[:, :-1]), alpha * follows
    p[:, :-1] += A.mT @ (weight * H[:, 1:] * predicted**2)  # what the next frame says of this one
    q[:, :-1] += A.mT @ (weight * predicted)
    q[:, 1:] += weight * predicted
    bend[:, 1:] += weight
    p = p * H**2
    return ((bend + (bend**2 + 4 * p * q).sqrt()) / (2 * q)).clamp_min(TINY)


def update_bases(V, W, H, A):
    """One update of W, its columns scaled to sum 1, and H and A by the inverse scale; the objective does not rise.

    W H stays under the scaling, and so does every innovation. Returns (W, H, A).
    """
    inverse = 1 / (W @ H)
    W = W * (((V * inverse**2) @ H.mT) / (inverse @ H.mT)).sqrt()
    total = W.sum(-2, keepdim=True)
    return W / total, H * total.mT, (A * total.mT / total).clamp_min(TINY)


def update_transitions(H, A, follows=1.0):
    """One update of A; the objective does not rise."""
    predicted, before, now = 1 / (A @ H[:, :-1]), H[:, :-1], H[:, 1:]
    up, down = (follows * now * predicted**2) @ before.mT, (follows * predicted) @ before.mT
    return (A * (up / down).sqrt()).clamp_min(TINY)
