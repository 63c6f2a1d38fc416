"""The loss curves that a training leaves beside its model: history.csv, written by cocktail/training."""

import csv
from pathlib import Path

HISTORY = "history.csv"


def epochs_run(folder: str | Path) -> int:
    """Epochs that the training of the model in `folder` went through; 0 where the method keeps no history."""
    return len(_rows(folder))


def read_history(folder: str | Path) -> dict[str, list[tuple[int, float]]]:
    """Curves of the model in `folder`: `<stage>/<quantity>` -> (epoch, value), from epoch 1.

    Empty where the method keeps no history.
    """
    curves: dict[str, list[tuple[int, float]]] = {}
    for row in _rows(folder):
        stage, epoch = row.pop("stage"), int(row.pop("epoch"))
        for name, text in row.items():
            if text:
                curves.setdefault(f"{stage}/{name}", []).append((epoch, float(text)))
    return curves


def _rows(folder):
    path = Path(folder) / HISTORY
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
