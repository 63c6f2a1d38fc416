"""Where the coughs of a recording are: stretches of power between two thresholds, a comparator with hysteresis.

L. Orlandic, T. Teijeiro and D. Atienza, "The COUGHVID crowdsourcing dataset, a corpus for the study of large-scale
cough analysis algorithms", Scientific Data 8:156, 2021: a cough begins where the power exceeds twice a mean and ends
where it stays below a tenth of that for 10 ms.

Deviations: the power is that of frames of 10 ms, and the mean that of the power and not of the amplitude, so that the
level does not matter. A cough also reaches back to where the power passed the lower threshold. It lasts 0.1 s or more
and is widened by 50 ms, where the paper has 0.2 s for both, which joins the coughs of a fit.
"""

import numpy as np

FRAME_S = 0.01
LOW, HIGH = 0.1, 2.0
"""Thresholds, re the mean power of the recording."""
SHORTEST_S, MARGIN_S = 0.1, 0.05


def segments(x: np.ndarray, fs: int) -> list[slice]:
    """The coughs of (N,), in order, none of which overlap; all of it where there is none."""
    size = round(FRAME_S * fs)
    n_frames = len(x) // size
    frames = np.mean(x[: n_frames * size].reshape(n_frames, size) ** 2, axis=1)
    mean = frames.mean() if n_frames else 0.0
    above = np.pad(frames > LOW * mean, 1)
    above[1:-1] |= above[:-2] & above[2:]  # a gap of one frame does not end a cough
    starts, ends = np.flatnonzero(np.diff(above.astype(int)) == 1), np.flatnonzero(np.diff(above.astype(int)) == -1)
    found: list[slice] = []
    for start, end in zip(starts, ends, strict=True):
        if (end - start) * FRAME_S < SHORTEST_S - 1e-9 or not (frames[start:end] > HIGH * mean).any():
            continue
        first, last = max(start * size - round(MARGIN_S * fs), 0), min(end * size + round(MARGIN_S * fs), len(x))
        if found and first < found[-1].stop:
            first = found[-1].stop
        found.append(slice(int(first), int(last)))
    return found or [slice(0, len(x))]
