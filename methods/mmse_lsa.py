"""MMSE-LSA: minimum mean-square error estimate of the log-spectral amplitude.

Y. Ephraim and D. Malah, "Speech enhancement using a minimum mean-square error log-spectral amplitude estimator", IEEE
Trans. ASSP 33(2), 1985.
Deviations: the noise is tracked, where the paper measures it in a part without speech. The a priori SNR has a floor,
after O. Cappe, "Elimination of the musical noise phenomenon with the Ephraim and Malah noise suppressor", 1994.
"""

from dataclasses import dataclass
from typing import Literal

from cocktail.dsp.gains import mmse_lsa
from cocktail.dsp.spectral import apply_decision_directed
from cocktail.method import Method


@dataclass(frozen=True)
class MmseLsa(Method):
    """Least mean square error of the logarithm of the amplitude, for Gaussian speech and noise."""

    family = "spectral"
    causal = True

    tracker: Literal["minimum-statistics", "imcra", "mmse-spp"] = "minimum-statistics"
    alpha: float = 0.98
    """Weight of the last frame in the a priori SNR, with frames every 8 ms."""
    xi_min_db: float = -15.0
    """Least a priori SNR."""

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N)."""
        return apply_decision_directed(
            mixture, view.fs, tracker=self.tracker, gain=mmse_lsa, alpha=self.alpha, xi_min_db=self.xi_min_db
        )
