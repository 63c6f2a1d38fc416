"""Other suites beside this one: do the entries of both stand in the same order there?"""

from collections.abc import Mapping
from pathlib import Path

import pyarrow.compute as pc

from cocktail.boards.compare import CONTROL, NOT_COMPARED, Results, compare, read
from cocktail.report.page.data import COSTS
from cocktail.report.terminal import SHOWN

METRICS = tuple(name for name in SHOWN if name not in COSTS and not name.endswith("_i"))
"""Metrics by which orders are compared: those of the boards, without costs, and without gains, whose order is that of
what is gained.
"""
OF_ENTRY = ("entry", "rank_a", "rank_b", "climbs", "a", "b", "overtakes", "overtaken_by")
OF_ORDER = ("condition", "metric", "tau", "tau_low", "tau_high", "pairs_kept", "pairs_reversed")


def content(folder: Path, suite: str, against: Mapping[str, str], resamples: int) -> list[dict]:
    """What `data.js` holds of each suite of `against` (name -> folder of its boards), beside the boards in `folder`.

    {suite, problem, orders, notes}: why there is nothing to compare, or None; by condition and metric the keys OF_ORDER
    and the ranked `entries`, of each OF_ENTRY, with this suite as A; and by condition what is not compared.
    """
    here = read(folder, suite) if against else None
    return [{"suite": name, **_beside(here, name, place, resamples)} for name, place in against.items()]


def _beside(here: Results, name: str, place: str, resamples: int) -> dict:
    if not (Path(place) / "scores.parquet").is_file():
        cure = f"`cocktail run {name}` makes them, and after it `cocktail run {here.name}` this page"
        return _nothing(f"{name} has no results in {place}. {cure}.")
    there = read(place, name)
    conditions, metrics = (
        set.intersection(*(set(pc.unique(side.scores[column]).drop_null().to_pylist()) for side in (here, there)))
        for column in ("condition", "metric")
    )
    metrics = [name for name in METRICS if name in metrics]
    if not conditions or not metrics:
        return _nothing(f"{name} has no {'metric' if conditions else 'condition'} of {here.name}.")
    rows = compare(here, there, conditions=conditions, metrics=metrics, resamples=resamples)
    ranked = [row for row in rows if row["rank_a"] is not None]
    if not ranked:
        reasons = (f"{condition}: {' '.join(notes)}" for condition, notes in _notes(rows).items())
        return _nothing(f"Nothing to rank in {name} and {here.name}. {' '.join(reasons)}")
    orders: dict[tuple, dict] = {}
    for row in ranked:
        order = {key: row[key] for key in OF_ORDER} | {"entries": []}
        of_entry = {key: row[key] for key in OF_ENTRY}
        orders.setdefault((row["condition"], row["metric"]), order)["entries"].append(of_entry)
    return {"problem": None, "orders": list(orders.values()), "notes": _notes(rows)}


def _nothing(problem: str) -> dict:
    return {"problem": problem, "orders": [], "notes": {}}


def _notes(rows) -> dict[str, list[str]]:
    """Condition -> what of it has no rank on both sides: each reason once, with the entries that it concerns, and by
    which metrics if not by all. Controls are left out.
    """
    concerned: dict[str, dict[str, dict[str, list[str]]]] = {}
    metrics: dict[str, set[str]] = {}
    for row in rows:
        if row["metric"] is not None and row["entry"] is not None:
            metrics.setdefault(row["condition"], set()).add(row["metric"])
        reason = row["reason"] if row["verdict"] == NOT_COMPARED else row["no_rank"]
        if reason is not None and row["no_rank"] != CONTROL:
            of_reason = concerned.setdefault(row["condition"], {}).setdefault(reason, {})
            of_reason.setdefault(row["entry"] or row["metric"], []).append(row["metric"])
    return {
        condition: [_note(reason, names, metrics.get(condition, set())) for reason, names in by_reason.items()]
        for condition, by_reason in concerned.items()
    }


def _note(reason, names, metrics):
    of_some = {name: [x for x in of if x not in (None, name) and x not in reason] for name, of in names.items()}
    who = [name + (f" ({', '.join(of)})" if of and set(of) != metrics else "") for name, of in of_some.items()]
    return f"{reason[0].upper()}{reason[1:]}: {', '.join(who)}."
