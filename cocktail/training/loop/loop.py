"""The training loop: Adam, clipped gradients, the best epoch by validation loss, early stop, resumable checkpoints.

A step updates the whole network by one loss, or named parts of it in turn, each by a loss and an optimiser of its own.
"""

import contextlib
import itertools
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from cocktail.errors import CocktailError
from cocktail.rng import rng
from cocktail.training.loop.batches import Batch, Batches, Collate, Draw, workers
from cocktail.training.loop.checkpoint import Run
from cocktail.training.loop.memory import Portions, keep_freed_memory
from cocktail.training.loop.weights import save

Loss = Callable[[torch.nn.Module, Batch], torch.Tensor]


@dataclass(frozen=True)
class Schedule:
    """How long and how fast."""

    epochs: int
    steps: int
    """Updates in an epoch."""
    batch: int
    learning_rate: float = 1e-3
    """That of the first epoch."""
    decay: float = 1.0
    """Learning rate of the last epoch over that of the first; it falls geometrically between them."""
    cosine: bool = False
    """It falls along half a cosine instead."""
    patience: int = 20
    """Epochs without a better validation loss before the training stops."""
    clip: float = 5.0
    """Largest norm of the gradient."""
    valid: int = 64
    """Validation examples, the same in every epoch."""


@dataclass(frozen=True)
class Update:
    """What each step changes, and by which loss; the gradients that a loss has elsewhere are dropped."""

    name: str
    """Of the part, for history.csv and messages."""
    part: torch.nn.Module
    """The network, or a part of it."""
    loss: Loss
    """(network, batch) -> the mean over the batch."""
    learning_rate: float | None = None
    """That of the first epoch; None: that of the schedule."""


def train(
    network: torch.nn.Module,
    loss: Loss | Sequence[Update],
    examples: Draw,
    schedule: Schedule,
    *,
    folder: str | Path,
    seed: int,
    device: str = "cpu",
    stage: str = "train",
    collate: Collate | None = None,
) -> None:
    """Train `network` in place; at the end it holds the weights of the best epoch, in evaluation mode.

    `examples(generator, split)` draws one example of `train` or `valid`; `loss(network, batch)` is the mean over a
    batch, whose tensors lead with the batch. Where `loss` is a sequence of updates, each step makes them in turn on the
    same batch, and the validation loss of the first one decides which epoch is the best.

    A training that was interrupted goes on from the checkpoint in `folder`; a stage that was finished is not repeated.
    `folder` gets a row of history.csv for every epoch. A batch that the device's memory does not hold is halved, its
    gradients being summed. Raises CocktailError where a loss or its gradient is not finite; the network and
    `<stage>.last-good.pt` then hold the best weights so far.
    """
    keep_freed_memory()
    _make_deterministic(device)
    network.to(device)
    updates = [Update("", network, loss)] if callable(loss) else list(loss)
    optimisers = [
        torch.optim.Adam(update.part.parameters(), lr=update.learning_rate or schedule.learning_rate)
        for update in updates
    ]
    run = Run(network, optimisers, Path(folder), stage, seed)
    if not _finished(run, schedule):
        common = {"seed": seed, "stage": stage, "batch": schedule.batch, "collate": collate}
        valid = list(Batches(examples, split="valid", **common).numbers(0, schedule.valid))
        drawn = Batches(examples, split="train", **common)
        _Stage(run, updates, schedule, device, valid).go_on(drawn)
    run.restore_best()
    network.eval()


def _finished(run, schedule):
    return run.epoch >= schedule.epochs or run.epoch - run.best_epoch >= schedule.patience


def _make_deterministic(device):
    if device != "cpu":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # recurrent layers otherwise add in any order
        torch.backends.cudnn.deterministic = True


class _Stage:
    """One stage of a training at work."""

    def __init__(self, run, updates, schedule, device, valid):
        self.run, self.updates, self.schedule, self.device, self.valid = run, updates, schedule, device, valid
        self.network, self.optimisers = run.network, run.optimisers
        self.portions = Portions(run.stage, device)

    def go_on(self, drawn):
        """Epoch after epoch until the training is finished."""
        size = self.schedule.steps * self.schedule.batch
        remaining = drawn.numbers(
            self.run.epoch * size,
            (self.schedule.epochs - self.run.epoch) * size,
            workers=workers(self.device),
            pin=self.device != "cpu",
        )
        with contextlib.closing(remaining) as batches:
            while not _finished(self.run, self.schedule):
                # Dropout and the like depend on the epoch, not on whether the training was interrupted.
                torch.manual_seed(int(rng(self.run.seed, self.run.stage, self.run.epoch, role="torch").integers(2**62)))
                self._set_rates()
                train_losses = self._epoch(itertools.islice(batches, self.schedule.steps))
                valid_losses = self._validate()
                names = [update.name for update in self.updates]
                self.run.record(
                    dict(zip(names, train_losses, strict=True)), dict(zip(names, valid_losses, strict=True))
                )
                self.run.progress(self.schedule.epochs)

    def _set_rates(self):
        share, decay = self.run.epoch / max(self.schedule.epochs - 1, 1), self.schedule.decay
        factor = decay + (1 - decay) * (1 + math.cos(math.pi * share)) / 2 if self.schedule.cosine else decay**share
        for update, optimiser in zip(self.updates, self.optimisers, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = (update.learning_rate or self.schedule.learning_rate) * factor

    def _epoch(self, batches):
        """Mean loss of each update."""
        self.network.train()
        totals = [0.0] * len(self.updates)
        for number, batch in enumerate(batches, 1):
            for i, (update, optimiser) in enumerate(zip(self.updates, self.optimisers, strict=True)):
                totals[i] += self._step(update, optimiser, batch, f"batch {number} of {self.schedule.steps}")
        return [total / self.schedule.steps for total in totals]

    def _step(self, update, optimiser, batch, where):
        def backward(portion, share):
            value = share * update.loss(self.network, portion)
            value.backward()
            return value.item()

        total = self.portions.total(backward, batch, begin=self.network.zero_grad)
        norm = torch.nn.utils.clip_grad_norm_(update.part.parameters(), self.schedule.clip)
        for what, value in (("loss", total), ("gradient's norm", norm.item())):
            self._check(update, what, value, where)
        optimiser.step()
        return total

    @torch.no_grad()
    def _validate(self):
        """Mean loss of each update over the validation examples."""
        self.network.eval()
        totals = [0.0] * len(self.updates)
        for number, batch in enumerate(self.valid, 1):
            for i, update in enumerate(self.updates):
                mean = self.portions.total(
                    lambda portion, share, update=update: share * update.loss(self.network, portion).item(),
                    batch, begin=_nothing,
                )  # fmt: skip
                self._check(update, "loss", mean, f"validation batch {number}")
                totals[i] += mean * _size(batch)
        return [total / sum(map(_size, self.valid)) for total in totals]

    def _check(self, update, what, value, where):
        if math.isfinite(value):
            return
        run = self.run
        run.restore_best()
        kept = "no epoch was finished"
        if run.best_epoch:
            path = run.folder / f"{run.stage}.last-good.pt"
            save({name: x.cpu() for name, x in run.best.items()}, path)
            kept = f"the weights of epoch {run.best_epoch} are in {path.name}"
        whose = f" of '{update.name}'" if update.name else ""
        raise CocktailError(f"{run.stage}: the {what}{whose} is {value} in epoch {run.epoch + 1}, {where}; {kept}")


def _size(batch):
    return len(next(iter(batch.values())))


def _nothing():
    pass
