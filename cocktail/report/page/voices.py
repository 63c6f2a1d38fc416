"""The page about voices: what each entry does to a verifier and to spoofing detectors, before and after, by SNR."""

import math
from collections.abc import Iterable, Mapping

from cocktail.boards.cells import metric_of, scorer_of
from cocktail.boards.scores import BASELINE
from cocktail.boards.voices import ALL, METRICS
from cocktail.report.figures import figure
from cocktail.tasks import BY, RETRAINED

TITLES = {
    "eer_asv": ("Speaker verification", "equal error rate of the verifier, enrolled with clean speech"),
    "eer_cm": ("Spoofing detection", "equal error rate of the detector, genuine speech against all attacks"),
    "cm_rejection": (
        "Genuine speech rejected",
        "at the threshold where the detector's errors on validation speech, which nobody enhanced, are equal",
    ),
}

COUNTED = "scenes with trials of the kind that has fewest"
AFRESH = "retrained on what the entry makes"
"""Heads the figures of detectors that went on learning."""


def panels(rows: Iterable[dict], cards: Mapping[str, dict], detector: str = "") -> list[dict]:
    """Tables of a condition, scorer and metric: {condition, metric, title, meaning, counted, strata, groups, lines}.

    `rows`: cocktail.boards.voices.effects; `cards`: entry -> what is known of it; `detector`: the suite's first one. A
    group is {title, n}: the figures of the scorer, and those of a detector that went on learning from what each entry
    makes, if there is one. Where nobody has a figure there is no table. The first line is the unprocessed speech; the
    others follow by their figure on all scenes, the lowest first. A line is {entry, family, before, groups}, of each
    group {cells, change, between, verdict} or None; `cells` are (figure, interval) of each stratum, `verdict` is
    `better`, `worse` or, where the interval of the change holds 0, empty.
    """
    tables: dict[tuple, dict[str, dict[str, dict]]] = {}
    for row in rows:
        tables.setdefault((row["condition"], row["metric"]), {}).setdefault(row["entry"], {})[row["stratum"]] = row
    twins = {(condition, metric): (condition, _retrained(metric, detector)) for condition, metric in tables}
    first = sorted(tables.keys() - set(twins.values()), key=lambda key: _order(*key))
    made = (_panel(*key, detector, [tables[key], tables.get(twins[key])], cards) for key in first)
    return [panel for panel in made if panel["lines"]]


def _order(condition, metric):
    """The verifier first, then one detector after the other."""
    kind, scorer = METRICS.index(metric_of(metric)), scorer_of(metric) or ""
    return condition, kind > 0, scorer, kind


def _retrained(metric, detector):
    """The column of the same metric by the same detector after it went on learning."""
    return f"{metric_of(metric)}{BY}{scorer_of(metric) or detector}{RETRAINED}"


def _panel(condition, metric, detector, tables, cards):
    kind = metric_of(metric)
    title, meaning = TITLES[kind]
    scorer = scorer_of(metric) or (detector if kind != METRICS[0] else "")
    groups = [of_entry for of_entry in tables if of_entry is not None]
    standing = groups[0]
    known = [entry for entry in standing if any(_has_figure(of_entry.get(entry)) for of_entry in groups)]
    lines = sorted(known, key=lambda entry: (entry != BASELINE, _place(standing[entry][ALL]["value"]), entry))
    strata = list(standing[BASELINE])
    return {
        "condition": condition,
        "metric": metric,
        "title": f"{title} by {scorer}" if scorer else title,
        "meaning": meaning,
        "counted": "scenes of genuine speech" if kind == "cm_rejection" else COUNTED,
        "strata": strata,
        "groups": [
            {"title": name, "n": [max(by[stratum]["n"] for by in of_entry.values()) for stratum in strata]}
            for name, of_entry in zip(("as trained", AFRESH), groups, strict=False)
        ],
        "lines": [
            {
                "entry": entry,
                "before": entry == BASELINE,
                "family": cards.get(entry, {}).get("family", ""),
                "groups": [_figures(of_entry.get(entry), strata, kind) for of_entry in groups],
            }
            for entry in lines
        ],
    }


def _has_figure(by):
    return by is not None and by[ALL]["value"] is not None


def _place(value):
    return math.inf if value is None else value


def _figures(by, strata, metric):
    """Of an entry's line in one group; None where it has no figure there."""
    if not _has_figure(by):
        return None
    whole = by[ALL]
    return {
        "cells": [(figure(by[name]["value"], metric), _interval(by[name], "ci", metric)) for name in strata],
        "change": "" if whole["change"] is None else f"{whole['change']:+.1f}",
        "between": _interval(whole, "change", metric),
        "verdict": _verdict(whole["change_low"], whole["change_high"]),
    }


def _interval(row, what, metric):
    low, high = row[f"{what}_low"], row[f"{what}_high"]
    return "" if low is None else f"{figure(low, metric)} to {figure(high, metric)}"


def _verdict(low, high):
    """Of a change of an error rate."""
    if low is None or low <= 0 <= high:
        return ""
    return "worse" if low > 0 else "better"
