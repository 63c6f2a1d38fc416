"""Convolution by FFT, with responses that stay or change, in NumPy: importing scipy.fft takes 0.2 s, more than the work
of a short job."""

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


def points(n_samples: int, hop: int) -> int:
    """P: responses, one every `hop` samples, that a signal of `n_samples` needs in `convolve_along`."""
    return math.ceil(n_samples / hop) + 1


def convolve_along(signal: np.ndarray, responses: np.ndarray, hop: int) -> np.ndarray:
    """Convolution of `signal` (N,) with responses that change, (P, C, L) -> (C, N + L - 1).

    What is sent at sample p `hop` meets the response p alone; in between, responses p and p + 1 are linearly
    cross-faded. All blocks are transformed together and overlap-added. Raises ValueError where P is not `points(N,
    hop)`.
    """
    n_points, n_channels, n_taps = responses.shape
    if n_points != points(len(signal), hop):
        raise ValueError(f"{len(signal)} samples need {points(len(signal), hop)} responses, there are {n_points}")
    padded = np.pad(signal, (hop, n_points * hop - len(signal)))
    blocks = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop)[::hop]
    fade = 1 - np.abs(np.arange(2 * hop) - hop) / hop
    n_hops = math.ceil((2 * hop + n_taps - 1) / hop)
    length = fast_length(n_hops * hop)
    spectra = np.fft.rfft(blocks * fade, length)[:, None] * np.fft.rfft(responses, length)
    heard = np.fft.irfft(spectra, length)[..., : n_hops * hop].reshape(n_points, n_channels, n_hops, hop)
    total = np.zeros((n_points + n_hops - 1, n_channels, hop))
    for h in range(n_hops):
        total[h : h + n_points] += heard[:, :, h]
    return total.transpose(1, 0, 2).reshape(n_channels, -1)[:, hop : hop + len(signal) + n_taps - 1]
