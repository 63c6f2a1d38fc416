"""A sweep's table and plot: how a figure depends on the values of an entry's fields.

The mean over conditions gives each the same weight. Conditions have scenes of their own, so that the interval of the
mean follows from theirs: G. Y. Zou and A. Donner, "Construction of confidence limits about effect measures: a general
approach", Statistics in Medicine 27(10), 2008. For a single condition it is that condition's.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from cocktail.boards import statistics
from cocktail.boards.cells import higher_is_better
from cocktail.boards.compare import compare_entries, read
from cocktail.boards.leaderboard import read_board

RATIO = 20
"""Of the largest to the smallest value of a field, from which its axis is logarithmic."""


class Figure(NamedTuple):
    """A number and its 95 % interval, if it has one."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Point:
    """Figures of one point of a sweep."""

    name: str
    by_condition: dict[str, Figure]
    """Conditions without a figure are left out."""
    mean: Figure | None
    """Over the conditions; None where any has no figure."""
    difference: Figure | None
    """Paired, to the entry as it stands; None for that one."""
    apart: bool
    """Whether the two are told apart at 5 %, with Bonferroni's correction for the points of the sweep."""
    failed: int
    """Scenes that it did not finish."""


def points(folder: Path, entry: str, names: Iterable[str], metric: str, conditions: Sequence[str]) -> list[Point]:
    """Figures of the points `names`, the `entry` as it stands among them, from the boards in `folder`."""
    names = list(names)
    cells = {(row["entry"], row["condition"]): row for row in read_board(folder / "leaderboard.csv")
             if row["metric"] == metric}  # fmt: skip
    results = read(folder, str(folder))
    measured = []
    for name in names:
        rows = [cells.get((name, condition)) for condition in conditions]
        figures = {
            row["condition"]: Figure(row["value"], row["ci_low"], row["ci_high"])
            for row in rows
            if row and row["value"] is not None
        }
        failed = sum(row["n_total"] - row["n_ok"] for row in rows if row)
        difference, apart = None, False
        if name != entry:
            compared = compare_entries(results, entry, name, conditions=conditions, metrics=[metric])
            compared = [row for row in compared if row["metric"] == metric and row["difference"] is not None]
            difference = _mean(
                [Figure(row["difference"], row["ci_low"], row["ci_high"]) for row in compared], conditions
            )
            apart = difference is not None and _apart(difference, [row["n_a"] for row in compared], len(names) - 1)
        measured.append(Point(name, figures, _mean(list(figures.values()), conditions), difference, apart, failed))
    return measured


def _mean(figures: list[Figure], conditions: Sequence[str]) -> Figure | None:
    if len(figures) < len(conditions):
        return None
    n, mean = len(figures), math.fsum(x.value for x in figures) / len(figures)
    if any(x.low is None or x.high is None for x in figures):
        return Figure(mean, None, None)
    below = math.hypot(*(x.value - x.low for x in figures)) / n
    above = math.hypot(*(x.high - x.value for x in figures)) / n
    return Figure(mean, mean - below, mean + above)


def _apart(difference: Figure, drawn: list[int], tests: int) -> bool:
    """Whether 0 lies outside the interval when it is widened for so many tests, as Student's is."""
    if difference.low is None or difference.high is None:
        return False
    from scipy.special import stdtrit

    tail, freedom = (1 - statistics.LEVEL) / 2, min(drawn) - 1
    wider = float(stdtrit(freedom, tail / tests) / stdtrit(freedom, tail))
    low, high = (difference.value + wider * (end - difference.value) for end in (difference.low, difference.high))
    return low > 0 or high < 0


def best(points: Sequence[Point], entry: str, metric: str) -> Point:
    """The point with the best mean among those that finished as many scenes as the entry as it stands.

    That one has the better of equal figures. By paired differences, so that nobody gains by failing on what is hard.
    """
    sign = 1 if higher_is_better(metric) else -1
    now = next(point for point in points if point.name == entry)
    others = [x for x in points if x.difference is not None and x.failed <= now.failed]
    top = max(others, key=lambda x: sign * x.difference.value, default=now)
    return top if top is now or sign * top.difference.value > 0 else now


def written(value: object) -> str:
    """A field's value as text: 2 and 2.0 are the same number."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def plot(
    points: Sequence[Point], values: Mapping[str, tuple], fields: Sequence[str], metric: str, entry: str, path: Path
) -> None:
    """Write a PNG of the metric against the first field: a line a condition, or for several fields the mean over the
    conditions, a line for each combination of the other fields' values. `values`: point -> values of the fields.
    """
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(8, 5), layout="constrained")
    axes = canvas.add_subplot()
    place = _scale(axes, [values[point.name][0] for point in points])
    lines: dict[str, list[tuple[float, Figure, bool]]] = {}
    for point in points:
        x, *rest = values[point.name]
        said = ", ".join(f"{field} = {written(value)}" for field, value in zip(fields[1:], rest, strict=True))
        figures = {said: point.mean} if rest else point.by_condition
        for label, figure in figures.items():
            if figure is not None:
                lines.setdefault(label, []).append((place(x), figure, point.name == entry))
    for i, (label, line) in enumerate(lines.items()):
        line.sort(key=lambda item: item[0])
        x, y = [item[0] for item in line], [item[1].value for item in line]
        axes.plot(x, y, marker="o", color=f"C{i}", label=label)
        bounded = [(at, figure) for at, figure, _ in line if figure.low is not None]
        if bounded:
            at, ends = zip(*bounded, strict=True)
            axes.vlines(at, [x.low for x in ends], [x.high for x in ends], color=f"C{i}", alpha=0.5)
        for at, figure, stands in line:
            if stands:
                axes.plot(at, figure.value, marker="o", markersize=12, fillstyle="none", color=f"C{i}")
    axes.set_xlabel(fields[0])
    mean = ", mean over conditions" if len(fields) > 1 else ""
    axes.set_ylabel(f"{metric}{mean} ({'higher' if higher_is_better(metric) else 'lower'} is better)")
    axes.set_title(f"{entry} on development scenes; ringed: as it stands; bars: 95 %", fontsize=10)
    if lines:
        axes.legend(fontsize=8)
    canvas.savefig(path, format="png", dpi=110)


def _scale(axes, values):
    """A function from a value to its place on the axis: numbers by size, everything else side by side."""
    if all(isinstance(x, int | float) and not isinstance(x, bool) for x in values):
        if min(values) > 0 and max(values) >= RATIO * min(values):
            axes.set_xscale("log")
        return float
    names = list(dict.fromkeys(map(written, values)))
    axes.set_xticks(range(len(names)), names)
    return lambda value: names.index(written(value))
