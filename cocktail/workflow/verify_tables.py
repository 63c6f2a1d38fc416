"""What can be checked of all results without rendering or scoring: nothing is missing, every score has the definition
that its metric has today, and the board and the verdicts follow from the scores."""

import csv
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cocktail import tables
from cocktail.boards import leaderboard, verdicts
from cocktail.boards.cells import metric_of, scorer_of
from cocktail.boards.claims import CLAIMS
from cocktail.boards.scores import IDENTITY
from cocktail.errors import CocktailError, shortened
from cocktail.metrics.catalogue import METRICS
from cocktail.recognition.recogniser import create
from cocktail.scenes.scene import scene_id
from cocktail.scoring.rows import Judges
from cocktail.scoring.scorers import Scorers
from cocktail.workflow.files import TEST
from cocktail.workflow.plan import Plan
from cocktail.workflow.suite import resampling
from cocktail.workflow.verify import found_by

NAMED = 10
"""Differences of a table that are named; the others are counted."""
KEYS = {"leaderboard.csv": ("condition", "entry", "metric"), "claims.csv": ("claim", "better", "worse", "conditions")}


def verify_tables(plan: Plan) -> Iterator[tuple[str, list[str]]]:
    """Name of each check, and what it found; an empty list where all is well.

    Conditions and methods that a run left out are no fault. Raises CocktailError where the suite has not run.
    """
    stored = Path(plan.path("scores.parquet"))
    if not stored.is_file():
        raise CocktailError(f"{plan.folder}: no scores yet; `cocktail run {plan.called}` first")
    scores = tables.read_table(stored)
    cells = _cells(scores)
    conditions = {condition for condition, _ in cells}
    yield "scenes are complete", shortened(found_by(_missing_scenes, plan, conditions), NAMED)
    yield "scores are complete", shortened(found_by(_missing_scores, plan, cells), NAMED)
    yield "metrics have today's definitions", shortened(found_by(_definitions, plan, scores), NAMED)
    yield "tables follow from the scores", found_by(_tables, plan, scores, cells)


def _cells(scores) -> list[tuple[str, str]]:
    """(condition, entry) that have scores of scenes, sorted."""
    rows = scores.filter(pc.is_valid(scores["scene"])).group_by(["condition", "entry"]).aggregate([])
    return sorted((row["condition"], row["entry"]) for row in rows.to_pylist())


def _missing_scenes(plan, conditions):
    for condition in sorted(conditions):
        for shard in plan.shards:
            for path in (plan.mixtures(condition, shard), plan.references(condition, shard)):
                yield from _missing(plan, path, _ids(plan, condition, shard), "scene")


def _missing_scores(plan, cells):
    for condition, entry in cells:
        for shard in plan.shards:
            path = plan.scores(condition, entry, shard)
            yield from _missing(plan, path, _ids(plan, condition, shard), "scores of")
            if Path(path).is_file():
                yield from _unscored(plan, path)


def _ids(plan, condition, shard) -> set[str]:
    return {scene_id(condition, TEST, index) for index in plan.scene_indices(shard)}


def _missing(plan, path, expected, what):
    name = Path(path).relative_to(plan.folder)
    if not Path(path).is_file():
        yield f"{name}: no such file; it should hold {', '.join(sorted(expected))}"
        return
    present = set(tables.read_table(path, ["scene"])["scene"].to_pylist())
    yield from (f"{name}: no {what} {scene}" for scene in sorted(expected - present))
    yield from (f"{name}: {scene} does not belong there" for scene in sorted(present - expected))


def _unscored(plan, path):
    """Metrics of talkers that some scene of a shard lacks."""
    rows = tables.read_rows(path, ["scene", "metric"])
    scenes = {row["scene"] for row in rows}
    for metric in sorted({row["metric"] for row in rows}):
        if metric in METRICS and METRICS[metric].level == "source":
            lacking = scenes - {row["scene"] for row in rows if row["metric"] == metric}
            name = Path(path).relative_to(plan.folder)
            yield from (f"{name}: no {metric} of {scene}" for scene in sorted(lacking))


