"""Noise that arrives from everywhere: several independent signals mixed to the coherence of a diffuse field.

E. A. P. Habets, I. Cohen and S. Gannot, "Generating nonstationary multisensor signals under a spatial coherence
constraint", J. Acoust. Soc. Am. 124(5), 2008. Their mixing matrix C(f) with C C^H = Gamma(f) is not unique; the
symmetric square root is taken, which is smooth over frequency and shares every input among all microphones alike (the
argument of D. Mirabilii, S. J. Schlecht and E. A. P. Habets, J. Acoust. Soc. Am. 149(3), 2021).

Deviations: C is applied as a set of FIR filters rather than frame by frame, so that nothing is cut at frame edges.
"""

import numpy as np

from cocktail.dsp.acoustics import diffuse_coherence
from cocktail.rooms.convolution import fast_length

TAPS = 1024


def diffuse(signals: np.ndarray, microphones: np.ndarray, fs: float) -> np.ndarray:
    """Mix (D, N) independent signals of equal power and spectrum into (D, N) of a diffuse field at (D, 3) metres."""
    n_channels, n_samples = signals.shape
    if n_channels == 1:
        return signals.copy()
    taps = mixing_filters(microphones, fs)
    length = fast_length(n_samples + TAPS - 1)
    mixed = np.einsum("dcf,cf->df", np.fft.rfft(taps, length), np.fft.rfft(signals, length))
    return np.fft.irfft(mixed, length)[:, TAPS // 2 : TAPS // 2 + n_samples]


def mixing_filters(microphones: np.ndarray, fs: float) -> np.ndarray:
    """(D, D, TAPS): filters from independent signals (second axis) to (D, 3) microphones, late by TAPS // 2 samples."""
    gamma = diffuse_coherence(microphones, np.fft.rfftfreq(TAPS, 1 / fs))
    value, vector = np.linalg.eigh(gamma)
    root = np.einsum("fde,fe,fce->dcf", vector, np.sqrt(np.maximum(value, 0)), vector)
    return np.roll(np.fft.irfft(root, TAPS), TAPS // 2, axis=-1)
