"""The fit-save-load round trip of a method that is trained before it runs."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cocktail.method import LearnedMethod
from cocktail.rng import rng
from cocktail.testing.bench import Bench, ProbeError
from cocktail.testing.probes import REPEAT_TOLERANCE
from cocktail.testing.signals import TinyData


def fit(method: LearnedMethod, folder: Path) -> Any:
    """Train on a few seconds of synthetic sound in `folder`, move what was left, and load it from there.

    The move finds a method that keeps what it needs elsewhere, or writes absolute paths.
    """
    first, moved = folder / "fitted", folder / "moved"
    first.mkdir()
    method.fit(TinyData(method.paradigm), rng(0, role="fit"), first)
    if not any(first.iterdir()):
        raise ProbeError("`fit` left nothing in its folder")
    shutil.move(first, moved)
    return method.load(moved)


def check_round_trip(bench: Bench, folder: Path) -> str:
    """Load twice: the same estimate. `size` is a count."""
    method = bench.method
    scene = bench.scene()
    first = bench.run(scene)
    second = replace(bench, model=method.load(folder / "moved")).run(scene)
    if np.linalg.norm(first - second) > REPEAT_TOLERANCE * max(np.linalg.norm(first), 1e-12):
        raise ProbeError("two loads of one folder give two estimates")
    size = method.size(bench.model)
    if not isinstance(size, int) or size < 0:
        raise ProbeError(f"`size` returned {size!r}, not a count of parameters")
    return f"{size:,} learnt parameters"
