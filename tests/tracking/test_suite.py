"""The suite's run in MLflow: boards, plots and page as artifacts; two commits of a method stand side by side."""

import csv
import io
import zipfile
from pathlib import Path

import pytest
from page_suite import SEED, Suite
from PIL import Image

from cocktail.boards.leaderboard import read_board, write_board
from cocktail.report.page.build import build
from cocktail.tracking import log
from cocktail.tracking import suite as suite_run
from cocktail.tracking.client import opened


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """A suite with its page, whose results lie in results/small."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    suite = Suite(tmp_path / "results" / "small", entries=4, conditions=2, scenes=4, seconds=0.2)
    suite.write()
    build(suite.folder, conditions=suite.cards, seed=SEED, resamples=20)
    return suite


def logged(suite, commit="first"):
    return log.log_suite(suite="small", results=suite.folder.parent, commit=commit, suite_digest="d")


def client(suite):
    results = suite.folder.parent
    with opened(log.default_uri(results), results, "small") as found:
        return found.client


def runs(suite, experiment):
    found = client(suite)
    return found.search_runs([found.get_experiment_by_name(experiment).experiment_id])


def artifacts(run):
    folder = Path(run.info.artifact_uri.removeprefix("file://"))
    return {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}


def test_the_suites_run_is_the_parent_and_has_boards_plots_and_page(suite, tmp_path):
    logged(suite)
    (parent,) = runs(suite, "small")
    assert (parent.info.run_name, parent.info.status, parent.data.tags["kind"]) == ("small", "FINISHED", "suite")
    children = [run for name in ("small/room-0", "small/room-1") for run in runs(suite, name)]
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}
    files = artifacts(parent)
    assert files["leaderboard.csv"].read_bytes() == (suite.folder / "leaderboard.csv").read_bytes()
    assert files["claims.csv"].read_bytes() == (suite.folder / "claims.csv").read_bytes()
    for name in ("pesq_wb", "stoi", "wer"):
        assert min(Image.open(files[f"plots/{name}.png"]).size) > 200
    with zipfile.ZipFile(files["report.zip"]) as archive:
        archive.extractall(tmp_path / "unpacked")
    page = suite.folder / "report"
    for path in page.rglob("*"):
        if path.is_file():
            assert (tmp_path / "unpacked" / "report" / path.relative_to(page)).read_bytes() == path.read_bytes()
    metrics = {"conditions": 2, "entries": 5, "claims/holds": 1, "claims/not run": 1}
    assert metrics.items() <= parent.data.metrics.items()


def test_a_board_has_a_row_an_entry_and_a_column_a_metric(suite):
    logged(suite)
    (parent,) = runs(suite, "small")
    rows = list(csv.DictReader(io.StringIO(artifacts(parent)["boards/room-1.csv"].read_text())))
    assert list(rows[0])[:4] == ["rank", "entry", "family", "si_sdr"]
    ranks = [int(row["rank"]) for row in rows if row["rank"]]
    assert ranks == sorted(ranks) and len(rows) == 4
    board = [row for row in read_board(suite.folder / "leaderboard.csv") if row["condition"] == "room-1"]
    for row in board:
        shown = next(line for line in rows if line["entry"] == row["entry"])
        assert float(shown[row["metric"]]) == row["value"]


def test_what_did_not_change_is_not_sent_again(suite):
    logged(suite)
    (parent,) = runs(suite, "small")
    before = {name: path.stat().st_mtime_ns for name, path in artifacts(parent).items()}
    logged(suite, "second")
    (parent,) = runs(suite, "small")
    assert {name: path.stat().st_mtime_ns for name, path in artifacts(parent).items()} == before
    assert parent.data.tags["commit"] == "first"


def test_a_page_that_is_too_large_is_named_and_not_sent(suite, monkeypatch):
    monkeypatch.setattr(suite_run, "MAX_PAGE", 1e5)
    logged(suite)
    (parent,) = runs(suite, "small")
    assert "report.zip" not in artifacts(parent)
    assert "`results/small/report/index.html`" in parent.data.tags["mlflow.note.content"]


def test_two_commits_of_a_method_can_be_compared(suite):
    logged(suite)
    path = suite.folder / "leaderboard.csv"
    rows = read_board(path)
    for row in rows:
        if (row["condition"], row["entry"], row["metric"]) == ("room-0", "entry-02", "si_sdr"):
            row["value"] += 1
    write_board(rows, path)
    done = logged(suite, "second")
    assert (done.new, done.same) == (1, 7)
    old, new = sorted(
        (run for run in runs(suite, "small/room-0") if run.info.run_name == "entry-02"),
        key=lambda run: run.data.params["commit"],
    )
    assert [run.data.params["commit"] for run in (old, new)] == ["first", "second"]
    assert old.data.params["digest"] != new.data.params["digest"]
    assert set(old.data.metrics) == set(new.data.metrics)
    assert new.data.metrics["si_sdr"] == pytest.approx(old.data.metrics["si_sdr"] + 1)
    assert [run.data.tags["board"] for run in (old, new)] == ["earlier", "current"]
    (parent,) = runs(suite, "small")
    assert parent.data.tags["commit"] == "second"
    assert artifacts(parent)["leaderboard.csv"].read_bytes() == path.read_bytes()


def test_runs_are_listed_in_the_order_of_the_board(suite):
    """MLflow lists the newest first."""
    logged(suite)
    ranks = [run.data.metrics.get("rank") for run in runs(suite, "small/room-1")]
    assert ranks == [1, 2, None, None]
