"""Are the claims of `config/claims.yaml` true of this run? From `scores.parquet` to `claims.csv`.

Each comparison of a claim is the difference of two figures, counted so that it is positive where the claim is right. It
`holds` where its 95 % interval lies above 0, `fails` where that lies below, is `not distinguishable` in between, or
`not run`, with the reason. A claim with a margin, that one is no worse than the other, is judged against the margin
below 0 instead of 0. Intervals are those of paired tests, from standard errors of the leaderboards' very resamples;
they are not corrected for the number of claims. Where trials set scenes against each other, speakers are drawn, the
same ones in all conditions of a figure.

A figure is over the scenes of its conditions together, and over those scenes alone that every entry of the comparison
finished: rates are pooled, means are means over scenes. Where the best of several entries counts, the verdict rests on
tests of single ones (statistics.best_difference). Of several entries, those that did not run, or finished less than
half of the scenes, are left out; `better` and `worse` say which one was the best.

Intervals and verdicts are about these kinds of noise and these speakers. `wide_low` and `wide_high` are about others,
too: `n_noises` kinds of noise and `n_speakers` speakers are resampled (boards/wide.py), as far as there are
several. Fewer than wide.MIN_LEVELS of either give none.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cocktail import tables
from cocktail.boards import statistics, wide
from cocktail.boards.cells import ATTACK, higher_is_better, shares_speakers, tabulate
from cocktail.boards.claims import Comparison, Step, read_claims
from cocktail.boards.leaderboard import read_entries
from cocktail.errors import CocktailError
from cocktail.needs import GUIDANCE
from cocktail.rng import rng

HOLDS, FAILS, OPEN, NOT_RUN = "holds", "fails", "not distinguishable", "not run"
VERDICTS = (HOLDS, FAILS, OPEN, NOT_RUN)
COLUMNS = (
    "claim", "verdict", "difference", "ci_low", "ci_high", "margin", "wide_low", "wide_high", "better", "worse",
    "metric", "conditions", "n_scenes", "n_noises", "n_speakers", "reason", "text",
)  # fmt: skip
_NUMBERS = ("difference", "ci_low", "ci_high", "margin", "wide_low", "wide_high")
_COUNTS = ("n_scenes", "n_noises", "n_speakers")


class _NotRun(Exception):
    """Why a comparison cannot be judged."""


def judge(
    comparisons: Iterable[Comparison],
    scores: pa.Table,
    *,
    seed: int,
    families: Mapping[str, str] | None = None,
    speakers: Mapping[str, str] | None = None,
    noises: Mapping[str, str] | None = None,
    resamples: int = statistics.RESAMPLES,
) -> list[dict]:
    """One row with the keys COLUMNS for each comparison; null where there is no number.

    `scores`: what `leaderboard.collect` wrote; `families`: entry -> family; `speakers`: scene -> speaker, one of
    its own where it is not named; `noises`: scene -> kind of noise; `seed`, `resamples`: the leaderboard's.
    """
    comparisons = list(comparisons)
    metrics = {metric.partition(ATTACK)[0] for comparison in comparisons for metric in comparison.metrics}
    run = _Run(scores, metrics, families or {}, speakers or {}, noises or {}, seed, resamples)
    return [_verdict(comparison, run) for comparison in comparisons]


@dataclass(frozen=True)
class _Side:
    """One side of a comparison, over the scenes of all its conditions."""

    step: Step
    scenes: np.ndarray
    """(S,) ids."""
    cells: list[statistics.Cells | statistics.TrialCells]
    """Of each metric."""
    weights: list[np.ndarray]
    """(R, S) of each metric."""
    entries: dict[str, int]
    """Those that can be compared -> their column of the cells."""

    @property
    def finished(self) -> np.ndarray:
        """(S, E) bool: in all metrics."""
        return np.logical_and.reduce([cells.finished for cells in self.cells])[:, list(self.entries.values())]

    def able(self) -> "_Side":
        """Without the entries that finished too little. Raises _NotRun where none is left."""
        counts = self.finished.sum(axis=0)
        able = 2 * counts >= len(self.scenes)
        if not able.any():
            who = ", ".join(f"{count} by {name}" for name, count in zip(self.entries, counts, strict=True))
            raise _NotRun(f"of {len(self.scenes)} scenes, too few were finished: {who}")
        kept = {name: column for (name, column), well in zip(self.entries.items(), able, strict=True) if well}
        return replace(self, entries=kept)

    def figures(self, scenes: np.ndarray, weights: Sequence[np.ndarray | None]) -> np.ndarray:
        """(E,) or (R, E), over a subset (S,) bool of the scenes; `weights`: (R, S) of each metric, or None."""
        first, *second = (
            statistics.figures(cells.on(scenes), None if drawn is None else drawn[:, scenes])
            for cells, drawn in zip(self.cells, weights, strict=True)
        )
        gain = second[0] - first if second else first
        return gain[..., list(self.entries.values())]

    def enough(self, scenes: np.ndarray) -> bool:
        """Whether figures on a subset of the scenes may be compared: those of trials take many."""
        return all(cells.on(scenes).enough[list(self.entries.values())].all() for cells in self.cells)

    def drawn(self, scenes: np.ndarray) -> int:
        """How many independent draws the figures on a subset of the scenes rest on."""
        return int(min(cells.on(scenes).drawn[list(self.entries.values())].min() for cells in self.cells))


class _Run:
    """The scores of a suite, condition by condition."""

    def __init__(self, scores, metrics, families, speakers, noises, seed, resamples):
        of_scene = pc.is_valid(scores["scene"])
        measured = pc.is_in(scores["metric"], pa.array(sorted(metrics), pa.string()))
        self._scores = scores.filter(pc.and_(of_scene, measured))
        drawn = scores.filter(of_scene).group_by("condition").aggregate([("scene", "distinct")]).to_pylist()
        self._scenes = {row["condition"]: sorted(row["scene_distinct"]) for row in drawn}
        self._absent = scores.filter(pc.invert(of_scene)).to_pylist()
        self._families, self._speakers, self._noises = families, speakers, noises
        self._seed, self.resamples = seed, resamples
        self._weights: dict[str, np.ndarray] = {}

    def side(self, step: Step, against: Step, metrics: tuple[str, ...], later: frozenset[str]) -> _Side:
        """One side of a comparison with `against`. Raises _NotRun where nothing can be compared."""
        family = sorted(entry for entry, family in self._families.items() if family == step.family)
        members = step.entries or tuple(entry for entry in family if entry not in against.entries)
        measured = {metric.partition(ATTACK)[0] for metric in metrics}
        wanted = [("condition", step.conditions), ("entry", members), ("metric", measured)]
        part = self._scores
        for column, names in wanted:
            part = part.filter(pc.is_in(part[column], pa.array(list(names), pa.string())))
        self._require_conditions(step)
        names = [name for name in members if self._complete(part, name, step, measured)]
        if not names:
            raise _NotRun(self._why_absent(members, step, metrics, later))
        part = part.filter(pc.is_in(part["entry"], pa.array(names, pa.string())))
        names, scenes, _, cells = tabulate(part, self._speakers)
        if not set(metrics) <= set(cells):
            raise _NotRun(self._why_absent(members, step, metrics, later))
        columns = {name: column for column, name in enumerate(names)}
        cells = [cells[metric] for metric in metrics]
        weights = [self._weights_of(of_metric, scenes, step.conditions) for of_metric in cells]
        return _Side(step, np.array(scenes), cells, weights, columns).able()

    def _weights_of(self, cells, scenes, conditions):
        """(R, S): resamples of the scenes, or of their speakers where trials share them."""
        if shares_speakers(cells):
            return self._resample_speakers(scenes, conditions)
        return self._resample(scenes, conditions)

    def _resample_speakers(self, scenes, conditions):
        everybody = sorted({self._speaker(scene) for condition in conditions for scene in self._scenes[condition]})
        generator = rng(self._seed, *conditions, role="bootstrap of speakers")
        drawn = statistics.resample(len(everybody), self.resamples, generator)
        place = {speaker: i for i, speaker in enumerate(everybody)}
        return drawn[:, [place[self._speaker(scene)] for scene in scenes]]

    def _speaker(self, scene):
        return self._speakers.get(scene) or scene

    def _resample(self, scenes, conditions):
        """(R, S): the leaderboard's resamples of each condition, for these scenes."""
        weights = np.empty((self.resamples, len(scenes)))
        place = {scene: i for i, scene in enumerate(scenes)}
        for condition in conditions:
            if condition not in self._weights:
                generator = rng(self._seed, condition, role="bootstrap")
                n_scenes = len(self._scenes[condition])
                self._weights[condition] = statistics.resample(n_scenes, self.resamples, generator)
            for i, scene in enumerate(self._scenes[condition]):
                if scene in place:
                    weights[:, place[scene]] = self._weights[condition][:, i]
        return weights

    def crossed(self, scenes: Sequence[str]) -> wide.Crossed:
        """Resamples of the kinds of noise and the speakers of some scenes."""
        noises, voices = [self._noises.get(scene) for scene in scenes], [self._speaker(scene) for scene in scenes]
        return wide.crossed(noises, voices, seed=self._seed, resamples=self.resamples)

    def _require_conditions(self, step):
        absent = [condition for condition in step.conditions if condition not in self._scenes]
        if absent:
            raise _NotRun(f"needs the condition {', '.join(absent)}")

    @staticmethod
    def _complete(part, name, step, metrics):
        """Whether an entry has every metric in every condition."""
        rows = part.filter(pc.equal(part["entry"], name)).group_by(["condition", "metric"]).aggregate([])
        return len(rows) == len(step.conditions) * len(metrics)

    def _why_absent(self, members, step, metrics, later):
        if members and set(members) <= later:
            return f"needs {', '.join(members)}, which the project does not have yet"
        who = ", ".join(members) if members else f"an entry of the family {step.family}"
        why = "; ".join(self._reasons(step.conditions, members, metrics))
        needed = f"needs {who} with {' and '.join(metrics)} in {' and '.join(step.conditions)}"
        return f"{needed} ({why})" if why else needed

    def _reasons(self, conditions, members, metrics):
        """Why cells without scores have none, each reason once."""
        rows = (
            row
            for row in self._absent
            if row["condition"] in conditions and row["entry"] in members and row["metric"] in (None, *metrics)
        )
        return dict.fromkeys(f"{row['status']}: {row['reason']}" for row in rows)


