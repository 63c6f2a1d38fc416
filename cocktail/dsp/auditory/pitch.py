"""Pitch by autocorrelation in the bands of a filter bank, and how periodic each band is at it.

G. Hu and D. Wang, "A tandem algorithm for pitch estimation and voiced speech segregation", IEEE TASLP 18(8), 2010,
section II: the normalised autocorrelations of a band's output and of its envelope in every frame. The pitch of a frame
is the lag at which their sum over bands is largest, as in the summary correlogram of R. Meddis and M. J. Hewitt,
"Virtual pitch and phase sensitivity of a computer model of the auditory periphery", JASA 89(6), 1991.

Deviations: one pitch in every frame, voiced or not, and no continuity from frame to frame.
"""

import numpy as np

from cocktail.dsp.auditory.modulation import framed

LOW_HZ, HIGH_HZ = 80.0, 400.0
OCTAVE_COST = 0.05
"""By which the mean autocorrelation at twice the lag must be larger, for multiples of a period are periods, too: P.
Boersma, "Accurate short-term analysis of the fundamental frequency", IFA Proceedings 17, 1993."""


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


def track(correlogram: np.ndarray, lag: np.ndarray, fs: float) -> np.ndarray:
    """Pitch (T,) in Hz from the mean autocorrelation (T, lags) over bands."""
    return fs / lag[(correlogram - OCTAVE_COST * np.log2(lag)).argmax(axis=1)]
