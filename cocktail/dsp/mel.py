"""The mel scale and its filters.

S. S. Stevens, J. Volkmann and E. B. Newman, "A scale for the measurement of the psychological magnitude pitch", JASA
8(3), 1937; in the formula of HTK, 2595 log10(1 + f / 700).

Deviations: a triangle is averaged over the width of each bin instead of sampled at its centre, so that a filter
narrower than a bin (the lowest of 100 filters on 512 samples) is not lost between two of them.
"""

import numpy as np


def mel(hz):
    """Hz -> mel."""
    return 2595.0 * np.log10(1.0 + np.asarray(hz, float) / 700.0)


def hertz(mel):
    """mel -> Hz."""
    return 700.0 * (10.0 ** (np.asarray(mel, float) / 2595.0) - 1.0)


def filterbank(bands: int, fs: float, size: int) -> np.ndarray:
    """Triangular filters, evenly spaced in mel from 0 to fs / 2 Hz: (bands, F) weights of the bins of a DFT of `size`.

    Each is 1 at its peak and 0 from its neighbours' peaks on.
    """
    corners = hertz(np.linspace(0.0, mel(fs / 2), bands + 2))
    left, peak, right = (corners[i : i + bands, None] for i in range(3))
    edges = (np.arange(size // 2 + 2) - 0.5) * fs / size
    area = _area_of_ramp(edges, left, peak) + (right - peak) / 2 - _area_of_ramp(-edges, -right, -peak)
    return np.diff(area) * size / fs


def _area_of_ramp(x, start, end):
    """Integral up to x of a line that rises from 0 at `start` to 1 at `end`, where it stops."""
    return (np.clip(x, start, end) - start) ** 2 / (2 * (end - start))