def _verdict(comparison, run) -> dict:
    about = {
        "claim": comparison.claim,
        "metric": " to ".join(comparison.metrics),
        "conditions": "+".join(dict.fromkeys([*comparison.better.conditions, *comparison.worse.conditions])),
        "text": comparison.text,
    }
    try:
        return dict.fromkeys(COLUMNS) | about | _compare(comparison, run)
    except _NotRun as reason:
        sides = {side: _label(getattr(comparison, side), comparison) for side in ("better", "worse")}
        return dict.fromkeys(COLUMNS) | about | sides | {"verdict": NOT_RUN, "reason": str(reason)}


def _compare(comparison, run) -> dict:
    """The numbers and the verdict. Raises _NotRun where one side has no figure."""
    steps = comparison.better, comparison.worse
    sides = [
        run.side(step, against, comparison.metrics, comparison.later)
        for step, against in zip(steps, reversed(steps), strict=True)
    ]
    unfinished = {scene for side in sides for scene in side.scenes[~side.finished.all(axis=1)]}
    shared = [~np.isin(side.scenes, list(unfinished)) for side in sides]
    n_scenes = len({scene for side, mask in zip(sides, shared, strict=True) for scene in side.scenes[mask]})
    drawn = min(side.drawn(mask) for side, mask in zip(sides, shared, strict=True))
    if drawn < statistics.MIN_DRAWN:
        what = "speakers" if any(shares_speakers(cells) for side in sides for cells in side.cells) else "scenes"
        raise _NotRun(f"fewer than {statistics.MIN_DRAWN} {what} that all of them finished")
    if not all(side.enough(mask) for side, mask in zip(sides, shared, strict=True)):
        raise _NotRun(statistics.TOO_FEW)
    # A gain of a rate that is better lower is counted upwards.
    sign = 1 if higher_is_better(comparison.metrics[0]) else -1
    pairs = list(zip(sides, shared, strict=True))
    values = [sign * side.figures(mask, [None] * len(side.cells)) for side, mask in pairs]
    if np.isnan(np.concatenate(values)).any():
        raise _NotRun(f"{' and '.join(comparison.metrics)} not defined on these scenes")
    samples = [sign * side.figures(mask, side.weights) for side, mask in pairs]
    low, high = statistics.best_difference(values, samples, drawn)
    if np.isnan(low):
        raise _NotRun(f"{' and '.join(comparison.metrics)} not defined on too many samples of these scenes")
    best = [float(figures.max()) for figures in values]
    names = [list(side.entries)[figures.argmax()] for side, figures in zip(sides, values, strict=True)]
    labels = [_label(side.step, comparison, name, len(side.entries)) for side, name in zip(sides, names, strict=True)]
    scale, margin = 10.0**-statistics.DIGITS * max(np.abs(best)), comparison.margin
    return {
        "verdict": HOLDS if low + margin > scale else FAILS if high + margin < -scale else OPEN,
        "difference": best[0] - best[1], "ci_low": low, "ci_high": high, "margin": margin or None,
        "better": labels[0], "worse": labels[1], "n_scenes": n_scenes,
    } | _wide(pairs, values, sign, run)  # fmt: skip


