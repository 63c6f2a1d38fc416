"""The page about voices: what each entry does to a verifier and to a spoofing detector, before and after, by SNR."""

from collections.abc import Iterable, Mapping

from cocktail.boards.scores import BASELINE
from cocktail.boards.voices import ALL, METRICS
from cocktail.report.figures import figure

TITLES = {
    "eer_asv": ("Speaker verification", "equal error rate of the verifier, enrolled with clean speech"),
    "eer_cm": ("Spoofing detection", "equal error rate of the detector, genuine speech against all attacks"),
    "cm_rejection": ("Genuine speech rejected", "by the detector, at the threshold that it was trained with"),
}

COUNTED = "scenes with trials of the kind that has fewest"


def panels(rows: Iterable[dict], cards: Mapping[str, dict]) -> list[dict]:
    """A table for each condition and metric: {condition, metric, title, meaning, counted, strata, n, lines}.

    `rows`: cocktail.boards.voices.effects; `cards`: entry -> what is known of it. The first line is the unprocessed
    speech; the others follow by their figure on all scenes, the lowest first. A line is {entry, family, cells, change,
    verdict}; `cells` are (figure, interval) of each stratum, `verdict` is `better`, `worse` or, where the interval of
    the change holds 0, empty.
    """
    tables: dict[tuple, dict[str, dict[str, dict]]] = {}
    for row in rows:
        tables.setdefault((row["condition"], row["metric"]), {}).setdefault(row["entry"], {})[row["stratum"]] = row
    order = sorted(tables, key=lambda key: (key[0], METRICS.index(key[1])))
    return [_panel(condition, metric, tables[condition, metric], cards) for condition, metric in order]


def _panel(condition, metric, of_entry, cards):
    title, meaning = TITLES[metric]
    known = [entry for entry, by in of_entry.items() if by[ALL]["value"] is not None]
    lines = sorted(known, key=lambda entry: (entry != BASELINE, of_entry[entry][ALL]["value"], entry))
    strata = list(of_entry[BASELINE])
    return {
        "condition": condition,
        "metric": metric,
        "title": title,
        "meaning": meaning,
        "counted": "scenes of genuine speech" if metric == "cm_rejection" else COUNTED,
        "strata": strata,
        "n": [of_entry[BASELINE][stratum]["n"] for stratum in strata],
        "lines": [_line(entry, of_entry[entry], strata, metric, cards.get(entry, {})) for entry in lines],
    }


def _line(entry, by, strata, metric, card):
    whole = by[ALL]
    return {
        "entry": entry,
        "before": entry == BASELINE,
        "family": card.get("family", ""),
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
