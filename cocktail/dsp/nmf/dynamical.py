"""The non-negative dynamical system: NMF whose activations follow from those of the frame before.

C. Fevotte, J. Le Roux and J. R. Hershey, "Non-negative dynamical system with application to speech and audio", ICASSP
2013. Powers V have the expectation W H under exponential noise (Itakura-Saito). Activations evolve by multiplicative
innovations, h_n = (A h_{n-1}) * e_n, e_n gamma of shape and rate alpha, so that its mean is 1. Its MAP objective:

    C = sum_n D_IS(v_n | W h_n) + alpha sum_nk [h_kn / (A h_{n-1})_k - log (h_kn / (A h_{n-1})_k)]

Every update minimises a majoriser (Jensen for convex terms, tangents for concave ones), so that C never rises. With A
the identity the penalty is the smoothness of C. Fevotte, "Majorization-minimization algorithm for smooth Itakura-Saito
nonnegative matrix factorization", ICASSP 2011.

Shapes: V (..., F, T) > 0, W (..., F, R), H (..., R, T) > 0, A (R, R). Columns of W sum to 1, which fixes the scale that
the model leaves open.

Deviations: this is the mode over log h; over h itself, as in the paper, the last term has the weight alpha - 1, and C
falls without limit as a component fades, by the logarithm of its scale in each frame: after fifty iterations the noise
of a mixture was gone from the model. The paper goes through the frames in turn; here the even frames are updated
together, then the odd ones. A frame's terms hold its neighbours alone, so that this descends as well, and needs two
products instead of T.
"""

import torch

TINY = 1e-12
"""Least activation and least transition: a model that was zero once would stay so."""


def objective(V, W, H, A, alpha: float) -> float:
    """C, in double precision."""
    V, W, H, A = V.double(), W.double(), H.double(), A.double()
    ratio = V / (W @ H)
    predicted, now = A @ H[..., :-1], H[..., 1:]
    penalty = alpha * (now / predicted - (now / predicted).log())
    return float((ratio - ratio.log() - 1).sum() + penalty.sum())


def update_activations(V, W, H, A, alpha: float):
    """One update of all frames, even ones first; the objective does not rise."""
    for first in (0, 1):
        H = H.clone()
        H[..., first::2] = _minimised(V, W, H, A, alpha)[..., first::2]
    return H


def _minimised(V, W, H, A, alpha):
    """(R, T): where the majoriser of each frame is least, its neighbours staying.

    The majoriser of an entry is p / h + q h - alpha log h; the first frame has no log term.
    """
    inverse = 1 / (W @ H)
    p, q = W.mT @ (V * inverse**2), W.mT @ inverse
    predicted = 1 / (A @ H[..., :-1])
    p[..., :-1] += alpha * (A.mT @ (H[..., 1:] * predicted**2))  # what the next frame says of this one
    q[..., :-1] += alpha * (A.mT @ predicted)
    q[..., 1:] += alpha * predicted
    p = p * H**2
    bend = torch.full_like(H[..., :1, :], alpha)
    bend[..., 0] = 0
    return ((bend + (bend**2 + 4 * p * q).sqrt()) / (2 * q)).clamp_min(TINY)


def update_bases(V, W, H):
    """One update of W, and its columns scaled to sum 1; the divergence does not rise before the scaling.

    H gets the inverse scale, so that W H stays. Returns (W, H).
    """
    inverse = 1 / (W @ H)
    W = W * (((V * inverse**2) @ H.mT) / (inverse @ H.mT)).sqrt()
    total = W.sum(-2, keepdim=True)
    return W / total, H * total.mT


def update_transitions(H, A):
    """One update of A; the objective does not rise."""
    predicted, before, now = 1 / (A @ H[..., :-1]), H[..., :-1], H[..., 1:]
    up, down = (now * predicted**2) @ before.mT, predicted @ before.mT
    return (A * (up / down).sqrt()).clamp_min(TINY)