def _wide(pairs, values, sign, run) -> dict:
    """The interval over kinds of noise and speakers, null where there are too few, and the number of each."""
    scenes = sorted({scene for side, mask in pairs for scene in side.scenes[mask]})
    crossed = run.crossed(scenes)
    weights = dict(zip(scenes, crossed.weights.T, strict=True))
    samples = []
    for side, mask in pairs:
        absent = np.zeros(run.resamples)
        of_side = np.stack([weights.get(scene, absent) for scene in side.scenes], axis=1)
        samples.append(sign * side.figures(mask, [of_side] * len(side.cells)))
    return crossed.row(values, samples)


def _label(step: Step, comparison: Comparison, best: str | None = None, compared: int = 0) -> str:
    """How a side is called: an entry; or the best of several, with its name and of how many, where that is known."""
    where = "" if comparison.better.conditions == comparison.worse.conditions else f" in {'+'.join(step.conditions)}"
    known = len(step.entries)
    if step.family is None and known == 1:
        return step.entries[0] + where
    if best is None:
        return f"best of {step.family or ', '.join(step.entries)}{where}"
    if compared == 1:
        among = f"the only one in {step.family}" if step.family else f"the only one of {known} to run"
    elif step.family:
        among = f"best of {compared} in {step.family}"
    else:
        among = f"best of {known}" if compared == known else f"best of the {compared} of {known} that ran"
    return f"{best} ({among}){where}"


