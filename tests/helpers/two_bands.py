"""Scenes that anyone can separate: a target below 2 kHz and noise above 3 kHz."""

import numpy as np


def two_bands(generator: np.random.Generator, n_samples: int, fs: int) -> np.ndarray:
    """Target and noise, (2, N) float64."""
    spectrum = np.fft.rfft(generator.standard_normal((2, n_samples)))
    hz = np.fft.rfftfreq(n_samples, 1 / fs)
    return np.fft.irfft(spectrum * np.stack([hz < 2000, hz > 3000]), n_samples)
