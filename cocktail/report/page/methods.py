"""The page of an entry: its docstring, papers, use, parameters, cost, and where it shines and fails."""

import math
import re
from collections.abc import Mapping
from urllib.parse import quote_plus

from cocktail.needs import GUIDANCE, guidance
from cocktail.paradigms import REFERENCES, sees
from cocktail.plugins.papers import papers
from cocktail.report import meanings
from cocktail.report.page.data import COSTS, metric_card, scaled

HEADLINES = ("si_sdr", "eer_cm", "eer_asv", "wer")
"""What an entry is judged by in a condition: the first that is there."""
SHOWN = 3
"""Conditions, and strata, at either end."""
LABELS = {
    "paradigm": "training paradigm",
    "guidance": "test paradigm",
    "start": "starts from",
    "model": "has the model of",
}
"""Keys of a card -> what the page calls them, where that is something else."""
CODE = re.compile(r"`+([^`\n]+)`+")
"""What is code in a docstring: every second part of a text that is split by it."""
SEARCH = "https://scholar.google.com/scholar?q="
"""Where a paper is found by its title."""


def method_page(name: str, card: dict, board: list[dict], bounds: Mapping, failures: list[dict], curves: dict) -> dict:
    """What `method.html` shows. `board`, `failures`: of all entries; `curves`: condition -> strata_curves."""
    rows = [row for row in board if row["entry"] == name]
    title, _, rest = (card.get("description") or name).partition("\n")
    bad = [row for row in failures if row["entry"] == name]
    ran = [c for c in _conditions(rows) if not any(row["condition"] == c and row["status"] == "skipped" for row in bad)]
    standing = [row for condition in ran if (row := _standing(condition, rows, bounds))]
    judged = sorted((row for row in standing if row["share"] is not None), key=lambda row: -row["share"])
    half = math.ceil(len(judged) / 2)
    measured = [metric for metric in COSTS if any(row["metric"] == metric and row["value"] is not None for row in rows)]
    return {
        "name": name,
        "title": title,
        "paragraphs": [CODE.split(text) for text in _paragraphs(rest)],
        "card": card,
        "labels": LABELS,
        "meanings": {
            "paradigm": meanings.PARADIGMS.get(card.get("paradigm")),
            "guidance": meanings.GUIDANCE.get(card.get("guidance")),
        },
        "papers": [
            {"title": name, "place": place, "link": f"{SEARCH}%22{quote_plus(name)}%22"}
            for name, place in papers(card.get("description") or "")
        ],
        "parameters": sorted((card.get("parameters") or {}).items()),
        "standing": standing,
        "shines": judged[: min(SHOWN, half)],
        "fails": judged[half:][::-1][:SHOWN],
        "strata": _strata(name, curves),
        "costs": [_cost(condition, rows, measured) for condition in ran],
        "cost_metrics": [metric_card(metric) for metric in measured],
        "failures": bad,
    }


def process_line(name: str, card: dict, suite: str) -> str | None:
    """How the entry runs on a recording of the reader's own; None where it cannot, as an oracle."""
    tasks = (card.get("task") or "").split(",")
    told = guidance(card.get("needs") or ())
    if not {"enhance", "separate"}.intersection(tasks) or sees(card["paradigm"], REFERENCES) or told != GUIDANCE[0]:
        return None
    talkers = "" if "enhance" in tasks else " --talkers 2"
    array = " --array microphones.csv" if "array" in (card.get("needs") or ()) else ""
    return f"cocktail process {name} noisy.wav clean.wav --suite {suite}{talkers}{array}"


def _paragraphs(text):
    """Paragraphs of a docstring, without the breaks of their lines; one with lists or formulae keeps its lines."""
    parts = [part for part in re.split(r"\n\s*\n|\n(?=Deviations:)", text.strip()) if part]
    return [part if re.search(r"\n(\s|[-*])", part) else _on_one_line(part) for part in parts]


def _on_one_line(text):
    # A word that is broken at its hyphen is put together again.
    return re.sub(r"(?<=\w-)\n(?=\w)", "", text).replace("\n", " ")


def _conditions(rows):
    return sorted({row["condition"] for row in rows})


def _standing(condition, rows, bounds):
    """The entry's headline row in a condition."""
    here = {row["metric"]: row for row in rows if row["condition"] == condition}
    metric = next((metric for metric in HEADLINES if metric in here), None)
    if metric is None:
        return None
    row = here[metric]
    share = scaled(row["value"], bounds.get(condition, {}).get(metric))
    return {**row, "share": share, "card": metric_card(metric)}


def _cost(condition, rows, measured):
    values = {row["metric"]: row["value"] for row in rows if row["condition"] == condition}
    return {"condition": condition, "values": [values.get(metric) for metric in measured]}


def _strata(name, curves):
    """Per condition, the strata of SNR and T60 in which the entry beats `unprocessed` most and least."""
    extremes = []
    for condition, of_metric in curves.items():
        gains = [
            (own[0] - zero[0], by, stratum)
            for by, curve in of_metric.get("si_sdr", {}).items()
            for own, zero, stratum in zip(
                curve["entries"].get(name, ()), curve["entries"].get("unprocessed", ()), curve["strata"], strict=False
            )
            if own and zero
        ]
        if len(gains) > 1 and name != "unprocessed":
            extremes.append({"condition": condition, "most": max(gains), "least": min(gains)})
    return extremes
