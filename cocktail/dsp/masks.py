"""Oracle masks: what the best possible mask of its kind is, given the truth.

All are functions (target (..., F, T), noise (..., F, T)) -> mask (..., F, T), of complex STFTs; the mixture is their
sum. Where the mixture is 0 the mask is 0.

- D. Wang, "On ideal binary mask as the computational goal of auditory scene analysis", 2005: `binary`.
- A. Narayanan and D. Wang, "Ideal ratio mask estimation using deep neural networks for robust speech recognition",
  ICASSP 2013; and H. Erdogan, J. R. Hershey, S. Watanabe and J. Le Roux, "Phase-sensitive and recognition-boosted
  speech separation using deep recurrent neural networks", ICASSP 2015, whose Table 1 defines `ratio`, `wiener_like`,
  `amplitude` and `phase_sensitive`.
- D. S. Williamson, Y. Wang and D. Wang, "Complex ratio masking for monaural speech separation", IEEE/ACM Trans. Audio,
  Speech, Language Process. 24(3), 2016: `complex_ratio`.
"""

import numpy as np


def _quotient(a, b):
    return np.divide(a, b, out=np.zeros(np.broadcast(a, b).shape, np.result_type(a, b)), where=b != 0)


def binary(target: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """1 where the target is louder than the noise."""
    return (np.abs(target) > np.abs(noise)).astype(target.real.dtype)


def ratio(target: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """abs(s) / (abs(s) + abs(n))."""
    return _quotient(np.abs(target), np.abs(target) + np.abs(noise))


def wiener_like(target: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """abs(s)^2 / (abs(s)^2 + abs(n)^2)."""
    return _quotient(np.abs(target) ** 2, np.abs(target) ** 2 + np.abs(noise) ** 2)


def amplitude(target: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """abs(s) / abs(y): the true amplitude with the phase of the mixture."""
    return _quotient(np.abs(target), np.abs(target + noise))


def phase_sensitive(target: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """abs(s) / abs(y) cos(theta), theta between target and mixture: the best real mask in the squared error."""
    return complex_ratio(target, noise).real


def complex_ratio(target: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """s / y: gives the target back."""
    return _quotient(target, target + noise)


MASKS = {
    "ibm": binary,
    "irm": ratio,
    "wiener": wiener_like,
    "iam": amplitude,
    "psf": phase_sensitive,
    "cirm": complex_ratio,
}
"""The masks by the names that papers use."""
