"""The frame of every one-channel spectral method: analyse microphone 1, track the noise, apply a gain, synthesise."""

from collections.abc import Callable

import numpy as np

from cocktail.dsp.noise.gains import Gain, a_posteriori_snr, decision_directed, mmse_lsa
from cocktail.dsp.noise.trackers import noise_psd
from cocktail.method import finite
from cocktail.stft import framing, istft, stft

PAPER_HOP_S = 0.008
"""Frame shift for which Ephraim and Malah (256 samples, 192 overlapping, 8 kHz) and Cohen (512, 384, 16 kHz) state
their smoothing constants."""
ALPHA, XI_MIN_DB = 0.98, -15.0
"""Weight of the last frame in the decision-directed rule, with frames every 8 ms, and its least a priori SNR."""
TRACKER = "minimum-statistics"


def smoothing(constant: float, hop_s: float) -> float:
    """A recursive smoothing constant of a paper with frames every 8 ms, for the same time constant at another shift."""
    return constant ** (hop_s / PAPER_HOP_S)


def decision_directed_gain(
    power: np.ndarray, noise: np.ndarray, hop_s: float, *, gain: Gain = mmse_lsa, alpha: float = ALPHA,
    xi_min_db: float = XI_MIN_DB,
) -> np.ndarray:  # fmt: skip
    """Gains (..., F, T) of the noisy power and the noise power, (..., F, T) each: by default those of MMSE-LSA."""
    gamma = a_posteriori_snr(power, noise)
    xi = decision_directed(gamma, gain=gain, alpha=smoothing(alpha, hop_s), xi_min=10 ** (xi_min_db / 10))
    return gain(xi, gamma)


def gains(
    spectrum: np.ndarray, fs: float, *, n_samples: int, size: int, hop: int, tracker: str = TRACKER,
    gain: Callable[[np.ndarray, np.ndarray, float], np.ndarray] = decision_directed_gain,
) -> np.ndarray:  # fmt: skip
    """Gains (F, T) of the spectrum (F, T) of `n_samples` samples; `tracker` and `gain` as of `enhance`."""
    power = np.abs(spectrum) ** 2
    noise = noise_psd(power, tracker=tracker, fs=fs, size=size, hop=hop, n_samples=n_samples)
    return gain(power, noise, hop / fs)


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
    applied = gains(spectrum, fs, n_samples=samples.shape[-1], size=size, hop=hop, tracker=tracker, gain=gain)
    return istft(applied[None] * spectrum, samples.shape[-1], size, hop)
