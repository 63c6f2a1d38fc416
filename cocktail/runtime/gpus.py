"""The GPUs of one machine: each job that asks for one has it to itself, unless sharing is asked for.

A job takes a lock on a GPU, or waits until one is free, and sees that GPU alone through CUDA_VISIBLE_DEVICES. The
system releases the lock when the job's last process ends, however it ends. Locks lie in the machine's folder of
temporary files, so that runs of several suites and users keep clear of each other too.

Environment:

- CUDA_VISIBLE_DEVICES names the GPUs that may be used; jobs choose among these.
- COCKTAIL_GPUS: their number, or their names after commas, where nvidia-smi cannot be asked.
- COCKTAIL_JOBS_PER_GPU: how many jobs may share a GPU; 1 unless set.

A GPU that SLURM assigned to a job is used as it is; several that it assigned to a whole run are distributed over the
run's jobs as above. Without nvidia-smi, the number and the UUID of a GPU count as two GPUs.
"""

import contextlib
import fcntl
import itertools
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from cocktail.errors import CocktailError
from cocktail.runtime.log import say

VISIBLE = "CUDA_VISIBLE_DEVICES"
POLL_S = 0.5
"""Seconds between two looks of a waiting job for a free GPU."""

LISTED = re.compile(r"^(?P<mig>\s+MIG)?.*\(UUID: (?P<uuid>\S+)\)$", re.MULTILINE)
"""A line of `nvidia-smi -L`; parts of a GPU (MIG) are indented below it."""


def slots() -> int:
    """How many jobs may use GPUs at a time on this machine. Raises CocktailError for a setting that makes no sense."""
    return len(_visible(_installed())) * _jobs_per_gpu()


@contextlib.contextmanager
def own_gpu(wanted: int) -> Iterator[None]:
    """In the block, and in processes that it starts, CUDA sees one GPU that no other job has; waits for one to be free.

    `wanted`: how many GPUs the job asked for; nothing happens for 0, where there is no GPU, or where SLURM gave one.
    """
    installed = _installed() if wanted else []
    visible = _visible(installed) if wanted else []
    if not visible or ("SLURM_JOB_ID" in os.environ and len(visible) == 1):
        yield
        return
    before = os.environ.get(VISIBLE)
    with _taken({name: _identity(name, installed) for name in visible}, _jobs_per_gpu()) as name:
        os.environ[VISIBLE] = name
        try:
            yield
        finally:
            os.environ.pop(VISIBLE)
            if before is not None:
                os.environ[VISIBLE] = before


def _jobs_per_gpu() -> int:
    return _count("COCKTAIL_JOBS_PER_GPU", "1")


def _count(variable, default) -> int:
    text = os.environ.get(variable, default)
    if not text.isdecimal() or int(text) < 1:
        raise CocktailError(f"{variable}={text}: expected a number of 1 or more")
    return int(text)


def _installed() -> list[str]:
    """Names of the machine's GPUs or their parts, in the order of their numbers: UUIDs where nvidia-smi tells."""
    given = os.environ.get("COCKTAIL_GPUS")
    if given is not None:
        return given.split(",") if "," in given else [str(number) for number in range(_count("COCKTAIL_GPUS", "1"))]
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ["0"] if Path("/dev/nvidiactl").exists() else []
    devices: list[list[str]] = []
    for line in LISTED.finditer(listed):
        if line["mig"]:
            devices[-1].append(line["uuid"])
        else:
            devices.append([line["uuid"]])
    return [name for whole, *parts in devices for name in (parts or [whole])]


def _visible(installed: list[str]) -> list[str]:
    """Names of the GPUs that jobs may use, as CUDA_VISIBLE_DEVICES names them where it is set."""
    outer = os.environ.get(VISIBLE)
    if outer is None:
        return installed
    names = (name.strip() for name in outer.split(","))
    # CUDA itself ends the list at the first name that is none, such as -1.
    return list(itertools.takewhile(lambda name: name not in ("", "NoDevFiles") and not name.startswith("-"), names))


def _identity(name: str, installed: list[str]) -> str:
    """Identity of a GPU, whether it is named by its number, its UUID, or the beginning of its UUID."""
    if name.isdecimal():
        return installed[int(name)] if int(name) < len(installed) else name
    return next((uuid for uuid in installed if uuid.startswith(name)), name)


@contextlib.contextmanager
def _taken(identities: dict[str, str], places: int) -> Iterator[str]:
    """Lock one of the `places` of a GPU and return the GPU's name; GPUs with fewer jobs are tried first."""
    folder = _folder()
    waiting = False
    while True:
        for place in range(places):
            for name, identity in identities.items():
                file = _open(folder / f"{identity.replace('/', '-')}.{place}")
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(file)
                    continue
                try:
                    yield name
                finally:
                    os.close(file)
                return
        if not waiting:
            say("waits for a GPU to be free")
            waiting = True
        time.sleep(POLL_S)


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / "cocktail-gpus"
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(0o1777)  # other users lock the same GPUs
    return folder


def _open(path: Path) -> int:
    """A descriptor of a file that any user may lock; the file is made if there is none."""
    with contextlib.suppress(FileNotFoundError):
        return os.open(path, os.O_RDONLY)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0o644))
    return os.open(path, os.O_RDONLY)
