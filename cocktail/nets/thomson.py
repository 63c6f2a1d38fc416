"""Points on a hypersphere as far from each other as they go: the problem of J. J. Thomson, Phil. Mag. 7(39), 1904.

Fixed class prototypes after A. Villegas-Morcillo, V. Sanchez and A. M. Gomez, "FoldHSphere: deep hyperspherical
embeddings for protein fold recognition", BMC Bioinformatics 22:490, 2021.

Deviations: the points start at random, not at the class vectors of a network trained before; the energy is Thomson's
own, the sum of inverse distances, minimised by L-BFGS.
"""

import numpy as np
from scipy.optimize import minimize


def thomson(points: int, dimension: int, rng: np.random.Generator, iterations: int = 300) -> np.ndarray:
    """(points, dimension) unit vectors of low energy."""
    start = rng.standard_normal((points, dimension))
    minimum = minimize(
        _energy, start.ravel(), args=(start.shape,), jac=True, method="L-BFGS-B", options={"maxiter": iterations}
    )
    return _unit(minimum.x.reshape(start.shape))[0]


def _energy(flat, shape):
    """Energy of the points `flat` when brought to the sphere, and its gradient."""
    u, norm = _unit(flat.reshape(shape))
    squared = np.maximum(2 - 2 * u @ u.T, np.finfo(float).tiny)
    np.fill_diagonal(squared, np.inf)
    inverse = squared**-0.5
    pull = inverse / squared  # d(1/r)/d(u_i . u_j) = 1 / r^3
    gradient = pull @ u
    gradient -= (gradient * u).sum(1, keepdims=True) * u  # what moves along the sphere
    return inverse.sum() / 2, (gradient / norm).ravel()


def _unit(x):
    norm = np.linalg.norm(x, axis=1, keepdims=True)
    return x / norm, norm
