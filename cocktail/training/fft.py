"""Many convolutions at once in single precision: SciPy transforms rows side by side in vector registers."""

import numpy as np
import scipy.fft

LANES = 4
"""Rows that are transformed in the time of one."""


def convolved(signals: list[np.ndarray], kernels: list[np.ndarray], of: list[int], n_samples: int) -> np.ndarray:
    """Convolutions of `signals[of[i]]` with `kernels[i]`, (len(kernels), n_samples) float32.

    They are circular with a period of `n_samples` or a little more: where a full convolution is longer, its end falls
    onto its beginning.
    """
    length = scipy.fft.next_fast_len(n_samples, real=True)
    rows = [*signals, *kernels]
    stack = np.zeros((-(-len(rows) // LANES) * LANES, length), np.float32)
    for row, x in zip(stack, rows, strict=False):
        row[: len(x)] = x
    spectra = scipy.fft.rfft(stack)
    products = spectra[of]
    products *= spectra[len(signals) : len(rows)]
    return scipy.fft.irfft(products, length)[:, :n_samples]
