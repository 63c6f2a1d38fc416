"""How far a run is, by what Snakemake says of it."""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from cocktail import cli
from cocktail.errors import CocktailError
from cocktail.workflow.progress import Progress, said
from cocktail.workflow.snakemake import at_work, exclusive

LOG = """begun 2026-11-28T10:00:00
Job stats:
job            count
-----------  -------
scenes             6
train              2
all                1
total              9

Select jobs to execute...
[Sat Nov 28 10:01:00 2026]
Finished jobid: 18 (Rule: scenes)
1 of 900 steps (0.1%) done
cocktail> net: epoch 3 of 9
Finished jobid: 19 (Rule: train)
8 of 9 steps (89%) done
"""


def progress(text=LOG, **weights):
    return Progress(lambda: weights).read_all(text.splitlines())


@pytest.mark.parametrize("percent", ["0.2%", "1%", "100%"])
def test_jobs_are_counted_however_their_share_is_written(percent):
    made = Progress()
    assert made.read(f"3 of 8 steps ({percent}) done")
    assert (made.done, made.jobs) == (3, 8)
    assert not made.read("cocktail> net: epoch 3 of 9")


def test_jobs_count_for_what_they_cost():
    """One of six scenes and one of two trainings: half of the work where trainings are nearly all of it."""
    made = progress(scenes=1.0, train=597.0)
    assert made.share == pytest.approx(598 / 1200)
    assert made.left(timedelta(minutes=10)).total_seconds() == pytest.approx(600 * 602 / 598)
    assert progress(train=7.0).share == pytest.approx(14 / 56)  # scenes as the mean of what is known
    assert progress().share == pytest.approx(2 / 8)


def test_where_there_is_no_table_all_jobs_count_alike():
    assert Progress().read_all(["3 of 8 steps (37%) done"]).share == pytest.approx(3 / 8)


def test_a_line_says_jobs_share_and_time_left():
    assert progress().line(timedelta(minutes=2)) == "8 of 9 jobs, 25 % of the work, after 2 min; about 6 min left"
    early = progress(scenes=1e-6, train=0.0)
    assert "left" not in Progress(lambda: {"scenes": 1e-6, "train": 1.0}).read_all(LOG.splitlines()[:13]).line(
        timedelta(1)
    )
    assert "left" in early.line(timedelta(minutes=2))


@pytest.mark.parametrize(("seconds", "text"), [(40, "40 s"), (59.6, "1 min"), (7 * 60, "7 min"), (7500, "2 h 5 min")])
def test_times_in_words(seconds, text):
    assert said(timedelta(seconds=seconds)) == text


def test_off_a_terminal_lines_come_now_and_then(tmp_path):
    """Two ends of jobs at once are one line; a line of a training brings another when the time has come."""
    lines = ["1 of 4 steps (25%) done", "2 of 4 steps (50%) done", "cocktail> net: epoch 1", "cocktail> net: epoch 2"]
    code = f"""
from cocktail.workflow import display
from cocktail.workflow.progress import Progress
now = iter([0.0, 0.0, 30.0, 61.0, 61.0, 61.0])
display.monotonic = lambda: next(now)
with display.Display(Progress()) as shown:
    for line in {lines}:
        shown.read(line)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    said_so = [line.split(" of the work")[0] for line in done.stdout.splitlines() if line]
    assert said_so == ["1 of 4 jobs, 25 %", "2 of 4 jobs, 50 %"]
    on_a_terminal = os.environ | {"TTY_COMPATIBLE": "1", "COLUMNS": "100"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=on_a_terminal, check=True)
    assert "of the work" not in done.stdout and "2/4" in done.stdout


@pytest.fixture
def logged(tmp_path, monkeypatch):
    """A function that writes the log of a run of `quick` that began ten minutes ago; returns what status says."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results" / "quick"
    log = folder / "logs" / "snakemake.log"
    begun = (datetime.now() - timedelta(minutes=10)).isoformat(timespec="seconds")

    def status(text, *, running, options=()):
        for path in (log, folder / "valid" / "logs" / "snakemake.log"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("2026-11-28T10:00:00", begun))
        if not running:
            return CliRunner().invoke(cli.main, ["status", "quick", *options])
        with exclusive(folder, log):
            return CliRunner().invoke(cli.main, ["status", "quick", *options])

    return status


def test_status_of_a_run_at_work(logged):
    state = json.loads(logged(LOG, running=True, options=["--json"]).stdout)
    assert (state["state"], state["jobs_done"], state["jobs"]) == ("at work", 8, 9)
    assert state["training"] == "net: epoch 3 of 9"
    assert state["elapsed_s"] == pytest.approx(600, abs=20)
    assert state["left_s"] == pytest.approx(600 * (1 / state["share_of_work"] - 1), rel=0.05)
    assert 0.4 < state["share_of_work"] < 0.5  # a training costs more than a scene, by the shipped costs
    out = logged(LOG, running=True).stdout
    assert out.startswith("quick: at work, 8 of 9 jobs, ") and "; about " in out and "net: epoch 3 of 9" in out


def test_status_of_a_run_that_ended(logged):
    assert logged(LOG + "9 of 9 steps (100%) done\n", running=False).stdout.startswith("quick: finished, 9 of 9 jobs, ")
    assert logged("Nothing to be done (all ...)\n", running=False).stdout == "quick: finished, nothing was left to do\n"
    stopped = logged(LOG, running=False).stdout
    assert stopped.startswith("quick: stopped, 8 of 9 jobs") and "snakemake.log" in stopped and "left" not in stopped


def test_results_in_a_folder_whose_name_is_no_text_are_refused_before_any_job(tmp_path):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    with pytest.raises(CocktailError, match=r"caf.*: is no text in UTF-8; rename it"), exclusive(folder, Path("log")):
        pass
    assert not folder.exists()


def test_runs_of_each_split_have_a_state(logged):
    """The lock says which of them is at work; a second run that is refused leaves what it says."""
    done = logged(LOG, running=True, options=["--split", "valid"]).stdout
    assert done.startswith("quick, split valid: stopped, 8 of 9 jobs")
    assert "Another run of this suite is at work: " in done and "results/quick/logs/snakemake.log" in done
    folder = Path("results/quick")
    with exclusive(folder, Path("first")):
        with pytest.raises(CocktailError, match="another run"), exclusive(folder, Path("second")):
            pass
        assert at_work(folder) == Path("first").resolve()
    assert at_work(folder) is None


def test_status_without_a_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli.main, ["status", "quick"])
    assert done.exit_code == cli.ERROR and "`cocktail run quick` first" in done.stderr
    done = CliRunner().invoke(cli.main, ["status", "quick", "--split", "valid"])
    assert "`cocktail run quick --split valid` first" in done.stderr
    assert not Path("results").exists()
