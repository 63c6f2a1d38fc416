"""Running a job that calls strangers' code: its log file, its limits, its GPU."""

import contextlib
from collections.abc import Iterator

from cocktail.runtime.gpus import own_gpu
from cocktail.runtime.limits import limited
from cocktail.runtime.log import ended_with_error, logged


@contextlib.contextmanager
def running(snakemake) -> Iterator[None]:
    """Hold the block to what the job `snakemake`, as a script has it, asked for, with its output in the job's log.

    A job that gives up (cocktail.runtime.limits) does so only where it was the scheduler that ended the try before:
    what that said itself, of a full disk or of a file that is broken, is no fault of the code that it calls.
    """
    log, resources = snakemake.log[0], dict(snakemake.resources.items())
    if ended_with_error(log):
        resources["give_up"] = 0
    with logged(log), limited(resources), own_gpu(resources.get("gpu", 0)):
        yield
