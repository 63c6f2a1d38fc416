"""The scores of an entry scene by scene, as the table that MLflow's artifact viewer sorts and filters."""

import json
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from cocktail.boards.strata import STRATA
from cocktail.tracking.views import headlines

FILE = "scenes.json"
TAG = {"mlflow.loggedArtifacts": json.dumps([{"path": FILE, "type": "table"}])}
"""Tag of a run that says which of its artifacts are tables."""


def scene_tables(scores: pa.Table, drawn: Mapping[str, dict]) -> dict[str, bytes]:
    """Entry -> its table: a row a scene, with the main metrics and what was drawn for the scene.

    `scores`: of one condition (tables.SCORES). `drawn`: scene -> its row of tables.SCENES, where there is one.
    """
    metrics = headlines(set(pc.unique(scores["metric"]).to_pylist()) - {None})
    ok = pc.and_(pc.equal(scores["status"], "ok"), pc.is_in(scores["metric"], pa.array(metrics, pa.string())))
    means = scores.filter(ok).group_by(["entry", "scene", "metric"], use_threads=False).aggregate([("value", "mean")])
    by_entry: dict[str, dict[str, dict[str, float]]] = {}
    for entry, scene, metric, value in zip(*(means[name].to_pylist() for name in means.column_names), strict=True):
        by_entry.setdefault(entry, {}).setdefault(scene, {})[metric] = value
    strata = [name for name in STRATA if any(row.get(name) is not None for row in drawn.values())]
    return {entry: _table(rows, metrics, strata, drawn) for entry, rows in by_entry.items()}


def _table(rows, metrics, strata, drawn) -> bytes:
    data = [
        [
            scene,
            *(_plain(rows[scene].get(name)) for name in metrics),
            *(_plain(drawn.get(scene, {}).get(name)) for name in strata),
        ]
        for scene in sorted(rows)
    ]
    return json.dumps({"columns": ["scene", *metrics, *strata], "data": data}).encode()


def _plain(value):
    return round(value, 4) if isinstance(value, float) else value
