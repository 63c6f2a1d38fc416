"""Gaussian mixtures with diagonal covariances, by expectation and maximisation.

A. P. Dempster, N. M. Laird and D. B. Rubin, "Maximum likelihood from incomplete data via the EM algorithm", J. R. Stat.
Soc. B 39(1), 1977; D. A. Reynolds and R. C. Rose, "Robust text-independent speaker identification using Gaussian
mixture speaker models", IEEE TSAP 3(1), 1995. Variances have a floor relative to those of all data.
"""

from dataclasses import dataclass

import numpy as np

VARIANCE_FLOOR = 1e-3
"""Over the variance of all data in that dimension."""
CHUNK = 8192
"""Frames at a time: bounds memory, not results."""


@dataclass(frozen=True)
class Gmm:
    """C components of F features."""

    weights: np.ndarray
    """(C,), sum 1."""
    means: np.ndarray
    """(C, F)."""
    variances: np.ndarray
    """(C, F)."""

    def joint(self, X: np.ndarray) -> np.ndarray:
        """log p(component, x) of the columns of X (F, T) -> (C, T)."""
        precisions = 1 / self.variances
        constant = np.log(self.weights) - 0.5 * np.sum(
            np.log(2 * np.pi * self.variances) + self.means**2 * precisions, axis=1
        )
        return constant[:, None] - 0.5 * precisions @ X**2 + (self.means * precisions) @ X

    def log_likelihood(self, X: np.ndarray) -> np.ndarray:
        """log p(x) of the columns of X (F, T) -> (T,)."""
        return _log_sum(self.joint(X))[0]


def learn(
    X: np.ndarray, n_components: int, iterations: int, rng: np.random.Generator, least: float = 0.0
) -> tuple[Gmm, list[float]]:
    """A mixture of the columns of X (F, T) and the mean log-likelihood before every iteration.

    Starts from columns drawn at random and the variance of all; `least` is the smallest variance. Raises
    ValueError where T is below C.
    """
    if X.shape[1] < n_components:
        raise ValueError(f"{X.shape[1]} frames cannot teach {n_components} components")
    spread = X.var(axis=1)
    floor = np.maximum(VARIANCE_FLOOR * spread, max(least, np.finfo(X.dtype).tiny)).astype(X.dtype)
    start = X[:, rng.choice(X.shape[1], n_components, replace=False)].T
    mixture = Gmm(
        np.full(n_components, 1 / n_components, X.dtype), start, np.tile(np.maximum(spread, floor), (n_components, 1))
    )
    history = []
    for _ in range(iterations):
        mixture, likelihood = _step(mixture, X, floor)
        history.append(likelihood)
    return mixture, history


def _step(mixture, X, floor):
    """One iteration of EM; the mean log-likelihood of the mixture that it began with."""
    counts, first, second, total = 0.0, 0.0, 0.0, 0.0
    for start in range(0, X.shape[1], CHUNK):
        x = X[:, start : start + CHUNK]
        likelihood, posterior = _log_sum(mixture.joint(x))
        counts = counts + posterior.sum(axis=1)
        first, second = first + posterior @ x.T, second + posterior @ (x**2).T
        total += likelihood.sum(dtype=float)
    alive = counts > 1e-3  # a component that nothing belongs to stays where it is
    n = np.where(alive, counts, 1.0)[:, None]
    means = np.where(alive[:, None], first / n, mixture.means)
    variances = np.where(alive[:, None], np.maximum(second / n - means**2, floor), mixture.variances)
    weights = np.maximum(counts, 1e-3)
    dtype = X.dtype
    learnt = Gmm((weights / weights.sum()).astype(dtype), means.astype(dtype), variances.astype(dtype))
    return learnt, total / X.shape[1]


def _log_sum(joint):
    """log of the sum over components of exp(joint) (C, T) -> (T,), and each component's share (C, T)."""
    largest = joint.max(axis=0)
    share = np.exp(joint - largest)
    total = share.sum(axis=0)
    return largest + np.log(total), share / total
