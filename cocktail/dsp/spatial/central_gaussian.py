"""The complex angular central Gaussian distribution, of directions z = x / |x| of zero-mean Gaussian vectors.

J. T. Kent, "Data analysis for shapes and images", Journal of Statistical Planning and Inference 57(2), 1997; N. Ito,
S. Araki and T. Nakatani, "Complex angular central Gaussian mixture model for directional statistics in mask-based
microphone array signal processing", EUSIPCO 2016.

    p(z; B) = (D - 1)! / (2 pi^D det B) (z^H B^-1 z)^-D

The matrix B is the covariance of x but for its scale, which no direction tells; here its trace is D.

Deviation: eigenvalues of B are at least `LEAST` of its mean one, so that it stays regular.
"""

import math
from dataclasses import dataclass

import numpy as np

from cocktail.dsp.spatial.beamformers import quadratic
from cocktail.dsp.spatial.clustering import scatter

LEAST = 1e-6


@dataclass(frozen=True)
class CentralGaussian:
    """The family: its parameters are B (F, K, D, D)."""

    def estimate(self, z: np.ndarray, gamma: np.ndarray, previous: np.ndarray | None) -> np.ndarray:
        """One step of the fixed-point iteration B = D sum gamma z z^H / (z^H B^-1 z) / sum gamma; from B = I first."""
        if previous is not None:
            gamma = gamma / quadratic(z[:, None], previous)
        return _regular(scatter(z, gamma))  # scaled to trace D, whatever sum gamma / (z^H B^-1 z) is

    def log_density(self, z: np.ndarray, B: np.ndarray) -> np.ndarray:
        """(F, K, T)."""
        D = z.shape[-1]
        constant = math.lgamma(D) - np.log(2) - D * np.log(np.pi)
        return constant - np.linalg.slogdet(B)[1][..., None] - D * np.log(quadratic(z[:, None], B))


def _regular(B):
    """Hermitian, of trace D, eigenvalues at least LEAST."""
    B = (B + B.conj().swapaxes(-1, -2)) / 2
    values, vectors = np.linalg.eigh(B)
    values = np.maximum(values, 0)
    level = values.mean(-1, keepdims=True)
    values = np.where(level > 0, np.maximum(values / np.where(level > 0, level, 1), LEAST), 1.0)
    return vectors * values[..., None, :] @ vectors.conj().swapaxes(-1, -2)
