import os
import subprocess
import sys

import pytest

from cocktail.runtime.log import ended_with_error

CODE = """
import os, sys
from cocktail.errors import CocktailError
from cocktail.runtime.log import logged
with logged({path!r}):
    print("printed")
    os.system("echo from a child")
    {more}
print("after")
"""


def run(path, more="pass"):
    code = CODE.format(path=str(path), more=more)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_output_of_all_kinds_goes_to_the_file(tmp_path):
    done = run(tmp_path / "deep" / "job.log")
    assert (tmp_path / "deep" / "job.log").read_text() == "printed\nfrom a child\n"
    assert (done.stdout, done.stderr, done.returncode) == ("after\n", "", 0)


def test_work_is_accounted_for_in_a_job_and_nowhere_else(tmp_path):
    more = "from cocktail.runtime.accounting import work\n    with work(): sum(range(10**6))"
    run(tmp_path / "job.log", more)
    assert "work 0." in (tmp_path / "job.log").read_text()
    code = "from cocktail.runtime.accounting import work\nwith work(): pass"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_an_error_of_the_users_shows_in_both_places(tmp_path):
    done = run(tmp_path / "job.log", r"raise CocktailError('no such file\nnor that')")
    message = "cocktail: no such file\ncocktail: nor that\n"
    assert message in (tmp_path / "job.log").read_text()
    assert (done.stderr, done.returncode) == (message, 1)
    assert ended_with_error(tmp_path / "job.log")


@pytest.mark.parametrize("more", ["pass", "1 / 0", "os.kill(os.getpid(), 9)"])
def test_every_other_end_is_none_with_an_error_of_the_users(tmp_path, more):
    assert not ended_with_error(tmp_path / "job.log")
    run(tmp_path / "job.log", more)
    assert (tmp_path / "job.log").exists() and not ended_with_error(tmp_path / "job.log")


def test_an_error_that_nobody_expected_shows_in_a_line_and_its_traceback_is_in_the_file(tmp_path):
    path = tmp_path / "job.log"
    done = run(path, "raise KeyError('speaker')")
    assert (done.stderr, done.returncode) == (f"cocktail: job: KeyError: 'speaker' (traceback: {path})\n", 1)
    assert path.read_text().startswith("printed\nfrom a child\nTraceback")


def test_what_a_job_says_shows_in_both_places_with_its_name(tmp_path):
    more = "from cocktail.runtime.log import say\n    say('halved'); say('epoch 3', progress=True)"
    done = run(tmp_path / "blstm-psa.log", more)
    assert done.stderr == "cocktail: blstm-psa: halved\ncocktail> blstm-psa: epoch 3\n"
    assert (tmp_path / "blstm-psa.log").read_text() == "printed\nfrom a child\nhalved\nepoch 3\n"


SNAKEMAKE = """
import os, sys
print("1 of 4 steps (25%) done")
print("cocktail: blstm-psa: halved [/x]")
print("cocktail> blstm-psa: epoch 3 of 9 [/x]")
print("noise")
sys.stdout.flush()
os.write(1, b"\\xff\\xfe no UTF-8\\ncocktail: caf\\xe9\\n")
"""


@pytest.mark.parametrize("terminal", [False, True])
def test_news_stays_on_the_terminal_and_progress_passes(tmp_path, terminal):
    code = f"""
import sys
from pathlib import Path
from types import SimpleNamespace
from cocktail.workflow import snakemake
snakemake.costs_a_job = lambda plan: {{}}
folder = Path({str(tmp_path)!r})
plan = SimpleNamespace(folder=folder, run_log=folder / "logs" / "snakemake.log")
sys.exit(snakemake.run([sys.executable, "-c", {SNAKEMAKE!r}], plan))
"""
    environment = os.environ | ({"TTY_COMPATIBLE": "1", "COLUMNS": "100"} if terminal else {})
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("cocktail: blstm-psa: halved [/x]\n") == 1
    assert ("epoch 3 of 9 [/x]" in done.stdout, "1/4" in done.stdout) == (terminal, terminal)
    assert "noise" not in done.stdout
    assert "cocktail: caf\N{REPLACEMENT CHARACTER}\n" in done.stdout


def test_any_other_error_keeps_its_traceback(tmp_path):
    done = run(tmp_path / "job.log", "1 / 0")
    assert "ZeroDivisionError" in done.stderr and done.returncode == 1


def test_a_job_without_pandas_reads_and_writes_tables(tmp_path):
    code = f"""
import sys
from cocktail import tables
from cocktail.runtime.log import logged
with logged({str(tmp_path / "job.log")!r}, pandas=False):
    tables.write_rows({str(tmp_path / "a.parquet")!r}, [{{"scene": "a"}}], tables.MIXTURES)
    assert tables.read_rows({str(tmp_path / "a.parquet")!r})[0]["scene"] == "a"
print("pandas" in sys.modules)
import pandas
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("False\n", 0), done.stderr


def test_work_goes_on_when_nobody_listens(tmp_path):
    code = f"""
import os
from cocktail.runtime import log
with log.logged({str(tmp_path / "job.log")!r}):
    reader, writer = os.pipe()
    os.close(reader)
    log._terminal = writer, "plugin"
    log.say("epoch 1")
    print("goes on")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "job.log").read_text().splitlines() == ["epoch 1", "goes on"]
