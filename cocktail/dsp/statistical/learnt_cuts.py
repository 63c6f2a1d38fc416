"""The affinity of normalised cuts, learnt from points whose partition is known.

F. R. Bach and M. I. Jordan, "Learning spectral clustering, with application to speech separation", JMLR 7, 2006. The
cost of an affinity W and a partition E into K clusters is the distance of two subspaces,

    J(W, E) = |U U' - B B'|^2 / 2 = K - |U' B|^2,

where U holds the first K eigenvectors of D^-1/2 W D^-1/2, D the sums of the rows of W, and B the columns of D^1/2 E,
each of unit norm. J is 0 where the relaxed problem has the known partition as its solution. Learning makes the mean of
J small, plus a penalty on the factor of each squared difference: what does not help is switched off.

Deviations: as in the paper, the gradient goes through a few steps of the power method; they start at the eigenvectors
themselves, so that J is exact, and eigenvalues that are near each other do no harm. Weights of products are learnt
without a penalty.
"""

from collections.abc import Sequence

import numpy as np
import torch

STEPS = 10
"""Of the power method."""
MOST = 1e3
"""Greatest factor by which learning changes a squared difference or a weight."""
LEAST = 1e-3
"""Least factor of a weight: products are never all without one."""


def cost(W, labels):
    """J of affinities W (N, N) and clusters (N,), from 0 without a gap; tensors. Its gradient is that of W."""
    degrees = W.sum(1)
    scaled = W / (degrees[:, None] * degrees).sqrt()
    E = torch.nn.functional.one_hot(labels).to(W)
    B = degrees.sqrt()[:, None] * E
    B = B / torch.linalg.vector_norm(B, dim=0)
    U = torch.linalg.eigh(scaled.detach())[1][:, -E.shape[1] :]
    for _ in range(STEPS):
        U = scaled @ U
    U = torch.linalg.qr(U)[0]
    return E.shape[1] - (U.mT @ B).square().sum()


def affinity(features, factors, weights):
    """Sum of products of Gaussians, (N, N): features [(N, P)], factors [(P,)] of squared differences, weights."""
    products = [torch.exp(-(x[:, None] - x).square() @ factor / 2) for x, factor in zip(features, factors, strict=True)]
    return sum(weight * product for weight, product in zip(weights, products, strict=True))


def learn(
    examples: Sequence[tuple[Sequence[np.ndarray], np.ndarray]], widths: Sequence[np.ndarray],
    weights: Sequence[float], *, sparsity: float, iterations: int,
) -> tuple[list[np.ndarray], np.ndarray, list[float]]:  # fmt: skip
    """Widths and weights of the products (normalised_cuts.Product), and the objective as it falls.

    An example is the features of its points by product, [(N, P)], and their clusters (N,). `widths`, [(P,)], and
    `weights` are where learning starts; `sparsity` is the penalty on what is 1 there. Widths may become infinite.
    """
    from scipy.optimize import minimize

    sizes = [len(width) for width in widths]
    told = [
        (
            [torch.as_tensor(x / width) for x, width in zip(features, widths, strict=True)],
            torch.as_tensor(labels).long(),
        )
        for features, labels in examples
    ]

    def objective(values):
        values = torch.tensor(values, requires_grad=True)
        *factors, changes = values.split([*sizes, len(weights)])
        changed = changes * torch.tensor(weights, dtype=changes.dtype)
        total = sum(cost(affinity(features, factors, changed), labels) for features, labels in told) / len(told)
        total = total + sparsity * sum(factor.sum() for factor in factors)
        total.backward()
        return total.item(), values.grad.numpy()

    start = np.ones(sum(sizes) + len(weights))
    history = [objective(start)[0]]
    bounds = [(0, MOST)] * sum(sizes) + [(LEAST, MOST)] * len(weights)
    found = minimize(
        objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": iterations},
        callback=lambda intermediate_result: history.append(float(intermediate_result.fun)),
    ).x  # fmt: skip
    *factors, changes = np.split(found, np.cumsum(sizes))
    with np.errstate(divide="ignore"):
        learnt = [width / np.sqrt(factor) for width, factor in zip(widths, factors, strict=True)]
    return learnt, weights * changes, history
