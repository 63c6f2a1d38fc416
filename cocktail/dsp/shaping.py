"""Spectra that are shaped: of a sound, without delay, and of Gaussian noise. Pure, of x (N,) at fs Hz."""

from collections.abc import Callable

import numpy as np


def equalised(x: np.ndarray, fs: int, gain: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """`x` (N,) with its spectrum times `gain(frequencies in Hz)`, without delay; nothing wraps round within 0.25 s."""
    from scipy.fft import irfft, next_fast_len, rfft

    length = next_fast_len(len(x) + fs // 4, real=True)
    return irfft(rfft(x, length) * gain(np.fft.rfftfreq(length, 1 / fs)), length)[: len(x)]


def coloured(
    generator: np.random.Generator, n_samples: int, fs: int, gain: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Gaussian noise (n_samples,) with amplitude spectrum `gain(frequencies in Hz)`, without a mean."""
    spectrum = np.fft.rfft(generator.standard_normal(n_samples)) * gain(np.fft.rfftfreq(n_samples, 1 / fs))
    spectrum[0] = 0
    return np.fft.irfft(spectrum, n_samples)
