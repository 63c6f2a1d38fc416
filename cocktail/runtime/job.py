"""Running a job that calls code of plugins: its log file, its limits, its GPU."""

import contextlib
from collections.abc import Iterator

from cocktail.runtime.gpus import own_gpu
from cocktail.runtime.limits import limited
from cocktail.runtime.log import ended_with_error, logged


@contextlib.contextmanager
def running(snakemake, *, pandas: bool = True) -> Iterator[None]:
    """Hold the block to what the job `snakemake`, as a script has it, asked for, with its output in the job's log.

    The last try of a job gives up (cocktail.runtime.limits) only if the scheduler ended the try before it. If that try
    ended with an error of its own, such as a full disk or a broken file, the code that it calls is not at fault.
    `pandas` as in `logged`.
    """
    log, resources = snakemake.log[0], dict(snakemake.resources.items())
    if ended_with_error(log):
        resources["give_up"] = 0
    with logged(log, pandas=pandas), limited(resources), own_gpu(resources.get("gpu", 0)):
        yield
