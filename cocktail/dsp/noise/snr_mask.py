"""Signal-to-noise masks of a noisy recording, by a noise tracker: which bands of which frames are worth looking at.

Soft masks of missing-data recognition: J. Barker, L. Josifovski, M. Cooke and P. Green, "Soft decisions in missing data
techniques for robust automatic speech recognition", ICSLP 2000.
"""

import numpy as np

from cocktail.dsp.noise.gains import POWER_FLOOR

SLOPE_PER_DB = 0.3
CENTRE_DB = 3.0


def soft(noisy: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Powers of noisy speech and of the noise in it, of one shape -> in [0, 1], the sigmoid of their SNR in dB."""
    snr = np.maximum(noisy / np.maximum(noise, POWER_FLOOR) - 1, POWER_FLOOR)
    return 1 / (1 + np.exp(-SLOPE_PER_DB * (10 * np.log10(snr) - CENTRE_DB)))
