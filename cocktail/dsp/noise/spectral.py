"""The frame of every one-channel spectral method: analyse microphone 1, track the noise, apply a gain, synthesise."""

from collections.abc import Callable

import numpy as np

from cocktail.dsp.noise.trackers import noise_psd
from cocktail.method import finite
from cocktail.stft import framing, istft, stft

PAPER_HOP_S = 0.008
"""Frame shift for which Ephraim and Malah (256 samples, 192 overlapping, 8 kHz) and Cohen (512, 384, 16 kHz) state
their smoothing constants."""


def smoothing(constant: float, hop_s: float) -> float:
    """A recursive smoothing constant of a paper with frames every 8 ms, for the same time constant at another shift."""
    return constant ** (hop_s / PAPER_HOP_S)


def enhance(
    mixture: np.ndarray, fs: float, *, tracker: str, gain: Callable[[np.ndarray, np.ndarray, float], np.ndarray]
) -> np.ndarray:
    """Apply a spectral gain to microphone 1: (D, N) -> (1, N).

    `tracker` names a noise tracker (cocktail.dsp.noise.trackers.TRACKERS). `gain(power, noise, hop_s)` gets the noisy
    power and the noise power, each (F, T), and the frame shift in seconds, and returns gains (F, T). Raises ValueError
    for samples that are not finite.
    """
    samples = finite(mixture[:1])
    size, hop = framing(fs)
    spectrum = stft(samples, size, hop)[0]
    power = np.abs(spectrum) ** 2
    noise = noise_psd(power, tracker=tracker, fs=fs, size=size, hop=hop, n_samples=samples.shape[-1])
    return istft(gain(power, noise, hop / fs)[None] * spectrum, samples.shape[-1], size, hop)
