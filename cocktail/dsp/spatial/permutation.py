"""Which cluster of a bin belongs to which of another: alignment by how masks rise and fall together.

H. Sawada, S. Araki and S. Makino, "Underdetermined convolutive blind source separation via frequency bin-wise
clustering and permutation alignment", IEEE Trans. ASLP 19(3), 2011: correlations of the posteriors' sequences, first
with their means over all bins, then with those of neighbours and of bins an octave away.

Deviations: the first step begins several times, with the mean over a few neighbouring bins each, which are put in
order two and two, and keeps the best end.

Shapes: masks (F, K, T). All K! permutations are tried, which limits K to about 5.
"""

import itertools

import numpy as np

ROUNDS = 30
"""Most rounds of either step."""
GROUP = 16
"""Neighbouring bins that a mean begins with; a power of 2."""
NEAR = 3
"""Neighbours on either side in the second step."""


def alignment(masks: np.ndarray) -> np.ndarray:
    """Permutation of each bin, (F, K), to give to `ordered`; the order of the sources as a whole is arbitrary."""
    v = masks - masks.mean(-1, keepdims=True)
    norm = np.linalg.norm(v, axis=-1, keepdims=True)
    v = v / np.where(norm > 0, norm, 1.0)
    start = _merged(v)
    groups = np.split(ordered(v, start), np.arange(GROUP, len(v), GROUP))
    ends = [_settled(v, _best(v, group.mean(0)), _everywhere) for group in groups]
    best = max(ends, key=lambda order: np.sum(ordered(v, order).sum(0) ** 2))
    return _settled(v, best, _surroundings)


def ordered(masks: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Masks (F, K, T) by the permutations (F, K) of the bins."""
    return np.take_along_axis(masks, order[..., None], 1)


def _everywhere(aligned):
    return aligned.mean(0)


def _permutations(K):
    return np.array(list(itertools.permutations(range(K))))


def _best(v, towards):
    """Permutations (F, K) of v (F, K, T) that are most alike `towards` (..., K, T)."""
    options = _permutations(v.shape[1])
    alike = towards @ v.swapaxes(-1, -2)  # (F, K, K): of source i and cluster j
    score = alike[:, np.arange(v.shape[1]), options].sum(-1)  # (F, K!)
    return options[score.argmax(-1)]


def _merged(v):
    """Permutations that put groups of bins in order: pairs of neighbours, then pairs of pairs, and so on."""
    F, K, _ = v.shape
    order = np.tile(np.arange(K), (F, 1))
    for size in 2 ** np.arange(np.log2(GROUP).astype(int)):
        starts = np.arange(0, F - size, 2 * size)
        aligned = ordered(v, order)
        lower, upper = (np.stack([aligned[i + first : i + first + size].sum(0) for i in starts]) for first in (0, size))
        for i, swap in zip(starts, _best(upper, lower), strict=True):
            order[i + size : i + 2 * size] = order[i + size : i + 2 * size][:, swap]
    return order


def _settled(v, order, surroundings):
    """Each bin again and again as is most alike the `surroundings` of the others, until none changes."""
    for _ in range(ROUNDS):
        found = _best(v, surroundings(ordered(v, order)))
        if np.array_equal(found, order):
            break
        order = found
    return order


def _surroundings(aligned):
    """(F, K, T): sum over the bins near each one, and near its double and its half."""
    F = len(aligned)
    total = np.concatenate([np.zeros_like(aligned[:1]), aligned.cumsum(0)])
    f = np.arange(F)

    def around(centre, radius):
        first, last = (np.clip(edge, 0, F) for edge in (centre - radius, centre + radius + 1))
        return np.where((centre < F)[:, None, None], total[last] - total[first], 0)

    return around(f, NEAR) - aligned + around(2 * f, 1) + around(f // 2, 1)
