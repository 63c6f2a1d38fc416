"""Figures by what was drawn for the scenes: a metric by SNR, by kind of noise, by reverberation time.

A figure is what it is on the leaderboard (means over scenes, rates and trials pooled), over the scenes of one stratum
that the entry finished, with their bootstrap interval. Trials that set scenes of two strata against each other are left
out. Numbers are cut into ranges of a round width, few enough for most of them to have an interval.
"""

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cocktail import tables
from cocktail.boards import statistics
from cocktail.boards.cells import ATTACK, tabulate, weights_of
from cocktail.errors import CocktailError, nearest
from cocktail.rng import rng

STRATA = tuple(name for name in tables.SCENES.names if name not in ("condition", "scene"))
"""What scenes may be told apart by."""
RANGES = 4
"""Of numbers, about so many where there are scenes enough."""


def by_stratum(
    scores: pa.Table,
    scenes: pa.Table,
    *,
    metric: str,
    by: str,
    seed: int,
    condition: str | None = None,
    resamples: int = statistics.RESAMPLES,
) -> list[dict]:
    """Rows of {condition, stratum, entry, value, ci_low, ci_high, n_ok, n_total}, in this order.

    `scores`, `scenes`: what the leaderboard's job wrote (tables.SCORES, leaderboard.SCENES). Conditions without `by` or
    `metric` have no rows. Raises CocktailError where `by` is no column, or nothing is left.
    """
    if by not in STRATA:
        hint = nearest(by, STRATA) or f"; there are {', '.join(STRATA)}"
        raise CocktailError(f"no stratum '{by}'{hint}")
    drawn = {row["scene"]: row[by] for row in scenes.select(["scene", by]).to_pylist() if row[by] is not None}
    measured = pc.equal(scores["metric"], metric.partition(ATTACK)[0])
    part = scores.filter(pc.and_(measured, pc.is_in(scores["scene"], pa.array(drawn, pa.string()))))
    if condition is not None:
        part = part.filter(pc.equal(part["condition"], condition))
    if not len(part):
        where = f" in '{condition}'" if condition else ""
        raise CocktailError(f"no scene{where} has both a '{by}' and a score of '{metric}'")
    speakers = {row["scene"]: row["speaker"] for row in scenes.select(["scene", "speaker"]).to_pylist()}
    rows = []
    for name in sorted(pc.unique(part["condition"]).to_pylist()):
        here = part.filter(pc.equal(part["condition"], name))
        entries, ids, _, cells = tabulate(here, speakers)
        if metric not in cells:
            continue
        generator = rng(seed, name, role="strata")
        weights = weights_of(cells[metric], statistics.resample(len(ids), resamples, generator), generator)
        for stratum, of_stratum in split([drawn[scene] for scene in ids]).items():
            for numbers in _figures(cells[metric], weights, of_stratum, entries):
                rows.append({"condition": name, "stratum": stratum, **numbers})
    return rows


def split(values: Sequence[float | str]) -> dict[str, np.ndarray]:
    """(S,) values as strata, name -> (S,) bool: words as they are, numbers in 2 to about RANGES ranges."""
    if isinstance(values[0], str):
        return {value: np.array([x == value for x in values]) for value in sorted(set(values))}
    numbers = np.asarray(values, float)
    number = max(2, min(RANGES, len(numbers) // statistics.MIN_DRAWN))
    width = _round_width((numbers.max() - numbers.min()) / number)
    if width == 0:
        return {f"{numbers[0]:g}": np.ones(len(numbers), bool)}
    place = np.floor(numbers / width + 1e-9).astype(int)
    return {f"{i * width:g} to {(i + 1) * width:g}": place == i for i in range(place.min(), place.max() + 1)}


def _round_width(width: float) -> float:
    """The next of 1, 2, 5, 10 ... times a power of ten."""
    if width <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(width))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= width * (1 - 1e-9))


def _figures(cells, weights, of_stratum, entries):
    part = cells.on(of_stratum)
    values = statistics.figures(part)
    low, high = part.interval(statistics.figures(part, weights[:, of_stratum]))
    n_ok = part.finished.sum(axis=0)
    for e, entry in enumerate(entries):
        yield {
            "entry": entry,
            "value": _null(values[e]),
            "ci_low": _null(low[e]),
            "ci_high": _null(high[e]),
            "n_ok": int(n_ok[e]),
            "n_total": len(part.finished),
        }


def _null(x):
    return None if np.isnan(x) else float(x)
