"""k-means with several seeded starts, and its soft iterations that a gradient goes through.

D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007 (the starts). Y. Isik, J. Le
Roux, Z. Chen, S. Watanabe and J. R. Hershey, "Single-channel multi-speaker separation using deep clustering",
Interspeech 2016 (the soft ones).

Shapes: M points, D dimensions, K clusters, S starts.
"""

import numpy as np
import torch


def squared_distances(points: torch.Tensor, centres: torch.Tensor) -> torch.Tensor:
    """points (..., M, D), centres (..., K, D) -> (..., M, K)."""
    cross = points @ centres.transpose(-1, -2)
    return (points**2).sum(-1, keepdim=True) - 2 * cross + (centres**2).sum(-1).unsqueeze(-2)


def nearest(points: torch.Tensor, centres: torch.Tensor) -> torch.Tensor:
    """points (..., M, D), centres (..., K, D) -> index of the nearest centre (..., M)."""
    return squared_distances(points, centres).argmin(-1)


def kmeans(
    points: torch.Tensor, n_clusters: int, generator: np.random.Generator, *, starts: int = 5, iterations: int = 30
) -> torch.Tensor:
    """points (..., M, D) -> centres (..., K, D): the best of several starts by the sum of squared distances.

    Deterministic given the generator. A cluster that loses its last point keeps its centre.
    """
    centres = _plus_plus(points, n_clusters, generator, starts)  # (..., S, K, D)
    for _ in range(iterations):
        member = torch.nn.functional.one_hot(_distances(points, centres).argmin(-1), n_clusters).to(points.dtype)
        sums = (member.flatten(-2).transpose(-1, -2) @ points).unflatten(-2, (starts, n_clusters))
        count = member.sum(-3)[..., None]  # (..., S, K, 1)
        moved = torch.where(count > 0, sums / count.clamp_min(1), centres)
        if torch.equal(moved, centres):
            break
        centres = moved
    best = _distances(points, centres).amin(-1).sum(-2).argmin(-1)  # (...)
    return torch.take_along_dim(centres, best[..., None, None, None], dim=-3).squeeze(-3)


def _distances(points, centres):
    """points (..., M, D), centres (..., S, K, D) -> (..., M, S, K): all starts in one product."""
    return squared_distances(points, centres.flatten(-3, -2)).unflatten(-1, centres.shape[-3:-1])


def _plus_plus(points, n_clusters, generator, starts):
    """(..., S, K, D): centres drawn among the points, each with a probability proportional to its squared distance."""
    *batch, m, _ = points.shape
    index = torch.as_tensor(generator.integers(m, size=(*batch, starts)), device=points.device)
    chosen = _take(points, index)[..., None, :]
    for _ in range(n_clusters - 1):
        distance = _distances(points, chosen).amin(-1).clamp_min(0)
        reached = distance.transpose(-1, -2).double().cumsum(-1)  # (..., S, M)
        u = torch.as_tensor(generator.random((*batch, starts, 1)), device=points.device) * reached[..., -1:]
        index = torch.searchsorted(reached, u)[..., 0].clamp_max(m - 1)
        chosen = torch.cat([chosen, _take(points, index)[..., None, :]], dim=-2)
    return chosen


def _take(points, index):
    """points (..., M, D), index (..., S) -> (..., S, D)."""
    return torch.take_along_dim(points, index[..., None], dim=-2)


def soft_assignment(points: torch.Tensor, centres: torch.Tensor, alpha: float) -> torch.Tensor:
    """gamma_mk = exp(-alpha |v_m - mu_k|^2) / sum over k of the same: (..., M, D), (..., K, D) -> (..., M, K)."""
    return torch.softmax(-alpha * squared_distances(points, centres), dim=-1)


def soft_kmeans(
    points: torch.Tensor, weights: torch.Tensor, centres: torch.Tensor, *, alpha: float, iterations: int
) -> torch.Tensor:
    """Soft iterations from given centres: points (..., M, D), weights (..., M), centres (..., K, D) -> centres.

    mu_k = sum_m gamma_mk w_m v_m / sum_m gamma_mk w_m. Differentiable.
    """
    for _ in range(iterations):
        share = soft_assignment(points, centres, alpha) * weights[..., None]
        total = share.sum(-2)[..., None].clamp_min(torch.finfo(points.dtype).tiny)
        centres = share.transpose(-1, -2) @ points / total
    return centres
