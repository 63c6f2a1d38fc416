"""Batches of examples, drawn in processes of their own.

Example i of epoch e has a generator keyed by (seed, stage, e, i): what a network sees depends neither on the number of
workers nor on whether the training was interrupted.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from cocktail.rng import rng

Example = dict[str, np.ndarray]
Draw = Callable[[np.random.Generator, str], Example]


class Drawn(Dataset):
    """Examples by number; number n of the train split belongs to epoch n // size."""

    def __init__(self, draw: Draw, *, split: str, seed: int, stage: str):
        self.draw, self.split, self.seed, self.stage = draw, split, seed, stage

    def __getitem__(self, number: int) -> Example:
        return self.draw(rng(self.seed, self.stage, self.split, number, role="example"), self.split)


def stack(examples: list[Example]) -> dict[str, torch.Tensor]:
    """Arrays of one shape side by side: {name: (B, ...)}; float64 becomes float32."""
    return {name: _tensor(np.stack([example[name] for example in examples])) for name in examples[0]}


def pad(examples: list[Example]) -> dict[str, torch.Tensor]:
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


class Batches:
    """Batches of consecutive numbers of a split, made by `workers` processes ahead of their use."""

    def __init__(self, draw: Draw, *, split: str, seed: int, stage: str, batch: int, collate, workers: int):
        self._data = Drawn(draw, split=split, seed=seed, stage=stage)
        self._batch, self._collate, self._workers = batch, collate or stack, workers

    def numbers(self, start: int, count: int) -> Iterator[dict[str, torch.Tensor]]:
        """Batches of examples `start` ... `start + count` - 1, in order."""
        order = [list(range(i, min(i + self._batch, start + count))) for i in range(start, start + count, self._batch)]
        workers = {"num_workers": self._workers, "multiprocessing_context": "fork"} if self._workers else {}
        yield from DataLoader(self._data, batch_sampler=order, collate_fn=self._collate, **workers)
