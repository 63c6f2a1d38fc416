"""Decision-directed gains: Wiener, MMSE-STSA, MMSE-LSA.

- Wiener: P. Scalart and J. V. Filho, "Speech enhancement based on a priori signal to noise estimation", ICASSP 1996.
- MMSE-STSA: Y. Ephraim and D. Malah, "Speech enhancement using a minimum mean-square error short-time spectral
  amplitude estimator", IEEE Trans. ASSP 32(6), 1984.
- MMSE-LSA: Y. Ephraim and D. Malah, "Speech enhancement using a minimum mean-square error log-spectral amplitude
  estimator", IEEE Trans. ASSP 33(2), 1985.

Deviations: the noise is tracked, where the papers measure it in a part without speech. The a priori SNR has a floor,
after O. Cappe, "Elimination of the musical noise phenomenon with the Ephraim and Malah noise suppressor", 1994.
"""

import functools
from dataclasses import dataclass
from typing import Literal

from cocktail.dsp.noise.gains import GAINS
from cocktail.dsp.noise.spectral import ALPHA, TRACKER, XI_MIN_DB, decision_directed_gain, enhance
from cocktail.method import Method


@dataclass(frozen=True)
class DecisionDirected(Method):
    """A gain of the a priori and the a posteriori SNR."""

    causal = True

    gain: Literal["wiener", "mmse-stsa", "mmse-lsa"] = "wiener"
    tracker: Literal["minimum-statistics", "imcra", "mmse-spp"] = TRACKER
    alpha: float = ALPHA
    """Weight of the last frame in the a priori SNR, with frames every 8 ms."""
    xi_min_db: float = XI_MIN_DB
    """Least a priori SNR."""

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N)."""
        gain = functools.partial(
            decision_directed_gain, gain=GAINS[self.gain], alpha=self.alpha, xi_min_db=self.xi_min_db
        )
        return enhance(mixture, view.fs, tracker=self.tracker, gain=gain)
