"""Convolutive NMF in torch: a basis is a template of P frames, which its activation places anywhere in time.

V is modelled by L = sum_p W_p shift(H, p), where shift moves the columns p frames to the right and fills with zeros.
P. Smaragdis, "Convolutive speech bases and their application to supervised speech separation", IEEE TASLP 15(1), 2007,
for the model; P. D. O'Grady and B. A. Pearlmutter, "Discovering speech phones using convolutive non-negative matrix
factorisation with a sparseness constraint", Neurocomputing 72(1-3), 2008, for the penalty mu |H|_1 on templates of unit
norm. The divergence is Kullback-Leibler's.

Shapes: V (F, T) > 0, W (P, F, R), H (R, T). A template has unit Euclidean norm over its bins and frames.

Deviations: the papers average the updates of H that each p alone would make, and update each W_p in turn with a model
that is not refreshed; such steps may raise the objective. Here H and all of W are updated for all p together, as M. N.
Schmidt and M. Morup, "Nonnegative matrix factor 2-D deconvolution for blind single channel source separation", ICA
2006, do: the model is linear in either, so that both steps descend. The norm is handled as in
cocktail/dsp/nmf/updates.py.
"""

import torch

from cocktail.dsp.nmf import updates


def shifts(H, n_frames: int):
    """Activations (R, T) -> (P, R, T): moved 0 ... P - 1 frames to the right, zeros before them."""
    return torch.stack([torch.nn.functional.pad(H, (p, 0))[:, : H.shape[1]] for p in range(n_frames)])


def model(W, H):
    """sum_p W_p shift(H, p): (P, F, R), (R, T) -> (F, T)."""
    return _side_by_side(W) @ shifts(H, len(W)).flatten(0, 1)


def objective(V, W, H, mu: float) -> float:
    """Divergence of V from the model, plus mu |H|_1, in double precision. Templates have unit norm."""
    V, L = V.double(), model(W.double(), H.double())
    return float((V * (V / L).log() - V + L).sum() + mu * H.double().sum())


def normalised(W):
    """Templates (P, F, R) scaled to unit norm, and the norms (R,)."""
    norm = torch.linalg.vector_norm(W, dim=(0, 1)).clamp_min(torch.finfo(W.dtype).tiny)
    return W / norm, norm


def update_activations(V, W, H, mu: float):
    """One update of H; the objective does not rise."""
    up = _back(torch.einsum("pfr,ft->prt", W, V / model(W, H)))
    down = _back(W.sum(1)[..., None].expand(-1, -1, V.shape[1]))
    return H * up / (down + mu).clamp_min(torch.finfo(H.dtype).tiny)


def update_templates(V, W, H, mu: float):
    """One update of W, scaled to unit norm, and of H by the inverse scale; the objective does not rise."""
    placed = shifts(H, len(W))
    ratio = V / (_side_by_side(W) @ placed.flatten(0, 1))
    # The majoriser of an entry is -a log w + b w + c w^2 / 2, as in updates.update_bases.
    a = W * torch.einsum("ft,prt->pfr", ratio, placed)
    b, c = placed.sum(-1)[:, None], mu * H.sum(-1)
    W = 2 * a / (b + (b**2 + 4 * a * c).sqrt()).clamp_min(torch.finfo(W.dtype).tiny)
    W, norm = normalised(W.clamp_min(updates.LEAST))
    return W, H * norm[:, None]


def learn(V, W, H, mu: float, iterations: int):
    """Alternate both updates. Returns (W, H)."""
    with updates.fast_products():
        for _ in range(iterations):
            H = update_activations(V, W, H, mu)
            W, H = update_templates(V, W, H, mu)
        return W, H


def activations(V, W, H, mu: float, iterations: int):
    """Activations of fixed templates. Returns H."""
    with updates.fast_products():
        for _ in range(iterations):
            H = update_activations(V, W, H, mu)
        return H


def _side_by_side(W):
    """(P, F, R) -> (F, P R)."""
    return W.transpose(0, 1).flatten(1)


def _back(x):
    """sum_p x[p, :, t + p], zeros past the end: the adjoint of `shifts`, (P, R, T) -> (R, T)."""
    n_frames = x.shape[-1]
    return sum(torch.nn.functional.pad(part, (0, p))[:, p : p + n_frames] for p, part in enumerate(x))
