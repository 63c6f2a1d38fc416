"""What is measured of an impulse response: decay time and early energy."""

import numpy as np


def decay_curve(response: np.ndarray) -> np.ndarray:
    """(N,) -> (N,): energy still to come, in dB below the whole (M. R. Schroeder, J. Acoust. Soc. Am. 37(3), 1965)."""
    remaining = np.cumsum(np.asarray(response, dtype=float)[::-1] ** 2)[::-1]
    return 10 * np.log10(np.maximum(remaining / remaining[0], 1e-30))


def t60(response: np.ndarray, fs: float, low_db: float = -35.0) -> float:
    """Reverberation time in seconds, from the line through the decay between -5 dB and `low_db` (T30; ISO 3382-2)."""
    level = decay_curve(response)
    fit = np.flatnonzero((level <= -5) & (level >= low_db))
    return float(-60 / np.polyfit(fit / fs, level[fit], 1)[0])


def early_energy(response: np.ndarray, fs: float, until_s: float = 0.050) -> float:
    """Energy in dB up to `until_s` after the direct sound, the first sample within 20 dB of the response's peak."""
    magnitude = np.abs(response)
    first = int(np.argmax(magnitude >= 0.1 * magnitude.max()))
    return float(10 * np.log10(np.sum(np.square(response[: first + round(until_s * fs)]))))
