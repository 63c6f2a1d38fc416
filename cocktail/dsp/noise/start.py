"""What the noise trackers share: their start."""

import numpy as np

START_UP_S = 0.1
"""The beginning of a recording that is taken for noise, as five frames every 16 ms in the authors' code of MMSE-SPP and
14 frames every 8 ms in that of IMCRA."""


def start_up(power: np.ndarray, hop_s: float) -> np.ndarray:
    """Mean of the frames so far, (..., F, min(T, L)), over the first L frames that make START_UP_S."""
    frames = min(power.shape[-1], max(1, round(START_UP_S / hop_s)))
    return np.cumsum(power[..., :frames], axis=-1) / np.arange(1, frames + 1)


def neighbours(n_bins: int, half_width: int) -> np.ndarray:
    """(F, F) matrix that averages each bin with `half_width` bins on either side, by a Hann window that sums to 1."""
    window = np.hanning(2 * half_width + 3)[1:-1]
    matrix = np.zeros((n_bins, n_bins))
    for offset, weight in zip(range(-half_width, half_width + 1), window, strict=True):
        if abs(offset) < n_bins:
            matrix += weight * np.eye(n_bins, k=offset)
    return matrix / matrix.sum(1, keepdims=True)
