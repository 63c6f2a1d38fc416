"""The fit-save-load round trip of a method that is trained before it runs, and of those that it builds on."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cocktail.method import LearnedMethod, Method
from cocktail.rng import rng
from cocktail.testing.bench import Bench, ProbeError, benches
from cocktail.testing.data import TinyData
from cocktail.testing.probes import REPEAT_TOLERANCE, difference


def fit(method: LearnedMethod, folder: Path, *, base: Any = None, device: str = "cpu") -> Any:
    """Train on a few seconds of synthetic sound in `folder`, move what was left, and load it from there.

    The move finds a method that keeps what it needs elsewhere, or writes absolute paths. `base`: the model of the
    entry that this one uses.
    """
    first, moved = folder / "fitted", folder / "moved"
    first.mkdir(parents=True)
    channels = next(benches(method)).info.channels if "array" in method.needs else None
    data = TinyData(method.paradigm, method.tasks(), channels=channels, device=device, base=base)
    method.fit(data, rng(0, role="fit"), first)
    if not any(first.iterdir()):
        raise ProbeError("`fit` left nothing in its folder")
    shutil.move(first, moved)
    return method.load(moved)


def fit_bases(bases: Sequence[Method], folder: Path, device: str = "cpu") -> Any:
    """The model of the last of `bases`, each of which builds on the one before; None where there is none."""
    model = None
    for number, method in enumerate(bases):
        if method.learned():
            model = fit(method, folder / f"base-{number}", base=model, device=device)
    return model


def check_round_trip(bench: Bench, folder: Path) -> str:
    """Load twice: the same estimate. `size` is a count."""
    method = bench.method
    scene = bench.scene()
    first = bench.run(scene)
    second = replace(bench, model=method.load(folder / "moved")).run(scene)
    if difference(second, first) > REPEAT_TOLERANCE:
        raise ProbeError("two loads of one folder give two estimates")
    size = method.size(bench.model)
    if not isinstance(size, int) or size < 0:
        raise ProbeError(f"`size` returned {size!r}, not a count of parameters")
    return f"{size:,} learnt parameters"
