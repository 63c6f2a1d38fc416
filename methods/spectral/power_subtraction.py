"""Power subtraction with over-subtraction and a spectral floor.

M. Berouti, R. Schwartz and J. Makhoul, "Enhancement of speech corrupted by acoustic noise", ICASSP 1979; "Eq. (n)"
refers to it.
Deviations: the noise is tracked over the whole recording, not measured in a part known to be free of speech. The floor
never exceeds the noisy power, so that no bin is amplified.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocktail.dsp.noise.gains import a_posteriori_snr
from cocktail.dsp.noise.spectral import enhance
from cocktail.method import Method

SNR_DB = (-5.0, 20.0)
"""Frame SNR between which the over-subtraction varies, Fig. 4."""


@dataclass(frozen=True)
class PowerSubtraction(Method):
    """Subtract more than the noise where the frame is noisy, and leave some noise to hide musical tones."""

    causal = True

    tracker: Literal["minimum-statistics", "imcra", "mmse-spp"] = "minimum-statistics"
    over_subtraction: float = 4.0
    """Multiple of the noise power that is subtracted at a frame SNR of 0 dB, alpha_0."""
    slope: float = 3 / 20
    """Decrease of that multiple with each dB of frame SNR."""
    floor: float = 0.01
    """Least power that is left, as a share of the noise power, beta."""

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N)."""
        return enhance(mixture, view.fs, tracker=self.tracker, gain=self._gain)

    def _gain(self, power, noise, hop_s):
        least, most = (10 ** (snr_db / 10) for snr_db in SNR_DB)
        frame_snr = a_posteriori_snr(power.sum(0), noise.sum(0)) - 1  # speech over noise
        snr_db = 10 * np.log10(np.clip(frame_snr, least, most))
        alpha = self.over_subtraction - self.slope * snr_db  # Eq. (4)
        gamma = a_posteriori_snr(power, noise)
        return np.sqrt(np.minimum(np.maximum(1 - alpha / gamma, self.floor / gamma), 1))  # Eq. (3)
