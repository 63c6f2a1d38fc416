"""Decoded samples kept in memory."""

from collections.abc import Callable, Hashable, Iterable

import numpy as np

MEMORY = 2**30
"""Bytes that are kept; what does not fit is decoded again whenever it is drawn."""


class Memory:
    """Samples as float32, kept as far as `limit` (bytes) goes. `read`: what is asked for -> (N,).

    A process that forks takes what is kept with it; nothing is open.
    """

    def __init__(self, read: Callable[[Hashable], np.ndarray], limit: int = MEMORY):
        self._read, self._free = read, limit
        self._kept: dict[Hashable, np.ndarray] = {}

    def fill(self, keys: Iterable[Hashable]) -> None:
        """Read ahead, in order, up to the first that does not fit: processes that are forked later share it all."""
        for key in keys:
            self[key]
            if key not in self._kept:
                return

    def __getitem__(self, key: Hashable) -> np.ndarray:
        if key in self._kept:
            return self._kept[key]
        x = np.ascontiguousarray(self._read(key), np.float32)
        if x.nbytes <= self._free:
            self._free -= x.nbytes
            self._kept[key] = x
        return x
