"""Non-negative tensor factorisation in torch: spectrograms of several sources share bases and activations.

V (J, F, T) of J sources is modelled by sum_r Q[j, r] W[f, r] H[r, t]. A. Ozerov, A. Liutkus, R. Badeau and G. Richard,
"Coding-based informed source separation: Nonnegative tensor factorization approach", IEEE TASLP 21(8), 2013, eq. (3).
Along each of the three axes the tensor is an ordinary product of matrices, whose columns are the Khatri-Rao products of
the other two factors: each factor has the updates of cocktail/dsp/nmf/updates.py.

Shapes: V > 0, Q (J, R), W (F, R), H (R, T).
"""

import numpy as np
import torch

from cocktail.dsp.nmf import updates


def model(Q, W, H):
    """(J, F, T)."""
    return torch.einsum("jr,fr,rt->jft", Q, W, H)


def factorise(V, Q, W, H, divergence: str, iterations: int):
    """Update activations, bases and shares in turn; the divergence does not rise. Returns (Q, W, H)."""
    J, F, T = V.shape
    by_frame, by_bin = V.reshape(J * F, T), V.transpose(1, 2).reshape(J * T, F)
    by_source = V.permute(1, 2, 0).reshape(F * T, J)
    with updates.fast_products():
        for _ in range(iterations):
            H = updates.update_activations(by_frame, khatri_rao(Q, W), H, 0.0, divergence)
            W = updates.update_activations(by_bin, khatri_rao(Q, H.mT), W.mT, 0.0, divergence).mT
            Q = updates.update_activations(by_source, khatri_rao(W, H.mT), Q.mT, 0.0, divergence).mT
    return Q, W, H


def khatri_rao(A, B):
    """Column by column, all products of the entries of A (I, R) and B (M, R): (I M, R)."""
    return (A[:, None] * B).flatten(0, 1)


def start(V: np.ndarray, n_components: int, rng: np.random.Generator):
    """(Q, W, H) to begin with: components take turns among sources, mostly theirs, with frames of theirs as bases."""
    J, F, T = V.shape
    owner = np.arange(n_components) % J
    Q = np.where(np.arange(J)[:, None] == owner, 1.0, 0.1)
    frames = rng.choice(T, size=n_components)
    W = V[owner, :, frames].T + 0.1 * V.mean((0, 2))[:, None] * rng.uniform(0.5, 1.5, (F, n_components))
    H = rng.uniform(0.5, 1.5, (n_components, T)) / n_components
    H *= V.mean() / W.mean()
    return tuple(torch.as_tensor(np.ascontiguousarray(x), dtype=torch.float32) for x in (Q, W, H))
