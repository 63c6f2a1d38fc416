"""Scores as cells of entries and scenes, by metric: what boards, claims and comparisons are computed from."""

import dataclasses
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cocktail import tables
from cocktail.boards import statistics
from cocktail.errors import CocktailError
from cocktail.metrics.catalogue import METRICS
from cocktail.metrics.metric import Metric
from cocktail.metrics.trials import Trials, against, attacks
from cocktail.tasks import BY

ATTACK = ":"
"""Between a metric and the attack that it is about."""
IMPROVEMENT = "_i"
"""Behind a metric: its gain over the unprocessed mixture."""
BY_ATTACK = ("eer_cm", "min_tdcf", "min_tdcf_2021")
"""Metrics that boards have against each attack alone, too."""


def tabulate(
    scores: pa.Table, speakers: Mapping[str, str] | None = None
) -> tuple[list[str], list[str], list[str], dict[str, statistics.Cells | statistics.TrialCells]]:
    """Scores of one condition as entries, scenes, metrics (each sorted) and, by metric, their cells.

    `speakers`: scene -> speaker, for trials that set scenes against each other.
    """
    entries, entry = _codes(scores["entry"])
    scores = scores.append_column("entry_code", pa.array(entry)).filter(pc.is_valid(scores["scene"]))
    scenes, scene = _codes(scores["scene"])
    metrics, metric = _codes(scores["metric"])
    shape = (len(metrics), len(scenes), len(entries))
    cell = np.ravel_multi_index((metric, scene, scores["entry_code"].to_numpy()), shape) if len(scores) else metric

    def total(column):
        return np.bincount(cell, column, minlength=np.prod(shape)).reshape(shape)

    ok = pc.equal(scores["status"], "ok").to_numpy().astype(float)
    n_rows, n_ok = total(np.ones(len(ok))), total(ok)
    finished = (n_rows > 0) & (n_ok == n_rows)
    value, errors, words = (
        total(pc.fill_null(pc.cast(scores[name], pa.float64()), 0.0).to_numpy())
        for name in ("value", "errors", "total")
    )
    cells = {}
    for m, name in enumerate(metrics):
        known = METRICS.get(metric_of(name))
        if known and known.from_trials:
            chosen = metric == m
            rows = scores.filter(pa.array(chosen))
            cells |= _trial_cells(name, rows, scene[chosen], scenes, finished[m], speakers or {})
            continue
        rate = bool(known and known.pooled)
        if rate:
            numerator, denominator = 100 * errors[m], words[m]
        else:
            numerator, denominator = value[m] / np.maximum(n_ok[m], 1), np.ones(shape[1:])
        cells[name] = statistics.Cells(numerator * finished[m], denominator * finished[m], finished[m], rate)
    return entries, scenes, sorted(cells), cells


def _trial_cells(metric, rows, scene, scenes, finished, speakers):
    """{metric: cells} of rows with trials; those of detection also against each attack, if several."""
    rows = rows.combine_chunks()
    trials, of = pc.list_flatten(rows["trials"]), pc.list_parent_indices(rows["trials"]).to_numpy()
    trials = pa.table(trials.combine_chunks().flatten(), tables.TRIAL.names)
    kind, label, score = (trials[name].to_numpy(zero_copy_only=False) for name in ("kind", "label", "score"))
    alone = trials["enrolment"].null_count == len(trials)
    enrolment, across = _enrolled(trials["enrolment"], scenes, speakers)
    voices = scenes if alone else [speakers.get(scene) or scene for scene in scenes]
    cells = statistics.TrialCells(
        trials=Trials(kind.astype(str), label.astype(str), score),
        entry=rows["entry_code"].to_numpy()[of],
        scene=scene[of],
        enrolment=enrolment,
        statistic=definition(metric).compute,
        finished=finished,
        speaker=np.unique(voices, return_inverse=True)[1],
        whole=definition(metric).high if definition(metric).share else None,
        share_of=definition(metric).share_of,
        across=across,
    )
    by_metric = {metric: cells}
    named = attacks(cells.trials)
    if metric in BY_ATTACK and len(named) > 1:
        by_metric |= {f"{metric}{ATTACK}{attack}": _against(cells, attack) for attack in named}
    return by_metric


def _enrolled(named, scenes, speakers):
    """(N,) index of the scene that each trial is set against, -1 for none; whether these are of another condition.

    For such a scene stands the first one of its speaker, if there is one.
    """
    place, of_speaker = {}, {}
    for i, scene in enumerate(scenes):
        place[scene] = i
        of_speaker.setdefault(speakers.get(scene) or scene, i)
    encoded = pa.chunked_array([named] if isinstance(named, pa.Array) else named.chunks, pa.string()).combine_chunks()
    encoded = encoded.dictionary_encode()
    names = encoded.dictionary.to_pylist()
    known = [place.get(name, of_speaker.get(speakers.get(name) or name, -1)) for name in names]
    codes = pc.fill_null(encoded.indices, -1).to_numpy()
    return np.array([*known, -1])[codes], bool(names) and not any(name in place for name in names)


def _against(cells, attack):
    part = cells.at(against(cells.trials, cells.scene, attack))
    concerned = np.zeros(len(cells.finished), bool)
    concerned[part.scene] = True
    return dataclasses.replace(part, finished=cells.finished & concerned[:, None])


def _codes(column):
    """Sorted values of a string column, and the index into them of each row, (rows,) int64."""
    encoded = pa.chunked_array(column.chunks, pa.string()).combine_chunks().dictionary_encode()
    names = np.array(encoded.dictionary.to_pylist(), dtype=str)
    order = np.argsort(names)
    return names[order].tolist(), np.argsort(order)[encoded.indices.to_numpy()]


def shares_speakers(cells: statistics.Cells | statistics.TrialCells) -> bool:
    """Whether the trials of a metric set scenes against each other, and some have their speaker in common."""
    return isinstance(cells, statistics.TrialCells) and len(np.unique(cells.speaker)) < len(cells.speaker)


def weights_of(
    cells: statistics.Cells | statistics.TrialCells, scenes: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Resamples (R, S) for a metric: those of the `scenes`, or new ones of the speakers that scenes share."""
    if not shares_speakers(cells):
        return scenes
    return statistics.resample(cells.speaker.max() + 1, len(scenes), generator)[:, cells.speaker]


def metric_of(column: str) -> str:
    """The metric that a column is of: `si_sdr` of `si_sdr_i`, `eer_cm` of `eer_cm:tts` and of `eer_cm.grcnn`."""
    name = column.partition(ATTACK)[0].partition(BY)[0]
    return name if name in METRICS else name.removesuffix(IMPROVEMENT)


def scorer_of(column: str) -> str | None:
    """The further scorer that a column is by, as `grcnn` of `eer_cm.grcnn`; None for the suite's first."""
    return column.partition(BY)[2] or None


def definition(column: str) -> Metric:
    """The metric of `metric_of`. Raises CocktailError where there is none of that name."""
    if metric_of(column) not in METRICS:
        raise CocktailError(f"metric {column!r} is not known; known are {', '.join(sorted(METRICS))}")
    return METRICS[metric_of(column)]


def higher_is_better(column: str) -> bool:
    """Direction of a metric, of its improvement or of its part by attack. Raises as `definition`."""
    return definition(column).higher_is_better
