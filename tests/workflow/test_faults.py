"""What goes wrong in a run, and what it costs: a kill, a full disk, plugins and files at fault, wrong settings."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time

import pytest
from needed import namespace
from workflow_project import FIRST_CONDITION, Project

from cocktail import tables

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


def sdr(project):
    """Rows of the board."""
    return [row for row in project.board("stationary") if row["metric"] == "sdr"]


def test_scores_survive_kill_9_and_the_board_equals_an_undisturbed_one(finished, tmp_path):
    project = Project(tmp_path)
    project.edit_suite(*FIRST_CONDITION)
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
        return [row for row in p.board("stationary") if row["metric"] != "rtf"]

    assert figures(project) == figures(finished) != []


def test_each_fault_of_a_plugin_costs_its_own_cells(project):
    plugins = project.work / "faulty"
    plugins.mkdir()
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
    scores = tables.read_rows(project.results / "scores.parquet")
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


def test_a_job_that_is_ended_from_outside_again_and_again_costs_its_own_cells(project):
    """By a method that kills its job, under a profile with the tries that those of clusters have."""
    profile, plugins, begun = project.work / "tries", project.work / "killing", project.work / "begun"
    shutil.copytree(project.root / "config" / "profiles" / "default", profile)
    with (profile / "config.yaml").open("a") as file:
        file.write("retries: 2\ndefault-resources:\n  mem_mb: 4000 * min(attempt, 2)\n  give_up: 2 * (attempt > 2)\n")
    plugins.mkdir()
    (plugins / "killing.py").write_text(
        '"""Killing."""\nimport os\nfrom dataclasses import dataclass\nfrom cocktail.method import Method\n\n'
        "@dataclass(frozen=True)\nclass Killing(Method):\n    def __call__(self, mixture, view):\n"
        f"        print('begun', file=open({str(begun)!r}, 'a'))\n        os.kill(os.getppid(), 9)\n"
    )
    choice = ("--methods", str(plugins), "--methods", "killing,wiener", "--conditions", "stationary")
    done = project.run(*choice, "--profile", str(profile))
    assert "1 cells failed" in done.stderr
    scores = tables.read_rows(project.results / "scores.parquet")
    assert {row["reason"] for row in scores if row["status"] == "failed"} == {
        "method-failed: the scheduler ended its job 2 times (mem_mb=8000)"
    }
    finished = {row["entry"]: row["n_ok"] for row in project.board()}
    assert {entry: n for entry, n in finished.items() if n != "4"} == {"killing": "0"}
    assert "wiener" in finished
    assert begun.read_text().split() == ["begun"] * 4  # 2 shards, 2 tries
    assert project.pending(*choice) == set()


def test_a_deleted_store_is_logged_again(project):
    (project.work / "results" / "mlflow.db").unlink()
    assert project.pending() == {"mlflow.json"}
    project.run()
    assert (project.work / "results" / "mlflow.db").exists() and project.pending() == set()


def test_a_server_that_is_not_there_costs_no_board(project, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    done = project.run()
    assert "MLflow could not be reached: cocktail log micro.yaml" in done.stderr
    assert "stationary" in done.stdout and project.board()
    assert project.pending() == {"mlflow.json"}
    project.run("--strict", check=1)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert "0 new runs, 7 were logged already" in project.cocktail("log", "micro.yaml").stdout


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


@pytest.mark.needs("namespaces")
def test_a_full_disk_ends_with_a_clear_message_and_a_later_run_completes(tmp_path, finished):
    """On a small tmpfs, which a mount namespace of our own allows without being root."""
    disk, said = tmp_path / "disk", tmp_path / "said"
    disk.mkdir()
    said.mkdir()
    project = Project(tmp_path / "files")
    project.edit_suite(*FIRST_CONDITION)
    project.edit_suite("resamples: 100", f"resamples: 100\nresults: {disk}/results")
    run = shlex.join(project.command("run", "micro.yaml", "--cores", "2"))
    script = f"""
        mount -t tmpfs -o size=2m tmpfs {disk} || exit 1
        {run} > {said}/first 2>&1; echo $? > {said}/status
        mount -o remount,size=200m {disk}
        {run} > {said}/second 2>&1; cp {disk}/results/micro/leaderboard.csv {said}
    """
    command = [*namespace(), "sh", "-c", script]
    done = subprocess.run(command, cwd=project.work, env=project.environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first = (said / "first").read_text()
    assert (said / "status").read_text().strip() == "1"
    assert "No space left on device" in first and "Traceback" not in first
    project.results = said
    assert sdr(project) == sdr(finished) != []


def test_a_run_that_is_terminated_leaves_no_job_behind_and_goes_on_later(tmp_path, finished):
    from cocktail.workflow.snakemake import at_work

    project = Project(tmp_path / "files")
    project.edit_suite(*FIRST_CONDITION)
    command = project.command("run", "micro.yaml", "--cores", "2")
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=project.work, env=project.environment(), **options) as process:
        while not list(project.results.glob("logs/**/corpora.log")):  # jobs are at work
            assert process.poll() is None, process.stdout.read()
            time.sleep(0.05)
        process.terminate()
        said = process.stdout.read()
    assert process.returncode == 130 and "Ended by a signal" in said and "Traceback" not in said
    assert at_work(project.results) is None
    assert str(project.work) not in subprocess.run(["ps", "axww"], capture_output=True, text=True).stdout
    project.run()
    assert sdr(project) == sdr(finished) != []


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
