"""MMSE noise power by speech presence probability with a fixed prior SNR.

T. Gerkmann and R. C. Hendriks, "Unbiased MMSE-based noise power estimation with low complexity and low tracking delay",
IEEE Trans. Audio, Speech, Language Process. 20(4), 2012; "Eq. (n)" refers to it.
Deviations: the smoothing constants, stated for frames every 16 ms, are kept as time constants at other shifts; the
start is a running mean rather than the mean of five frames, so that it does not look ahead.
"""

import numpy as np

from cocktail.dsp.noise.gains import POWER_FLOOR
from cocktail.dsp.noise.start import start_up

XI_H1 = 10**1.5
"""A priori SNR if speech is present, 15 dB, Section IV."""
HOP_S = 0.016
ALPHA_POWER = 0.8
"""Smoothing of the noise power, Eq. (8)."""
ALPHA_PRESENCE = 0.9
"""Smoothing of the presence probability that detects stagnation, Eq. (23)."""
PRESENCE_MAX = 0.99
"""Bound of the presence probability while the noise has been held for long, Eq. (24)."""


def presence(gamma: np.ndarray) -> np.ndarray:
    """Posterior probability of speech given the a posteriori SNR, with even priors, Eq. (18)."""
    return 1 / (1 + (1 + XI_H1) * np.exp(-gamma * XI_H1 / (1 + XI_H1)))


def mmse_spp(power: np.ndarray, hop_s: float) -> np.ndarray:
    """Noise power (..., F, T) of the noisy power (..., F, T) with frames every `hop_s` seconds."""
    alpha, alpha_p = ALPHA_POWER ** (hop_s / HOP_S), ALPHA_PRESENCE ** (hop_s / HOP_S)
    noise = np.empty_like(power)
    begin = start_up(power, hop_s)
    frames = begin.shape[-1]
    noise[..., :frames] = begin
    estimate = begin[..., -1]
    smoothed = np.full_like(estimate, 0.5)
    for t in range(frames, power.shape[-1]):
        y = power[..., t]
        p = presence(y / np.maximum(estimate, POWER_FLOOR))
        smoothed = alpha_p * smoothed + (1 - alpha_p) * p  # Eq. (23)
        p = np.where(smoothed > PRESENCE_MAX, np.minimum(p, PRESENCE_MAX), p)  # Eq. (24)
        periodogram = p * estimate + (1 - p) * y  # Eq. (22)
        estimate = alpha * estimate + (1 - alpha) * periodogram  # Eq. (8)
        noise[..., t] = estimate
    return noise
