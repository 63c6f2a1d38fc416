"""What some tests need besides Python and compilers: `@pytest.mark.needs("chromium")`.

Where it is missing, the test is skipped, and the last lines of a run say which tests were and what to install. With the
environment variable COCKTAIL_REQUIRE_ALL set, as continuous integration sets it, a test that misses something fails.
"""

import functools
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

REQUIRE_ALL = "COCKTAIL_REQUIRE_ALL"

PACKAGES = {
    "chromium": "chromium",
    "rsync": "rsync",
    "postgresql": "postgresql",
    "slurm": "munge slurmctld slurmd slurm-client",
}
"""What a test may need -> Debian's packages of it."""


def program(name: str) -> str | None:
    """Path of a program, also of those for administrators; None where it is not installed."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def chromium() -> str | None:
    """Path of the browser."""
    return program("chromium") or program("chromium-browser") or program("google-chrome")


def postgresql() -> Path | None:
    """Folder of the programs of the newest PostgreSQL server."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


@functools.cache
def namespaces() -> bool:
    """Whether this user may mount file systems in a namespace of their own."""
    script = "mount -t tmpfs tmpfs /mnt"
    try:
        return not subprocess.run([*namespace(), "sh", "-c", script], capture_output=True, check=False).returncode
    except FileNotFoundError:
        return False


def namespace() -> list[str]:
    """The start of a command that runs in a mount namespace of its own."""
    return ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]


def missing(need: str) -> str | None:
    """Why a test that needs something cannot run; None where it can."""
    if need == "namespaces":
        return None if namespaces() else "needs mount namespaces, which this system does not let the user make"
    there = {
        "chromium": chromium,
        "rsync": lambda: program("rsync"),
        "postgresql": postgresql,
        "slurm": lambda: all(map(program, ("munged", "slurmctld", "slurmd", "sbatch"))),
    }[need]()
    return None if there else f"needs {need}: apt-get install {PACKAGES[need]}"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Before any fixture is made."""
    for need in (need for marker in item.iter_markers("needs") for need in marker.args):
        if reason := missing(need):
            (pytest.fail if os.environ.get(REQUIRE_ALL) else pytest.skip)(reason)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter):
    """The reasons of skips, and how many tests each kept from running, after all else."""
    result = yield
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in terminalreporter.getreports("skipped"))
    if reasons:
        terminalreporter.section(f"{reasons.total()} tests were skipped")
        for reason, count in reasons.most_common():
            terminalreporter.line(f"{count:5}  {reason}")
    return result
