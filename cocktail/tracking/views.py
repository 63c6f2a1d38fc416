"""A board as MLflow's list of runs shows it: the current runs, the main metrics as columns, the best on top.

MLflow keeps such a view as a tag of the experiment, as its button "share" writes it; an address names the tag.
"""

import json
from collections.abc import Collection

from cocktail.boards.cells import ATTACK, higher_is_better
from cocktail.report.terminal import SHOWN

KEY = "board"
TAG = f"mlflow.sharedViewState.{KEY}"
OTHERS = "wider set"
"""Group of the metrics that are no headline, and of intervals. MLflow's pages sort by the alphabet: it comes late."""


def is_headline(metric: str) -> bool:
    """Whether a metric is a column of a board, or one of its parts by attack."""
    return metric.partition(ATTACK)[0] in SHOWN


def shown_as(metric: str) -> str:
    """The name of a metric in MLflow, where what stands before a slash is a group."""
    return metric if is_headline(metric) else f"{OTHERS}/{metric}"


def headlines(present: Collection[str]) -> list[str]:
    """The main metrics among those that a board has, in the order of its columns; the first one ranks it."""
    return [name for name in SHOWN if name in present] or sorted(present)[:1]


def view(metrics: list[str]) -> str:
    """The view of a board with these main metrics, sorted by the first."""
    columns = [
        "metrics.`rank`",
        *(f"metrics.`{shown_as(name)}`" for name in metrics),
        "tags.`family`",
        "params.`commit`",
    ]
    return json.dumps({
        "searchFilter": "tags.board = 'current'",
        "orderByKey": columns[1],
        "orderByAsc": not higher_is_better(metrics[0]),
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": columns,
        "viewMaximized": True,
        "runListHidden": False,
    })  # fmt: skip


def address(experiment: str) -> str:
    """Where MLflow shows that view of an experiment, relative to its server."""
    return f"#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey={KEY}"
