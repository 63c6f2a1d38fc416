"""Figures that others published on a corpus (config/published/*.yaml), to stand beside ours when that corpus is run.

A file names its `corpus` (an adapter) and, where a condition of ours has the publisher's own mixtures, the `condition`.
A figure may name the `entry` of ours that does what its system does; the rest of its keys are metrics.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cocktail.boards.cells import IMPROVEMENT
from cocktail.config import CONFIG, read_yaml, validate
from cocktail.metrics.catalogue import METRICS

FOLDER = CONFIG / "published"


@dataclass(frozen=True)
class Figure:
    """A published value of one metric, and ours where there is one."""

    corpus: str
    condition: str | None
    system: str
    entry: str | None
    metric: str
    published: float
    source: str
    ours: float | None = None
    n_ok: int | None = None


def schema() -> dict:
    """JSON schema of a file of published figures."""
    metrics = [name + suffix for name in METRICS for suffix in ("", IMPROVEMENT)]
    text = {"type": "string", "minLength": 1}
    figure = {"system": text, "entry": text, "source": text} | {name: {"type": "number"} for name in metrics}
    return {
        "type": "object",
        "properties": {
            "corpus": text,
            "condition": text,
            "figures": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "properties": figure,
                    "required": ["system", "source"],
                    "minProperties": 3,
                    "additionalProperties": False,
                },
            },
        },
        "required": ["corpus", "figures"],
        "additionalProperties": False,
    }


def read(corpora: Iterable[str] | None = None) -> list[Figure]:
    """The published figures on some corpora, or all. Raises CocktailError where a file says something else."""
    wanted = None if corpora is None else set(corpora)
    figures = []
    for path in sorted(FOLDER.glob("*.yaml")):
        content = read_yaml(path)
        validate(content, schema(), str(path))
        if wanted is None or content["corpus"] in wanted:
            figures += [figure for row in content["figures"] for figure in _figures(content, row)]
    return figures


def _figures(content, row):
    about = {"corpus": content["corpus"], "condition": content.get("condition")}
    about |= {"system": row["system"], "entry": row.get("entry"), "source": row["source"]}
    return [Figure(**about, metric=name, published=row[name]) for name in row.keys() - {"system", "entry", "source"}]


def beside(config: dict, board: Iterable[dict]) -> list[Figure]:
    """What was published on the corpora of a suite, with the figures of its leaderboard (read_board).

    Ours stand beside conditions with the publisher's own mixtures (`given`) only: others are not comparable.
    """
    given = {name for name, definition in config["conditions"].items() if definition.get("given")}
    ours = {(row["condition"], row["entry"], row["metric"]): row for row in board if row["condition"] in given}
    adapters = {part["adapter"] for parts in config["corpora"].values() for part in parts}
    return [_with_ours(figure, ours) for figure in read(adapters)]


def _with_ours(figure, ours):
    row = ours.get((figure.condition, figure.entry, figure.metric))
    return figure if row is None else Figure(**vars(figure) | {"ours": row["value"], "n_ok": row["n_ok"]})
