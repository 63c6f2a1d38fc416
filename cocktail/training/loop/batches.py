"""Batches of examples, drawn in processes of their own.

Example i of epoch e has a generator keyed by (seed, stage, e, i): what a network sees depends neither on the number of
workers nor on whether the training was interrupted.
"""

import math
import os
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from cocktail.errors import CocktailError
from cocktail.rng import rng

Example = dict[str, np.ndarray]
Batch = dict[str, torch.Tensor]
Draw = Callable[[np.random.Generator, str], Example]
Collate = Callable[[list[Example]], Batch]

MAX_WORKERS = 8
PREFETCH = 4
"""Batches that a worker makes ahead."""


def stack(examples: list[Example]) -> Batch:
    """Arrays of one shape side by side: {name: (B, ...)}; float64 becomes float32."""
    return {name: _tensor(np.stack([example[name] for example in examples])) for name in examples[0]}


def pad(examples: list[Example]) -> Batch:
    """As `stack`, arrays shorter along the last axis filled with zeros; `<name>_length` (B,) says how long each was."""
    batch = {}
    for name in examples[0]:
        arrays = [np.asarray(example[name]) for example in examples]
        if arrays[0].ndim:
            longest = max(x.shape[-1] for x in arrays)
            batch[f"{name}_length"] = torch.tensor([x.shape[-1] for x in arrays])
            arrays = [np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, longest - x.shape[-1])]) for x in arrays]
        batch[name] = _tensor(np.stack(arrays))
    return batch


def _tensor(x):
    return torch.from_numpy(x.astype(np.float32) if x.dtype == np.float64 else np.ascontiguousarray(x))


def workers(device: str) -> int:
    """Processes that make batches: one beside a CPU that trains, as many as there are to feed a GPU."""
    return 1 if device == "cpu" else max(1, min(MAX_WORKERS, len(os.sched_getaffinity(0)) - 1))


class Batches:
    """Batches of consecutive numbers of a split, made by `workers` processes ahead of their use (0: in this one)."""

    def __init__(self, draw: Draw, *, split: str, seed: int, stage: str, batch: int, collate: Collate | None):
        self._data = _Drawn(draw, split, seed, stage)
        self._batch, self._collate = batch, _Collate(collate or stack)

    def numbers(self, start: int, count: int, *, workers: int = 0, pin: bool = False) -> Iterator[Batch]:
        """Batches of examples `start` ... `start + count` - 1, in order.

        Raises the CocktailError with which a draw failed. Closing the iterator ends the workers.
        """
        options = {"num_workers": workers, "multiprocessing_context": "fork", "prefetch_factor": PREFETCH}
        order = _Order(start, start + count, self._batch)
        loader = DataLoader(
            self._data,
            batch_sampler=order,
            collate_fn=self._collate,
            pin_memory=pin,
            generator=torch.Generator(),  # or it would draw from the global one, on which dropout depends
            **(options if workers else {}),
        )
        for batch in loader:
            if isinstance(batch, str):
                raise CocktailError(batch)
            yield batch


class _Order:
    """Numbers of each batch in turn: what a DataLoader calls a batch sampler."""

    def __init__(self, start, stop, batch):
        self._start, self._stop, self._batch = start, stop, batch

    def __iter__(self):
        for first in range(self._start, self._stop, self._batch):
            yield list(range(first, min(first + self._batch, self._stop)))

    def __len__(self):
        return math.ceil((self._stop - self._start) / self._batch)


class _Drawn(Dataset):
    """Examples by number. A CocktailError takes the example's place, for a worker would bury it in a traceback."""

    def __init__(self, draw, split, seed, stage):
        self._draw, self._split, self._identity = draw, split, (seed, stage, split)

    def __getitem__(self, number):
        try:
            return self._draw(rng(*self._identity, number, role="example"), self._split)
        except CocktailError as error:
            return error


class _Collate:
    """Examples to a batch, or to the message of the error that stands among them."""

    def __init__(self, collate):
        self._collate = collate

    def __call__(self, examples):
        errors = [example for example in examples if isinstance(example, CocktailError)]
        return str(errors[0]) if errors else self._collate(examples)
