"""From score shards to `scores.parquet`, `scenes.parquet` and `leaderboard.csv`.

How a board is read:

- The scene is the unit. A scene's score is the mean over its talkers, an entry's figure the mean over scenes; a pooled
  metric (wer) is 100 * errors / words over all talkers and scenes. A scene is finished when every talker has a score.
- `value`, `ci_low` and `ci_high` are over the `n_ok` scenes that the entry finished, of the `n_total` of the condition.
  They are null where nothing was finished; fewer than stats.MIN_DRAWN scenes (speakers) give no interval,
  nor does a figure that many resamples of them do not have (stats.interval).
- `rank` and `tie_group` are by the figures on the scenes that all ranked entries finished, so that nobody gains by
  failing on what is hard. An entry that finished less than half of the scenes that anybody finished has no rank and
  does not shrink that set. Controls and oracles bound the board and are not ranked.
- A skipped entry has rows with `n_ok` 0; its reason is a row of `scores.parquet` with status `skipped` and without
  scene, source and metric.
- `<metric>_i` is the score minus that of the entry `unprocessed`, of the same scene and talker, in the metric's own
  unit and direction.
- `tie_group`: entries that cannot be told apart from the best of their group by paired tests, with Holm's correction
  for all pairs of a condition and metric (stats.py).
- Equal error rates and detection costs are over all trials of the scenes, see cocktail/trials.py. `eer_cm:<attack>`
  and `min_tdcf:<attack>` are of bona fide speech and one attack. Where trials set scenes against each other, speakers
  are resampled with all their scenes. Where the trials do not suffice there is no figure, and its reason is a row of
  `scores.parquet` without scene.

The same scores give the same bytes: rows are sorted, resampling is seeded by suite seed and condition, and the CSV
holds 6 significant digits.
"""

import csv
import itertools
import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cocktail import stats, store
from cocktail.errors import CocktailError
from cocktail.metrics import METRICS
from cocktail.rng import rng
from cocktail.tabulation import ATTACK, higher_is_better, tabulate, weights_of

BASELINE = "unprocessed"
SCENES = store.SCENES.append(pa.field("speaker", pa.string()))
"""What `strata` gives: `speaker` is that of the first talker."""
BOUNDS = ("control", "oracle")
"""Families that bound a board and have no rank."""
COLUMNS = ("condition", "entry", "metric", "value", "ci_low", "ci_high", "n_ok", "n_total", "rank", "tie_group")
METHOD_FAULTS = ("method-failed", "silent-estimate", "non-finite", "wrong-length")
"""Reasons, up to the colon, that a method is to blame for; the others are a metric's or a scene's."""
IDENTITY = ["condition", "scene", "entry", "source", "metric"]


def collect(score_paths: Iterable[str | Path], out: str | Path, *, skips: Iterable[dict] = ()) -> pa.Table:
    """Join score shards, add improvements and skips, and write them to `out` (store.SCORES). Returns what was written.

    `skips`: {condition, entry, reason} of entries that did not run, with `status` `skipped` (default) or `failed`.
    Raises CocktailError where two rows are the same score, as after reading a shard twice.
    """
    tables = [store.read_table(path, store.SCORES.names).cast(store.SCORES) for path in score_paths]
    scores = pa.concat_tables([store.SCORES.empty_table(), *tables])
    _refuse_duplicates(scores)
    absent = pa.Table.from_pylist([{"status": "skipped"} | skip for skip in skips], schema=store.SCORES)
    scores = pa.concat_tables([scores, improvements(scores), undefined(scores), absent])
    order = ["condition", "entry", "scene", "source", "metric"]
    scores = scores.sort_by([(name, "ascending") for name in order]).combine_chunks()
    store.write_table(out, scores)
    return scores


def improvements(scores: pa.Table, baseline: str = BASELINE) -> pa.Table:
    """Rows `<metric>_i` for every row of a metric that has an improvement, in the schema store.SCORES."""
    improving = [name for name, metric in METRICS.items() if metric.improvement and not metric.pooled]
    rows = scores.drop_columns("trials").filter(pc.is_in(scores["metric"], pa.array(improving, pa.string())))
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
        "metric": pc.binary_join_element_wise(joined["metric"], "_i", ""),
        "value": pc.if_else(both, pc.subtract(joined["value"], joined["value_base"]), pa.scalar(None, pa.float64())),
        "status": pc.if_else(ok, pc.if_else(base_ok, "ok", "failed"), joined["status"]),
        "reason": pc.if_else(ok, pc.if_else(base_ok, pa.scalar(None, pa.string()), why_no_base), joined["reason"]),
        "errors": none,
        "total": none,
        "trials": pa.nulls(len(joined), store.SCORES.field("trials").type),
        "card": joined["card"],
    }
    return pa.table(columns).cast(store.SCORES)


