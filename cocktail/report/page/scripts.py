"""Data as scripts: a page that is opened from disk may load scripts, and nothing else."""

import json
import math
from pathlib import Path
from typing import Any

from cocktail import tables

DIGITS = 6
"""Significant digits of figures on the page: those of leaderboard.csv."""


def write_script(path: Path, name: str, content: Any) -> None:
    """A script that calls `cocktail.loaded(name, content)`. Floats are rounded, and what is not finite is null."""
    text = json.dumps([name, plain(content)], separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    # Harmless in a script of its own, and should it ever stand inside a page, harmless there too.
    text = text.replace("<", "\\u003c")
    with tables.replacing(path) as temporary:
        temporary.write_text(f"cocktail.loaded(...{text});\n", encoding="ascii")


def plain(x: Any) -> Any:
    """`x` with floats of DIGITS significant digits, integral ones without a fraction."""
    if isinstance(x, dict):
        return {key: plain(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(value) for value in x]
    if isinstance(x, float):
        if not math.isfinite(x):
            return None
        x = float(f"{x:.{DIGITS}g}")
        return int(x) if x.is_integer() and abs(x) < 1e15 else x
    return x
