"""Spectral gains of one-channel enhancement, as functions of the a priori and a posteriori SNR; and these SNRs.

Notation of the papers: xi is the a priori SNR (power of speech over power of noise), gamma the a posteriori SNR
(power of the noisy bin over power of noise), v = gamma xi / (1 + xi). All are power ratios, not dB, and broadcast.

- P. Scalart and J. V. Filho, "Speech enhancement based on a priori signal to noise estimation", ICASSP 1996.
- Y. Ephraim and D. Malah, "Speech enhancement using a minimum mean-square error short-time spectral amplitude
  estimator", IEEE Trans. ASSP 32(6), 1984. Here "EM84".
- Y. Ephraim and D. Malah, "Speech enhancement using a minimum mean-square error log-spectral amplitude estimator", IEEE
  Trans. ASSP 33(2), 1985. Here "EM85".
"""

from collections.abc import Callable

import numpy as np

Gain = Callable[[np.ndarray, np.ndarray], np.ndarray]

POWER_FLOOR = 1e-20
"""Least noise power in an a posteriori SNR. Far under the rounding noise of 24-bit audio (about 1e-13 a bin), so it
acts on digital silence alone and the gains do not depend on the level of a recording."""
GAMMA_MIN = 1e-10
"""Least a posteriori SNR: the amplitude estimators tend to a constant amplitude, so their gains to infinity, as gamma
falls to 0."""


def wiener(xi: np.ndarray, gamma: np.ndarray) -> np.ndarray:
    """Wiener gain, xi / (1 + xi). `gamma` plays no part; it is there because all gains are called alike."""
    return xi / (1 + xi) + 0 * gamma


def mmse_stsa(xi: np.ndarray, gamma: np.ndarray) -> np.ndarray:
    """MMSE short-time spectral amplitude, EM84 Eq. (7). Scaled Bessel functions keep it finite for any gamma."""
    from scipy.special import i0e, i1e

    v = xi / (1 + xi) * gamma  # EM84 Eq. (8)
    return np.sqrt(np.pi) / 2 * np.sqrt(v) / gamma * ((1 + v) * i0e(v / 2) + v * i1e(v / 2))


def mmse_lsa(xi: np.ndarray, gamma: np.ndarray) -> np.ndarray:
    """MMSE log-spectral amplitude, EM85 Eq. (20)."""
    from scipy.special import exp1

    w = xi / (1 + xi)
    return w * np.exp(exp1(w * gamma) / 2)


GAINS: dict[str, Gain] = {"wiener": wiener, "mmse-stsa": mmse_stsa, "mmse-lsa": mmse_lsa}


def a_posteriori_snr(power: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """gamma of the noisy power and the noise power: at least GAMMA_MIN, and finite for silence."""
    return np.maximum(power / np.maximum(noise, POWER_FLOOR), GAMMA_MIN)


def decision_directed(gamma: np.ndarray, *, gain: Gain, alpha: float, xi_min: float) -> np.ndarray:
    """A priori SNR (..., F, T) of the a posteriori SNR (..., F, T) by the decision-directed rule, EM84 Eq. (51).

    `gain` gives the amplitude estimate of the frame before; `alpha` is the weight of that frame; `xi_min` bounds the
    result from below. The first frame starts from xi = alpha + (1 - alpha) max(gamma - 1, 0), EM84 Eq. (53).
    """
    xi = np.empty_like(gamma)
    before = np.ones(gamma.shape[:-1])
    for t in range(gamma.shape[-1]):
        now = gamma[..., t]
        xi[..., t] = np.maximum(alpha * before + (1 - alpha) * np.maximum(now - 1, 0), xi_min)
        before = gain(xi[..., t], now) ** 2 * now
    return xi
