"""The DAG as users run it: the tiny suite whole, and what reruns when something changes."""

import csv
import json
import subprocess
import sys

import pytest
from workflow_project import Project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


def stages(outputs: set[str]) -> dict[str, int]:
    """How many outputs there are of each stage."""
    counts: dict[str, int] = {}
    for output in outputs:
        stage = output.split("/")[0]
        counts[stage] = counts.get(stage, 0) + 1
    return counts


BOARD = {
    "scores.parquet": 1,
    "leaderboard.csv": 1,
    "scenes.parquet": 1,
    "entries.json": 1,
    "claims.csv": 1,
    "report": 1,
    "mlflow.json": 1,
}
CELLS = {"stationary": 4, "two-talkers-array": 3}
"""Entries of the micro suite that run in each condition; two shards each."""


def test_a_finished_run_has_a_board_and_nothing_left_to_do(finished):
    rows = [row for row in finished.board() if row["metric"] == "si_sdr"]
    assert {(row["condition"], row["entry"]) for row in rows} == {
        *(("stationary", entry) for entry in ("unprocessed", "oracle-irm", "wiener", "nmf-sparse", "delay-and-sum")),
        *(("two-talkers-array", entry) for entry in ("unprocessed", "oracle-irm", "delay-and-sum")),
    }
    assert all(row["n_ok"] == row["n_total"] == "4" for row in rows if row["entry"] != "delay-and-sum")
    assert finished.pending() == set()


def test_the_tables_are_tidy_in_pandas(finished):
    """What README.md shows: one row a figure, so that any pivot is one line."""
    import pandas

    scores = pandas.read_parquet(finished.results / "scores.parquet")
    wide = scores[scores.metric == "si_sdr"].pivot_table(index="entry", columns="condition", values="value")
    board = {(row["entry"], row["condition"]): row for row in finished.board() if row["metric"] == "si_sdr"}
    for entry, condition in (("wiener", "stationary"), ("oracle-irm", "two-talkers-array")):
        assert wide.loc[entry, condition] == pytest.approx(float(board[entry, condition]["value"]), rel=1e-5)


CHANGED = "X = 1\n\n\n@dataclass"
DECISION = "methods/spectral/decision_directed.py"


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (DECISION, "@dataclass", "# a comment\n@dataclass", {}),
        (DECISION, '"""', '"""Other words. ', BOARD),
        (DECISION, "@dataclass", CHANGED, {"estimates": 2, "scores": 2, **BOARD}),
        ("methods/nmf/nmf.py", "@dataclass", CHANGED, {"models": 1, "estimates": 2, "scores": 2, **BOARD}),
        ("cocktail/dsp/noise/gains.py", "import numpy", "X = 1\nimport numpy", {"estimates": 2, "scores": 2, **BOARD}),
        ("cocktail/metrics/si_sdr.py", "import numpy", "X = 1\nimport numpy", {"scores": 14, **BOARD}),
        ("cocktail/recognition/grid.py", "import ", "X = 1\nimport ", {"scores": 14, **BOARD}),
        ("cocktail/boards/statistics.py", "import numpy", "X = 1\nimport numpy", BOARD),
        ("cocktail/tracking/log.py", "import json", "X = 1\nimport json", {"mlflow.json": 1}),
        ("cocktail/report/page/static/page.css", "body {", "body { /* */", {"report": 1, "mlflow.json": 1}),
        ("cocktail/cli/run.py", "import os", "X = 1\nimport os", {}),
        (
            "cocktail/rooms/fields.py",
            "import numpy",
            "X = 1\nimport numpy",
            {"scenes": 8, "models": 1, "estimates": 14, "scores": 14, **BOARD},
        ),
        (
            "config/conditions.yaml",
            "noise: {field: point, kinds: [stationary], snr_db: [-5, 10]}",
            "noise: {field: point, kinds: [stationary], snr_db: [-5, 11]}",
            {"scenes": 4, "estimates": 8, "scores": 8, **BOARD},
        ),
        (
            "methods/spectral/methods.yaml",
            "gain: wiener}",
            "gain: wiener, xi_min_db: -20.0}",
            {"estimates": 2, "scores": 2, **BOARD},
        ),
        (
            "cocktail/corpora/noises.py",
            "import numpy",
            "X = 1\nimport numpy",
            {"corpora": 2, "scenes": 8, "models": 1, "estimates": 14, "scores": 14, **BOARD},
        ),
    ],
)  # fmt: skip
def test_what_reruns_when_a_file_changes(finished, file, old, new, expected):
    path = finished.root / file
    before = path.read_text()
    assert old in before, f"{file} holds no {old!r}"
    path.write_text(before.replace(old, new, 1))
    try:
        assert stages(finished.pending()) == expected
    finally:
        path.write_text(before)


