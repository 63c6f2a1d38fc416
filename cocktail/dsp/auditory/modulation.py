"""Amplitude modulation spectra of bands.

G. Kim, Y. Lu, Y. Hu and P. C. Loizou, "An algorithm that improves speech intelligibility in noise for normal-hearing
listeners", JASA 126(3), 2009, section II.A: the envelope of a band by full-wave rectification, at 4 kHz; Hann windows
of 32 ms, zero-padded to 256 samples; magnitudes summed by 15 triangles evenly spaced from 15.6 to 400 Hz; these and
their differences to the last frame and to the next lower band.

Deviations: frames every 8 ms, those of cocktail.stft, instead of 16, with exactly HOP samples of envelope to a shift at
any rate, so that envelopes of sound at 44.1 kHz have 3998 Hz; logarithms, with a floor, of the sums.
"""

import numpy as np

from cocktail.stft import framing

RATE = 4000
"""Of envelopes, Hz."""
SIZE, HOP, PADDED = 128, 32, 256
"""Samples of envelope."""
LOW_HZ, HIGH_HZ, FILTERS = 15.6, 400.0, 15
FLOOR = 1e-3
"""Added to a sum; the loudest band's root mean square is 1."""


def envelope(band: np.ndarray, fs: float) -> np.ndarray:
    """(..., N) -> (..., about N RATE / fs), non-negative or nearly so."""
    from scipy.signal import resample_poly

    return resample_poly(np.abs(band), HOP, framing(fs)[1], axis=-1)


def framed(x: np.ndarray, size: int, hop: int) -> np.ndarray:
    """(..., N) -> (..., T, size): the frames of cocktail.stft."""
    n_frames = (x.shape[-1] + size - 1) // hop
    before = size - hop
    after = (n_frames - 1) * hop + size - before - x.shape[-1]
    padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(before, after)])
    return np.lib.stride_tricks.sliding_window_view(padded, size, axis=-1)[..., ::hop, :]


def spectrum(envelope: np.ndarray) -> np.ndarray:
    """Modulation of an envelope (..., N) in FILTERS triangles: (..., T, FILTERS)."""
    frames = framed(envelope, SIZE, HOP) * np.hanning(SIZE + 1)[:-1]
    return np.abs(np.fft.rfft(frames, PADDED)) @ triangles().T


def triangles() -> np.ndarray:
    """(FILTERS, PADDED / 2 + 1): each is 1 at its peak and 0 at its neighbours', from LOW_HZ to HIGH_HZ."""
    peaks = np.linspace(LOW_HZ, HIGH_HZ, FILTERS)
    hz = np.arange(PADDED // 2 + 1) * RATE / PADDED
    return np.maximum(1 - np.abs(hz - peaks[:, None]) / (peaks[1] - peaks[0]), 0)


def features(modulations: np.ndarray) -> np.ndarray:
    """Modulations (B, T, FILTERS) of all bands -> (B, T, 3 FILTERS): logarithms, differences in time and in frequency.

    Those of the first frame and of the lowest band are zero.
    """
    static = np.log(modulations + FLOOR)
    in_time, in_frequency = np.zeros_like(static), np.zeros_like(static)
    in_time[:, 1:] = np.diff(static, axis=1)
    in_frequency[1:] = np.diff(static, axis=0)
    return np.concatenate([static, in_time, in_frequency], axis=-1)