def undefined(scores: pa.Table) -> pa.Table:
    """Rows without a scene that say why an entry has no figure of a metric of trials, in the schema store.SCORES."""
    rows = []
    for condition in pc.unique(scores["condition"]).to_pylist():
        part = scores.filter(pc.equal(scores["condition"], condition))
        entries, _, _, cells = tabulate(part)
        for metric, found in cells.items():
            if isinstance(found, stats.TrialCells) and ATTACK not in metric:
                named = {"condition": condition, "metric": metric, "status": "failed"}
                judged = [e for e in range(len(entries)) if found.finished[:, e].any()]
                reasons = ((entries[e], found.undefined(e)) for e in judged)
                rows += [named | {"entry": entry, "reason": reason} for entry, reason in reasons if reason]
    return pa.Table.from_pylist(rows, schema=store.SCORES)


def board(
    scores: pa.Table,
    *,
    seed: int,
    unranked: Collection[str] = (),
    speakers: Mapping[str, str] | None = None,
    resamples: int = stats.RESAMPLES,
    level: float = stats.LEVEL,
) -> list[dict]:
    """Rows of the leaderboard, with the keys COLUMNS; see the module's docstring for what they mean.

    `scores`: what `collect` wrote. `unranked`: entries without a rank, controls and oracles. `speakers`: scene ->
    speaker; a scene that is not named is taken for one of a speaker of its own.
    """
    rows = []
    for condition in sorted(pc.unique(scores["condition"]).to_pylist()):
        part = scores.filter(pc.equal(scores["condition"], condition))
        entries, scenes, metrics, cells = tabulate(part, speakers)
        unasked = _unasked(part)
        weights = stats.resample(len(scenes), resamples, rng(seed, condition, role="bootstrap")) if scenes else None
        may_rank = np.array([entry not in unranked for entry in entries])
        for metric in metrics:
            concerned = cells[metric].finished.any(axis=1) if ATTACK in metric else np.ones(len(scenes), bool)
            drawn = weights_of(cells[metric], weights, rng(seed, condition, role="bootstrap of speakers"))
            part, drawn = cells[metric].on(concerned), drawn[:, concerned]
            figures = _figures(part, drawn, may_rank, higher_is_better(metric), level)
            for entry, numbers in zip(entries, figures, strict=True):
                if (entry, metric.partition(ATTACK)[0]) not in unasked:
                    rows.append({"condition": condition, "entry": entry, "metric": metric, **numbers})
    return sorted(rows, key=_board_order)


def _unasked(scores: pa.Table) -> set[tuple[str, str]]:
    """(entry, metric) that the scores of a condition do not hold although they hold others of that entry.

    Nobody asked for them: a suite names the entries that a recogniser is trained for.
    """
    held = scores.filter(pc.is_valid(scores["metric"])).select(["entry", "metric"])
    pairs = {tuple(row.values()) for row in held.group_by(["entry", "metric"]).aggregate([]).to_pylist()}
    return set(itertools.product({entry for entry, _ in pairs}, {metric for _, metric in pairs})) - pairs


def failures(scores: pa.Table) -> list[dict]:
    """What has no score and why: rows of {condition, entry, status, reason, count, metrics}.

    `count`: scenes concerned, 0 for a whole entry. `metrics`: names concerned, empty for a whole entry; an improvement
    is named only where its metric itself is well.
    """
    bad = scores.filter(pc.not_equal(scores["status"], "ok"))
    groups = bad.group_by(["condition", "entry", "status", "reason"], use_threads=False)
    rows = groups.aggregate([("scene", "distinct"), ("metric", "distinct")]).to_pylist()
    found = []
    for row in rows:
        scenes = {scene for scene in row.pop("scene_distinct") if scene is not None}
        metrics = {metric for metric in row.pop("metric_distinct") if metric is not None}
        metrics -= {f"{metric}_i" for metric in metrics}
        found.append({**row, "count": len(scenes), "metrics": sorted(metrics)})
    return sorted(found, key=lambda row: (row["condition"], row["entry"], -row["count"], row["reason"] or ""))


def failed_cells(scores: pa.Table) -> list[tuple[str, str]]:
    """(condition, entry) where the method failed on a scene or on all; not where a metric is merely undefined."""
    failed = (row for row in failures(scores) if row["status"] == "failed")
    faults = {
        (row["condition"], row["entry"]) for row in failed if (row["reason"] or "").split(":")[0] in METHOD_FAULTS
    }
    return sorted(faults)


def write_board(rows: list[dict], path: str | Path) -> None:
    """Write the rows of `board` as CSV: null is an empty field, floats have 6 significant digits."""
    with store.replacing(Path(path)) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([_field(row[name]) for name in COLUMNS] for row in rows)


def read_board(path: str | Path) -> list[dict]:
    """Rows of a CSV that `write_board` wrote. Raises CocktailError where there is none, or its columns are others."""
    path = Path(path)
    if not path.is_file():
        raise CocktailError(f"{path}: no leaderboard here; `cocktail run` makes one")
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise CocktailError(f"{path}: columns should be {', '.join(COLUMNS)}")
        return [{name: _parse(name, text) for name, text in row.items()} for row in reader]


