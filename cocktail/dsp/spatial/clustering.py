"""Spatial clustering: expectation maximisation of a mixture of directional distributions in every bin.

D. H. Tran Vu and R. Haeb-Umbach, "Blind speech separation employing directional statistics in an expectation
maximization framework", ICASSP 2010; N. Ito, S. Araki and T. Nakatani, "Complex angular central Gaussian mixture model
for directional statistics in mask-based microphone array signal processing", EUSIPCO 2016. What the microphones hear in
a bin, brought to unit norm, is drawn from one of K distributions; which one, tells its posterior, the mask.

Shapes: observations z (F, T, D) of unit norm, affiliations gamma (F, K, T), weights pi (F, K).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

BLOCK = 16
"""Bins that are fitted together: they are independent, and more would not fit into a cache."""


class Family(Protocol):
    """A kind of distributions on the complex unit sphere."""

    def estimate(self, z: np.ndarray, gamma: np.ndarray, previous: np.ndarray | None) -> np.ndarray:
        """M-step: parameters (F, K, ...) that do not lower the expected log likelihood."""
        ...

    def log_density(self, z: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        """(F, K, T), with its normalisation."""
        ...


@dataclass(frozen=True)
class Mixture:
    """A fitted mixture."""

    parameters: np.ndarray
    """(F, K, ...), of the family."""
    weights: np.ndarray
    """(F, K)."""
    affiliations: np.ndarray
    """(F, K, T): posterior probabilities under these parameters."""
    log_likelihood: np.ndarray
    """(iterations,): of the parameters after each iteration, over all bins."""


def unit_norm(X: np.ndarray) -> np.ndarray:
    """X (D, F, T) -> z (F, T, D) of unit norm; observations of silence point at microphone 1."""
    z = X.transpose(1, 2, 0).copy()
    norm = np.linalg.norm(z, axis=-1, keepdims=True)
    z[norm[..., 0] == 0, 0] = 1.0
    return z / np.where(norm > 0, norm, 1.0)


def fit(z: np.ndarray, family: Family, gamma: np.ndarray, iterations: int) -> Mixture:
    """From initial affiliations: `iterations` of an M-step and an E-step."""
    blocks = range(0, len(z), BLOCK)
    parts = [_fit(z[f : f + BLOCK], family, gamma[f : f + BLOCK], iterations) for f in blocks]
    *arrays, traces = zip(*parts, strict=True)
    return Mixture(*map(np.concatenate, arrays), np.sum(traces, 0))


def _fit(z, family, gamma, iterations):
    """As many bins as fit into a cache: the fields of a Mixture."""
    parameters, trace = None, []
    for _ in range(iterations):
        weights = gamma.mean(-1)
        parameters = family.estimate(z, gamma, parameters)
        prior = np.log(np.maximum(weights, np.finfo(float).tiny))[..., None]
        gamma, log_likelihood = affiliations(family.log_density(z, parameters) + prior)
        trace.append(float(log_likelihood.sum()))
    return parameters, weights, gamma, trace


def affiliations(joint: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log joint densities (F, K, T) -> posterior probabilities (F, K, T), and log densities of the mixture (F, T)."""
    peak = joint.max(1, keepdims=True)
    likelihood = np.exp(joint - peak)
    total = likelihood.sum(1, keepdims=True)
    return likelihood / total, (np.log(total) + peak)[:, 0]


def scatter(z: np.ndarray, gamma: np.ndarray) -> np.ndarray:
    """Mean of z z^H weighted by gamma: (F, K, D, D)."""
    zk = z.swapaxes(-1, -2)[:, None]  # (F, 1, D, T)
    total = np.maximum(gamma.sum(-1), np.finfo(float).tiny)[..., None, None]
    return (zk * gamma[:, :, None]) @ zk.conj().swapaxes(-1, -2) / total
