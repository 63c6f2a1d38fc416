"""Pitch by autocorrelation in the bands of a filter bank, and how periodic each band is at it.

G. Hu and D. Wang, "A tandem algorithm for pitch estimation and voiced speech segregation", IEEE TASLP 18(8), 2010,
section II: the normalised autocorrelations of a band's output and of its envelope in every frame. The pitch of a frame
is the lag at which their sum over bands is largest, as in the summary correlogram of R. Meddis and M. J. Hewitt,
"Virtual pitch and phase sensitivity of a computer model of the auditory periphery", JASA 89(6), 1991.

Features of a unit at that lag are those of Z. Jin and D. Wang, "A supervised learning approach to monaural segregation
of reverberant speech", IEEE TASLP 17(4), 2009.

Deviations: frames are those of cocktail.stft; one pitch in every frame, voiced or not, from 80 to 400 Hz, and no
continuity from frame to frame. An envelope is the rectified output; only for its mean frequency is it filtered.
"""

import numpy as np

from cocktail.dsp.auditory.gammatone import filtered
from cocktail.dsp.auditory.modulation import framed
from cocktail.stft import framing

LOW_HZ, HIGH_HZ = 80.0, 400.0
OCTAVE_COST = 0.05
"""By which the mean autocorrelation at twice the lag must be larger, for multiples of a period are periods, too: P.
Boersma, "Accurate short-term analysis of the fundamental frequency", IFA Proceedings 17, 1993."""

MODULATION_HZ = 550.0
"""Highest frequency of an envelope that counts (Hu and Wang)."""


def lags(fs: float) -> np.ndarray:
    """Lags of possible pitches, in samples."""
    return np.arange(int(fs / HIGH_HZ), int(fs / LOW_HZ) + 1)


def autocorrelation(x: np.ndarray, size: int, hop: int, lag: np.ndarray) -> np.ndarray:
    """(N,) -> (T, len(lag)) float32: of frames less their mean, relative to lag 0 and to the overlap."""
    from scipy.fft import irfft, rfft

    frames = framed(x.astype(np.float32), size, hop)
    frames = frames - frames.mean(-1, keepdims=True)
    r = irfft(np.abs(rfft(frames, 2 * size)) ** 2)
    return r[:, lag] / (r[:, :1] + np.finfo(np.float32).tiny) / (1 - lag / size).astype(np.float32)


def strongest(correlogram: np.ndarray, lag: np.ndarray) -> np.ndarray:
    """Index (T,) of the lag that is the period of a frame, from the mean autocorrelation (T, lags) over bands."""
    return (correlogram - OCTAVE_COST * np.log2(lag)).argmax(axis=1)


def mean_frequency(x: np.ndarray, size: int, hop: int, fs: float, high_hz: float) -> np.ndarray:
    """(N,) -> (T,) Hz: the root of the mean square frequency up to `high_hz` of frames less their mean.

    It is half the rate of zero crossings (S. O. Rice, "Mathematical analysis of random noise", 1945).
    """
    frames = framed(x.astype(np.float32), size, hop)
    power = np.abs(np.fft.rfft((frames - frames.mean(-1, keepdims=True)) * np.hanning(size).astype(np.float32))) ** 2
    hz = np.fft.rfftfreq(size, 1 / fs)
    power = power[:, hz <= high_hz]
    return np.sqrt(power @ hz[hz <= high_hz] ** 2 / (power.sum(-1) + np.finfo(np.float32).tiny))


def features(samples: np.ndarray, responses: np.ndarray, fs: float) -> np.ndarray:
    """Samples (N,) -> (B, T, 6): how well the units of each band agree with the pitch of the summary correlogram.

    Three of a band's output, and three of its envelope: the autocorrelation at the pitch's lag; the number of periods
    of the unit's own mean frequency in that lag, less the nearest integer; and that integer.
    """
    size, hop = framing(fs)
    lag = lags(fs)
    correlograms, periods = [], []
    for band in filtered(samples, responses):
        signals = ((band, fs / 2), (np.abs(band), MODULATION_HZ))
        correlograms.append([autocorrelation(x, size, hop, lag) for x, _ in signals])
        periods.append([mean_frequency(x, size, hop, fs, high_hz) / fs for x, high_hz in signals])
    correlograms = np.array(correlograms)  # (B, 2, T, lags)
    at = strongest(correlograms.mean((0, 1)), lag)
    agree = np.take_along_axis(correlograms, at[None, None, :, None], axis=-1)[..., 0]  # (B, 2, T)
    turns = np.array(periods) * lag[at]
    numbers = np.stack([agree, turns - np.round(turns), np.round(turns)], axis=-1)  # (B, 2, T, 3)
    return numbers.swapaxes(1, 2).reshape(len(numbers), -1, 6)
