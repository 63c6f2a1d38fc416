"""Whether the results of a suite are what its definition gives today: rendered and scored again, and compared.

Of each shard of scores that is scored again, mir_eval and pystoi judge the first scenes: referee.py.

What needs neither, and is checked of all results: verify_tables.py.
"""

import math
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from cocktail import tables
from cocktail.boards.cells import metric_of
from cocktail.errors import CocktailError
from cocktail.metrics.catalogue import METRICS
from cocktail.rng import rng
from cocktail.scenes.shard import make_shard
from cocktail.scoring.shard import score_shard
from cocktail.workflow.plan import Plan
from cocktail.workflow.referee import disagreements

SAMPLE_TOLERANCE = 1e-6
"""Of full scale, between a stored sample and the same one rendered anew: eight steps of 24-bit audio."""
SCORE_TOLERANCE = 1e-6
"""Relative, between a stored value and the same one computed anew."""
JUDGED = 3
"""Scenes of a shard that the reference packages judge."""


def verify(plan: Plan, sample: int = 3, seed: int = 0) -> Iterator[tuple[str, list[str]]]:
    """Name of each shard drawn, and how it differs from what its definition gives; an empty list where it does not."""
    scenes = sorted(Path(plan.path("scenes")).glob("*/*/*.mixtures.parquet"))
    scores = [path for path in sorted(Path(plan.path("scores")).glob("*/*/*.parquet")) if _kept(plan, path)]
    if not scenes or not scores:
        raise CocktailError(f"{plan.folder}: no scenes or no scores yet; `cocktail run {plan.called}` first")
    for stored in _draw(scenes, sample, seed, "scenes"):
        yield str(stored.relative_to(plan.folder)), found_by(_verify_scenes, plan, stored)
    for stored in _draw(scores, sample, seed, "scores"):
        name = str(stored.relative_to(plan.folder))
        yield name, found_by(_verify_scores, plan, stored)
        yield f"{name} by mir_eval and pystoi", found_by(_judge_scores, plan, stored)


def found_by(check: Callable[..., Iterable[str]], *args) -> list[str]:
    """What a check found. A file that is missing or broken is a finding, and ends only this check."""
    try:
        return list(check(*args))
    except CocktailError as error:
        return [str(error)]


def _kept(plan, scores: Path) -> bool:
    """Whether the estimates behind a shard of scores are still there: a suite may keep examples only."""
    condition, entry = scores.parts[-3:-1]
    return Path(plan.estimates(condition, entry, scores.stem)).exists()


def _draw(paths, sample, seed, role):
    chosen = rng(seed, role=role).permutation(len(paths))[:sample]
    return [paths[i] for i in sorted(chosen)]


def _verify_scenes(plan, stored) -> list[str]:
    condition, split = stored.parts[-3:-1]
    if condition not in plan.all_conditions:
        return [f"the suite has no condition '{condition}' any more"]
    truth = stored.with_name(stored.name.replace("mixtures", "references"))
    with tempfile.TemporaryDirectory() as folder:
        again = [Path(folder) / "mixtures.parquet", Path(folder) / "references.parquet"]
        make_shard(
            condition=condition,
            definition=plan.definition(condition),
            split=split,
            indices=[row["index"] for row in tables.read_rows(stored, ["index"])],
            seed=plan.config["seed"],
            fs=plan.config["fs"],
            speech=plan.speech,
            noise=plan.noise,
            spoofs=plan.scenes_spoofs(condition).get("spoofs", []),
            mixtures=again[0],
            references=again[1],
        )
        return _compare_tables(stored, again[0]) + _compare_tables(truth, again[1])


def _compare_tables(stored: Path, again: Path) -> list[str]:
    """What differs between two tables of scenes: audio within a tolerance, everything else exactly."""
    old, new = map(tables.read_by_scene, (stored, again))
    differences = [f"{scene}: not in both" for scene in sorted(set(old) ^ set(new))]
    for scene in sorted(set(old) & set(new)):
        for column, value in old[scene].items():
            difference = _compare(value, new[scene][column])
            if difference:
                differences.append(f"{scene}: {column} {difference}")
    return differences


