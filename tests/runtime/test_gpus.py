"""Each job its own GPU: simulated by processes that say what CUDA would show them."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cocktail.errors import CocktailError
from cocktail.runtime import gpus
from cocktail.runtime.gpus import VISIBLE, own_gpu, slots
from cocktail.workflow.snakemake import snakemake_command
from cocktail.workflow.suite import suite_path

LISTING = """\
GPU 0: NVIDIA H200 (UUID: GPU-aaaa)
GPU 1: NVIDIA H200 (UUID: GPU-bbbb)
  MIG 1g.18gb     Device  0: (UUID: MIG-cccc)
  MIG 1g.18gb     Device  1: (UUID: MIG-dddd)
"""

JOB = """
import os, sys
from cocktail.runtime.gpus import own_gpu
with own_gpu(1):
    print(os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path):
    """A machine of its own with two GPUs; returns what is set to make it another one."""
    for name in (VISIBLE, "SLURM_JOB_ID", "COCKTAIL_JOBS_PER_GPU", "COCKTAIL_DEVICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COCKTAIL_GPUS", "2")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(gpus.tempfile, "tempdir", None)
    return monkeypatch


@pytest.fixture
def smi(machine, tmp_path):
    """nvidia-smi of a machine with a whole GPU and one in two parts."""
    machine.delenv("COCKTAIL_GPUS")
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{LISTING}END\n")
    program.chmod(0o755)
    machine.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


class Job:
    """A process that holds a GPU until it is told to end."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-c", JOB],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.gpu = None
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        self.gpu = self.process.stdout.readline().strip()

    def started(self) -> str:
        """The GPU that it got."""
        self.reader.join(60)
        assert self.gpu, self.process.stderr.read()
        return self.gpu

    def waits(self) -> bool:
        """Whether it says so; blocks until it says anything."""
        return "waits for a GPU" in self.process.stderr.readline() and self.gpu is None

    def end(self):
        self.process.communicate("\n", timeout=60)


@pytest.fixture
def job():
    jobs = []

    def start():
        jobs.append(Job())
        return jobs[-1]

    yield start
    for each in jobs:
        each.process.kill()
        each.process.wait()


def test_two_jobs_have_two_gpus_and_a_third_waits_for_one(job):
    first, second = job(), job()
    assert {first.started(), second.started()} == {"0", "1"}
    third = job()
    assert third.waits()
    second.end()
    assert third.started() == second.gpu


def test_a_killed_job_leaves_its_gpu(job, machine):
    machine.setenv("COCKTAIL_GPUS", "1")
    first = job()
    assert first.started() == "0"
    second = job()
    assert second.waits()
    first.process.kill()
    assert second.started() == "0"


def test_gpus_are_shared_where_that_is_asked_for(job, machine):
    machine.setenv("COCKTAIL_JOBS_PER_GPU", "2")
    assert slots() == 4
    jobs = [job() for _ in range(4)]
    assert sorted(each.started() for each in jobs) == ["0", "0", "1", "1"]
    assert job().waits()


def test_emptier_gpus_go_first(machine):
    machine.setenv("COCKTAIL_JOBS_PER_GPU", "2")
    with own_gpu(1):
        first = os.environ.pop(VISIBLE)
        with own_gpu(1):
            assert os.environ[VISIBLE] != first
        os.environ[VISIBLE] = first


def test_an_outer_choice_is_kept(machine, job):
    machine.setenv("COCKTAIL_GPUS", "8")
    machine.setenv(VISIBLE, "5,3")
    assert slots() == 2
    assert {job().started(), job().started()} == {"5", "3"}
    with pytest.MonkeyPatch.context() as inner:
        inner.setenv(VISIBLE, "7")
        with own_gpu(1):
            assert os.environ[VISIBLE] == "7"


@pytest.mark.parametrize("hidden", ["", "-1", "NoDevFiles", "-1,0"])
def test_where_all_gpus_are_hidden_there_is_none(machine, hidden):
    machine.setenv(VISIBLE, hidden)
    assert slots() == 0
    with own_gpu(1):
        assert os.environ[VISIBLE] == hidden


def test_what_asks_for_no_gpu_sees_what_it_saw(machine):
    with own_gpu(0):
        assert VISIBLE not in os.environ
    with own_gpu(1):
        assert os.environ[VISIBLE] == "0"
    assert VISIBLE not in os.environ


def test_the_scheduler_of_a_cluster_has_chosen(machine):
    machine.setenv("SLURM_JOB_ID", "17")
    machine.setenv(VISIBLE, "2")
    with own_gpu(1), own_gpu(1):  # side by side on one GPU, if the scheduler says so
        assert os.environ[VISIBLE] == "2"


def test_what_a_scheduler_gave_to_a_whole_run_is_shared_out(machine, job):
    machine.setenv("SLURM_JOB_ID", "17")
    machine.setenv(VISIBLE, "2,3")
    assert {job().started(), job().started()} == {"2", "3"}
    assert job().waits()


def test_nvidia_smi_is_asked(smi, machine):
    assert gpus._installed() == ["GPU-aaaa", "MIG-cccc", "MIG-dddd"]
    assert slots() == 3
    with own_gpu(1):
        assert os.environ.pop(VISIBLE) == "GPU-aaaa"
        machine.setenv(VISIBLE, "0,GPU-bb")  # by number, the one that is taken
        with own_gpu(1):
            assert os.environ[VISIBLE] == "GPU-bb"
        machine.setenv(VISIBLE, "GPU-aaaa")


def test_a_machine_without_gpus_has_no_slots(machine, tmp_path):
    machine.delenv("COCKTAIL_GPUS")
    machine.setenv("PATH", str(tmp_path))
    assert slots() == (1 if Path("/dev/nvidiactl").exists() else 0)


@pytest.mark.parametrize("variable", ["COCKTAIL_GPUS", "COCKTAIL_JOBS_PER_GPU"])
@pytest.mark.parametrize("text", ["0", "none", "-2", ""])
def test_a_number_that_makes_no_sense_is_named(machine, variable, text):
    machine.setenv(variable, text)
    with pytest.raises(CocktailError, match=rf"^{variable}={text}: expected a number of 1 or more$"):
        slots()


def test_snakemake_is_told_how_many_jobs_may_use_gpus(machine):
    machine.setenv("COCKTAIL_DEVICE", "cuda")
    machine.setenv("COCKTAIL_JOBS_PER_GPU", "3")
    command = snakemake_command(suite_path("tiny"), {}, 4)
    assert command[command.index("--resources") + 1] == "gpu=6"
    machine.setenv("COCKTAIL_DEVICE", "cpu")
    assert "--resources" not in snakemake_command(suite_path("tiny"), {}, 4)
