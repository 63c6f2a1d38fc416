"""Cepstral coefficients in linear frequency (LFCC) and of a constant-Q transform (CQCC): what spoofing detectors see.

They are those of the baselines of ASVspoof 2019. LFCC: M. Sahidullah, T. Kinnunen and C. Hanilci, "A comparison of
features for synthetic speech detection", Interspeech 2015: pre-emphasis, Hamming windows of 20 ms every 10 ms, power
spectrum of 512 bins, 20 triangular filters evenly spaced up to half the rate, logarithm, orthonormal DCT, and
differences over three frames, once and twice. CQCC: M. Todisco, H. Delgado and N. Evans, "Constant Q cepstral
coefficients: a spoofing countermeasure for automatic speaker verification", Computer Speech & Language 45, 2017: power
in 96 bands an octave over 9 octaves, logarithm, even spacing with 16 samples in the lowest octave, DCT, and regressions
over seven frames, once and twice; 30 coefficients from the zeroth on, as in 2019.

Deviations: before it all, the ends of the recording where nobody speaks are cut off and its level is set, so that
neither silence nor level can tell speech from an attack; a floor, 60 dB below the mean power, is added to every filter,
in CQCC in proportion to its width.
"""

import functools

import numpy as np

from cocktail import levels
from cocktail.dsp import constant_q

PRE_EMPHASIS = 0.97
WINDOW_S = 0.020
FLOOR = 1e-6
"""Of a filter's output; the signal has power 1."""
EDGE_DB = 20.0
"""Frames quieter than this, below the loudest, are cut from both ends."""
SLOPE_REACH = 3
"""Frames on either side that the slopes of CQCC are of."""
SAMPLES_OF_LOWEST_OCTAVE = 16
LOWEST = 1e-12
"""Power that counts as silence."""


def lfcc(x: np.ndarray, fs: int, n_filters: int = 20) -> np.ndarray:
    """Features (3 n_filters, T) of (N,) samples: coefficients from the zeroth on, their differences, theirs again."""
    static = _dct(n_filters) @ log_bands(x, fs, n_filters)
    delta = difference(static)
    return np.concatenate([static, delta, difference(delta)])


def cqcc(x: np.ndarray, fs: int, n_coefficients: int = 30) -> np.ndarray:
    """Features (3 n_coefficients, T) of (N,) samples: coefficients from the zeroth on, their slopes, theirs again."""
    _, widths = constant_q.bands(fs)
    floor = FLOOR * widths / (fs / 2)
    spectrum = np.log(constant_q.power(normalised(x, fs), fs) + floor[:, None])
    static = constant_q.cepstral_basis(fs, n_coefficients, SAMPLES_OF_LOWEST_OCTAVE) @ spectrum
    delta = slope(static)
    return np.concatenate([static, delta, slope(delta)])


def normalised(x: np.ndarray, fs: int) -> np.ndarray:
    """(N,) from the first to the last loud frame, at power 1. Silence stays zero."""
    if levels.power(x) < LOWEST:
        return np.zeros_like(x)
    kept = x[loud(x, fs)]
    return kept / np.sqrt(levels.power(kept))


def loud(x: np.ndarray, fs: int) -> slice:
    """The samples of (N,) from the first to the last frame within EDGE_DB of the loudest one."""
    frames = np.flatnonzero(levels.active(x, fs, EDGE_DB))
    return slice(frames[0], frames[-1] + 1)


def difference(features: np.ndarray) -> np.ndarray:
    """(F, T) -> (F, T): next frame minus last one; the first and last frame are repeated beyond the ends."""
    padded = np.pad(features, [(0, 0), (1, 1)], mode="edge")
    return padded[:, 2:] - padded[:, :-2]


def slope(features: np.ndarray, reach: int = SLOPE_REACH) -> np.ndarray:
    """(F, T) -> (F, T): of the line through 2 `reach` + 1 frames; the first and last are repeated beyond the ends."""
    padded = np.pad(features, [(0, 0), (reach, reach)], mode="edge")
    lags, n = np.arange(-reach, reach + 1), features.shape[1]
    return sum(lag * padded[:, reach + lag : reach + lag + n] for lag in lags) / np.sum(lags**2)


def log_bands(x: np.ndarray, fs: int, n_bands: int) -> np.ndarray:
    """(N,) -> (n_bands, T): log power in triangular bands, evenly spaced up to half the rate."""
    power = spectrum(normalised(x, fs), fs)
    return np.log(filters(n_bands, len(power)) @ power + FLOOR)


def spectrum(x: np.ndarray, fs: int) -> np.ndarray:
    """(N,) -> (bins, T): power of what is left of 20 ms after pre-emphasis, every 10 ms."""
    size = round(WINDOW_S * fs)
    emphasised = np.append(x[:1], x[1:] - PRE_EMPHASIS * x[:-1])
    padded = np.pad(emphasised, (0, max(size - len(x), 0)))
    framed = np.lib.stride_tricks.sliding_window_view(padded, size)[:: size // 2]
    n_fft = 1 << (size - 1).bit_length()
    return (np.abs(np.fft.rfft(framed * np.hamming(size), n_fft)) ** 2 / size).T


@functools.cache
def filters(n_filters: int, n_bins: int) -> np.ndarray:
    """(n_filters, n_bins): triangles with a peak of 1 between the peaks of their neighbours."""
    edges, bins = np.linspace(0, n_bins - 1, n_filters + 2), np.arange(n_bins)
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.maximum(np.minimum(rise, fall), 0)


@functools.cache
def _dct(n):
    """(n, n): DCT of type II, orthonormal."""
    k = np.arange(n)
    basis = np.cos(np.pi * k[:, None] * (2 * k + 1) / (2 * n)) * np.sqrt(2 / n)
    basis[0] /= np.sqrt(2)
    return basis
