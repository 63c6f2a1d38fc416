"""The scores of a suite in one table, `scores.parquet`: score shards joined, improvements added, failures counted."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cocktail import tables
from cocktail.boards import statistics
from cocktail.boards.cells import ATTACK, tabulate
from cocktail.errors import CocktailError
from cocktail.metrics.catalogue import METRICS
from cocktail.metrics.metric import Unscorable
from cocktail.scoring.trials import Heard, asv_trials, heard_of

BASELINE = "unprocessed"


METHOD_FAULTS = ("method-failed", "silent-estimate", "non-finite", "wrong-length")
"""Reasons, up to the colon, that a method is to blame for; the others are a metric's or a scene's."""


IDENTITY = ["condition", "scene", "entry", "source", "metric"]


def collect(score_paths: Iterable[str | Path], out: str | Path, *, skips: Iterable[dict] = ()) -> pa.Table:
    """Join score shards, add improvements and skips, and write them to `out` (tables.SCORES). Returns what was written.

    `skips`: {condition, entry, reason} of entries that did not run, with `status` `skipped` (default) or `failed`.
    Raises CocktailError where two rows are the same score, as after reading a shard twice.
    """
    shards = [tables.read_table(path, tables.SCORES.names).cast(tables.SCORES) for path in score_paths]
    scores = pa.concat_tables([tables.SCORES.empty_table(), *shards])
    _refuse_duplicates(scores)
    scores = with_verification(scores)
    absent = pa.Table.from_pylist([{"status": "skipped"} | skip for skip in skips], schema=tables.SCORES)
    scores = pa.concat_tables([scores, improvements(scores), undefined(scores), absent])
    order = ["condition", "entry", "scene", "source", "metric"]
    scores = scores.sort_by([(name, "ascending") for name in order]).combine_chunks()
    tables.write_table(out, scores)
    return scores


def with_verification(scores: pa.Table) -> pa.Table:
    """The scores with trials of verification among all scenes of a condition, made of the voices in their rows.

    Where a condition says whose scenes enrol, they are set against those.
    """
    voiced = pc.is_valid(scores["voice"])
    rows = scores.filter(voiced).to_pylist()
    conditions: dict[tuple, dict[str, Heard]] = {}
    for row in rows:
        of = conditions.setdefault((row["condition"], row["entry"], row["metric"]), {})
        of[row["scene"]] = heard_of(row["scene"], row.pop("voice"))
    for row in rows:
        if row["status"] == "ok":
            scenes = conditions[row["condition"], row["entry"], row["metric"]]
            metric, tested = METRICS[row["metric"]], scenes[row["scene"]]
            where = "the condition"
            if tested.enrolled is not None:
                scenes = conditions.get((tested.enrolled, row["entry"], row["metric"]), {})
                where = f"the condition '{tested.enrolled}'"
            try:
                row["trials"] += asv_trials(tested, scenes, metric.enrolments, metric.cohort)
                reason = f"no-trial: {_missing(metric.enrolments)} in {where}"
            except Unscorable as unscorable:
                row["trials"], reason = [], str(unscorable)
            if row["trials"]:
                row["value"] = row["trials"][0]["score"]
            else:
                row |= {"status": "failed", "reason": reason, "trials": None}
    return pa.concat_tables([scores.filter(pc.invert(voiced)), pa.Table.from_pylist(rows, schema=tables.SCORES)])


def _missing(enrolments):
    return "no other utterance" if enrolments == 1 else f"no speaker with {enrolments} other utterances"


def improvements(scores: pa.Table, baseline: str = BASELINE) -> pa.Table:
    """Rows `<metric>_i` for every row of a metric that has an improvement, in the schema tables.SCORES."""
    improving = [name for name, metric in METRICS.items() if metric.improvement and not metric.pooled]
    rows = scores.drop_columns(["trials", "voice"]).filter(pc.is_in(scores["metric"], pa.array(improving, pa.string())))
    # A join never matches null keys, hence -1 for figures of the whole scene.
    rows = rows.set_column(rows.schema.get_field_index("source"), "source", pc.fill_null(rows["source"], -1))
    base = rows.filter(pc.equal(rows["entry"], baseline))
    base = base.select(["condition", "scene", "source", "metric", "value", "status", "reason"])
    joined = rows.join(base, ["condition", "scene", "source", "metric"], right_suffix="_base").combine_chunks()

    ok, base_ok = (pc.equal(joined[name], "ok") for name in ("status", "status_base"))
    base_ok = pc.fill_null(base_ok, False)
    both = pc.and_(ok, base_ok)
    absent = pc.is_null(joined["status_base"])
    why_no_base = pc.if_else(
        absent,
        f"no-baseline: {baseline} has no score",
        pc.binary_join_element_wise(f"baseline-failed: {baseline}", joined["reason_base"], ": ", null_handling="skip"),
    )
    none = pa.nulls(len(joined), pa.int64())
    columns = {
        **{name: joined[name] for name in ("condition", "scene", "entry")},
        "source": pc.if_else(pc.equal(joined["source"], -1), pa.scalar(None, pa.int32()), joined["source"]),
        "estimate": joined["estimate"],
        "metric": pc.binary_join_element_wise(joined["metric"], "_i", ""),
        "value": pc.if_else(both, pc.subtract(joined["value"], joined["value_base"]), pa.scalar(None, pa.float64())),
        "status": pc.if_else(ok, pc.if_else(base_ok, "ok", "failed"), joined["status"]),
        "reason": pc.if_else(ok, pc.if_else(base_ok, pa.scalar(None, pa.string()), why_no_base), joined["reason"]),
        "errors": none,
        "total": none,
        "trials": pa.nulls(len(joined), tables.SCORES.field("trials").type),
        "voice": pa.nulls(len(joined), tables.VOICE),
        "card": joined["card"],
    }
    return pa.table(columns).cast(tables.SCORES)


def undefined(scores: pa.Table) -> pa.Table:
    """Rows without a scene that say why an entry has no figure of a metric of trials, in the schema tables.SCORES."""
    rows = []
    for condition in pc.unique(scores["condition"]).to_pylist():
        part = scores.filter(pc.equal(scores["condition"], condition))
        entries, _, _, cells = tabulate(part)
        for metric, trials in cells.items():
            if isinstance(trials, statistics.TrialCells) and ATTACK not in metric:
                named = {"condition": condition, "metric": metric, "status": "failed"}
                judged = [e for e in range(len(entries)) if trials.finished[:, e].any()]
                reasons = ((entries[e], trials.undefined(e)) for e in judged)
                rows += [named | {"entry": entry, "reason": reason} for entry, reason in reasons if reason]
    return pa.Table.from_pylist(rows, schema=tables.SCORES)


def failures(scores: pa.Table) -> list[dict]:
    """What has no score and why: rows of {condition, entry, status, reason, count, metrics}.

    `count`: scenes concerned, 0 for a whole entry. `metrics`: names concerned, empty for a whole entry; an improvement
    is named only where its metric itself is well.
    """
    bad = scores.filter(pc.not_equal(scores["status"], "ok"))
    groups = bad.group_by(["condition", "entry", "status", "reason"], use_threads=False)
    rows = groups.aggregate([("scene", "distinct"), ("metric", "distinct")]).to_pylist()
    summary = []
    for row in rows:
        scenes = {scene for scene in row.pop("scene_distinct") if scene is not None}
        metrics = {metric for metric in row.pop("metric_distinct") if metric is not None}
        metrics -= {f"{metric}_i" for metric in metrics}
        summary.append({**row, "count": len(scenes), "metrics": sorted(metrics)})
    return sorted(summary, key=lambda row: (row["condition"], row["entry"], -row["count"], row["reason"] or ""))


def failed_cells(scores: pa.Table) -> list[tuple[str, str]]:
    """(condition, entry) where the method failed on a scene or on all; not where a metric is merely undefined."""
    failed = (row for row in failures(scores) if row["status"] == "failed")
    faults = {
        (row["condition"], row["entry"]) for row in failed if (row["reason"] or "").split(":")[0] in METHOD_FAULTS
    }
    return sorted(faults)


def _refuse_duplicates(scores):
    counts = scores.group_by(IDENTITY).aggregate([([], "count_all")])
    twice = counts.filter(pc.greater(counts["count_all"], 1))
    if len(twice):
        row = twice.slice(0, 1).to_pylist()[0]
        what = ", ".join(f"{name} {row[name]}" for name in IDENTITY)
        raise CocktailError(f"{row['count_all']} scores of one thing ({what}): a shard was given twice, or is stale")
