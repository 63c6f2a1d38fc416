"""Speech from features that have lost the phase, or all but the vocal tract: Griffin-Lim, and linear prediction.

D. W. Griffin and J. S. Lim, "Signal estimation from modified short-time Fourier transform", IEEE TASSP 32(2), 1984. J.
D. Markel and A. H. Gray, "A linear prediction vocoder simulation based upon the autocorrelation method", IEEE TASSP
22(2), 1974.

Deviations: Griffin-Lim starts from 80 mel bands, as behind a text-to-speech network, spread over the bins by the
pseudo-inverse. The vocoder takes its pitch from WORLD.
"""

import numpy as np

from cocktail import stft
from cocktail.dsp.mel import filterbank
from cocktail.spoofing.world import FRAME_MS, pitch

MEL_BANDS = 80
ITERATIONS = 60
ORDER = 18
"""Of linear prediction: two coefficients a kHz and two more."""
WINDOW_S = 0.030


def griffin_lim(x: np.ndarray, fs: int, rng: np.random.Generator) -> np.ndarray:
    """(N,) -> (N,) with the mel spectrogram of the input and a phase found by iteration from a random one."""
    weights = filterbank(MEL_BANDS, fs, stft.SIZE)
    magnitude = np.maximum(np.linalg.pinv(weights) @ (weights @ np.abs(stft.stft(x))), 0)
    phase = np.exp(2j * np.pi * rng.random(magnitude.shape))
    for _ in range(ITERATIONS):
        rebuilt = stft.stft(stft.istft(magnitude * phase, len(x)))
        phase = rebuilt / np.maximum(np.abs(rebuilt), 1e-12)
    return stft.istft(magnitude * phase, len(x))


def linear_prediction(x: np.ndarray, fs: int, rng: np.random.Generator) -> np.ndarray:
    """(N,) -> (N,): an all-pole filter every 5 ms, excited by pulses where there is voice and by noise where not."""
    from scipy.linalg import solve_toeplitz
    from scipy.signal import lfilter

    hop, size = round(FRAME_MS * fs / 1000), round(WINDOW_S * fs)
    f0 = pitch(x, fs)
    padded = np.pad(x, size // 2 + hop)
    window, state, y = np.hamming(size), np.zeros(ORDER), []
    until_pulse = 0.0
    for t in range(len(f0)):
        frame = window * padded[t * hop : t * hop + size]
        r = np.correlate(frame, frame, "full")[size - 1 : size + ORDER]
        r[0] = 1.0001 * r[0] + 1e-9  # white noise at -40 dB keeps the equations solvable
        a = solve_toeplitz(r[:-1], r[1:])
        residual = max(r[0] - a @ r[1:], 0.0) / np.sum(window**2)
        excitation, until_pulse = _excitation(f0[t], hop, fs, until_pulse, rng)
        part, state = lfilter([1.0], np.concatenate([[1.0], -a]), np.sqrt(residual) * excitation, zi=state)
        y.append(part)
    return np.concatenate(y)[: len(x)]


def _excitation(f0, n_samples, fs, until_pulse, rng):
    """(n_samples,) of power 1, and the samples until the next pulse after them."""
    if f0 == 0:
        return rng.standard_normal(n_samples), 0.0
    period, x = fs / f0, np.zeros(n_samples)
    while until_pulse < n_samples:
        x[int(until_pulse)] = np.sqrt(period)
        until_pulse += period
    return x, until_pulse - n_samples
