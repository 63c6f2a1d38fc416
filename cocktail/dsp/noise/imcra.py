"""Improved minima controlled recursive averaging.

I. Cohen, "Noise spectrum estimation in adverse environments: improved minima controlled recursive averaging", IEEE
Trans. Speech Audio Process. 11(5), 2003; "Eq. (n)" refers to it, the constants are those of its Table I (16 kHz, 512
samples every 128).
Deviations: averages over frequency are cut at the edges of the spectrum, where their weights are made to add up to one
again. Smoothing constants are kept as time constants, and the minimum's window in seconds, at other frame shifts.
The paper starts every recursion from the first frame; here all start from the mean of the first 0.1 s, for the
minimum of one raw frame, which may lie 10 dB too low, would stay for a second (Cohen's own program starts late for
the same reason).
"""

from dataclasses import dataclass, field

import numpy as np

from cocktail.dsp.noise.gains import POWER_FLOOR, a_posteriori_snr, mmse_lsa
from cocktail.dsp.noise.start import neighbours, start_up

HOP_S = 0.008
W = 1
"""Bins on either side in the smoothing over frequency."""
ALPHA_S, ALPHA_D, ALPHA = 0.9, 0.85, 0.92
"""Smoothing of the power, of the noise, and weight of the last frame in the decision-directed a priori SNR."""
U, V = 8, 15
"""The minimum is searched over U parts of V frames, 0.96 s."""
B_MIN, BETA = 1.66, 1.47
"""Biases of the minimum, and of averaging only while speech is unlikely."""
GAMMA_0, GAMMA_1, ZETA_0 = 4.6, 3.0, 1.67
XI_MIN = 10 ** (-25 / 10)
"""Least a priori SNR. The paper gives none; it keeps digital silence from xi = 0."""


@dataclass
class _Minimum:
    """Running minimum over the last U parts of `frames` frames each."""

    value: np.ndarray
    frames: int
    part: np.ndarray = field(init=False)
    parts: list[np.ndarray] = field(init=False)
    count: int = 0

    def __post_init__(self):
        self.part = self.value
        self.parts = [self.value] * U

    def update(self, x):
        self.part = np.minimum(self.part, x)
        self.value = np.minimum(self.value, x)
        self.count += 1
        if self.count % self.frames == 0:
            self.parts = [*self.parts[1:], self.part]
            self.value = np.minimum.reduce(self.parts)
            self.part = x
        return self.value


def imcra(power: np.ndarray, hop_s: float) -> np.ndarray:
    """Noise power (..., F, T) of the noisy power (..., F, T) with frames every `hop_s` seconds."""
    alpha_s, alpha_d, alpha = (a ** (hop_s / HOP_S) for a in (ALPHA_S, ALPHA_D, ALPHA))
    average = neighbours(power.shape[-2], W).T
    begin = start_up(power, hop_s)
    first = begin.shape[-1]
    noise = np.empty_like(power)
    noise[..., :first] = begin

    averaged = begin[..., -1] / BETA  # a plain mean of noise, which has no bias
    smooth = without_peaks = begin[..., -1] @ average
    v = max(1, round(V * HOP_S / hop_s))
    minimum, minimum_without_peaks = _Minimum(smooth, v), _Minimum(smooth, v)
    amplitude = np.ones_like(averaged)  # GH1^2 gamma of the last frame
    for t in range(first, power.shape[-1]):
        y = power[..., t]
        gamma = a_posteriori_snr(y, BETA * averaged)
        xi = np.maximum(alpha * amplitude + (1 - alpha) * np.maximum(gamma - 1, 0), XI_MIN)  # Eq. (32)
        amplitude = mmse_lsa(xi, gamma) ** 2 * gamma  # Eq. (33)

        smooth = alpha_s * smooth + (1 - alpha_s) * (y @ average)  # Eqs. (14), (15)
        least = B_MIN * np.maximum(minimum.update(smooth), POWER_FLOOR)  # Eqs. (16), (18)
        absent = ((y < GAMMA_0 * least) & (smooth < ZETA_0 * least)).astype(power.dtype)  # Eq. (21)
        weight = absent @ average
        peakless = (absent * y) @ average / np.maximum(weight, POWER_FLOOR)  # Eq. (26)
        without_peaks = np.where(
            weight > 0, alpha_s * without_peaks + (1 - alpha_s) * peakless, without_peaks
        )  # Eq. (27)
        least = B_MIN * np.maximum(minimum_without_peaks.update(without_peaks), POWER_FLOOR)
        q = np.clip((GAMMA_1 - y / least) / (GAMMA_1 - 1), 0, 1) * (smooth < ZETA_0 * least)  # Eqs. (28), (29)

        p = _presence(q, xi, gamma)
        alpha_tilde = alpha_d + (1 - alpha_d) * p  # Eq. (11)
        averaged = alpha_tilde * averaged + (1 - alpha_tilde) * y  # Eq. (10)
        noise[..., t] = BETA * averaged  # Eq. (12)
    return noise


def _presence(q, xi, gamma):
    """Posterior probability of speech, Eq. (7), written so that q = 1 gives 0 without a division by 0."""
    present = 1 - q
    return present / np.maximum(present + q * (1 + xi) * np.exp(-gamma * xi / (1 + xi)), np.finfo(float).tiny)
