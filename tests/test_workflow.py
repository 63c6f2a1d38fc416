"""The DAG as users run it: the tiny suite whole, what reruns when something changes, and faults.

The rerun and fault tests work on a copy of the project, so that they may edit it, with a suite of few cells.
"""

import csv
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cocktail import ROOT, store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

MICRO = """
suite: micro
scenes: 4
shard_size: 2
conditions: [stationary, two-talkers-array]
methods: [unprocessed, oracle-irm, wiener, nmf-sparse, delay-and-sum]
metrics: [si_sdr, sdr, wer, rtf]
resamples: 100
corpora:
  speech: [{adapter: grid-tts, utterances: {train: 2, valid: 1, test: 2}}]
  noise: [{adapter: synthetic, seconds: 6, recordings: {train: 1, valid: 1, test: 1}}]
"""


class Project:
    """A copy of the project, and a folder that the suite `micro` is run in."""

    def __init__(self, folder: Path):
        self.root, self.work = folder / "project", folder / "work"
        parts = ["Snakefile", "rules", "scripts", "cocktail", "methods", "config"]
        for part in parts:
            source = ROOT / part
            copy = shutil.copytree if source.is_dir() else shutil.copy
            (self.root).mkdir(parents=True, exist_ok=True)
            copy(source, self.root / part)
        self.work.mkdir()
        (self.work / "micro.yaml").write_text(MICRO)
        self.results = self.work / "results" / "micro"

    def command(self, *arguments) -> list[str]:
        return [sys.executable, "-m", "cocktail", *arguments]

    def environment(self) -> dict:
        return os.environ | {"PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"}

    def cocktail(self, *arguments, check=0, **keywords) -> subprocess.CompletedProcess:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.work,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=600,
            **keywords,
        )
        assert check is None or done.returncode == check, done.stdout + done.stderr + self.log()
        return done

    def run(self, *arguments, check=0):
        return self.cocktail("run", "micro.yaml", "--cores", "2", *arguments, check=check)

    def log(self) -> str:
        path = self.results / "logs" / "snakemake.log"
        return path.read_text() if path.exists() else ""

    def pending(self, *arguments) -> set[str]:
        """Outputs, relative to the suite's results, that a run would make."""
        done = self.cocktail("run", "micro.yaml", *arguments, "--", "--dry-run")
        lines = done.stdout.splitlines()
        found = {
            part.strip().removeprefix("results/micro/")
            for line in lines
            if line.strip().startswith("output: ")
            for part in line.split("output: ")[1].split(",")
        }
        assert found or "Nothing to be done" in done.stdout, done.stdout
        return found

    def board(self) -> list[dict]:
        with (self.results / "leaderboard.csv").open() as file:
            return list(csv.DictReader(file))

    def edit_suite(self, old: str, new: str):
        text = (self.work / "micro.yaml").read_text()
        assert old in text, f"the suite holds no {old!r}"
        (self.work / "micro.yaml").write_text(text.replace(old, new, 1))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The micro suite, run once."""
    project = Project(tmp_path_factory.mktemp("finished"))
    project.run()
    return project


@pytest.fixture
def project(finished, tmp_path):
    """A finished micro suite that the test may spoil: a copy, with Snakemake's records."""
    shutil.copytree(finished.root.parent, tmp_path / "copy", symlinks=True)
    copy = Project.__new__(Project)
    copy.root, copy.work = tmp_path / "copy" / "project", tmp_path / "copy" / "work"
    copy.results = copy.work / "results" / "micro"
    return copy


def stages(outputs: set[str]) -> dict[str, int]:
    """How many outputs there are of each stage."""
    counts: dict[str, int] = {}
    for output in outputs:
        stage = output.split("/")[0]
        counts[stage] = counts.get(stage, 0) + 1
    return counts


