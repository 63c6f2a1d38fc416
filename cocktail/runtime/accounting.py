"""How much of a job's CPU time is work, and not imports, files or Snakemake: written to its log and read from there."""

import contextlib
import csv
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_in_a_job = False

WORK = re.compile(r"^work ([\d.]+) s( once)?$", re.MULTILINE)
DEVICE = re.compile(r"^device (.+)$", re.MULTILINE)


@contextlib.contextmanager
def accounted() -> Iterator[None]:
    """Within the block, `work` logs its CPU time."""
    global _in_a_job
    _in_a_job = True
    try:
        yield
    finally:
        _in_a_job = False


@contextlib.contextmanager
def work(*, once: bool = False) -> Iterator[None]:
    """In a job, log the CPU time of the block, including child processes that it waited for.

    `once`: the job does it once, however many scenes it has.
    """
    before = sum(os.times()[:4])
    try:
        yield
    finally:
        if _in_a_job:
            print(f"work {sum(os.times()[:4]) - before:.2f} s{' once' * once}", file=sys.stderr)


def works_on(device: str) -> None:
    """In a job, log the name of the device that it computes on (cocktail.runtime.device.device_name)."""
    if _in_a_job:
        print(f"device {device}", file=sys.stderr)


@dataclass(frozen=True)
class Logged:
    """What a job's log says about its cost."""

    work_s: float
    """CPU seconds of work that grows with the amount."""
    once_s: float
    """CPU seconds of work done once."""
    device: str | None
    """Name of the device; None for a job that asks for none."""


def read_log(text: str) -> Logged:
    """What `work` and `works_on` left in the text of a log."""
    blocks = [(float(seconds), bool(once)) for seconds, once in WORK.findall(text)]
    device = DEVICE.search(text)
    return Logged(
        work_s=sum(seconds for seconds, once in blocks if not once),
        once_s=sum(seconds for seconds, once in blocks if once),
        device=device and device[1],
    )


def read_benchmark(path: str | Path) -> dict[str, str]:
    """What Snakemake measured of a job, by the columns of the benchmark file that it leaves: `s`, `cpu_time` ..."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        *_, row = csv.DictReader(file, delimiter="\t")
    return row
