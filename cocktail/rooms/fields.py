"""Noise that arrives from everywhere.

`diffuse` mixes independent signals to the coherence of a diffuse field: E. A. P. Habets, I. Cohen and S. Gannot,
"Generating nonstationary multisensor signals under a spatial coherence constraint", J. Acoust. Soc. Am. 124(5), 2008.
Their mixing matrix C(f) with C C^H = Gamma(f) is not unique; the symmetric square root is taken, which is smooth over
frequency and shares every input among all microphones alike (the argument of D. Mirabilii, S. J. Schlecht and E. A. P.
Habets, J. Acoust. Soc. Am. 149(3), 2021). Where the coherence is low, every microphone hears an input of its own: right
for stationary noise alone.

`surround` is for recordings, whose level changes: each is a far source, whose response at the microphones is the late
reverberation of a large room (J.-D. Polack's model: Gaussian noise with exponential decay), with the coherence of a
diffuse field between them. So all microphones hear all recordings, and their momentary levels rise and fall together,
as in a room.

Deviations: C is applied as a set of FIR filters rather than frame by frame, so that nothing is cut at frame edges.
Fixed responses to a few sources are diffuse on average; within frames of 32 ms, six of them leave an MVDR of six
microphones 0.7 dB more than an ideal diffuse field does, as sources in a room do.
"""

import numpy as np

from cocktail.dsp.acoustics import diffuse_coherence
from cocktail.rooms.convolution import fast_length

TAPS = 1024
REVERBERATION_S = 0.5
"""Time in which the responses of far sources decay by 60 dB."""


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


def surround(signals: np.ndarray, microphones: np.ndarray, fs: float, generator: np.random.Generator) -> np.ndarray:
    """(D, N) at (D, 3) metres of K recordings, (K, preroll(fs) + N), that are heard from far away.

    One microphone hears the first recording itself.
    """
    n_taps = preroll(fs) + 1
    if len(microphones) == 1:
        return signals[:1, n_taps - 1 :].copy()
    length = fast_length(signals.shape[-1])
    responses = np.fft.rfft(far_responses(len(signals), microphones, fs, generator), length)
    heard = np.einsum("kdf,kf->df", responses, np.fft.rfft(signals, length))
    return np.fft.irfft(heard, length)[:, n_taps - 1 : signals.shape[-1]]  # earlier samples wrap around


def far_responses(n_sources: int, microphones: np.ndarray, fs: float, generator: np.random.Generator) -> np.ndarray:
    """(K, D, preroll(fs) + 1): responses at (D, 3) microphones that add up to unit power of K equal signals."""
    n_taps = preroll(fs) + 1
    decay = 10 ** (-3 * np.arange(n_taps) / n_taps)
    decay /= np.sqrt(n_sources * np.sum(decay**2))
    white = generator.standard_normal((n_sources, len(microphones), n_taps))
    return np.stack([diffuse(noise, microphones, fs) for noise in white]) * decay


def preroll(fs: float) -> int:
    """Samples that a recording must have before those that are heard in full."""
    return round(REVERBERATION_S * fs) - 1
