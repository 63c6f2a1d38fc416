"""How far ahead a method looks: change the future of its input, and see from where on its output changes."""

from collections.abc import Callable

import numpy as np

from cocktail.stft import HOP

CHANGE = 1e-6
"""Least change of the output that counts, relative to its peak."""


def look_ahead(estimate: Callable[[int | None], np.ndarray], n_samples: int, hop: int = HOP) -> tuple[int, int]:
    """Samples by which the output runs ahead of a change of the input, and the most that could have been seen.

    `estimate(start)`: the output (K, N) for an input of `n_samples` that is another one from sample `start` on, or
    unchanged for None. The worst of several places within a hop counts, as the frames of the method lie anywhere.
    """
    unchanged = estimate(None)
    threshold = CHANGE * max(np.abs(unchanged).max(), 1e-12)
    worst = 0
    for offset in (0, 1, hop // 2, hop - 1):
        start = n_samples * 5 // 8 // hop * hop + offset
        changed = np.abs(estimate(start) - unchanged).max(axis=0) > threshold
        if changed.any():
            worst = max(worst, start - int(np.argmax(changed)))
    return worst, start
