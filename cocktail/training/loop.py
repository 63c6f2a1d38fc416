"""The training loop: Adam, clipped gradients, the best epoch by validation loss, early stop, resumable checkpoints."""

import copy
import csv
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from cocktail.errors import CocktailError
from cocktail.training.batches import Batches, Draw
from cocktail.training.weights import save

HISTORY = "history.csv"
WORKERS = 1


@dataclass(frozen=True)
class Schedule:
    """How long and how fast."""

    epochs: int
    steps: int
    """Updates in an epoch."""
    batch: int
    learning_rate: float = 1e-3
    patience: int = 20
    """Epochs without a better validation loss before the training stops."""
    clip: float = 5.0
    """Largest norm of the gradient."""
    valid: int = 64
    """Validation examples, the same in every epoch."""


def train(
    network: torch.nn.Module,
    loss: Callable[[torch.nn.Module, dict[str, torch.Tensor]], torch.Tensor],
    examples: Draw,
    schedule: Schedule,
    *,
    folder: str | Path,
    seed: int,
    device: str = "cpu",
    stage: str = "train",
    collate=None,
) -> None:
    """Train `network` in place; at the end it holds the weights of the best epoch, in evaluation mode.

    `examples(generator, split)` draws one example of `train` or `valid`; `loss(network, batch)` is the mean over a
    batch. A training that was interrupted goes on from the checkpoint in `folder`; a stage that was finished is not
    repeated. `folder` gets a row of history.csv for every epoch. Raises CocktailError where the loss is not finite.
    """
    torch.manual_seed(seed)
    run = _Run(network.to(device), schedule, Path(folder), stage)
    common = {"seed": seed, "stage": stage, "batch": schedule.batch, "collate": collate}
    drawn = Batches(examples, split="train", workers=WORKERS, **common)
    valid = list(Batches(examples, split="valid", workers=0, **common).numbers(0, schedule.valid))
    size = schedule.steps * schedule.batch
    while not run.finished():
        epoch = run.epoch
        network.train()
        torch.manual_seed(seed + epoch)  # dropout and input noise of an epoch, resumed or not
        total = 0.0
        for step, batch in enumerate(drawn.numbers(epoch * size, size)):
            value = loss(network, _to(batch, device))
            if not torch.isfinite(value):
                raise CocktailError(f"{stage}: the loss is {value.item()} in epoch {epoch + 1}, batch {step + 1}")
            run.optimiser.zero_grad(set_to_none=True)
            value.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), schedule.clip)
            run.optimiser.step()
            total += value.item()
        network.eval()
        with torch.no_grad():
            weights = [len(next(iter(batch.values()))) for batch in valid]
            losses = [loss(network, _to(batch, device)).item() for batch in valid]
        valid_loss = sum(w * x for w, x in zip(weights, losses, strict=True)) / sum(weights)
        run.record(total / schedule.steps, valid_loss)
    network.load_state_dict(run.best)
    network.eval()


def _to(batch, device):
    return {name: x.to(device, non_blocking=True) for name, x in batch.items()}


class _Run:
    """State of one stage: what a checkpoint holds."""

    def __init__(self, network, schedule, folder, stage):
        self.network, self.schedule, self.stage = network, schedule, stage
        self.optimiser = torch.optim.Adam(network.parameters(), lr=schedule.learning_rate)
        self.path, self.history = folder / f"{stage}.checkpoint.pt", folder / HISTORY
        self.epoch, self.best_epoch, self.best_loss = 0, 0, float("inf")
        self.best = copy.deepcopy(network.state_dict())
        self.rows = []
        if self.path.exists():
            self._resume()

    def finished(self):
        return self.epoch >= self.schedule.epochs or self.epoch - self.best_epoch >= self.schedule.patience

    def record(self, train_loss, valid_loss):
        """Close an epoch: keep it if it is the best, write the checkpoint and the history."""
        self.epoch += 1
        if valid_loss < self.best_loss:
            self.best_loss, self.best_epoch = valid_loss, self.epoch
            self.best = copy.deepcopy(self.network.state_dict())
        self.rows.append({"epoch": self.epoch, "train_loss": train_loss, "valid_loss": valid_loss})
        print(f"{self.stage}: epoch {self.epoch}: train {train_loss:.5g}, valid {valid_loss:.5g}", file=sys.stderr)
        state = {
            "network": self.network.state_dict(), "optimiser": self.optimiser.state_dict(), "best": self.best,
            "epoch": self.epoch, "best_epoch": self.best_epoch, "best_loss": self.best_loss, "rows": self.rows,
        }  # fmt: skip
        save(state, self.path)
        self._write_history()

    def _resume(self):
        state = torch.load(self.path, map_location="cpu", weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.best, self.rows = state["best"], state["rows"]
        self.epoch, self.best_epoch, self.best_loss = state["epoch"], state["best_epoch"], state["best_loss"]

    def _write_history(self):
        others = []
        if self.history.exists():
            with self.history.open(newline="") as file:
                others = [row for row in csv.DictReader(file) if row["stage"] != self.stage]
        with self.history.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["stage", "epoch", "train_loss", "valid_loss"], lineterminator="\n")
            writer.writeheader()
            writer.writerows([*others, *({"stage": self.stage} | row for row in self.rows)])
