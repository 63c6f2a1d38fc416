"""Levels of speech and noise, and stretches cut from recordings."""

import math

import numpy as np

FRAME_S = 0.020
RANGE_DB = 40.0
"""Frames within this of the loudest one are active speech: the rule of STOI (C. H. Taal et al., IEEE TASLP 19(7),
2011)."""

PEAK = (0.5, 0.9)
"""The loudest sample of a scene, of full scale: drawn anew for every scene."""

HEARD, TRIES = 0.01, 8
"""Noise whose power during speech is below this share of its mean power is cut elsewhere, at most so many times."""

_FADE_S = 0.020


def active(x: np.ndarray, fs: int, range_db: float = RANGE_DB) -> np.ndarray:
    """(N,) -> (N,) bool: samples in frames of 20 ms whose power is within `range_db` of the loudest frame's."""
    size = round(FRAME_S * fs)
    framed = np.pad(x, (0, -len(x) % size)).reshape(-1, size)
    power = np.mean(framed**2, axis=1)
    return np.repeat(power > power.max() * 10 ** (-range_db / 10), size)[: len(x)]


def power(x: np.ndarray, where: np.ndarray | None = None) -> float:
    """Mean square of (N,), over the samples `where` (N,) is true."""
    return float(np.mean(np.square(x if where is None else x[where])))


def levelled(x: np.ndarray, level_db: float, peak: float) -> np.ndarray:
    """(N,) at `level_db` re full scale, or less loud where its largest sample would pass `peak`."""
    return x * min(10 ** (level_db / 20) / np.sqrt(np.mean(x**2)), peak / np.abs(x).max())


def stretch(recording: np.ndarray, start: int, n_samples: int, fs: int) -> np.ndarray:
    """(n_samples,) from sample `start`, which may be negative, of the recording repeated for ever.

    Digital silence at its ends is left out first, and repetitions are cross-faded over 20 ms.
    """
    return wrapped(loop(recording, fs), start, n_samples)


def loop(recording: np.ndarray, fs: int) -> np.ndarray:
    """The recording (N,) as a loop without a seam: its silent ends left out, its end faded into its beginning.

    Empty where the recording is silent.
    """
    sound = np.flatnonzero(recording)
    if len(sound) == 0:
        return recording[:0].copy()
    kept = recording[sound[0] : sound[-1] + 1]
    fade = min(round(_FADE_S * fs), len(kept) // 4)
    rise = np.sin(np.pi / 2 * (np.arange(fade) + 0.5) / max(fade, 1)).astype(kept.dtype)
    looped = kept[: len(kept) - fade].copy()
    looped[:fade] = looped[:fade] * rise + kept[len(kept) - fade :] * rise[::-1]
    return looped


def wrapped(looped: np.ndarray, start: int, n_samples: int) -> np.ndarray:
    """(n_samples,) from sample `start`, which may be negative, of a loop; zeros where it is empty."""
    if len(looped) == 0:
        return np.zeros(n_samples, looped.dtype)
    start %= len(looped)
    turns = math.ceil((start + n_samples) / len(looped))
    return (looped if turns == 1 else np.tile(looped, turns))[start : start + n_samples]
