"""Entries that read what others make of the same scenes, start from another's model and use several, in a real run."""

import json

import numpy as np
import pytest
from workflow_project import Project

from cocktail import tables

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

PLUGIN = '''"""A weighted sum of what others make of the scene.

A. Author, 2000. Deviations: none.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.method import LearnedMethod


@dataclass(frozen=True)
class Fusion(LearnedMethod):
    """One talker."""

    paradigm = "separation"

    def fit(self, data, rng, folder):
        scenes = list(data.estimates("train"))
        made = np.concatenate([np.stack([x[0] for x in scene.estimates.values()]) for scene in scenes], axis=1)
        target = np.concatenate([scene.sources[0] for scene in scenes])
        weights = np.linalg.lstsq(made.T, target, rcond=None)[0]
        if data.start is not None:
            weights = (weights + np.load(data.start / "weights.npy")) / 2
        np.save(folder / "weights.npy", weights)

    def load(self, folder):
        return np.load(folder / "weights.npy")

    def __call__(self, mixture, view):
        found = np.einsum("e,ekn->kn", view.model, np.stack([*view.estimates.values()]))
        return found + 0 * sum(len(base) for base in view.bases.values())
'''
BROKEN = '''"""Never works. 2000.

Deviations: none.
"""

from dataclasses import dataclass

from cocktail.method import Method


@dataclass(frozen=True)
class Broken(Method):
    def __call__(self, mixture, view):
        raise ValueError("bad luck")
'''
ROWS = """
joined: {reads: [wiener, unprocessed]}
child: {plugin: joined, reads: [wiener, unprocessed], start: joined, uses: {first: joined, second: joined}}
lost: {plugin: joined, reads: [broken]}
orphan: {plugin: joined, reads: [wiener], start: lost}
broken: {}
"""


def test_an_entry_that_joins_others_learns_from_train_scenes_and_reads_test_scenes(tmp_path):
    project = Project(tmp_path)
    plugins = project.work / "plugins"
    plugins.mkdir()
    for name, text in (("joined.py", PLUGIN), ("broken.py", BROKEN), ("methods.yaml", ROWS)):
        (plugins / name).write_text(text)
    project.edit_suite("conditions: [stationary, two-talkers-array]", "conditions: [stationary]\ntrain_scenes: 6")
    project.edit_suite(
        "methods: [unprocessed, oracle-irm, wiener, nmf-sparse, delay-and-sum]",
        "plugins: [plugins]\nmethods: [unprocessed, joined, child, lost, orphan]",
    )
    project.edit_suite("metrics: [si_sdr, sdr, wer, rtf]", "metrics: [si_sdr]")
    project.run()
    board = {row["entry"]: row for row in project.board() if row["metric"] == "si_sdr"}
    assert [board[name]["n_ok"] for name in ("unprocessed", "joined", "child")] == ["4"] * 3
    assert "wiener" not in board  # it was not asked for, but what it makes is there
    for split, scenes in (("test", 4), ("train", 6)):
        shards = (project.results / "estimates" / "stationary" / split / "wiener").glob("*.parquet")
        assert sum(len(tables.read_rows(path)) for path in shards) == scenes
    models = project.results / "models"
    np.testing.assert_allclose(np.load(models / "child" / "weights.npy"), np.load(models / "joined" / "weights.npy"))
    lost = json.loads((models / "lost" / "model.json").read_text())["error"]
    assert lost == "training failed: it reads 'broken', which finished 0 of 6 train scenes: ValueError: bad luck"
    orphan = json.loads((models / "orphan" / "model.json").read_text())["error"]
    assert orphan == f"training failed: it starts from 'lost': {lost}"
    reasons = {
        (row["entry"], row["reason"])
        for row in tables.read_rows(project.results / "scores.parquet")
        if row["entry"] in ("lost", "orphan") and row["reason"]
    }
    assert reasons == {
        ("lost", "method-failed: it reads 'broken', which failed here: ValueError: bad luck"),
        ("orphan", f"method-failed: {orphan}"),
    }
    assert project.pending() == set()
    (plugins / "methods.yaml").write_text(ROWS.replace("broken: {}", "broken: {}\nwiener-mild: {plugin: wiener_mild}"))
    (plugins / "wiener_mild.py").write_text(BROKEN.replace("Broken", "Mild"))
    assert project.pending() == set()
