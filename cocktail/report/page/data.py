"""What the page shows of a suite, as plain values for `data.js`."""

from collections.abc import Iterable, Mapping

from cocktail.boards.cells import ATTACK, definition, higher_is_better
from cocktail.boards.leaderboard import BOUNDS
from cocktail.boards.scores import BASELINE
from cocktail.paradigms import PARADIGMS, REFERENCES, sees
from cocktail.report import claims as verdicts
from cocktail.report.figures import digits, letters
from cocktail.report.meanings import DRAWN, meaning
from cocktail.report.page.curves import DETECTION
from cocktail.report.page.disagree import VOICES, disagreements
from cocktail.report.terminal import SHOWN

FIGURES = ("value", "ci_low", "ci_high", "n_ok", "n_total", "rank", "tie_group", "n_trials")
COSTS = ("rtf", "latency_ms", "bit_rate", "peak_memory", "parameters")
EXACT_DB = 60.0
"""SI-SDR at which an estimate is the reference."""


def content(
    suite: str,
    board: list[dict],
    cards: Mapping[str, dict],
    conditions: list[dict],
    *,
    claims: Iterable[dict] = (),
    failures: Iterable[dict] = (),
) -> dict:
    """All of `data.js`: entries, conditions, metrics, the board by columns, bounds, claims, failures, disagreements."""
    names = {row["entry"] for row in board}
    metrics = sorted({row["metric"] for row in board}, key=_metric_order)
    present = {row["condition"] for row in board}
    return {
        "suite": suite,
        "entries": [_entry(name, cards.get(name, {})) for name in sorted(names)],
        "conditions": [card for card in conditions if card["name"] in present],
        "metrics": [metric_card(name) for name in metrics],
        "board": {
            "condition": [row["condition"] for row in board],
            "entry": [row["entry"] for row in board],
            "metric": [row["metric"] for row in board],
            **{name: [row[name] for row in board] for name in FIGURES},
            "letters": [letters(row["tie_group"]) for row in board],
        },
        "bounds": bounds(board, cards),
        "drawn": {name: list(words) for name, words in DRAWN.items()},
        "partial": None,
        "claims": [
            {**row, "shown": verdicts.difference(row), "wide": verdicts.wide_interval(row)}
            for row in verdicts.judged_first(claims)
        ],
        "failures": list(failures),
        "disagreements": {card["name"]: _disagreements(board, card["name"], cards) for card in conditions},
    }


def bounds(board: list[dict], cards: Mapping[str, dict]) -> dict:
    """Condition -> metric -> [figure of `unprocessed`, best figure of an oracle, that oracle]: what is 0 and what is 1.

    Only where both are there, and the oracle is the better one. An oracle that gives the reference back, as the complex
    ratio mask does, is no yardstick and is left out.
    """
    figures = {(row["condition"], row["metric"], row["entry"]): row["value"] for row in board}
    oracles = {entry for entry, card in cards.items() if sees(card["paradigm"], REFERENCES)}
    yardsticks: dict = {}
    for (condition, metric, entry), value in figures.items():
        zero = figures.get((condition, metric, BASELINE))
        if value is None or zero is None or entry not in oracles or metric in COSTS:
            continue
        if (figures.get((condition, "si_sdr", entry)) or 0.0) >= EXACT_DB:
            continue
        sign = 1 if higher_is_better(metric) else -1
        best = yardsticks.setdefault(condition, {}).get(metric)
        if sign * (value - zero) > 0 and (best is None or sign * (value - best[1]) > 0):
            yardsticks[condition][metric] = [zero, value, entry]
    return yardsticks


def scaled(value: float | None, bound: list | None) -> float | None:
    """A figure on the scale from `unprocessed`, 0, to the best oracle, 1; None where either is missing."""
    return None if value is None or bound is None else (value - bound[0]) / (bound[1] - bound[0])


def metric_card(name: str) -> dict:
    """What the page says of a metric, of its improvement, or of its part by attack."""
    metric = definition(name)
    return {
        "name": name,
        "unit": metric.unit,
        "higher": metric.higher_is_better,
        "meaning": meaning(name),
        "citation": metric.citation,
        "mode": metric.mode,
        "card": _card(metric),
        "cost": name in COSTS,
        "det": name in DETECTION,
        "shown": name in SHOWN or ATTACK in name,
        "digits": digits(name),
    }


def _card(metric):
    """(what, value) of a metric's identity card, in words; what it has not is left out."""
    ends = ("" if end is None else f"{end:g}" for end in (metric.low, metric.high))
    rows = {
        "unit": metric.unit,
        "better": "higher" if metric.higher_is_better else "lower",
        "range": " to ".join(ends) if None not in (metric.low, metric.high) else "",
        "definition": metric.mode,
        "permutation": metric.permutation,
        "source": metric.citation,
        "implementation": f"{metric.implementation}, version {metric.version}",
        "digest": metric.digest,
    }
    return [[name, value] for name, value in rows.items() if value]


def _entry(name, card):
    keys = ("family", "paradigm", "guidance", "task", "plugin", "uses", "start", "reads", "model")
    known = {key: card.get(key) or "" for key in keys}
    title = (card.get("description") or "").strip().partition("\n")[0]
    traits = {
        "causal": bool(card.get("causal")),
        "learned": PARADIGMS[card["paradigm"]].trained != "not" if card else False,
        "needs": card.get("needs") or [],
        "microphones": card.get("microphones", 1),
    }
    return {"name": name, "title": title, **known, **traits}


def _metric_order(name):
    """Headline metrics first, in the order of the boards in the terminal; then each before its gain and its parts."""
    whole = name.partition(ATTACK)[0].removesuffix("_i")
    place = SHOWN.index(name) if name in SHOWN else len(SHOWN)
    return place, whole, name


def _disagreements(board, condition, cards):
    """Entries of a condition on which metrics disagree most; controls and oracles are left out."""
    values: dict = {metric: {} for metric in VOICES}
    for row in board:
        bounded = cards.get(row["entry"], {}).get("family") == BOUNDS
        if row["condition"] == condition and row["metric"] in values and row["value"] is not None and not bounded:
            values[row["metric"]][row["entry"]] = row["value"]
    return disagreements(values)