BOARD = {"scores.parquet": 1, "leaderboard.csv": 1, "scenes.parquet": 1, "entries.json": 1, "mlflow.json": 1}
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


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("methods/decision_directed.py", "@dataclass", "# a comment\n@dataclass", {}),
        ("methods/decision_directed.py", '"""', '"""Other words. ', BOARD),
        ("methods/decision_directed.py", "@dataclass", "X = 1\n\n\n@dataclass", {"estimates": 2, "scores": 2, **BOARD}),
        ("methods/nmf.py", "@dataclass", "X = 1\n\n\n@dataclass", {"models": 1, "estimates": 2, "scores": 2, **BOARD}),
        ("cocktail/dsp/gains.py", "import numpy", "X = 1\nimport numpy", {"estimates": 2, "scores": 2, **BOARD}),
        ("cocktail/metrics/si_sdr.py", "import numpy", "X = 1\nimport numpy", {"scores": 14, **BOARD}),
        ("cocktail/recognition/grid.py", "import ", "X = 1\nimport ", {"scores": 14, **BOARD}),
        ("cocktail/stats.py", "import numpy", "X = 1\nimport numpy", BOARD),
        ("cocktail/tracking.py", "import os", "X = 1\nimport os", {"mlflow.json": 1}),
        ("cocktail/cli/run.py", "import os", "X = 1\nimport os", {}),
        (
            "cocktail/rooms/fields.py",
            "import numpy",
            "X = 1\nimport numpy",
            {"scenes": 8, "estimates": 14, "scores": 14, **BOARD},
        ),
        (
            "config/conditions.yaml",
            "noise: {field: point, kinds: [stationary], snr_db: [-5, 10]}",
            "noise: {field: point, kinds: [stationary], snr_db: [-5, 11]}",
            {"scenes": 4, "estimates": 8, "scores": 8, **BOARD},
        ),
        (
            "config/methods.yaml",
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
    assert touched == {"scores.parquet", "scenes.parquet"}
    (row,) = [r for r in project.board() if r["entry"] == "my-gate" and r["metric"] == "si_sdr"]
    assert row["rank"] and row["n_ok"] == "4"


def test_scores_survive_kill_9_and_the_board_equals_an_undisturbed_one(finished, tmp_path):
    project = Project(tmp_path)
    process = subprocess.Popen(
        project.command("run", "micro.yaml", "--cores", "2"),
        cwd=project.work, env=project.environment(), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 300
    while len(list(project.results.glob("scores/*/*/*.parquet"))) < 4:
        assert process.poll() is None and time.monotonic() < deadline, project.log()
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    shards = [*project.results.glob("scores/*/*/*.parquet"), *project.results.glob("scenes/*/*/*.parquet")]
    done = {path: path.stat().st_mtime_ns for path in shards}
    project.run()
    redone = [path for path, time in done.items() if path.stat().st_mtime_ns != time]
    # A shard that was there, but whose job Snakemake had not yet seen end, is made again: at most one a core.
    assert len(redone) <= 2

    def figures(p):
        return [row for row in p.board() if row["metric"] != "rtf"]

    assert figures(project) == figures(finished)


def test_each_fault_of_a_plugin_costs_its_own_cells(project):
    plugins = project.work / "faulty"
    plugins.mkdir()
    template = (project.root / "methods" / "unprocessed.py").read_text()
    assert "import" in template
    for name, body in {
        "raising": "raise ValueError('bad luck')",
        "not_finite": "return mixture[:1] * float('nan')",
        "wrong_length": "return mixture[:1, :-7]",
        "sleeping": "import time; time.sleep(60)",
        "greedy": "return view.references.target",
    }.items():
        (plugins / f"{name}.py").write_text(
            f'"""{name}."""\nfrom dataclasses import dataclass\nfrom cocktail.method import Method\n\n'
            f"@dataclass(frozen=True)\nclass Faulty(Method):\n    def __call__(self, mixture, view):\n        {body}\n"
        )
    (plugins / "no_import.py").write_text("import gone_module")
    names = "raising,not-finite,wrong-length,sleeping,greedy,no-import,wiener,oracle-irm,nmf-sparse,delay-and-sum"
    project.edit_suite("resamples: 100", "resamples: 100\ntime_limit_s: 2")
    done = project.run("--methods", str(plugins), "--methods", names)
    rows = {
        row["entry"]: row for row in project.board() if row["metric"] == "si_sdr" and row["condition"] == "stationary"
    }
    scores = store.read_rows(project.results / "scores.parquet")
    reasons = {row["entry"]: row["reason"] for row in scores if row["status"] == "failed"}
    for entry, reason in {
        "raising": "method-failed: ValueError: bad luck",
        "not-finite": "method-failed: returned",
        "wrong-length": "method-failed: returned shape",
        "sleeping": "method-failed: took longer than 2 s",
        "greedy": "method-failed: AccessError: view.references is not granted",
        "no-import": "method-failed: does not import: ModuleNotFoundError",
    }.items():
        assert reasons[entry].startswith(reason), entry
        assert rows.get(entry, {"n_ok": "0"})["n_ok"] == "0"
    assert set(reasons) == {"raising", "not-finite", "wrong-length", "sleeping", "greedy", "no-import"}
    assert rows["wiener"]["n_ok"] == "4"
    assert "cells failed" in done.stderr
    assert project.run("--methods", str(plugins), "--methods", names, "--strict", check=1)


def test_what_failed_is_tried_again_when_asked(project):
    """A method that fails until a file is there, as one may on a machine that is out of memory."""
    plugins, mended = project.work / "moody", project.work / "mended"
    plugins.mkdir()
    (plugins / "moody.py").write_text(
        f'"""Moody."""\nfrom dataclasses import dataclass\nfrom pathlib import Path\n'
        "from cocktail.method import Method\n\n@dataclass(frozen=True)\nclass Moody(Method):\n"
        "    def __call__(self, mixture, view):\n"
        f"        Path({str(mended)!r}).read_text()\n        return mixture[:1]\n"
    )
    choice = ("--methods", str(plugins), "--methods", "moody", "--conditions", "stationary")

    def finished_scenes():
        return [r["n_ok"] for r in project.board() if (r["entry"], r["metric"]) == ("moody", "si_sdr")]

    project.run(*choice)
    assert finished_scenes() == ["0"]
    mended.touch()
    project.run(*choice)
    assert finished_scenes() == ["0"]
    project.run(*choice, "--retry")
    assert finished_scenes() == ["4"]


def test_a_deleted_store_is_logged_again(project):
    (project.work / "results" / "mlflow.db").unlink()
    assert project.pending() == {"mlflow.json"}
    project.run()
    assert (project.work / "results" / "mlflow.db").exists() and project.pending() == set()


def test_keeping_only_examples_reruns_nothing(project):
    project.edit_suite("resamples: 100", "resamples: 100\nkeep: examples")
    before = sum(path.stat().st_size for path in project.results.glob("estimates/**/*.parquet"))
    project.run()
    assert sum(path.stat().st_size for path in project.results.glob("estimates/**/*.parquet")) < before
    assert project.pending() == set()


def test_a_truncated_recording_is_named_before_anything_is_computed(project, tmp_path):
    from cocktail import audio
    from cocktail.corpora.library import Library

    speech = Library(project.results / "corpora" / "speech.parquet")
    folder = tmp_path / "speech"
    folder.mkdir()
    lines = ["path,speaker,transcript"]
    for row in speech.rows[:4]:
        audio.write(folder / f"{row['utterance']}.flac", speech.samples(row["utterance"], 16000), 16000)
        lines.append(f"{row['utterance']}.flac,{row['speaker']},{row['text']}")
    broken = folder / f"{speech.rows[2]['utterance']}.flac"
    broken.write_bytes(broken.read_bytes()[:3000])
    (folder / "table.csv").write_text("\n".join(lines))
    part = f"{{adapter: folder, table: {folder}/table.csv, split: test}}"
    project.edit_suite("speech: [", f"speech: [{part}, ")
    done = project.run(check=1)
    assert broken.name in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_full_disk_ends_with_a_clear_message_and_a_later_run_completes(tmp_path, finished):
    """On a small tmpfs, which a mount namespace of our own allows without being root."""
    disk, said = tmp_path / "disk", tmp_path / "said"
    disk.mkdir()
    said.mkdir()
    project = Project(tmp_path / "files")
    project.edit_suite("resamples: 100", f"resamples: 100\nresults: {disk}/results")
    run = shlex.join(project.command("run", "micro.yaml", "--cores", "2"))
    script = f"""
        mount -t tmpfs -o size=2m tmpfs {disk} || exit 77
        {run} > {said}/first 2>&1; echo $? > {said}/status
        mount -o remount,size=200m {disk}
        {run} > {said}/second 2>&1; cp {disk}/results/micro/leaderboard.csv {said}
    """
    namespace = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh", "-c", script]
    done = subprocess.run(namespace, cwd=project.work, env=project.environment(), capture_output=True, text=True)
    assert done.returncode == 0, f"this test mounts a tmpfs in a namespace of its own: {done.stderr}"
    first = (said / "first").read_text()
    assert (said / "status").read_text().strip() == "1"
    assert "No space left on device" in first and "Traceback" not in first
    project.results = said
    assert [r for r in project.board() if r["metric"] == "sdr"] == [r for r in finished.board() if r["metric"] == "sdr"]


def test_two_runs_of_one_suite_do_not_meet(project):
    import fcntl

    with (project.results / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = project.run(check=2)
    assert "another run of this suite is at work" in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("suite: micro\nscens: 1", "unknown key 'scens'; did you mean 'scenes'"),
        ("suite: micro\nmethods: [winer]", "unknown method 'winer'; did you mean 'wiener'"),
        ("suite: micro\nconditions: [tablt]", "unknown condition 'tablt'; did you mean 'tablet'"),
        ("suite: micro\nscenes: [1]", "scenes: expected integer, got [1]"),
    ],
)
def test_a_wrong_suite_ends_at_once(project, text, message):
    (project.work / "micro.yaml").write_text(text)
    done = project.run(check=2)
    assert "micro.yaml" in done.stderr and message in done.stderr and "Traceback" not in done.stderr
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "-s",
        str(project.root / "Snakefile"),
        "--configfile",
        "micro.yaml",
        "-n",
    ]
    plain = subprocess.run(command, cwd=project.work, env=project.environment(), capture_output=True, text=True)
    assert plain.returncode != 0 and message in plain.stderr + plain.stdout


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


def test_the_tiny_suite_runs_every_plugin_and_condition(tmp_path):
    from cocktail.config import load_suite
    from cocktail.plan import Plan

    done = subprocess.run(
        [sys.executable, "-m", "cocktail", "run", "tiny", "--cores", "2", "--strict"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    plan = Plan(load_suite("tiny"), "tiny")
    with (tmp_path / "results" / "tiny" / "leaderboard.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["metric"] == "si_sdr"]
    finished = {(row["condition"], row["entry"]) for row in rows if row["n_ok"] == row["n_total"] != "0"}
    assert finished == set(plan.cells)
    assert {plan.entries[entry].plugin.name for _, entry in finished} == set(plan.registry.plugins)
    assert json.loads((tmp_path / "results" / "tiny" / "mlflow.json").read_text())
