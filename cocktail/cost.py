"""How much of a job's CPU time is work and not imports, files or Snakemake: in its log, summed by `make bench`."""

import contextlib
import os
import sys
from collections.abc import Iterator

_in_a_job = False


@contextlib.contextmanager
def accounted() -> Iterator[None]:
    """Within the block, `work` says what it cost."""
    global _in_a_job
    _in_a_job = True
    try:
        yield
    finally:
        _in_a_job = False


@contextlib.contextmanager
def work() -> Iterator[None]:
    """In a job, log the CPU time of the block, that of child processes it waited for included."""
    before = sum(os.times()[:4])
    try:
        yield
    finally:
        if _in_a_job:
            print(f"work {sum(os.times()[:4]) - before:.2f} s", file=sys.stderr)
