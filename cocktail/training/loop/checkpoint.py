"""The state of a training after each epoch, on disk: it goes on from there after whatever stopped it."""

import copy
import csv
import itertools
import pickle
import time
from pathlib import Path

import torch

from cocktail.runtime.log import say
from cocktail.training.history import HISTORY
from cocktail.training.loop.weights import save

SAY_EVERY_S = 5.0
"""Between two lines of progress."""

_BROKEN = (OSError, RuntimeError, EOFError, KeyError, ValueError, TypeError, AttributeError, pickle.UnpicklingError)


class Run:
    """One stage of a training, after `epoch` epochs. Attributes are what a checkpoint holds."""

    def __init__(
        self, network: torch.nn.Module, optimisers: list[torch.optim.Optimizer], folder: Path, stage: str, seed: int
    ):  # fmt: skip
        self.network, self.optimisers, self.stage, self.seed = network, optimisers, stage, seed
        self.folder, self.path = folder, folder / f"{stage}.checkpoint.pt"
        self.epoch, self.best_epoch, self.best_loss = 0, 0, float("inf")
        self.best = copy.deepcopy(network.state_dict())
        self.rows: list[dict] = []
        self._said = time.monotonic()
        if self.path.exists():
            self._resume()

    def record(self, train_losses: dict[str, float], valid_losses: dict[str, float]) -> None:
        """Close an epoch: keep its weights if they are the best, write the checkpoint and history.csv.

        Losses by the name of the update; the first one of validation decides.
        """
        self.epoch += 1
        valid_loss = next(iter(valid_losses.values()))
        if valid_loss < self.best_loss:
            self.best_loss, self.best_epoch = valid_loss, self.epoch
            self.best = copy.deepcopy(self.network.state_dict())
        row = {"epoch": self.epoch, "train_loss": next(iter(train_losses.values())), "valid_loss": valid_loss}
        for name in list(train_losses)[1:]:
            row |= {f"{name}_train_loss": train_losses[name], f"{name}_valid_loss": valid_losses[name]}
        self.rows.append(row)
        names = ("epoch", "best_epoch", "best_loss", "best", "rows", "seed")
        state = {name: getattr(self, name) for name in names}
        optimisers = [optimiser.state_dict() for optimiser in self.optimisers]
        save(state | {"network": self.network.state_dict(), "optimisers": optimisers}, self.path)
        self._write_history()

    def progress(self, epochs: int) -> None:
        """Say where the training is, every few seconds."""
        if time.monotonic() - self._said < SAY_EVERY_S:
            return
        self._said = time.monotonic()
        last = self.rows[-1]
        say(
            f"{self.stage}: epoch {self.epoch} of {epochs}, loss {last['train_loss']:.4g}, validation "
            f"{last['valid_loss']:.4g}, best {self.best_loss:.4g} in epoch {self.best_epoch}",
            progress=True,
        )

    def restore_best(self) -> None:
        """The best weights back into the network."""
        self.network.load_state_dict(self.best)

    def _resume(self):
        before = copy.deepcopy(self.network.state_dict())
        fresh = [copy.deepcopy(optimiser.state_dict()) for optimiser in self.optimisers]
        try:
            state = torch.load(self.path, map_location="cpu", weights_only=True)
            if state["seed"] != self.seed:
                raise ValueError(f"it is of a training with the seed {state['seed']}")
            self.network.load_state_dict(state["network"])
            self._load_optimisers(state["optimisers"])
            self.epoch, self.best_epoch, self.best_loss = state["epoch"], state["best_epoch"], state["best_loss"]
            self.best, self.rows = state["best"], state["rows"]
        except _BROKEN as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            say(f"{self.path}: not a checkpoint of this training ({reason}); it starts again")
            self.network.load_state_dict(before)
            self._load_optimisers(fresh)
            self.path.unlink()
        else:
            say(f"{self.stage}: going on after epoch {self.epoch}")

    def _load_optimisers(self, states):
        for optimiser, state in zip(self.optimisers, states, strict=True):
            optimiser.load_state_dict(state)

    def _write_history(self):
        path = self.folder / HISTORY
        others = []
        if path.exists():
            with path.open(newline="") as file:
                others = [row for row in csv.DictReader(file) if row["stage"] != self.stage]
        rows = [*others, *({"stage": self.stage} | row for row in self.rows)]
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, dict.fromkeys(itertools.chain(*rows)), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
