"""What a job may take: what it asked the scheduler for, less what the job needs around its work.

A scheduler kills a job that takes more than it asked for, with all that it was about to write. Code that runs in a
process of its own (cocktail.runtime.worker) is therefore held to limits a little below, derived from the same
resources: it fails alone, and its cells are rows with the reason. Where nothing was asked for, as on one machine,
nothing is limited.

Memory is what a process uses when its work begins, and what it allocates from then on (RLIMIT_DATA of Linux): no more
than that can be resident. Its child processes have the same limit each, so that together they can exceed it; then it is
the scheduler that ends the job. So it is for a job with a GPU, whose memory is not limited here: CUDA sets aside more
than it uses. A job that a scheduler ended is tried again, and a last try that asks for `give_up` calls nothing: it
leaves rows with the reason that the scheduler ended the tries before.
"""

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cocktail.errors import CocktailError

AROUND_MB = 1000
"""Memory of Snakemake's processes and of the job's own, beside the one that does the work."""
AROUND_S = 90
"""Time that is left to start the job, and to write what was finished."""


@dataclass(frozen=True)
class Limits:
    """Limits of one job; None where there is none."""

    memory_mb: int | None = None
    runtime_min: int | None = None
    deadline: float | None = None
    """Of time.monotonic(), in seconds."""
    given_up: str | None = None
    """Reason with which every call fails; None where calls are made."""

    def left_s(self) -> float | None:
        """Seconds until the deadline, at least 0."""
        return None if self.deadline is None else max(self.deadline - time.monotonic(), 0.0)


_limits = Limits()


def current() -> Limits:
    """The limits of the job that this process is."""
    return _limits


@contextlib.contextmanager
def limited(resources: Mapping[str, int]) -> Iterator[None]:
    """Hold the block to a job's resources `mem_mb` (MB; not where `gpu` is above 0) and `runtime` (minutes).

    `give_up`: how many tries of the job the scheduler has ended; above 0, every call fails with that reason. Raises
    CocktailError where the resources do not suffice for the job itself.
    """
    global _limits
    memory_mb, runtime_min = resources.get("mem_mb"), resources.get("runtime")
    if memory_mb is not None and memory_mb <= AROUND_MB:
        raise CocktailError(f"mem_mb={memory_mb}: a job needs {AROUND_MB} MB beside its work; ask for more")
    if runtime_min is not None and 60 * runtime_min <= AROUND_S:
        raise CocktailError(f"runtime={runtime_min} minutes: a job needs {AROUND_S} s beside its work; ask for more")
    before = _limits
    _limits = Limits(
        None if memory_mb is None or resources.get("gpu") else memory_mb - AROUND_MB,
        runtime_min,
        None if runtime_min is None else time.monotonic() + 60 * runtime_min - AROUND_S,
        _given_up(resources),
    )
    try:
        yield
    finally:
        _limits = before


def _given_up(resources) -> str | None:
    tries = resources.get("give_up")
    if not tries:
        return None
    asked = ", ".join(f"{name}={resources[name]}" for name in ("mem_mb", "runtime") if resources.get(name) is not None)
    return f"the scheduler ended its job {tries} times" + (f" ({asked})" if asked else "")
