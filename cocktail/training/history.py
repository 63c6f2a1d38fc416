"""The loss curves that a training leaves beside its model: history.csv, written by cocktail/training."""

import csv
from pathlib import Path

HISTORY = "history.csv"


def epochs_run(folder: str | Path) -> int:
    """Epochs that the training of the model in `folder` went through; 0 where the method keeps no history."""
    path = Path(folder) / HISTORY
    if not path.is_file():
        return 0
    with path.open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.DictReader(file))


def read_history(folder: str | Path) -> dict[str, list[tuple[int, float]]]:
    """Curves of the model in `folder`: `<stage>/<quantity>` -> (epoch, value), from epoch 1.

    Empty where the method keeps no history.
    """
    path = Path(folder) / HISTORY
    if not path.is_file():
        return {}
    curves: dict[str, list[tuple[int, float]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            stage, epoch = row.pop("stage"), int(row.pop("epoch"))
            for name, text in row.items():
                if text:
                    curves.setdefault(f"{stage}/{name}", []).append((epoch, float(text)))
    return curves
