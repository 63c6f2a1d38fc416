"""A job keeps within what it asked for: the code at fault fails with the reason, and the caller goes on."""

import mmap
import re
import time

import numpy as np
import pytest
from fresh_process import in_fresh_process

from cocktail.errors import CocktailError
from cocktail.runtime import limits
from cocktail.runtime.limits import AROUND_MB, AROUND_S, limited
from cocktail.runtime.worker import CallFailed, Interrupted, Worker


def allocate(mb):
    return np.empty(mb * 2**20, np.uint8).size >> 20


def arrays():
    return allocate


def bytearrays():
    return lambda mb: len(bytearray(mb * 2**20)) >> 20


def tensors():
    import torch

    return lambda mb: len(torch.empty(mb << 18)) >> 18


def commands():
    import subprocess
    import sys

    allocate_it = "import resource; bytearray(resource.getrlimit(resource.RLIMIT_DATA)[0])"
    return lambda: subprocess.run([sys.executable, "-c", allocate_it], capture_output=True, check=False).stderr


def answers(mb, start, *calls):
    """What a worker says to calls one after the other, in a job that may use `mb`: the result, or why there is none."""
    with limited({"mem_mb": AROUND_MB + mb}), Worker(start) as worker:
        return [answer(worker, call) for call in calls]


def answers_beside_3_gb(mb, start, *calls):
    """The same where a library has set that much aside, as pyarrow does with 1 GB at its first table."""
    with mmap.mmap(-1, 3000 * 2**20, flags=mmap.MAP_PRIVATE):
        return answers(mb, start, *calls)


def answer(worker, call):
    try:
        return worker(*call, limit_s=60)
    except CallFailed as failed:
        return str(failed)


@pytest.mark.parametrize("start", [arrays, bytearrays, tensors])
def test_what_needs_more_memory_than_its_job_has_fails_with_the_reason(start):
    fits, fails, after = in_fresh_process(answers, 2000, start, (200,), (2500,), (200,))
    assert fits == after == 200
    assert re.match(r"needs more memory than the job's 2000 MB \(mem_mb less 1000\)", fails)


def test_what_is_set_aside_and_not_used_does_not_count():
    fits, fails = in_fresh_process(answers_beside_3_gb, 2000, arrays, (1200,), (2500,))
    assert fits == 1200
    assert fails.startswith("needs more memory than the job's")


def test_child_processes_have_the_same_limit():
    assert b"MemoryError" in in_fresh_process(answers, 2000, commands, ())[0]


def test_a_job_with_a_gpu_allocates_what_it_likes():
    with limited({"mem_mb": 3000, "gpu": 1}), Worker(lambda: allocate) as worker:
        assert worker(2500, limit_s=60) == 2500


def test_without_resources_nothing_is_limited():
    with limited({}), Worker(lambda: allocate) as worker:
        assert limits.current() == limits.Limits()
        assert worker(2500, limit_s=60) == 2500


def test_calls_end_with_the_time_of_their_job(monkeypatch):
    monkeypatch.setattr(limits, "AROUND_S", 59.5)
    with limited({"runtime": 1}), Worker(lambda: time.sleep) as worker:
        for _ in range(2):  # what is left to do fails at once
            with pytest.raises(Interrupted, match=r"the job's time was over \(runtime=1 minutes\)"):
                worker(60, limit_s=600)


def test_a_call_that_has_less_time_than_its_job_keeps_its_own_limit():
    with (
        limited({"runtime": 60}),
        Worker(lambda: time.sleep) as worker,
        pytest.raises(Interrupted, match=r"took longer than 0\.2 s"),
    ):
        worker(60, limit_s=0.2)


def test_limits_end_with_the_block():
    with limited({"mem_mb": 5000, "runtime": 10}):
        assert limits.current().memory_mb == 5000 - AROUND_MB
        assert 600 - AROUND_S - 5 < limits.current().left_s() <= 600 - AROUND_S
    assert limits.current() == limits.Limits()


@pytest.mark.parametrize("resources", [{"mem_mb": AROUND_MB}, {"runtime": 1}])
def test_resources_that_do_not_suffice_for_the_job_itself_are_an_error(resources):
    with pytest.raises(CocktailError, match="ask for more"), limited(resources):
        pass


def test_a_job_that_gives_up_calls_nothing(tmp_path):
    called = tmp_path / "called"
    asked = {"mem_mb": 8000, "runtime": 120, "give_up": 2}
    with limited(asked), Worker(lambda: called.touch) as worker:
        for _ in range(2):
            with pytest.raises(
                Interrupted, match=r"^the scheduler ended its job 2 times \(mem_mb=8000, runtime=120\)$"
            ):
                worker(limit_s=60)
    assert not called.exists()
    with limited(asked | {"give_up": 0}), Worker(lambda: called.touch) as worker:
        worker(limit_s=60)
    assert called.exists()
