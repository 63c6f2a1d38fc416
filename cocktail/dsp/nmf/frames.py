"""Columns of a spectrogram: stacked with their neighbours, and drawn evenly from a stream of recordings."""

import heapq

import numpy as np

STRIDE = 2
"""Frames between stacked neighbours: adjacent frames overlap by three quarters and would say the same thing twice."""


def stack(V: np.ndarray, context: int) -> np.ndarray:
    """Stack each frame with its neighbours, zeros past the ends: (F, T) -> (context F, T); `context` is odd."""
    reach = (context - 1) // 2 * STRIDE
    padded = np.pad(V, ((0, 0), (reach, reach)))
    return np.concatenate([padded[:, k * STRIDE : k * STRIDE + V.shape[1]] for k in range(context)])


def unstack(V: np.ndarray, context: int) -> np.ndarray:
    """Mean over the columns that each frame is in: (context F, T) -> (F, T); undoes `stack`."""
    parts = V.reshape(context, -1, V.shape[1])
    reach, n_frames = (context - 1) // 2 * STRIDE, V.shape[1]
    total, count = np.zeros((parts.shape[1], n_frames + 2 * reach), V.dtype), np.zeros(n_frames + 2 * reach, V.dtype)
    for k in range(context):
        total[:, k * STRIDE : k * STRIDE + n_frames] += parts[k]
        count[k * STRIDE : k * STRIDE + n_frames] += 1
    return (total / np.maximum(count, 1))[:, reach : reach + n_frames]


class Reservoir:
    """A uniform sample of columns of a stream whose length nobody knows (J. S. Vitter, ACM TOMS 11(1), 1985)."""

    def __init__(self, capacity: int, rng: np.random.Generator):
        self._capacity, self._rng = capacity, rng
        self._kept, self._seen = None, 0

    def add(self, columns: np.ndarray) -> None:
        """Offer columns (F, n)."""
        if self._kept is None:
            self._kept = np.empty((len(columns), self._capacity), columns.dtype)
        index = np.arange(self._seen, self._seen + columns.shape[1])
        slot = np.where(index < self._capacity, index, self._rng.integers(0, index + 1))
        inside = slot < self._capacity
        self._kept[:, slot[inside]] = columns[:, inside]
        self._seen += columns.shape[1]

    def columns(self) -> np.ndarray:
        """The sample, (F, at most capacity). Raises ValueError where nothing was offered."""
        if not self._seen:
            raise ValueError("there is no sound to learn from")
        return self._kept[:, : self._seen]


class RecordingReservoir:
    """A uniform sample of the recordings of a stream: those with the smallest of random keys, as many as reach a number
    of frames.

    P. S. Efraimidis and P. G. Spirakis, Information Processing Letters 97(5), 2006.
    """

    def __init__(self, capacity: int, rng: np.random.Generator):
        self._capacity, self._rng = capacity, rng
        self._kept: list[tuple[float, int, np.ndarray]] = []
        self._seen, self._frames = 0, 0

    def add(self, V: np.ndarray) -> None:
        """Offer a recording's spectrogram (F, T)."""
        self._seen += 1
        heapq.heappush(self._kept, (-self._rng.random(), self._seen, V))
        self._frames += V.shape[1]
        while self._frames - self._kept[0][2].shape[1] >= self._capacity:  # enough without the largest key
            self._frames -= heapq.heappop(self._kept)[2].shape[1]

    def recordings(self) -> list[np.ndarray]:
        """The sample in the order of its stream, (F, T) each. Raises ValueError where nothing was offered."""
        if not self._kept:
            raise ValueError("there is no sound to learn from")
        return [V for _, _, V in sorted(self._kept, key=_number)]


def _number(kept):
    return kept[1]
