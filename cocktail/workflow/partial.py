"""Boards of a suite whose run is not over, from the score shards that are finished.

They are made as those of the whole suite are, so that a condition all of whose cells are finished has the very figures
that it will have in the end. A shard that an earlier run left counts until a run replaces it. Nothing that the rules
write is touched: the tables go to a folder of their own.
"""

import contextlib
import fcntl
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from cocktail.boards import leaderboard, verdicts
from cocktail.boards.claims import CLAIMS
from cocktail.boards.pending import Pending, write_pending
from cocktail.errors import CocktailError
from cocktail.report.page import build as page
from cocktail.workflow.files import PARTIAL, TEST, board_folder, existing
from cocktail.workflow.plan import Plan, plan_of
from cocktail.workflow.suite import load_suite, resampling, suite_path

PAUSE_S = 60.0
"""Between two of these pages at least."""
SHARE = 0.05
"""Of a run's time that making them takes at most."""


def outdated(folder: Path, shards: Iterable[Path] | None = None) -> bool:
    """Whether there are score shards, of all or of some that exist, that the boards in `folder` do not know."""
    board = folder / "leaderboard.csv"
    made = board.stat().st_mtime if board.is_file() else 0.0
    shards = (folder / "scores").glob("*/*/*.parquet") if shards is None else shards
    return any(path.stat().st_mtime > made for path in shards)


def pending(plan: Plan, finished: Collection[str]) -> list[Pending]:
    """Cells that are not scored yet, or in part. `finished`: the score shards that are."""
    shards = {cell: [plan.scores(*cell, shard) for shard in plan.shards] for cell in plan.cells}
    rows = (Pending(*cell, sum(map(finished.__contains__, paths)), len(paths)) for cell, paths in shards.items())
    return [row for row in rows if row.finished < row.shards]


def write(plan: Plan, folder: Path) -> None:
    """Write leaderboard.csv, claims.csv, scores.parquet ... of what is finished to `folder`, marked as partial.

    Raises CocktailError where nothing is scored yet.
    """
    scores = existing(plan.all_scores()) + plan.contents.kept_scores
    if not scores:
        raise CocktailError(f"{plan.boards}: nothing is scored yet; `cocktail run {plan.called}` first")
    leaderboard.build(
        scores,
        references=existing(plan.all_references()) + plan.contents.kept_references,
        entries=plan.contents.cards(),
        folder=folder,
        skips=plan.contents.absent,
        **resampling(plan.config),
    )
    tables = {"scores": "scores.parquet", "scenes": "scenes.parquet", "entries": "entries.json"}
    paths = {name: folder / file for name, file in tables.items()}
    verdicts.build(claims=CLAIMS, **paths, out=folder / "claims.csv", **resampling(plan.config))
    write_pending(pending(plan, set(scores)), folder)


def write_page(plan: Plan) -> Path:
    """Write the page of what is finished, without sounds, beside the boards, to `partial`; returns its index.html."""
    folder = plan.boards / PARTIAL
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        write(plan, folder)
        return page.build(
            folder,
            results=plan.folder,
            split=plan.split,
            conditions=plan.contents.condition_cards(),
            about=plan.about(),
            detector=plan.detector,
            scenes=False,
            **resampling(plan.config),
        )


@contextlib.contextmanager
def boards(suite: str, split: str = TEST) -> Iterator[Path]:
    """Folder with the boards of a suite: of all of it, or of what is finished where the boards are older than that."""
    path = suite_path(suite)
    config = load_suite(str(path), {"split": split})
    folder = board_folder(config)
    plan = Plan(config, str(path)) if outdated(folder) else None
    if plan is None or not outdated(folder, map(Path, existing(plan.all_scores()))):
        yield folder
        return
    with tempfile.TemporaryDirectory() as partial:
        write(plan, Path(partial))
        yield Path(partial)


@contextlib.contextmanager
def pages_meanwhile(configfile: Path, overrides: dict) -> Iterator[None]:
    """Have a process of its own write the page of what is finished again and again, as long as the block runs."""
    arguments = str(configfile), overrides, os.getpid()
    process = multiprocessing.get_context("spawn").Process(target=_write_pages, args=arguments, daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def _write_pages(configfile, overrides, parent):
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it too, and ends this process
    os.nice(10)
    plan = plan_of(configfile, overrides=overrides)
    with contextlib.suppress(CocktailError):  # other commands find the plugins of the run by them
        leaderboard.write_entries(plan.contents.cards(), plan.boards / PARTIAL)
    known, pause = None, PAUSE_S
    while os.getppid() == parent:
        time.sleep(pause)
        finished, pause = existing(plan.all_scores()), PAUSE_S
        if finished and finished != known:
            begun = time.monotonic()
            with contextlib.suppress(OSError, CocktailError):  # a shard that a job has just begun to make anew
                write_page(plan)
                known = finished
            pause = max(PAUSE_S, (time.monotonic() - begun) / SHARE)
