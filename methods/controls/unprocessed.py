"""Unprocessed: the reference microphone, once for each talker.

The lower control of every leaderboard; improvement metrics are measured from it.
Deviations: none.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.method import Method


@dataclass(frozen=True)
class Unprocessed(Method):
    """Microphone 1 as it is."""

    task = ("enhance", "separate")
    needs = frozenset({"n_sources"})
    causal = True

    def __call__(self, mixture, view):
        """mixture (D, N) -> (K, N)."""
        return np.repeat(mixture[:1], view.n_sources, axis=0)