def test_a_new_method_runs_alone_and_is_ranked(project):
    kept = {path: path.stat().st_mtime_ns for path in project.results.rglob("*.parquet")}
    project.cocktail("new", "my-gate")
    project.edit_suite("wiener", "wiener, my-gate")
    project.run()
    touched = {str(p.relative_to(project.results)) for p, time in kept.items() if p.stat().st_mtime_ns != time}
    tables = {"scores.parquet", "scenes.parquet"}
    assert touched == tables | {f"report/downloads/{name}" for name in tables}  # the page offers copies of them
    (row,) = [r for r in project.board() if r["entry"] == "my-gate" and r["metric"] == "si_sdr"]
    assert row["rank"] and row["n_ok"] == "4"


def test_keeping_only_examples_reruns_nothing(project):
    project.edit_suite("resamples: 100", "resamples: 100\nkeep: examples")
    before = sum(path.stat().st_size for path in project.results.glob("estimates/**/*.parquet"))
    project.run()
    assert sum(path.stat().st_size for path in project.results.glob("estimates/**/*.parquet")) < before
    assert project.pending() == set()


def test_no_network_is_tried(tmp_path):
    """Every attempt to reach past this machine is written down by a socket module that every process imports."""
    project = Project(tmp_path)
    attempts = tmp_path / "attempts"
    (project.root / "sitecustomize.py").write_text(
        f"""
import socket, sys
def note(what, original):
    def call(*arguments, **keywords):
        target = arguments[1] if what == "connect" else arguments[0]
        if not (isinstance(target, (str, bytes)) and what == "connect"):
            with open({str(attempts)!r}, "a") as file:
                print(what, target, sys.argv, file=file)
        return original(*arguments, **keywords)
    return call
socket.socket.connect = note("connect", socket.socket.connect)
socket.getaddrinfo = note("getaddrinfo", socket.getaddrinfo)
"""
    )
    project.edit_suite("methods: [", "methods: [omlsa, ")
    project.edit_suite("scenes: 4", "scenes: 2")
    project.run()
    assert not attempts.exists(), attempts.read_text()


def test_snakemake_report_works(project):
    command = [
        sys.executable, "-m", "snakemake", "-s", str(project.root / "Snakefile"), "--configfile", "micro.yaml",
        "--report", "report.html",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=project.work, env=project.environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (project.work / "report.html").stat().st_size > 10_000


@pytest.mark.timeout(2400)
def test_the_tiny_suite_runs_every_plugin(tmp_path):
    """In one condition at least. What runs in a condition that is left out runs in one of the others, too."""
    from cocktail.workflow.plan import plan_of

    whole = plan_of("tiny")
    conditions = [name for name in whole.conditions if name not in ("nonstationary", "two-talkers")]
    command = ["run", "tiny", "--cores", "2", "--strict", "--conditions", ",".join(conditions)]
    done = subprocess.run(
        [sys.executable, "-m", "cocktail", *command], cwd=tmp_path, capture_output=True, text=True
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    plan = plan_of("tiny", overrides={"only": {"conditions": conditions}})
    assert {entry for _, entry in plan.cells} == {entry for _, entry in whole.cells}
    with (tmp_path / "results" / "tiny" / "leaderboard.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["metric"] == "rtf"]
    finished = {(row["condition"], row["entry"]) for row in rows if row["n_ok"] == row["n_total"] != "0"}
    assert finished == set(plan.cells)
    # The recogniser scores others, attackers make spoofs: they have no board.
    ran = {entry for _, entry in finished} | set(plan.trained) | set(plan.attackers)
    # A fusion makes a dozen others run, its reads are tested in test_reads; coughs have the suite `coughs`.
    elsewhere = {"fusion", "cough_fusion"}
    assert {plan.known[entry].plugin.name for entry in ran} == set(plan.registry.plugins) - elsewhere
    assert json.loads((tmp_path / "results" / "tiny" / "mlflow.json").read_text())
