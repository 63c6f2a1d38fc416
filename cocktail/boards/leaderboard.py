"""From score shards to `scores.parquet`, `scenes.parquet` and `leaderboard.csv`.

How a board is read:

- The scene is the unit. A scene's score is the mean over its talkers, an entry's figure the mean over scenes; a pooled
  metric (wer) is 100 * errors / words over all talkers and scenes. A scene is finished when every talker has a score.
- `value`, `ci_low` and `ci_high` are over the `n_ok` scenes that the entry finished, of the `n_total` of the condition.
  They are null where nothing was finished; fewer than statistics.MIN_DRAWN scenes (speakers) give no interval,
  nor does a figure that many resamples of them do not have (statistics.interval).
- `rank` and `tie_group` are by the figures on the scenes that all ranked entries finished, so that nobody gains by
  failing on what is hard. An entry that finished less than half of the scenes that anybody finished has no rank and
  does not shrink that set. Controls and oracles bound the board and are not ranked.
- A skipped entry has rows with `n_ok` 0; its reason is a row of `scores.parquet` with status `skipped` and without
  scene, source and metric.
- `<metric>_i` is the score minus that of the entry `unprocessed`, of the same scene and talker, in the metric's own
  unit and direction.
- `tie_group`: letters. Two entries share one exactly if paired tests do not tell them apart, with Holm's correction for
  all pairs of a condition and metric (statistics.py, letters.py).
- Equal error rates and detection costs are over all trials of the scenes, see cocktail/scoring/trials.py.
  `eer_cm:<attack>` and `min_tdcf:<attack>` are of bona fide speech and one attack. Where trials set scenes against each
  other, speakers are resampled with all their scenes. Where the trials do not suffice there is no figure, and its
  reason is a row of `scores.parquet` without scene.
- `n_trials`, of such metrics alone: scenes with trials of the kind (target, nontarget, bona fide, spoof) that has
  fewest.
  Entries with fewer than statistics.MIN_TRIALS have no rank by them.

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

from cocktail import tables
from cocktail.boards import statistics
from cocktail.boards.cells import ATTACK, higher_is_better, tabulate, weights_of
from cocktail.boards.letters import letters as display
from cocktail.boards.scores import collect
from cocktail.errors import CocktailError
from cocktail.rng import rng

SCENES = tables.SCENES.append(pa.field("speaker", pa.string()))
"""What `strata` gives: `speaker` is that of the first talker."""
BOUNDS = "controls"
"""The family that bounds a board and has no rank: controls and oracles."""
COLUMNS = (
    "condition", "entry", "metric", "value", "ci_low", "ci_high", "n_ok", "n_total", "rank", "tie_group", "n_trials",
)  # fmt: skip


def board(
    scores: pa.Table,
    *,
    seed: int,
    unranked: Collection[str] = (),
    speakers: Mapping[str, str] | None = None,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
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
        weights = (
            statistics.resample(len(scenes), resamples, rng(seed, condition, role="bootstrap")) if scenes else None
        )
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


def write_board(rows: list[dict], path: str | Path) -> None:
    """Write the rows of `board` as CSV (tables.write_csv)."""
    tables.write_csv(path, rows, COLUMNS)


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
    resamples: int = statistics.RESAMPLES,
) -> list[dict]:
    """All of it: scores.parquet, scenes.parquet, leaderboard.csv and entries.json in `folder`. Returns the board.

    `references`: the scenes' shards (tables.REFERENCES), of which only the records are read. `entries`: what is known
    of each entry (entry, plugin, family, paradigm, task, parameters, description); controls and oracles have no rank.
    """
    folder = Path(folder)
    scores = collect(score_paths, folder / "scores.parquet", skips=skips)
    drawn = strata(references)
    tables.write_rows(folder / "scenes.parquet", drawn, SCENES)
    unranked = {card["entry"] for card in entries if card["family"] == BOUNDS}
    speakers = {row["scene"]: row["speaker"] for row in drawn}
    rows = board(scores, seed=seed, unranked=unranked, speakers=speakers, resamples=resamples)
    write_board(rows, folder / "leaderboard.csv")
    write_entries(entries, folder)
    return rows


def strata(references: Iterable[str | Path]) -> list[dict]:
    """What was drawn for each scene, sorted: rows of SCENES, from shards of references."""
    from cocktail.scenes.scene import Scene

    scenes = [Scene.from_json(row["record"]) for path in references for row in tables.read_rows(path, ["record"])]
    rows = [
        {"condition": scene.condition, "scene": scene.id, "speaker": scene.talkers[0].speaker} | scene.strata()
        for scene in scenes
    ]
    return sorted(rows, key=lambda row: (row["condition"], row["scene"]))


def write_entries(entries: list[dict], folder: str | Path) -> None:
    """Write what is known of each entry to entries.json in `folder`."""
    with tables.replacing(Path(folder) / "entries.json") as temporary:
        temporary.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")


def read_entries(path: str | Path) -> dict[str, dict]:
    """Entry -> what is known of it, from an `entries.json`. Raises CocktailError where there is none."""
    try:
        return {card["entry"]: card for card in json.loads(Path(path).read_text(encoding="utf-8"))}
    except FileNotFoundError:
        raise CocktailError(f"{path}: no such file; `cocktail run` makes it") from None


def _figures(cells, weights, may_rank, higher, level):
    """One dictionary per entry with the board's numbers of one metric in one condition."""
    values, samples = statistics.figures(cells), statistics.figures(cells, weights)
    low, high = cells.interval(samples, level)
    n_trials = cells.independent().min(axis=1) if isinstance(cells, statistics.TrialCells) else None
    n_ok = cells.finished.sum(axis=0)
    ranks, groups = _ranks(cells, weights, values, samples, may_rank, higher, level)
    n_total = len(cells.finished)
    return [
        {
            "value": _null(values[e]), "ci_low": _null(low[e]), "ci_high": _null(high[e]),
            "n_ok": int(n_ok[e]), "n_total": n_total, "rank": ranks[e], "tie_group": groups[e],
            "n_trials": None if n_trials is None else int(n_trials[e]),
        }
        for e in range(len(values))
    ]  # fmt: skip


