"""When a job gives up: after tries that the scheduler ended, and not after one that said itself what is wrong."""

from types import SimpleNamespace

import pytest

from cocktail.runtime import limits
from cocktail.runtime.job import running
from cocktail.runtime.worker import Interrupted, Worker


@pytest.fixture
def job(tmp_path):
    """A job in its last try, as a script has it."""
    return SimpleNamespace(log=[str(tmp_path / "job.log")], resources={"mem_mb": 8000, "give_up": 2})


def call():
    with Worker(lambda: lambda: "called") as worker:
        return worker(limit_s=60)


@pytest.mark.parametrize("left", [None, "", "work 3.1 s\n", "cocktail: 1\nwork 3.1 s\n"])
def test_a_job_gives_up_where_the_try_before_was_ended(job, tmp_path, left):
    if left is not None:
        (tmp_path / "job.log").write_text(left)
    with running(job), pytest.raises(Interrupted, match="the scheduler ended its job 2 times"):
        call()
    assert limits.current() == limits.Limits()


def test_a_job_goes_on_where_the_try_before_ended_with_an_error_of_its_own(job, tmp_path):
    (tmp_path / "job.log").write_text("work 3.1 s\ncocktail: estimates.parquet: could not be written\n")
    with running(job):
        assert call() == "called"
