"""Memory in training: what a step frees is kept for the next; too large a batch is worked through in portions."""

import ctypes
import math
import os
import sys
from collections.abc import Callable

import torch

from cocktail.errors import CocktailError
from cocktail.runtime.log import say
from cocktail.training.loop.batches import Batch

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's parameters (malloc.h)."""
LARGEST_MMAP_THRESHOLD = 2**25
"""Bytes; glibc refuses more (mallopt(3), DEFAULT_MMAP_THRESHOLD_MAX on 64 bits)."""


def keep_freed_memory() -> None:
    """Have this process, and those forked from it, reuse freed memory instead of handing it back to the system.

    By default glibc gives tens of megabytes of activations back after a step and asks for them again in the next; the
    system then clears every page anew, a quarter of the time of a small network's step. Nothing changes with an
    allocator other than glibc's, nor where the user has set its variables MALLOC_TRIM_THRESHOLD_ or
    MALLOC_MMAP_THRESHOLD_.
    """
    if not sys.platform.startswith("linux") or {"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"} & os.environ.keys():
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(TRIM_THRESHOLD, ctypes.c_int(2**31 - 1))
        mallopt(MMAP_THRESHOLD, ctypes.c_int(LARGEST_MMAP_THRESHOLD))


class Portions:
    """Works batches through in as many portions as the memory asks for; once halved, they stay halved."""

    def __init__(self, stage: str, device: str):
        self.stage, self.device, self.count = stage, device, 1

    def total(self, function: Callable[[Batch, float], float], batch: Batch, begin: Callable[[], None]) -> float:
        """Sum of `function(portion, its share of the batch)` over a batch, whose tensors lead with B.

        A portion is on the device while it is worked on, the batch need not be. What was done before memory ran out is
        undone by `begin`, which is called before the first portion. Raises CocktailError where one example alone is too
        much.
        """
        size = len(next(iter(batch.values())))
        while True:
            begin()
            try:
                return sum(function(portion, n / size) for portion, n in self._split(batch, size))
            except torch.OutOfMemoryError as error:
                if self.count >= size:
                    message = f"{self.stage}: the device's memory does not hold a single example: {error}"
                    raise CocktailError(message) from error
            self.count *= 2  # outside of the handler, whose traceback holds on to the tensors
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            say(f"{self.stage}: out of memory; batches of {size} are halved to {math.ceil(size / self.count)} examples")

    def _split(self, batch, size):
        step = math.ceil(size / self.count)
        for first in range(0, size, step):
            n = min(step, size - first)
            yield {name: x[first : first + n].to(self.device, non_blocking=True) for name, x in batch.items()}, n
