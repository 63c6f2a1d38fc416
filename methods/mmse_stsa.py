"""MMSE-STSA: minimum mean-square error estimate of the short-time spectral amplitude.

Y. Ephraim and D. Malah, "Speech enhancement using a minimum mean-square error short-time spectral amplitude
estimator", IEEE Trans. ASSP 32(6), 1984.
Deviations: the noise is tracked, where the paper measures it in a part without speech. The a priori SNR has a floor,
after O. Cappe, "Elimination of the musical noise phenomenon with the Ephraim and Malah noise suppressor", 1994.
"""

from dataclasses import dataclass
from typing import Literal

from cocktail.dsp.gains import mmse_stsa
from cocktail.dsp.spectral import apply_decision_directed
from cocktail.method import Method


@dataclass(frozen=True)
class MmseStsa(Method):
    """Least mean square error of the amplitude, for Gaussian speech and noise."""

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
            mixture, view.fs, tracker=self.tracker, gain=mmse_stsa, alpha=self.alpha, xi_min_db=self.xi_min_db
        )
