"""The complex Watson distribution, of directions that scatter about one.

K. V. Mardia and I. L. Dryden, "The complex Watson distribution and shape analysis", Journal of the Royal Statistical
Society B 61(4), 1999; D. H. Tran Vu and R. Haeb-Umbach, "Blind speech separation employing directional statistics in an
expectation maximization framework", ICASSP 2010.

    p(z; a, kappa) = (D - 1)! / (2 pi^D M(1, D, kappa)) exp(kappa |a^H z|^2)

M is Kummer's function. The mode a is the principal eigenvector of the scatter matrix; the concentration kappa solves
M'(1, D, kappa) / M(1, D, kappa) = its eigenvalue, here by interpolation in a table.

Deviation: kappa is at most `MOST`.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np

from cocktail.dsp.spatial.clustering import scatter

MOST = 500.0


@dataclass(frozen=True)
class Watson:
    """The family: its parameters are sqrt(kappa) a, (F, K, D)."""

    def estimate(self, z: np.ndarray, gamma: np.ndarray, previous: np.ndarray | None = None) -> np.ndarray:
        """The maximum of the expected log likelihood."""
        values, vectors = np.linalg.eigh(scatter(z, gamma))
        kappa, ratio = _table(z.shape[-1])
        return np.sqrt(np.interp(values[..., -1:], ratio, kappa)) * vectors[..., -1]

    def log_density(self, z: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        """(F, K, T)."""
        from scipy.special import hyp1f1

        D, kappa = z.shape[-1], np.sum(np.abs(parameters) ** 2, -1)
        constant = math.lgamma(D) - np.log(2) - D * np.log(np.pi) - np.log(hyp1f1(1, D, kappa))
        return constant[..., None] + np.abs(parameters.conj() @ z.swapaxes(-1, -2)) ** 2


@functools.cache
def _table(D):
    """kappa and M'/M, both rising: the mean of |a^H z|^2."""
    from scipy.special import hyp1f1

    kappa = np.concatenate([[0.0], np.geomspace(1e-3, MOST, 10_000)])
    return kappa, hyp1f1(2, D + 1, kappa) / (D * hyp1f1(1, D, kappa))