def _compare(old, new) -> str | None:
    if isinstance(old, list) and old and isinstance(old[0], dict) and isinstance(new, list) and len(old) == len(new):
        return next((difference for pair in zip(old, new, strict=True) if (difference := _compare(*pair))), None)
    if isinstance(old, dict) and isinstance(new, dict):
        x, y = tables.unpack(old), tables.unpack(new)
        if x.shape != y.shape:
            return f"has {x.shape} samples stored, {y.shape} rendered"
        worst = np.abs(x - y).max(initial=0)
        return f"differs by up to {worst:.2g} of full scale" if worst > SAMPLE_TOLERANCE else None
    return None if old == new else f"was {old!r}, is {new!r}"


def _verify_scores(plan, stored) -> list[str]:
    condition, entry = stored.parts[-3:-1]
    shard = stored.stem
    old = [row for row in tables.read_rows(stored) if _repeats(METRICS.get(metric_of(row["metric"])))]
    with tempfile.TemporaryDirectory() as folder:
        again = Path(folder) / "scores.parquet"
        score_shard(
            mixtures=plan.mixtures(condition, shard),
            references=plan.references(condition, shard),
            estimates=plan.estimates(condition, entry, shard),
            out=again,
            condition=condition,
            entry=entry,
            metrics=[name for name in plan.metrics if _repeats(METRICS[name])],
            recogniser=plan.config["recogniser"],
            scorers=plan.scorer_models(condition, entry),
        )
        return _compare_scores(old, tables.read_rows(again))


def _judge_scores(plan, stored) -> Iterator[str]:
    """What the reference packages say otherwise of the first scenes of a shard."""
    condition, entry = stored.parts[-3:-1]
    paths = (
        plan.mixtures(condition, stored.stem),
        plan.references(condition, stored.stem),
        plan.estimates(condition, entry, stored.stem),
    )
    mixtures, truths, made = map(tables.read_by_scene, paths)
    rows = tables.read_rows(stored)
    for scene in sorted(mixtures)[:JUDGED]:
        of_scene = [row for row in rows if row["scene"] == scene]
        if scene in made and scene in truths:
            yield from (
                f"{scene}, {text}" for text in disagreements(mixtures[scene], truths[scene], made[scene], of_scene)
            )


def _repeats(metric) -> bool:
    """Whether a metric can be computed anew. What a run cost cannot; a metric that is gone is a difference."""
    return metric is None or metric.level != "scene"


def _compare_scores(old, new) -> list[str]:
    old, new = ({(row["scene"], row["source"], row["metric"]): row for row in rows} for rows in (old, new))
    differences = [f"{_name(key)}: stored, but not computed any more" for key in old if key not in new]
    differences += [f"{_name(key)}: computed, but not stored" for key in new if key not in old]
    for key in old:
        before, after = old[key], new.get(key)
        if after is None:
            continue
        if before["card"] != after["card"]:
            differences.append(f"{_name(key)}: definition {before['card']}, now {after['card']}")
        elif not _same(before["value"], after["value"]):
            differences.append(f"{_name(key)}: {before['value']} stored, {after['value']} computed")
        elif before["status"] != after["status"] or before["reason"] != after["reason"]:
            differences.append(f"{_name(key)}: {before['reason']} stored, {after['reason']} computed")
    return differences


def _name(key):
    scene, source, metric = key
    return f"{scene}, talker {source + 1}, {metric}" if source is not None else f"{scene}, {metric}"


def _same(a, b) -> bool:
    if a is None or b is None:
        return a is b
    return math.isclose(a, b, rel_tol=SCORE_TOLERANCE, abs_tol=SCORE_TOLERANCE)
