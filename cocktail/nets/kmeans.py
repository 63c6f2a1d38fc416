"""k-means with several seeded starts, and its soft iterations that a gradient goes through.

D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007 (the starts). Y. Isik, J. Le
Roux, Z. Chen, S. Watanabe and J. R. Hershey, "Single-channel multi-speaker separation using deep clustering",
Interspeech 2016 (the soft ones).

Shapes: P points, E dimensions, K clusters, S starts.
"""

import numpy as np
import torch


def squared_distances(points: torch.Tensor, centres: torch.Tensor) -> torch.Tensor:
    """points (..., P, E), centres (..., K, E) -> (..., P, K)."""
    cross = points @ centres.transpose(-1, -2)
    return (points**2).sum(-1, keepdim=True) - 2 * cross + (centres**2).sum(-1).unsqueeze(-2)


def nearest(points: torch.Tensor, centres: torch.Tensor) -> torch.Tensor:
    """points (..., P, E), centres (..., K, E) -> index of the nearest centre (..., P)."""
    return squared_distances(points, centres).argmin(-1)


def kmeans(
    points: torch.Tensor, n_clusters: int, generator: np.random.Generator, *, starts: int = 5, iterations: int = 30
) -> torch.Tensor:
    """points (..., P, E) -> centres (..., K, E): the best of several starts by the sum of squared distances.

    Deterministic given the generator. A cluster that loses its last point keeps its centre.
    """
    centres = _plus_plus(points, n_clusters, generator, starts)  # (..., S, K, E)
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
    """points (..., P, E), centres (..., S, K, E) -> (..., P, S, K): all starts in one product."""
    return squared_distances(points, centres.flatten(-3, -2)).unflatten(-1, centres.shape[-3:-1])


def _plus_plus(points, n_clusters, generator, starts):
    """(..., S, K, E): centres drawn among the points, each with a probability proportional to its squared distance."""
    *batch, n_points, _ = points.shape
    index = torch.as_tensor(generator.integers(n_points, size=(*batch, starts)), device=points.device)
    chosen = _take(points, index)[..., None, :]
    for _ in range(n_clusters - 1):
        distance = _distances(points, chosen).amin(-1).clamp_min(0)
        reached = distance.transpose(-1, -2).double().cumsum(-1)  # (..., S, P)
        u = torch.as_tensor(generator.random((*batch, starts, 1)), device=points.device) * reached[..., -1:]
        index = torch.searchsorted(reached, u)[..., 0].clamp_max(n_points - 1)
        chosen = torch.cat([chosen, _take(points, index)[..., None, :]], dim=-2)
    return chosen


def _take(points, index):
    """points (..., P, E), index (..., S) -> (..., S, E)."""
    return torch.take_along_dim(points, index[..., None], dim=-2)


def soft_assignment(points: torch.Tensor, centres: torch.Tensor, alpha: float) -> torch.Tensor:
    """gamma_pk = exp(-alpha |v_p - mu_k|^2) / sum over k of the same: (..., P, E), (..., K, E) -> (..., P, K)."""
    return torch.softmax(-alpha * squared_distances(points, centres), dim=-1)


def soft_kmeans(
    points: torch.Tensor, weights: torch.Tensor, centres: torch.Tensor, *, alpha: float, iterations: int
) -> torch.Tensor:
    """Soft iterations from given centres: points (..., P, E), weights (..., P), centres (..., K, E) -> centres.

    mu_k = sum_p gamma_pk w_p v_p / sum_p gamma_pk w_p. Differentiable.
    """
    for _ in range(iterations):
        share = soft_assignment(points, centres, alpha) * weights[..., None]
        total = share.sum(-2)[..., None].clamp_min(torch.finfo(points.dtype).tiny)
        centres = share.transpose(-1, -2) @ points / total
    return centres
