"""Where results come from: program, commit, machine, and what their suite was run on."""

import functools
import hashlib
import os
import platform
import re
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from cocktail import ROOT

TABLES = ("leaderboard.csv", "claims.csv", "scores.parquet", "scenes.parquet", "entries.json")
"""Files of results/<suite> that stand for its results."""


def provenance(folder: str | Path, about: dict) -> list[tuple[str, str]]:
    """(what, value) in words, for the results in `folder`. `about`: what the suite says of itself (Plan.about).

    The date is that of the boards, so that the same results have the same page.
    """
    folder = Path(folder)
    made = datetime.fromtimestamp((folder / "leaderboard.csv").stat().st_mtime, UTC)
    known = {
        "project": f"Cocktail Bench {version('cocktailbench')}",
        "date": f"{made:%Y-%m-%d %H:%M} UTC",
        "commit": commit() or "unknown",
        **{name: str(value) for name, value in about.items()},
        "machine": machine(),
    }
    digests = {name: file_digest(folder / name) for name in TABLES if (folder / name).is_file()}
    return [*known.items(), *((f"sha256 of {name}", digest) for name, digest in digests.items())]


def file_digest(path: Path) -> str:
    """The first 16 hexadecimal digits of a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


@functools.cache
def commit() -> str | None:
    """Commit of the project that runs, with `-dirty` where files differ from it; None outside a checkout."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return None
    command = [git, "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


@functools.cache
def machine() -> str:
    """The machine that this runs on, in words: processor, cores, memory, system."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    return f"{processor()}, {cores} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}"


def processor() -> str:
    """The processor, as a person knows it."""
    path = Path("/proc/cpuinfo")
    match = re.search(r"model name\s*: (.+)", path.read_text()) if path.is_file() else None
    return " ".join(match[1].split()) if match else platform.processor() or platform.machine()
