"""Minimum statistics: the noise is the least smoothed power of the last 1.5 s, with its bias compensated.

R. Martin, "Noise power spectral density estimation based on optimal smoothing and minimum statistics", IEEE Trans.
Speech Audio Process. 9(5), 2001; "Eq. (n)" refers to it. The constants M(D) are those of Table 5 in R. Martin, "Bias
compensation methods for minimum statistics noise power spectral density estimation", Signal Processing 86, 2006.
Deviations: constants stated for frames every 16 ms are kept as time constants, and windows in seconds, at other shifts.
All recursions start from the mean of the first 0.1 s: the paper's start from one raw frame, which may lie 10 dB too
low, would stay for the length of the window.
"""

import numpy as np

from cocktail.dsp.noise.gains import POWER_FLOOR
from cocktail.dsp.noise.start import start_up

HOP_S = 0.016
WINDOW_S, PARTS = 1.536, 8
"""The minimum is searched over U = 8 parts of together D = 96 frames."""
ALPHA_MAX, ALPHA_MIN, ALPHA_C, BETA_MAX = 0.96, 0.3, 0.7, 0.8
ALPHA_C_MIN = 0.7
DECAY_S = 0.064
"""Time in which the smoothed power must be able to follow the end of a word, Eq. (12)."""
A_V = 2.12
"""Weight of the mean variance in the bias correction, below Eq. (23)."""
Q_INVERSE_MAX, Q_INVERSE_MIN = 1 / 2, 1 / 14
"""Bounds of 1 / Q_eq, Eq. (23); the lower one, divided by the frames so far, is that of Brookes's Voicebox."""
SLOPES = ((0.03, 8.0), (0.05, 4.0), (0.06, 2.0), (np.inf, 1.2))
"""Mean of 1 / Q_eq up to which the minimum may rise by how much from one part to the next."""
M_TABLE = np.array([
    (1, 0), (2, 0.26), (5, 0.48), (8, 0.58), (10, 0.61), (15, 0.668), (20, 0.705), (30, 0.762), (40, 0.8),
    (60, 0.841), (80, 0.865), (120, 0.89), (140, 0.9), (160, 0.91), (180, 0.92), (220, 0.93), (260, 0.935), (300, 0.94),
])  # fmt: skip


def bias(q_inverse: np.ndarray, frames: int) -> np.ndarray:
    """Bias B_min of the minimum of `frames` smoothed powers, given the inverse of their degrees of freedom, Eq.
    (17)."""
    m = np.interp(np.sqrt(frames), np.sqrt(M_TABLE[:, 0]), M_TABLE[:, 1])
    freedom = (1 / q_inverse - 2 * m) / (1 - m)  # Eq. (16)
    return 1 + 2 * (frames - 1) / freedom


def minimum_statistics(power: np.ndarray, hop_s: float) -> np.ndarray:
    """Noise power (..., F, T) of the noisy power (..., F, T) with frames every `hop_s` seconds."""
    begin = start_up(power, hop_s)
    first = begin.shape[-1]
    noise = np.empty_like(power)
    noise[..., :first] = begin
    smoothing = _Smoothing(begin[..., -1], hop_s)
    search = _MinimumSearch(begin[..., -1], hop_s)
    for t in range(first, power.shape[-1]):
        smooth, q_inverse = smoothing.update(power[..., t], search.noise, t)
        noise[..., t] = search.update(smooth, q_inverse)
    return noise


class _Smoothing:
    """Optimal smoothing of the power, Section III, and the variance that is left, Section V."""

    def __init__(self, start, hop_s):
        def scaled(constant):
            return constant ** (hop_s / HOP_S)

        self.alpha_max, self.alpha_min, self.beta_max = scaled(ALPHA_MAX), scaled(ALPHA_MIN), scaled(BETA_MAX)
        self.keep_c, self.decay = scaled(ALPHA_C), -hop_s / DECAY_S
        self.alpha_c = 1.0
        self.p = self.mean = start
        self.mean_square = start**2

    def update(self, y, noise, t):
        """Smoothed power (..., F) and 1 / Q_eq (..., F) of the noisy power (..., F)."""
        noise = np.maximum(noise, POWER_FLOOR)
        total = np.maximum(self.p.sum(-1, keepdims=True), POWER_FLOOR)
        change = total / np.maximum(y.sum(-1, keepdims=True), POWER_FLOOR)
        alpha_c = 1 / (1 + (change - 1) ** 2)  # Eq. (9)
        self.alpha_c = self.keep_c * self.alpha_c + (1 - self.keep_c) * np.maximum(alpha_c, ALPHA_C_MIN)  # Eq. (10)
        alpha = self.alpha_max * self.alpha_c / (1 + (self.p / noise - 1) ** 2)  # Eq. (11)
        snr = total / noise.sum(-1, keepdims=True)
        alpha = np.maximum(alpha, np.minimum(self.alpha_min, snr**self.decay))  # Eq. (12)
        self.p = alpha * self.p + (1 - alpha) * y  # Eq. (4)
        beta = np.minimum(alpha**2, self.beta_max)
        self.mean = beta * self.mean + (1 - beta) * self.p  # Eq. (20)
        self.mean_square = beta * self.mean_square + (1 - beta) * self.p**2  # Eq. (21)
        q_inverse = (self.mean_square - self.mean**2) / (2 * noise**2)  # Eq. (23)
        return self.p, np.clip(q_inverse, Q_INVERSE_MIN / (t + 1), Q_INVERSE_MAX)


class _MinimumSearch:
    """The least smoothed power of the last parts, which follows a rise early where it looks like one; Section VI."""

    def __init__(self, start, hop_s):
        self.noise = start
        self.frames = max(4, round(WINDOW_S / hop_s / PARTS))
        self.parts = [start] * PARTS
        self.least = self.least_sub = np.full_like(start, np.inf)
        self.local = np.zeros(start.shape, bool)
        self.count = 0

    def update(self, smooth, q_inverse):
        """Noise power (..., F)."""
        mean = q_inverse.mean(-1, keepdims=True)
        corrected = (1 + A_V * np.sqrt(mean)) * smooth
        candidate = corrected * bias(q_inverse, PARTS * self.frames)
        new = candidate < self.least
        self.least = np.where(new, candidate, self.least)
        self.least_sub = np.where(new, corrected * bias(q_inverse, self.frames), self.least_sub)
        self.count += 1
        if self.count == self.frames:
            self._end_part(new, mean)
        elif self.count > 1:
            self.local |= new
            self.noise = np.minimum(self.least_sub, self.noise)
        return self.noise

    def _end_part(self, new, mean_q_inverse):
        self.parts = [*self.parts[1:], self.least]
        noise = np.minimum.reduce(self.parts)
        limits, slopes = zip(*SLOPES, strict=True)
        slope = np.take(slopes, np.searchsorted(limits, mean_q_inverse, side="right"))
        rise = self.local & ~new & (self.least_sub < slope * noise) & (self.least_sub > noise)
        self.noise = np.where(rise, self.least_sub, noise)
        self.parts = [np.where(rise, self.noise, part) for part in self.parts]
        self.least = self.least_sub = np.full_like(self.least, np.inf)
        self.local = np.zeros_like(self.local)
        self.count = 0
