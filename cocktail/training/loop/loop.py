"""The training loop: Adam, clipped gradients, the best epoch by validation loss, early stop, resumable checkpoints."""

import contextlib
import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from cocktail.errors import CocktailError
from cocktail.rng import rng
from cocktail.training.loop.batches import Batch, Batches, Collate, Draw, workers
from cocktail.training.loop.checkpoint import Run
from cocktail.training.loop.memory import Parts, keep_freed_memory
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
    patience: int = 20
    """Epochs without a better validation loss before the training stops."""
    clip: float = 5.0
    """Largest norm of the gradient."""
    valid: int = 64
    """Validation examples, the same in every epoch."""


def train(
    network: torch.nn.Module,
    loss: Loss,
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
    batch, whose tensors lead with the batch. A training that was interrupted goes on from the checkpoint in `folder`; a
    stage that was finished is not repeated. `folder` gets a row of history.csv for every epoch. A batch that the
    device's memory does not hold is halved, its gradients being summed. Raises CocktailError where the loss or its
    gradient is not finite; the network and `<stage>.last-good.pt` then hold the best weights so far.
    """
    keep_freed_memory()
    _make_deterministic(device)
    network.to(device)
    optimiser = torch.optim.Adam(network.parameters(), lr=schedule.learning_rate)
    run = Run(network, optimiser, Path(folder), stage, seed)
    if not _finished(run, schedule):
        common = {"seed": seed, "stage": stage, "batch": schedule.batch, "collate": collate}
        valid = list(Batches(examples, split="valid", **common).numbers(0, schedule.valid))
        drawn = Batches(examples, split="train", **common)
        _Stage(run, loss, schedule, device, valid).go_on(drawn)
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

    def __init__(self, run, loss, schedule, device, valid):
        self.run, self.loss, self.schedule, self.device, self.valid = run, loss, schedule, device, valid
        self.network, self.optimiser = run.network, run.optimiser
        self.parts = Parts(run.stage, device)

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
                self._set_rate()
                train_loss = self._epoch(itertools.islice(batches, self.schedule.steps))
                valid_loss = self._validate()
                self.run.record(train_loss, valid_loss)
                self.run.progress(self.schedule.epochs)

    def _set_rate(self):
        share = self.run.epoch / max(self.schedule.epochs - 1, 1)
        for group in self.optimiser.param_groups:
            group["lr"] = self.schedule.learning_rate * self.schedule.decay**share

    def _epoch(self, batches):
        self.network.train()
        return sum(self._step(batch, number) for number, batch in enumerate(batches, 1)) / self.schedule.steps

    def _step(self, batch, number):
        def backward(part, share):
            value = share * self.loss(self.network, part)
            value.backward()
            return value.item()

        total = self.parts.total(backward, batch, begin=self.optimiser.zero_grad)
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.schedule.clip)
        for what, value in (("loss", total), ("gradient's norm", norm.item())):
            self._check(what, value, f"batch {number} of {self.schedule.steps}")
        self.optimiser.step()
        return total

    @torch.no_grad()
    def _validate(self):
        self.network.eval()
        total = 0.0
        for number, batch in enumerate(self.valid, 1):
            mean = self.parts.total(
                lambda part, share: share * self.loss(self.network, part).item(), batch, begin=_nothing
            )
            self._check("loss", mean, f"validation batch {number}")
            total += mean * _size(batch)
        return total / sum(map(_size, self.valid))

    def _check(self, what, value, where):
        if value == value and abs(value) != float("inf"):
            return
        run = self.run
        run.restore_best()
        kept = "no epoch was finished"
        if run.best_epoch:
            path = run.folder / f"{run.stage}.last-good.pt"
            save({name: x.cpu() for name, x in run.best.items()}, path)
            kept = f"the weights of epoch {run.best_epoch} are in {path.name}"
        raise CocktailError(f"{run.stage}: the {what} is {value} in epoch {run.epoch + 1}, {where}; {kept}")


def _size(batch):
    return len(next(iter(batch.values())))


def _nothing():
    pass
