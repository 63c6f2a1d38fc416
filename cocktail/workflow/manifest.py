"""The list of mixtures that another program is to work on, and of the files that it is to make: manifest.csv.

`cocktail export SUITE scenes DIR --blind` writes it beside the mixtures; `cocktail import` reads it beside the
estimates.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cocktail.errors import CocktailError

FILE = "manifest.csv"


@dataclass(frozen=True)
class Item:
    """One scene: its mixture, and the estimates of its talkers, as paths relative to the manifest."""

    condition: str
    scene: str
    mixture: str
    estimates: tuple[str, ...]
    """One file a talker, in any order."""
    fs: int
    channels: int
    samples: int
    sha256: str
    """cocktail.processing.imported.mixture_digest of the mixture."""


COLUMNS = tuple(Item.__dataclass_fields__)


def item(row: dict, *, channels: int, samples: int, sha256: str) -> Item:
    """The item of a row of tables.MIXTURES."""
    condition, scene = row["condition"], row["scene"]
    estimates = tuple(f"{condition}/{scene}_{k}.wav" for k in range(1, row["n_sources"] + 1))
    return Item(condition, scene, f"{condition}/{scene}/mixture.wav", estimates, row["fs"], channels, samples, sha256)


def write_manifest(items: Iterable[Item], folder: Path) -> None:
    """Write manifest.csv in `folder`; estimates of several talkers are separated by a space."""
    with (folder / FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for each in items:
            writer.writerow((vars(each) | {"estimates": " ".join(each.estimates)}).values())


def read_manifest(folder: Path) -> list[Item]:
    """The items of the manifest in `folder`. Raises CocktailError where there is none, or it is something else."""
    path = folder / FILE
    if not path.is_file():
        raise CocktailError(
            f"{folder}: no {FILE}; `cocktail export SUITE scenes DIR --blind` writes it: copy it beside the estimates"
        )
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise CocktailError(f"{path}: columns should be {', '.join(COLUMNS)}; take the file as it was exported")
            return [_item(row) for row in reader]
    except (ValueError, TypeError, AttributeError, csv.Error) as error:
        raise CocktailError(f"{path}: not the manifest that was exported ({error}); copy it again") from error


def _item(row):
    numbers = {name: int(row[name]) for name in ("fs", "channels", "samples")}
    return Item(**row | numbers | {"estimates": tuple(row["estimates"].split())})
