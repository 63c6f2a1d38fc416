"""Cells of a suite that are not scored yet, or in part: what a partial board lacks."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from cocktail import tables

FILE = "pending.json"
"""Beside the tables of partial boards, and of no others."""


@dataclass(frozen=True)
class Pending:
    """An entry in a condition, of whose `shards` only some are `finished`."""

    condition: str
    entry: str
    finished: int
    shards: int


def write_pending(rows: Iterable[Pending], folder: str | Path) -> None:
    """Mark the boards in `folder` as partial."""
    with tables.replacing(Path(folder) / FILE) as temporary:
        temporary.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


def read_pending(folder: str | Path) -> list[Pending] | None:
    """What the boards in `folder` lack; None where they are whole."""
    path = Path(folder) / FILE
    return [Pending(**row) for row in json.loads(path.read_text(encoding="utf-8"))] if path.is_file() else None