def build(
    score_paths: Iterable[str | Path],
    *,
    references: Iterable[str | Path],
    entries: list[dict],
    folder: str | Path,
    seed: int,
    skips: Iterable[dict] = (),
    resamples: int = stats.RESAMPLES,
) -> list[dict]:
    """All of it: scores.parquet, scenes.parquet, leaderboard.csv and entries.json in `folder`. Returns the board.

    `references`: the scenes' shards (store.REFERENCES), of which only the records are read. `entries`: what is known
    of each entry (entry, plugin, family, paradigm, task, parameters, description); controls and oracles have no rank.
    """
    folder = Path(folder)
    scores = collect(score_paths, folder / "scores.parquet", skips=skips)
    drawn = strata(references)
    store.write_rows(folder / "scenes.parquet", drawn, SCENES)
    unranked = {card["entry"] for card in entries if card["family"] in BOUNDS}
    speakers = {row["scene"]: row["speaker"] for row in drawn}
    rows = board(scores, seed=seed, unranked=unranked, speakers=speakers, resamples=resamples)
    write_board(rows, folder / "leaderboard.csv")
    with store.replacing(folder / "entries.json") as temporary:
        temporary.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
    return rows


def strata(references: Iterable[str | Path]) -> list[dict]:
    """What was drawn for each scene, sorted: rows of SCENES, from shards of references."""
    from cocktail.scene import Scene

    scenes = [Scene.from_json(row["record"]) for path in references for row in store.read_rows(path, ["record"])]
    rows = [
        {"condition": scene.condition, "scene": scene.id, "speaker": scene.talkers[0].speaker} | scene.strata()
        for scene in scenes
    ]
    return sorted(rows, key=lambda row: (row["condition"], row["scene"]))


def read_entries(path: str | Path) -> dict[str, dict]:
    """Entry -> what is known of it, from an `entries.json`. Raises CocktailError where there is none."""
    try:
        return {card["entry"]: card for card in json.loads(Path(path).read_text(encoding="utf-8"))}
    except FileNotFoundError:
        raise CocktailError(f"{path}: no such file; `cocktail run` makes it") from None


def _figures(cells, weights, may_rank, higher, level):
    """One dictionary per entry with the board's numbers of one metric in one condition."""
    values, samples = stats.figures(cells), stats.figures(cells, weights)
    low, high = stats.interval(samples, cells.drawn, level)
    n_ok = cells.finished.sum(axis=0)
    ranks, groups = _ranks(cells, weights, values, samples, may_rank, higher, level)
    n_total = len(cells.finished)
    return [
        {
            "value": _null(values[e]), "ci_low": _null(low[e]), "ci_high": _null(high[e]),
            "n_ok": int(n_ok[e]), "n_total": n_total, "rank": ranks[e], "tie_group": groups[e],
        }
        for e in range(len(values))
    ]  # fmt: skip


def _ranks(cells, weights, values, samples, may_rank, higher, level):
    """Rank and tie group of each entry, None for those that have none. `values`, `samples`: figures on all scenes."""
    ranks, groups = [None] * len(may_rank), [None] * len(may_rank)
    ranked = may_rank & stats.rankable(np.where(may_rank, cells.finished, False))
    common = cells.finished[:, ranked].all(axis=1)
    if not ranked.any() or not common.any():
        return ranks, groups
    shared = cells.on(common).of(ranked)
    if common.all():
        values, samples = values[ranked], samples[:, ranked]
    else:
        values, samples = stats.figures(shared), stats.figures(shared, weights[:, common])
    if np.isnan(values).any():
        return ranks, groups
    groups_of = stats.tie_groups(values, samples, int(shared.drawn.min()), higher, level)
    places = zip(stats.rank(values, higher), groups_of, strict=True)
    for e, (place, group) in zip(np.flatnonzero(ranked), places, strict=True):
        ranks[e], groups[e] = int(place), int(group)
    return ranks, groups


def _refuse_duplicates(scores):
    counts = scores.group_by(IDENTITY).aggregate([([], "count_all")])
    twice = counts.filter(pc.greater(counts["count_all"], 1))
    if len(twice):
        row = twice.slice(0, 1).to_pylist()[0]
        what = ", ".join(f"{name} {row[name]}" for name in IDENTITY)
        raise CocktailError(f"{row['count_all']} scores of one thing ({what}): a shard was given twice, or is stale")


def _board_order(row):
    unranked = row["rank"] is None
    return row["condition"], row["metric"], unranked, 0 if unranked else row["rank"], row["entry"]


def _null(x):
    return None if np.isnan(x) else float(stats.rounded(x))


def _field(x):
    if x is None:
        return ""
    return f"{x:.6g}" if isinstance(x, float) else str(x)


def _parse(name, text):
    if name in ("condition", "entry", "metric"):
        return text
    if text == "":
        return None
    return float(text) if name in ("value", "ci_low", "ci_high") else int(text)
