"""Units of a gammatone bank: their power, how periodic they are at each lag, and how like those of the next band.

G. Hu and D. Wang, "A tandem algorithm for pitch estimation and voiced speech segregation", IEEE TASLP 18(8), 2010,
section II: normalised autocorrelations of a band's output and of its envelope, and their correlations across bands. Low
bands resolve harmonics, and their output has the period; in high ones several harmonics beat, and the envelope has it.

Deviations: frames are those of cocktail.stft; bands are advanced by their delay; envelopes are magnitudes of complex
outputs, where the paper's are rectified and filtered. The probability that a unit is of a sound of a period is a
logistic function of one autocorrelation, or of both between the low and the high bands. The paper trains a network for
each band on both and on the mean frequencies of output and envelope; nothing is learnt here.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.auditory import gammatone
from cocktail.dsp.auditory.modulation import framed
from cocktail.dsp.auditory.pitch import lags
from cocktail.stft import framing, n_frames, window

RESOLVED_HZ, UNRESOLVED_HZ = 1000.0, 2000.0
"""Below the first, a band's output counts; above the second, its envelope; between them, both."""
OUTPUT, ENVELOPE = (0.85, 0.06), (0.7, 0.1)
"""The autocorrelation that has a probability of one half, and the width of the logistic function. Thresholds of G. Hu
and D. Wang, "Monaural speech segregation based on pitch tracking and amplitude modulation", IEEE TNN 15(5), 2004."""


@dataclass(frozen=True)
class Units:
    """Of a mixture: B bands, T frames, L lags."""

    power: np.ndarray
    """(B, T), their mean is 1."""
    periodic: np.ndarray
    """(B, T, L) float32: probability that the unit is of a sound with this period."""
    alike: np.ndarray
    """(B, T): correlation of its autocorrelation with that of the next band, from -1 to 1."""
    centres: np.ndarray
    """(B,) Hz."""
    lag: np.ndarray
    """(L,) samples."""
    fs: float


QUIET = 1e-5
"""Least geometric mean of both parts' energies, relative to a frame's: below, products are errors of rounding."""


def normalised(frames: np.ndarray, lag: np.ndarray) -> np.ndarray:
    """Frames (T, size) -> (T, len(lag)): autocorrelations over the geometric mean of both parts' energies."""
    from scipy.fft import irfft, rfft

    size = frames.shape[-1]
    products = irfft(np.abs(rfft(frames, 2 * size)) ** 2)[:, lag]
    energy = np.cumsum(frames**2, axis=-1, dtype=float)
    both = energy[:, size - 1 - lag] * (energy[:, -1:] - energy[:, lag - 1])
    least = QUIET * energy[:, -1:] + np.finfo(np.float32).tiny
    return products / np.maximum(np.sqrt(both), least).astype(frames.dtype)


def analyse(samples: np.ndarray, fs: float, centres: np.ndarray) -> Units:
    """Units of a mixture (N,) that is not silent."""
    from scipy.special import expit

    size, hop = framing(fs)
    lag = lags(fs)
    samples = samples / np.sqrt(np.mean(samples**2))
    power, alike, last = [], [], None
    periodic = np.empty((len(centres), n_frames(len(samples), size, hop), len(lag)), np.float32)
    octaves = np.log2(centres / RESOLVED_HZ) / np.log2(UNRESOLVED_HZ / RESOLVED_HZ)
    for b, (band, high) in enumerate(
        zip(gammatone.analytic(samples, centres, fs), np.clip(octaves, 0, 1), strict=True)
    ):
        output, envelope = (framed(x.astype(np.float32), size, hop) for x in (band.real, np.abs(band)))
        power.append(np.sum((output * window(size)) ** 2, axis=-1))
        of_output = normalised(output, lag)
        of_envelope = normalised(envelope - envelope.mean(-1, keepdims=True), lag)
        evidence = sum(
            share * (x - half) / width
            for share, x, (half, width) in ((1 - high, of_output, OUTPUT), (high, of_envelope, ENVELOPE))
        )
        periodic[b] = expit(evidence)
        shape = np.stack([_standard(of_output), _standard(of_envelope)])
        if last is not None:
            both = np.mean(last * shape, axis=-1)  # (2, T)
            alike.append(both[0] * (1 - high) + both[1] * high)
        last = shape
    alike.append(alike[-1])
    power = np.array(power)
    return Units(power / power.mean(), periodic, np.array(alike), centres, lag, fs)


def _standard(x):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-12)
