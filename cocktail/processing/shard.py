"""Running one entry on one shard of scenes.

The method works in a process of its own. A scene in which it raises, overruns its time limit, takes its process down,
or returns something that is no estimate, is a row with its reason; the other scenes go on.
"""

import sys
from pathlib import Path

from cocktail import tables
from cocktail.method import Method
from cocktail.plugins.entry import from_spec
from cocktail.processing.runner import Runner, Setup, failed
from cocktail.runtime.worker import CallFailed, Worker

WARM_UP_SAMPLES = 8000
"""Length of the piece for warming up."""


def process_shard(
    *,
    mixtures: str | Path,
    references: str | Path | None,
    estimates: dict[str, str | Path] | None = None,
    out: str | Path,
    setup: Setup,
    limit_s: float,
) -> None:
    """Estimate every scene of a shard and write ESTIMATES rows.

    `references` is the shard's truth, for methods that see it; `estimates`: entry -> its estimates of the shard, for
    those that the entry reads. `limit_s` bounds one scene.
    """
    scenes = tables.read_rows(mixtures)
    members = {name: tables.read_by_scene(path) for name, path in (estimates or {}).items()}
    reasons = {scene["scene"]: _unread(scene["scene"], members) for scene in scenes}
    workable = [scene for scene in scenes if reasons[scene["scene"]] is None]
    truths = tables.read_by_scene(references) if references else {}
    rows = _estimate(workable, truths, members, setup, limit_s) if workable else []
    made = {row["scene"]: row for row in rows}
    rows = [made.get(name) or failed(name, reason) for name, reason in reasons.items()]
    for row in rows:
        if row["status"] == "failed":
            print(f"{row['scene']}: {row['reason']}", file=sys.stderr)
    tables.write_rows(out, rows, tables.ESTIMATES)


def _unread(scene, members) -> str | None:
    """Why a scene cannot be processed: an entry that is read has no estimate of it. None where all have one."""
    for name, rows in members.items():
        row = rows.get(scene, {"status": "failed", "reason": "there is no row of this scene"})
        if row["status"] != "ok":
            return f"it reads '{name}', which failed here: {row['reason']}"
    return None


def _estimate(scenes, truths, members, setup, limit_s) -> list[dict]:
    """Rows of scenes, whatever the method does."""
    entry = from_spec(setup.spec)
    with Worker(lambda: Runner(scenes, truths, members, setup).call) as worker:
        # Lazy imports and caches are paid on a short piece, so that `rtf` measures the method alone.
        warm = _tried(worker, "warm-up", Runner.run, [0], WARM_UP_SAMPLES, limit_s=limit_s) is not None
        ahead_s = rows = None
        if warm and entry.cls.answer().signals:
            ahead_s = _tried(worker, "latency", Runner.look_ahead_s, limit_s=5 * limit_s)
        if entry.error is None and entry.cls.batch is not Method.batch:
            everything = list(range(len(scenes)))
            rows = _tried(worker, "batch, hence scene by scene", Runner.run, everything, limit_s=limit_s * len(scenes))
        if rows is None:
            rows = [_one(worker, index, scene["scene"], limit_s) for index, scene in enumerate(scenes)]
    for row in rows:
        if row["status"] == "ok" and ahead_s is not None:
            row["latency_ms"] = 1000 * min(ahead_s, row["duration"])
    return rows


def _tried(worker, what, function, *arguments, limit_s):
    """What a call returns; None where it failed, so that it costs no scene: the log has the reason."""
    try:
        return worker(function, *arguments, limit_s=limit_s)
    except CallFailed as error:
        print(f"{what}: {error}", file=sys.stderr)
        return None


def _one(worker, index, scene, limit_s) -> dict:
    try:
        return worker(Runner.run, [index], limit_s=limit_s)[0]
    except CallFailed as error:
        return failed(scene, str(error))
