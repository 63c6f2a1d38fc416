"""Noise power of a noisy one-channel recording, by name of the tracker.

A tracker is a function (power (..., F, T), hop_s) -> noise power (..., F, T) whose frame t depends on no later frame.
All start alike: for the first START_UP_S the noise is the mean of the frames so far, as in the papers, which take the
beginning of a recording for noise. Digital silence before it is no part of it.
"""

from collections.abc import Callable

import numpy as np

from cocktail.dsp.noise.imcra import imcra
from cocktail.dsp.noise.minimum_statistics import minimum_statistics
from cocktail.dsp.noise.mmse_spp import mmse_spp

TRACKERS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "minimum-statistics": minimum_statistics,
    "imcra": imcra,
    "mmse-spp": mmse_spp,
}


def noise_psd(
    power: np.ndarray, *, tracker: str, fs: float, size: int = 512, hop: int = 128, n_samples: int
) -> np.ndarray:
    """Noise power (..., F, T) of the noisy power (..., F, T) of cocktail.stft.stft, for `n_samples` samples.

    The first and last frames of that STFT hold less than a window of signal. Taken as they are they would pass for a
    quiet moment, which a minimum tracker then remembers for a second; so the tracker sees whole frames only, and the
    others take the nearest value. (No causality is lost: a sample of the first frames is not complete before the first
    whole frame either.) A signal begins where digital silence ends. One that is shorter than a window has no whole
    frame: all are used. Raises ValueError for a tracker that does not exist.
    """
    if tracker not in TRACKERS:
        raise ValueError(f"no noise tracker is called {tracker!r}; there are {', '.join(TRACKERS)}")
    heard = power.any(axis=tuple(range(power.ndim - 1)))
    first, end = int(heard.argmax()) + size // hop - 1, n_samples // hop
    if end <= first:
        return TRACKERS[tracker](power, hop / fs)
    noise = TRACKERS[tracker](power[..., first:end], hop / fs)
    edges = [(0, 0)] * (power.ndim - 1) + [(first, power.shape[-1] - end)]
    return np.pad(noise, edges, mode="edge")
