"""Segments of sound between an onset and an offset.

G. Hu and D. Wang, "Auditory segmentation based on onset and offset analysis", IEEE TASLP 15(2), 2007: the intensity of
each band in dB, smoothed over time and bands, rises fastest at an onset and falls fastest at an offset; onsets of
neighbouring bands at about one time are one front, and what lies between its onsets and offsets is a segment.

Deviations: one scale of smoothing, Gaussian in both directions; the offset of an onset is the deepest fall before the
next onset of its band.
"""

from itertools import pairwise

import numpy as np

SMOOTH = (1.5, 2.0)
"""Bands and frames, standard deviations."""
RISE_DB = 0.5
"""Least slope of an onset, a frame."""
TOGETHER = 3
"""Frames that onsets of a front may be apart from one band to the next."""
FLOOR_DB = 60.0


def label(power: np.ndarray) -> np.ndarray:
    """Power (B, T) of units -> segments (B, T), numbered from 1; 0 is none."""
    from scipy.ndimage import gaussian_filter
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    level = 10 * np.log10(np.maximum(power / power.max(), 10 ** (-FLOOR_DB / 10)))
    slope = np.diff(gaussian_filter(level, SMOOTH, mode="nearest"), axis=1, prepend=-FLOOR_DB)
    pieces, first = np.zeros(power.shape, int), []
    for of_band, into in zip(slope, pieces, strict=True):
        for start, end in pairwise([*_onsets(of_band), len(of_band)]):
            first.append(start)
            into[start : _offset(of_band, start, end)] = len(first)
    if not first:
        return pieces
    links = []
    for lower, upper in pairwise(pieces):
        pairs = np.unique(np.stack([lower, upper])[:, (lower > 0) & (upper > 0)], axis=1).T - 1
        links += [pair for pair in pairs if abs(first[pair[0]] - first[pair[1]]) <= TOGETHER]
    i, j = np.array(links, int).reshape(-1, 2).T
    _, front = connected_components(
        coo_array((np.ones(len(i)), (i, j)), shape=(len(first), len(first))), directed=False
    )
    return np.concatenate([[0], front + 1])[pieces]


def _onsets(slope):
    """Frames (n,) of the peaks of the slope (T,)."""
    before, after = np.pad(slope, (1, 0))[:-1], np.pad(slope, (0, 1))[1:]
    return np.flatnonzero((slope >= RISE_DB) & (slope >= before) & (slope > after))


def _offset(slope, start, end):
    """Frame after the deepest fall between two onsets."""
    return start + 1 + int(slope[start:end].argmin())
