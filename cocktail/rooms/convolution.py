"""Convolution by FFT, in NumPy: importing scipy.fft takes 0.2 s, more than the work of a short job."""

import math

import numpy as np


def fast_length(n: int) -> int:
    """The smallest 2^a 3^b 5^c that is at least `n`: lengths for which the FFT is fast."""
    best = 1 << max(n - 1, 0).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            quotient = math.ceil(n / three)
            best = min(best, three << max(quotient - 1, 0).bit_length())
            three *= 3
        five *= 5
    return best


def convolve(signal: np.ndarray, responses: np.ndarray) -> np.ndarray:
    """Full convolution of `signal` (N,) with every response (..., L) -> (..., N + L - 1)."""
    total = len(signal) + responses.shape[-1] - 1
    length = fast_length(total)
    return np.fft.irfft(np.fft.rfft(responses, length) * np.fft.rfft(signal, length), length)[..., :total]
