"""Starting Snakemake: one run of a suite at a time, stale locks cleared, its progress passed on."""

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from cocktail import ROOT, tables
from cocktail.errors import CocktailError
from cocktail.plugins import model
from cocktail.runtime.child import child
from cocktail.runtime.device import may_use_gpu
from cocktail.runtime.gpus import slots
from cocktail.runtime.log import NEWS
from cocktail.text import require_text
from cocktail.workflow.display import Display
from cocktail.workflow.forecast import costs_a_job
from cocktail.workflow.plan import Plan
from cocktail.workflow.progress import BEGUN, Progress

RETRIED = ("method-failed", "scoring-failed")
"""Reasons that a second try may mend: a machine under load, a want of memory."""

PROFILES = ROOT / "config" / "profiles"
LOCAL = "default"
"""The profile of one machine."""

PATIENCE_S = 30.0
"""How long the jobs of a run that a signal ends may take for their last words."""

FAILED = re.compile(r"Error in (rule|group) .+:|    message: .+|    log: .+\(check log file\(s\) for error details\)")
"""What Snakemake says of a job that a scheduler ended."""


def profile_folder(profile: str) -> Path:
    """Folder of a profile: a name of those in config/profiles, or a path. Raises CocktailError where there is none."""
    folder = Path(profile) if os.sep in profile else PROFILES / profile
    if not (folder / "config.yaml").is_file():
        known = sorted(path.parent.name for path in PROFILES.glob("*/config.yaml"))
        raise CocktailError(f"profile '{profile}': no {folder}/config.yaml; known: {', '.join(known)}")
    return folder


def snakemake_command(
    configfile: Path,
    overrides: dict,
    cores: int | None,
    extra: tuple[str, ...] = (),
    profile: str = LOCAL,
    first: Sequence[str] = (),
) -> list[str]:
    """The command line of Snakemake for a suite. `extra` arguments go to Snakemake as they are.

    `cores`: jobs at a time; None for all cores of this machine, or for what another profile says. `first`: files of the
    suite that this machine makes before all others, so that there are boards to look at while networks are trained.
    Where there are extra arguments these may say otherwise, and it is left to Snakemake.
    """
    if not (ROOT / "Snakefile").is_file():
        raise CocktailError(f"{ROOT}: no Snakefile here; run the benchmark from a checkout (pip install -e .)")
    if " " in sys.executable:
        raise CocktailError(
            f"{sys.executable}: Snakemake cannot start jobs with a Python whose path has a space; "
            "install the project in an environment at another place"
        )
    config = [f"{key}={json.dumps(value)}" for key, value in overrides.items()]
    return [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")),
        *("--configfile", str(configfile), "--workflow-profile", str(profile_folder(profile))),
        *(_this_machine(cores) if profile == LOCAL else ["--jobs", str(cores)] if cores else []),
        *(["--config", *config] if config else []),
        *(["--prioritize", *first] if first and profile == LOCAL and not extra else []),
        # The lock of `exclusive` below replaces Snakemake's own, which a killed run leaves behind.
        "--nolock",
        *extra,
    ]


def _this_machine(cores) -> list[str]:
    """Arguments that say what this machine has: cores, and GPUs if there are any."""
    gpus = slots() if may_use_gpu() else 0
    return ["--cores", str(cores or os.cpu_count()), *(["--resources", f"gpu={gpus}"] if gpus else [])]


@contextlib.contextmanager
def exclusive(folder: Path, log: Path) -> Iterator[int]:
    """Hold the lock of a suite's results; the system releases it when the last process that holds it ends.

    Yields its file descriptor, for the child that shall hold it too. The lock says which `log` the run writes. Raises
    CocktailError where another run has it, or the folder is no place for results.
    """
    require_text(folder.absolute())
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CocktailError(f"{folder}: cannot be made: {error.strerror}") from error
    with (folder / ".lock").open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CocktailError(f"{folder}: another run of this suite is at work; wait for it or stop it") from None
        with contextlib.suppress(OSError):  # on a full disk the run must end with its own message
            file.truncate(0)
            file.write(str(log.resolve()))
            file.flush()
        yield file.fileno()


def at_work(folder: Path) -> Path | None:
    """The log of the run that holds the lock of a suite's results; None where none does."""
    try:
        with (folder / ".lock").open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return Path(file.read())
    except FileNotFoundError:
        pass
    return None


def forget_failures(plan: Plan) -> int:
    """Delete the shards in which a method or its scoring failed, and models whose training did, so that a run makes
    them again. Returns how many shards."""
    forgotten = 0
    for condition, entry in plan.cells:
        for shard in plan.shards:
            scores = Path(plan.scores(condition, entry, shard))
            reasons = tables.read_table(scores, ["reason"])["reason"].to_pylist() if scores.exists() else []
            if any(reason and reason.startswith(RETRIED) for reason in reasons):
                Path(plan.estimates(condition, entry, shard)).unlink(missing_ok=True)
                scores.unlink()
                forgotten += 1
    for card in plan.folder.glob(f"models/*/{model.CARD}"):
        if model.read_card(card.parent).error:
            shutil.rmtree(card.parent)
    if not all(map(os.path.exists, plan.all_scores())):  # Snakemake asks for shards only where it has a board to make
        Path(plan.board("leaderboard.csv")).unlink(missing_ok=True)
    return forgotten


def run(
    command: list[str],
    plan: Plan,
    profile: str = LOCAL,
    *,
    meanwhile: contextlib.AbstractContextManager = contextlib.nullcontext(),  # noqa: B008
) -> int:
    """Run Snakemake on a plan and show its progress; returns its exit status. All output is kept in the `run_log`.

    `meanwhile`: entered once the suite is locked, and left when Snakemake has ended. Raises KeyboardInterrupt at
    SIGINT, SIGTERM or SIGHUP, when Snakemake and its jobs have ended.
    """
    # Jobs on this machine report why they end; for other jobs Snakemake does, among its messages about rules.
    quiet = ["host", "reason", *(["rules"] if profile == LOCAL else [])]
    progress, log = Progress(lambda: costs_a_job(plan)), plan.run_log
    with exclusive(plan.folder, log) as lock, meanwhile, Display(progress) as display:
        log.parent.mkdir(parents=True, exist_ok=True)
        # A job has one thread: many processes with one each are faster than few with many.
        environment = {"OMP_NUM_THREADS": "1"} | os.environ | {"PYTHONUNBUFFERED": "1"}
        with (
            child(
                [*command, "--quiet", *quiet],
                end=signal.SIGINT,  # Snakemake forgets the jobs that it has not finished
                patience_s=PATIENCE_S,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                pass_fds=[lock],
                env=environment,
            ) as process,
            log.open("w", buffering=1, encoding="utf-8") as file,
        ):
            with contextlib.suppress(OSError):
                file.write(f"{BEGUN}{datetime.now().isoformat(timespec='seconds')}\n")
            for line in process.stdout:
                with contextlib.suppress(OSError):  # on a full disk the run must end with its own message
                    file.write(line)
                display.read(line)
                if line.startswith(NEWS) or FAILED.match(line):
                    display.print(line)
            process.wait()
    return process.returncode
