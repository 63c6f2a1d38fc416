"""What a claim may say: `config/claims.yaml`, read and checked. `verdicts.py` judges.

A claim is an inequality between figures of the leaderboards, as a list of orders, each from best to worst:

    blstm-over-lstm:
      text: A BLSTM beats an LSTM
      metric: sdr                           # or gain: {from: METRIC, to: METRIC}, what the second has over the first
      conditions: [nonstationary]           # the figure is over the scenes of all of them together
      orders:
        - [blstm-msa, lstm-msa]
        - [blstm-psa, lstm-psa]

Neighbours of an order are compared. A step of it is an entry; a list of entries, whose best one counts; or a mapping
with `entries` or `family` (the best of it that ran, without informed entries and those of the other side) and, where
they are not the claim's, `conditions`. A claim with a `margin` says that the first is no worse: that it loses less than
the margin, which is in the unit of the metric. Entries that claims name before they exist stand under `later`.
"""

import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from cocktail.boards.cells import higher_is_better
from cocktail.config import CONFIG, read_yaml, validate
from cocktail.errors import CocktailError, require_known

CLAIMS = CONFIG / "claims.yaml"
_NAMES = {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True}
_STEP = {
    "type": ["string", "array", "object"],
    "items": {"type": "string"},
    "minItems": 1,
    "properties": {"entries": _NAMES, "family": {"type": "string"}, "conditions": _NAMES},
    "additionalProperties": False,
}
_CLAIM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["text", "conditions", "orders"],
    "properties": {
        "text": {"type": "string"},
        "metric": {"type": "string"},
        "gain": {
            "type": "object",
            "additionalProperties": False,
            "required": ["from", "to"],
            "properties": {"from": {"type": "string"}, "to": {"type": "string"}},
        },
        "margin": {"type": "number", "exclusiveMinimum": 0},
        "conditions": _NAMES,
        "orders": {"type": "array", "minItems": 1, "items": {"type": "array", "minItems": 2, "items": _STEP}},
    },
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["claims"],
    "properties": {"later": _NAMES, "claims": {"type": "object", "additionalProperties": _CLAIM}},
}


@dataclass(frozen=True)
class Step:
    """What one side of an inequality is the figure of: the best of `entries`, or of a `family`, in `conditions`."""

    entries: tuple[str, ...]
    family: str | None
    conditions: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """One inequality: the figure of `better` beats that of `worse`."""

    claim: str
    text: str
    metrics: tuple[str, ...]
    """One metric; or two, whose figure is the gain of the second over the first."""
    better: Step
    worse: Step
    later: frozenset[str]
    """Entries that do not exist yet."""
    margin: float = 0.0
    """How much worse `better` may be, in the metric's unit: above 0 the claim is one of non-inferiority."""


def read_claims(
    path: str | Path = CLAIMS,
    *,
    entries: Mapping[str, str] | None = None,
    conditions: Collection[str] | None = None,
) -> list[Comparison]:
    """Every comparison of a file of claims, in its order.

    `entries`: those that exist, and the family of each; `conditions`: names that exist; None to take any. Raises
    CocktailError with what is misspelt.
    """
    content = read_yaml(path)
    validate(content, SCHEMA, str(path))
    later = frozenset(content.get("later", ()))
    comparisons = []
    for name, claim in content["claims"].items():
        where = f"{path}: {name}"
        metrics, margin = _metrics(claim, where), float(claim.get("margin", 0.0))
        for order in claim["orders"]:
            steps = [_step(step, claim, where) for step in order]
            for step in steps:
                if entries is not None:
                    require_known(step.entries, {*entries, *later}, f"{where}: unknown entry")
                    families = [] if step.family is None else [step.family]
                    require_known(families, set(entries.values()), f"{where}: unknown family")
                if conditions is not None:
                    require_known(step.conditions, conditions, f"{where}: unknown condition")
            pairs = itertools.pairwise(steps)
            comparisons += [Comparison(name, claim["text"], metrics, *pair, later, margin) for pair in pairs]
    return comparisons


def _metrics(claim, where) -> tuple[str, ...]:
    if ("metric" in claim) == ("gain" in claim):
        raise CocktailError(f"{where}: needs one of the keys 'metric' and 'gain'")
    metrics = (claim["metric"],) if "metric" in claim else (claim["gain"]["from"], claim["gain"]["to"])
    try:
        directions = {higher_is_better(metric) for metric in metrics}
    except CocktailError as error:
        raise CocktailError(f"{where}: {error}") from None
    if len(directions) > 1:
        raise CocktailError(f"{where}: gain: '{metrics[0]}' and '{metrics[1]}' are better in opposite directions")
    return metrics


def _step(step, claim, where) -> Step:
    if not isinstance(step, dict):
        step = {"entries": [step] if isinstance(step, str) else step}
    if ("entries" in step) == ("family" in step):
        raise CocktailError(f"{where}: orders: a step has one of the keys 'entries' and 'family', got {step}")
    return Step(tuple(step.get("entries", ())), step.get("family"), tuple(step.get("conditions", claim["conditions"])))