def tally(rows: Iterable[dict]) -> dict[str, int]:
    """How many comparisons have each verdict."""
    verdicts = [row["verdict"] for row in rows]
    return {verdict: verdicts.count(verdict) for verdict in VERDICTS}


def write_claims(rows: list[dict], path: str | Path) -> None:
    """Write the rows of `judge` as CSV (tables.write_csv)."""
    tables.write_csv(path, rows, COLUMNS)


def read_verdicts(path: str | Path) -> list[dict]:
    """Rows of a CSV that `write_claims` wrote. Raises CocktailError where there is none."""
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise CocktailError(f"{path}: no such file; `cocktail run` makes it") from None
    convert = dict.fromkeys(_NUMBERS, float) | dict.fromkeys(_COUNTS, int)
    return [{name: convert.get(name, str)(text) if text else None for name, text in row.items()} for row in rows]


def build(
    *,
    claims: str | Path,
    scores: str | Path,
    scenes: str | Path,
    entries: str | Path,
    out: str | Path,
    seed: int,
    resamples: int,
) -> None:
    """Judge the file `claims` on the file `scores` and write `out`, claims.csv.

    `scenes`, `entries`: the files scenes.parquet and entries.json beside it.
    """
    cards = read_entries(entries).items()
    families = {name: card["family"] for name, card in cards if card.get("guidance") != GUIDANCE[-1]}
    drawn = tables.read_rows(scenes, ["scene", "speaker", "noise"])
    speakers, noises = ({row["scene"]: row[name] for row in drawn} for name in ("speaker", "noise"))
    known = {"families": families, "speakers": speakers, "noises": noises}
    write_claims(judge(read_claims(claims), tables.read_table(scores), seed=seed, resamples=resamples, **known), out)