def _definitions(plan, scores):
    """Definitions, by their digests, that are not those of today; each with how many scores are by it."""
    recogniser = create(plan.config["recogniser"]) if plan.config["recogniser"] else None
    known = {}
    rows = scores.filter(pc.is_valid(scores["scene"])).group_by(["condition", "entry", "metric", "card"])
    outdated = Counter()
    for row in rows.aggregate([([], "count_all")]).to_pylist():
        cell, metric = (row["condition"], row["entry"]), row["metric"]
        if cell not in plan.cells:
            continue
        if cell not in known:
            scorers = Scorers(plan.scorer_models(*cell))
            known[cell] = Judges(recogniser, scorers, plan.info(row["condition"]).task)
        name = metric_of(metric)
        today = known[cell].failed(METRICS[name], None, "", scorer_of(metric))["card"] if name in METRICS else None
        if row["card"] != today:
            outdated[metric, row["card"], today] += row["count_all"]
    for (metric, card, today), count in sorted(outdated.items(), key=str):
        now = f"today's is {today}" if today else "there is no such metric any more"
        yield f"{metric}: {count} scores by the definition {card}, {now}"


def _tables(plan, scores, cells):
    """What the job `leaderboard`, and `claims`, would write otherwise from the shards of scores."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cards = leaderboard.read_entries(plan.path("entries.json"))
        absent = scores.filter(pc.and_(pc.is_null(scores["scene"]), pc.is_null(scores["metric"]))).to_pylist()
        conditions = sorted(set(pc.unique(scores["condition"]).to_pylist()))
        shards = [plan.scores(*cell, shard) for cell in cells for shard in plan.shards]
        truths = [plan.references(condition, shard) for condition in conditions for shard in plan.shards]
        leaderboard.build(
            filter(_is_file, shards),
            references=filter(_is_file, truths),
            entries=list(cards.values()),
            folder=folder,
            skips=[{key: row[key] for key in ("condition", "entry", "status", "reason")} for row in absent],
            **resampling(plan.config),
        )
        yield from _compare_scores(scores, tables.read_table(folder / "scores.parquet"))
        yield from _compare_csv(plan, folder, "leaderboard.csv")
        if _is_file(plan.path("claims.csv")):
            verdicts.build(
                claims=CLAIMS,
                scores=folder / "scores.parquet",
                scenes=folder / "scenes.parquet",
                entries=plan.path("entries.json"),
                out=folder / "claims.csv",
                **resampling(plan.config),
            )
            yield from _compare_csv(plan, folder, "claims.csv")


def _is_file(path) -> bool:
    return Path(path).is_file()


def _compare_scores(old: pa.Table, new: pa.Table):
    if old.equals(new):
        return
    old, new = ({tuple(row[key] for key in IDENTITY): row for row in x.to_pylist()} for x in (old, new))
    differences = [f"{_name(key)}: not in the shards" for key in old if key not in new]
    differences += [f"{_name(key)}: only in its shard" for key in new if key not in old]
    for key in old:
        if key in new and old[key] != new[key]:
            column = next(column for column in old[key] if old[key][column] != new[key][column])
            differences.append(f"{_name(key)}: {column} {old[key][column]}, in its shard {new[key][column]}")
    yield from shortened([f"scores.parquet: {text}" for text in differences], NAMED)


def _name(key):
    condition, scene, entry, source, metric = key
    talker = None if source is None else f"talker {source + 1}"
    return ", ".join(part for part in (scene or condition, entry, talker, metric) if part)


def _compare_csv(plan, folder, name):
    with Path(plan.path(name)).open(encoding="utf-8", newline="") as stored, (folder / name).open(newline="") as again:
        old, new = (list(csv.DictReader(file)) for file in (stored, again))
    old, new = ({tuple(row.get(key) for key in KEYS[name]): row for row in rows} for rows in (old, new))
    differences = []
    for key in sorted({**old, **new}, key=str):
        before, after = old.get(key, {}), new.get(key, {})
        columns = [column for column in {**before, **after} if before.get(column) != after.get(column)]
        if columns:
            said = ", ".join(f"{c} {before.get(c, 'none')}, should be {after.get(c, 'none')}" for c in columns[:2])
            differences.append(f"{name}: {', '.join(filter(None, key))}: {said}")
    yield from shortened(differences, NAMED)
