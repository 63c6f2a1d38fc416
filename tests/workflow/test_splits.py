"""Runs of a part of a suite, and of its development scenes, beside the boards of a whole run."""

import pytest

from cocktail import tables

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


def figures(project, folder="."):
    """(condition, entry) -> SI-SDR on a board."""
    import csv

    with (project.results / folder / "leaderboard.csv").open() as file:
        return {
            (row["condition"], row["entry"]): row["value"] for row in csv.DictReader(file) if row["metric"] == "si_sdr"
        }


def times(project, pattern):
    return {path: path.stat().st_mtime_ns for path in project.results.glob(pattern)}


def test_a_partial_run_keeps_the_boards(project):
    before, shards = figures(project), times(project, "scores/*/*/*.parquet")
    project.edit_suite("resamples: 100", "resamples: 100\nparameters: {wiener: {xi_min_db: -3.0}}")
    choice = ("--methods", "wiener", "--conditions", "stationary")
    shown = project.run(*choice).stdout
    after = figures(project)
    assert after.keys() == before.keys()
    assert {cell for cell in after if after[cell] != before[cell]} == {("stationary", "wiener")}
    again = times(project, "scores/*/*/*.parquet")
    assert {path.parent.name for path in shards if shards[path] != again[path]} == {"wiener"}
    assert "wiener" in shown and "oracle-irm" not in shown and "two-talkers-array" not in shown
    assert "cocktail leaderboard micro.yaml" in shown
    page = (project.results / "report" / "data.js").read_text()
    assert "oracle-irm" in page and "two-talkers-array" in page
    assert project.pending(*choice) == set()
    project.run()
    assert figures(project) == after


def test_development_scenes_leave_the_test_alone(project):
    kept = times(project, "*") | times(project, "models/*/*") | times(project, "scores/*/*/*")
    shown = project.run("--split", "valid", "--methods", "wiener,nmf-sparse").stdout
    changed = {path.name for path, time in kept.items() if path.stat().st_mtime_ns != time}
    assert changed <= {"logs", "scenes", "estimates", ".lock"}  # folders
    assert "Development scenes" in shown
    assert {entry for _, entry in figures(project, "valid")} == {"unprocessed", "wiener", "nmf-sparse"}
    drawn = {folder: tables.read_rows(project.results / folder / "scenes.parquet") for folder in (".", "valid")}
    speakers = {folder: {row["speaker"] for row in rows} for folder, rows in drawn.items()}
    assert speakers["valid"] and speakers["valid"].isdisjoint(speakers["."])
    page = project.results / "valid" / "report"
    assert "Development scenes" in (page / "index.html").read_text()
    assert list((page / "sounds").iterdir())
    assert project.pending("--split", "valid", "--methods", "wiener,nmf-sparse") == set()
    assert project.pending() == set()
    other = project.cocktail("compare", "micro.yaml", "wiener", "nmf-sparse", "--split", "valid", "--json").stdout
    assert '"paired": true' in other
