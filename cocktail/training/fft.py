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
    spectra, length = _spectra([*signals, *kernels], n_samples)
    products = spectra[of]
    products *= spectra[len(signals) : len(signals) + len(kernels)]
    return scipy.fft.irfft(products, length)[:, :n_samples]


def mixed(signals: list[np.ndarray], kernels: list[np.ndarray], n_samples: int) -> np.ndarray:
    """Sum of the convolutions of each signal with its kernel, (n_samples,) float32, circular as in `convolved`."""
    spectra, length = _spectra([*signals, *kernels], n_samples)
    n = len(signals)
    return scipy.fft.irfft(np.einsum("nf,nf->f", spectra[:n], spectra[n : 2 * n]), length)[:n_samples]


def _spectra(rows, n_samples):
    """(at least len(rows), F) complex64, and the length that they stand for."""
    length = scipy.fft.next_fast_len(n_samples, real=True)
    stack = np.zeros((-(-len(rows) // LANES) * LANES, length), np.float32)
    for row, x in zip(stack, rows, strict=False):
        row[: len(x)] = x
    return scipy.fft.rfft(stack), length
