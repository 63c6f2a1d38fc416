"""How much of a job's CPU time is work and not imports, files or Snakemake: in its log, summed by `make bench`."""

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def work() -> Iterator[None]:
    """Log the CPU time of the block, that of child processes it waited for included."""
    before = sum(os.times()[:4])
    try:
        yield
    finally:
        print(f"work {sum(os.times()[:4]) - before:.2f} s", file=sys.stderr)