def _ranks(cells, weights, values, samples, may_rank, higher, level):
    """Rank and letters of each entry, None for those that have none. `values`, `samples`: figures on all scenes."""
    ranks, groups = [None] * len(may_rank), [None] * len(may_rank)
    ranked = may_rank & statistics.rankable(np.where(may_rank, cells.finished, False))
    common = cells.finished[:, ranked].all(axis=1)
    if not ranked.any() or not common.any():
        return ranks, groups
    shared = cells.on(common).of(ranked)
    if common.all():
        values, samples = values[ranked], samples[:, ranked]
    else:
        values, samples = statistics.figures(shared), statistics.figures(shared, weights[:, common])
    if np.isnan(values).any() or not shared.enough.all():
        return ranks, groups
    apart = statistics.told_apart(values, samples, int(shared.drawn.min()), level)
    places = statistics.rank(values, higher)
    letters = display(apart, np.argsort(places, kind="stable"))
    for e, place, group in zip(np.flatnonzero(ranked), places, letters, strict=True):
        ranks[e], groups[e] = int(place), group
    return ranks, groups


def _board_order(row):
    unranked = row["rank"] is None
    return row["condition"], row["metric"], unranked, 0 if unranked else row["rank"], row["entry"]


def _null(x):
    return None if np.isnan(x) else float(statistics.rounded(x))


def _parse(name, text):
    if name in ("condition", "entry", "metric"):
        return text
    if text == "":
        return None
    if name == "tie_group":
        return text
    return float(text) if name in ("value", "ci_low", "ci_high") else int(text)
