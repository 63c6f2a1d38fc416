"""Spectral subtraction of magnitudes, with reduction of the residual noise.

S. F. Boll, "Suppression of acoustic noise in speech using spectral subtraction", IEEE Trans. ASSP 27(2), 1979:
magnitudes are averaged over neighbouring frames, the mean magnitude of the noise is subtracted, what is negative is set
to zero; what is no larger than the noise's largest residual is replaced by the least value nearby in time; frames
without speech are attenuated.
Deviations: the mean magnitude of the noise is that of a Rayleigh variable with the noise power of a tracker, not
measured in a part known to be free of speech; the largest residual is that of the recording's own frames without
speech. Frames are 8 ms apart, not 16: averages and least values span the same time with five frames instead of three.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocktail.dsp.noise.spectral import enhance
from cocktail.method import Method

REACH_S = 0.016
"""Averages and least values are over frames so far on either side."""
SPEECHLESS_DB = -12.0
"""Frames whose mean residual over noise is less have no speech, Section II-F."""
ATTENUATION_DB = -30.0
"""Of frames without speech."""


@dataclass(frozen=True)
class SpectralSubtraction(Method):
    """Subtract the noise's mean magnitude, then what is left of its peaks. Looks two frames ahead."""

    tracker: Literal["minimum-statistics", "imcra", "mmse-spp"] = "minimum-statistics"

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N)."""
        return enhance(mixture, view.fs, tracker=self.tracker, gain=self._gain)

    def _gain(self, power, noise, hop_s):
        from scipy.ndimage import minimum_filter1d, uniform_filter1d

        span = 2 * round(REACH_S / hop_s) + 1
        magnitude, mean = np.sqrt(power), np.sqrt(np.pi / 4 * noise)
        excess = uniform_filter1d(magnitude, span, axis=1, mode="nearest") - mean
        estimate = np.maximum(excess, 0)
        quiet = speechless(estimate, mean)
        largest = np.max(np.where(quiet, excess, 0), axis=1, keepdims=True)
        least = minimum_filter1d(estimate, span, axis=1, mode="nearest")
        estimate = np.where(estimate < largest, least, estimate)
        gain = np.divide(estimate, magnitude, out=np.zeros_like(power), where=magnitude > 0)
        return np.where(speechless(estimate, mean), 10 ** (ATTENUATION_DB / 20), np.minimum(gain, 1))


def speechless(estimate, mean):
    """(T,) bool: frames of estimated magnitudes (F, T) that are small beside the noise's mean magnitude (F, T)."""
    ratio = np.divide(estimate, mean, out=np.zeros_like(mean), where=mean > 0)
    return ratio.mean(axis=0) < 10 ** (SPEECHLESS_DB / 20)
