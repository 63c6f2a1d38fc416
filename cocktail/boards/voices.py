"""What enhancement does to voices: error rates of a verifier and of spoofing detectors that hear what entries make.

A figure and its interval are what they are on the leaderboard, of all scenes or of those of a range of SNR; speakers
are enrolled with clean speech whatever its scene, so that a range is one of what is tested. Its change is the figure
less that of the unprocessed mixtures, on the scenes that both finished, with an interval over the same resamples.
"""

import dataclasses
from collections.abc import Collection, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cocktail.boards import statistics
from cocktail.boards.cells import metric_of, tabulate, weights_of
from cocktail.boards.scores import BASELINE
from cocktail.boards.strata import split
from cocktail.rng import rng

METRICS = ("eer_asv", "eer_cm", "cm_rejection")
"""Of the verifier, of a detector, and how much genuine speech that one rejects."""
ALL = "all"
"""The stratum of all scenes."""


def effects(
    scores: pa.Table,
    scenes: pa.Table,
    *,
    conditions: Collection[str],
    seed: int,
    resamples: int = statistics.RESAMPLES,
) -> list[dict]:
    """Rows of {condition, metric, stratum, entry, value, ci_low, ci_high, change, change_low, change_high, n}.

    `metric`: one of METRICS, or the same by a further detector, as `eer_cm.grcnn`.
    `scores`, `scenes`: what the leaderboard's job wrote (tables.SCORES, leaderboard.SCENES). `n`: scenes with trials of
    the kind that has fewest, or, of `cm_rejection`, scenes. `conditions`: of enhancement; those in which BASELINE was
    scored have rows.
    """
    columns = [name for name in pc.unique(scores["metric"]).drop_null().to_pylist() if metric_of(name) in METRICS]
    of_metrics = pc.is_in(scores["metric"], pa.array(columns, pa.string()))
    measured = scores.filter(pc.and_(of_metrics, pc.is_in(scores["condition"], pa.array(conditions, pa.string()))))
    known = scenes.select(["scene", "speaker", "snr_db"]).to_pylist()
    speakers = {row["scene"]: row["speaker"] for row in known}
    snr_db = {row["scene"]: row["snr_db"] for row in known}
    rows = []
    for condition in sorted(pc.unique(measured["condition"]).to_pylist()):
        here = measured.filter(pc.equal(measured["condition"], condition))
        entries, ids, _, cells = tabulate(here, speakers)
        if BASELINE not in entries or not ids:
            continue
        strata = {ALL: np.ones(len(ids), bool)} | _ranges([snr_db.get(scene) for scene in ids])
        drawn = statistics.resample(len(ids), resamples, rng(seed, condition, role="bootstrap"))
        for metric in sorted(cells.keys() & set(columns)):
            weights = weights_of(cells[metric], drawn, rng(seed, condition, role="bootstrap of speakers"))
            for stratum, of_stratum in strata.items():
                named = {"condition": condition, "metric": metric, "stratum": stratum}
                found = _effects(tested(cells[metric], of_stratum), weights, entries.index(BASELINE))
                rows += [named | {"entry": entry} | numbers for entry, numbers in zip(entries, found, strict=True)]
    return rows


def tested(
    cells: statistics.Cells | statistics.TrialCells, scenes: np.ndarray
) -> statistics.Cells | statistics.TrialCells:
    """The same where some scenes (S,) bool are tested; enrolments stay, and so does the axis of the scenes."""
    finished = cells.finished & scenes[:, None]
    if isinstance(cells, statistics.TrialCells):
        return dataclasses.replace(cells.at(scenes[cells.scene]), finished=finished)
    parts = {name: getattr(cells, name) * scenes[:, None] for name in ("numerator", "denominator")}
    return dataclasses.replace(cells, finished=finished, **parts)


def _ranges(snr_db):
    """Ranges of SNR with scenes -> (S,) bool; none where a scene has no SNR."""
    return {} if None in snr_db else {f"{name} dB": chosen for name, chosen in split(snr_db).items() if chosen.any()}


def _effects(cells, weights, base):
    """The numbers of each entry."""
    values, samples = statistics.figures(cells), statistics.figures(cells, weights)
    low, high = cells.interval(samples)
    counts = cells.finished.sum(axis=0)
    if isinstance(cells, statistics.TrialCells):
        counts = cells.independent().min(axis=1)
    for e in range(len(values)):
        yield {
            "value": _null(values[e]),
            "ci_low": _null(low[e]),
            "ci_high": _null(high[e]),
            **_change(cells, weights, values, samples, e, base),
            "n": int(counts[e]),
        }


def _change(cells, weights, values, samples, e, base) -> Mapping[str, float | None]:
    if e == base:
        return dict.fromkeys(("change", "change_low", "change_high"))
    pair = [base, e]
    values, samples, finished = values[pair], samples[:, pair], cells.finished[:, pair]
    common = finished.all(axis=1)
    if (finished != common[:, None]).any():
        both = np.isin(np.arange(cells.finished.shape[1]), pair)
        shared = tested(cells, common).of(both)
        order = [0, 1] if base < e else [1, 0]
        values, samples = statistics.figures(shared)[order], statistics.figures(shared, weights)[:, order]
    drawn = min(cells.drawn[pair])
    low, high = statistics.interval(samples[:, 1] - samples[:, 0], drawn)
    ends = {"change_low": _null(float(low)), "change_high": _null(float(high))}
    return {"change": _null(values[1] - values[0])} | ends


def _null(x):
    return None if np.isnan(x) else float(statistics.rounded(x))
