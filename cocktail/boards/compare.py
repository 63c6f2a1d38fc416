"""Two results side by side, entry by entry: what differs between two runs, two commits or two suites, and is it real?
Likewise two entries of one run.

The difference is B's figure less A's. Where both rest on the same scenes (same names, and the same was drawn for them),
it is over the scenes that both finished, and its interval is that of the paired bootstrap; otherwise each side keeps
all its scenes and is resampled alone. Scores of two definitions of a metric are not compared.

Of two results, an entry's rank on each side is the one among the entries that both have, on the scenes that all of them
finished; controls and oracles have none, as on the boards. `climbs` says how many places it climbs from A to B, below 0
how many it falls. It `overtakes` those that A has before it and B behind it, where both sides tell the two apart. `tau`
with its interval says how well the two orders of a condition and metric agree; of the pairs that both sides tell apart,
`pairs_kept` have the same order, and `pairs_reversed` the opposite one (ranks.py).

A difference is `better` or `worse` where the test of statistics.py finds it at 5 %, with Holm's correction for the
entries of a condition and metric, and `not distinguishable` otherwise; `same` is without any difference at all.

Intervals and verdicts are about these kinds of noise and these speakers. On demand, `wide_low` and `wide_high` are
about others, too (boards/wide.py); the kinds of noise and speakers of two results are resampled together.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cocktail import tables
from cocktail.boards import ranks, statistics, wide
from cocktail.boards.cells import ATTACK, higher_is_better, tabulate, weights_of
from cocktail.boards.leaderboard import BOUNDS, read_entries
from cocktail.boards.verdicts import OPEN
from cocktail.errors import CocktailError, require_known
from cocktail.rng import rng

BETTER, WORSE, SAME, NOT_COMPARED = "better", "worse", "same", "not compared"
COLUMNS = (
    "condition", "entry", "metric", "a", "b", "difference", "ci_low", "ci_high", "verdict", "paired", "n_a", "n_b",
    "reason", "rank_a", "rank_b", "climbs", "overtakes", "overtaken_by", "tau", "tau_low", "tau_high", "pairs_kept",
    "pairs_reversed", "no_rank",
)  # fmt: skip
"""`overtakes`, `overtaken_by`: lists of entries. `no_rank`: why an entry with figures on both sides has no ranks."""
CONTROL = "bounds the boards and is not ranked"
LARGELY_FAILED = "finished less than half of the scenes that anybody finished"
TOO_FEW_ENTRIES = f"fewer than {ranks.MIN_ENTRIES} entries to rank"


@dataclass(frozen=True)
class Results:
    """Scores of a run, and what was drawn for its scenes."""

    name: str
    scores: pa.Table
    """tables.SCORES, as `leaderboard.collect` makes it."""
    drawn: Mapping[str, dict]
    """Scene -> its row of leaderboard.SCENES; empty where it is not known."""
    unranked: frozenset[str] = frozenset()
    """Controls and oracles."""

    @property
    def speakers(self) -> dict[str, str | None]:
        return {scene: row.get("speaker") for scene, row in self.drawn.items()}

    @property
    def noises(self) -> dict[str, str | None]:
        return {scene: row.get("noise") for scene, row in self.drawn.items()}


def read(folder: str | Path, name: str) -> Results:
    """Results in a folder, called `name` in messages. Raises CocktailError where there are none."""
    folder = Path(folder)
    if not (folder / "scores.parquet").is_file():
        raise CocktailError(f"{folder}: no scores.parquet; compare takes results/<suite> or a suite that has run")
    scenes, entries = folder / "scenes.parquet", folder / "entries.json"
    drawn = tables.read_by_scene(scenes) if scenes.is_file() else {}
    cards = read_entries(entries) if entries.is_file() else {}
    unranked = frozenset(entry for entry, card in cards.items() if card["family"] == BOUNDS)
    return Results(name, tables.read_table(folder / "scores.parquet"), drawn, unranked)


def compare_entries(results: Results, a: str, b: str, **options) -> list[dict]:
    """How much better is the entry `b` than the entry `a` of the same results? Rows as of `compare`, called `b`.

    `options`: `conditions`, `metrics`, `wider`, `resamples` and `level` of `compare`. Raises CocktailError for an
    unknown entry.
    """
    require_known((a, b), _values(results.scores, "entry"), f"{results.name}: its boards have no entry")
    return compare(*(_alone(results, name, b) for name in (a, b)), **options)


def compare(
    a: Results,
    b: Results,
    *,
    conditions: Collection[str] = (),
    entries: Collection[str] = (),
    metrics: Collection[str] = (),
    wider: bool = False,
    resamples: int = statistics.RESAMPLES,
    level: float = statistics.LEVEL,
) -> list[dict]:
    """One row with the keys COLUMNS for each condition, entry and metric; null where there is no number.

    `conditions`, `entries`, `metrics`: those asked for, by default all. `wider`: rows have the keys wide.COLUMNS, too.
    What only one side has is a row without metric, or without entry. Raises CocktailError for a name that neither side
    has.
    """
    chosen = {"condition": conditions, "entry": entries, "metric": [m.partition(ATTACK)[0] for m in metrics]}
    _require(chosen, a.scores, b.scores)
    parts = [_chosen(side.scores, chosen) for side in (a, b)]
    rows = []
    names = [_values(part, "condition") for part in parts]
    for condition in sorted(names[0] | names[1]):
        if condition in names[0] & names[1]:
            here = [part.filter(pc.equal(part["condition"], condition)) for part in parts]
            rows += _Condition(condition, here, (a, b), resamples, level, wider).rows(metrics)
        else:
            rows.append(_blank(condition) | _only((a, b)[condition in names[1]], "condition"))
    columns = (*COLUMNS, *wide.COLUMNS) if wider else COLUMNS
    return [{name: row.get(name) for name in columns} for row in rows]


class _Condition:
    """Both sides' cells of one condition."""

    def __init__(self, name, scores, sides, resamples, level, wider):
        self.name, self.level, self._resamples, self._wider = name, level, resamples, wider
        sides_cells = [tabulate(part, side.speakers) for part, side in zip(scores, sides, strict=True)]
        self.entries, self._scenes, self.metrics, self._cells = zip(*sides_cells, strict=True)
        self._sides = sides
        self.paired, self._common = self._pairing()
        self._weights = [
            statistics.resample(len(scenes), resamples, self._generator(0 if self.paired else side)) if scenes else None
            for side, scenes in enumerate(self._kept())
        ]
        self._cards = [_cards(part) for part in scores]

    def rows(self, metrics) -> Iterator[dict]:
        """Of every entry that either side has, sorted, metric by metric."""
        both = sorted(set(self.entries[0]) & set(self.entries[1]))
        for metric in sorted(set(self.metrics[0]) & set(self.metrics[1])):
            if not metrics or metric in metrics:
                yield from self._of_metric(metric, both)
        for entry in sorted(set(self.entries[0]) ^ set(self.entries[1])):
            yield _blank(self.name, entry) | _only(self._sides[entry in self.entries[1]], "entry")
        for metric in sorted(set(self.metrics[0]) ^ set(self.metrics[1])):
            yield _blank(self.name, metric=metric) | _only(self._sides[metric in self.metrics[1]], "metric")

    def _pairing(self):
        """Whether both have the same scenes, and which: those that both know, if the same was drawn for them."""
        common = sorted(set(self._scenes[0]) & set(self._scenes[1]))
        drawn = [{scene: side.drawn[scene] for scene in common if scene in side.drawn} for side in self._sides]
        alike = all(drawn[0][scene] == drawn[1][scene] for scene in drawn[0].keys() & drawn[1].keys())
        return bool(common) and alike, common

    def _kept(self):
        return (self._common, self._common) if self.paired else self._scenes

    def _generator(self, side):
        return rng(side, self.name, role="comparison")

    def _of_metric(self, metric, entries):
        cells, weights = [], []
        for side in range(2):
            of_side = self._cells[side][metric]
            of_side = of_side.on(np.isin(self._scenes[side], self._kept()[side]))
            cells.append(of_side)
            generator = rng(0 if self.paired else side, self.name, role="comparison of speakers")
            weights.append(weights_of(of_side, self._weights[side], generator))
        rows = [self._row(metric, entry, cells, weights) for entry in entries]
        rows = [row for row in rows if row is not None]
        tested = [row for row in rows if row["verdict"] is None]
        adjusted = statistics.holm(np.array([row["p"] for row in tested]))
        for row, p in zip(tested, adjusted, strict=True):
            gain = row["difference"] if higher_is_better(metric) else -row["difference"]
            row["verdict"] = OPEN if p > 1 - self.level else BETTER if gain > 0 else WORSE
        self._rank(metric, [row for row in rows if row["difference"] is not None], cells, weights)
        return rows

    def _rank(self, metric, rows, cells, weights):
        """Add ranks on both sides, and how well they agree, to rows of entries that have figures on both."""
        try:
            ranked, orders = self._orders(rows, cells, weights)
        except ranks.NoOrderError as error:
            for row in rows:
                row["no_rank"] = row.get("no_rank") or str(error)
            return
        a, b = orders
        found = ranks.agreement(
            a=a.values, b=b.values, samples_a=a.samples, samples_b=b.samples, drawn=min(a.drawn, b.drawn),
            level=self.level,
        )  # fmt: skip
        apart, reversed_ = ranks.overtaking(a, b, self.level)
        n_apart, n_reversed = int(apart.sum()) // 2, int(reversed_.sum()) // 2
        pairs = {"pairs_kept": n_apart - n_reversed, "pairs_reversed": n_reversed}
        names = np.array([row["entry"] for row in ranked])
        places = [order.ranks(higher_is_better(metric)) for order in orders]
        for e, row in enumerate(ranked):
            rank_a, rank_b = (int(place[e]) for place in places)
            row |= {"rank_a": rank_a, "rank_b": rank_b, "climbs": rank_a - rank_b, **found.row(), **pairs}
            row["overtakes"] = names[reversed_[e] & (places[1] > rank_b)].tolist()
            row["overtaken_by"] = names[reversed_[e] & (places[1] < rank_b)].tolist()

    def _orders(self, rows, cells, weights):
        """The rows that have ranks, sorted by entry as `rows` are, and the order of these entries on each side."""
        bounds = frozenset.union(*(side.unranked for side in self._sides))
        for row in rows:
            row["no_rank"] = CONTROL if row["entry"] in bounds else None
        ranked = [row for row in rows if row["no_rank"] is None]
        for names, part in zip(self.entries, cells, strict=True):
            of = np.isin(names, [row["entry"] for row in ranked])
            for row, enough in zip(ranked, statistics.rankable(part.finished[:, of]), strict=True):
                row["no_rank"] = row["no_rank"] or (None if enough else LARGELY_FAILED)
        ranked = [row for row in ranked if row["no_rank"] is None]
        if len(ranked) < ranks.MIN_ENTRIES:
            raise ranks.NoOrderError(TOO_FEW_ENTRIES)
        chosen = [np.isin(names, [row["entry"] for row in ranked]) for names in self.entries]
        sides = zip(cells, chosen, weights, strict=True)
        return ranked, [ranks.order(part.of(of), drawn) for part, of, drawn in sides]

    def _row(self, metric, entry, cells, weights):
        """The row of an entry; its verdict is None where a test decides, with the probability `p`. None: no scores."""
        blank = _blank(self.name, entry, metric) | {"paired": self.paired}
        cards = [known.get((entry, metric.partition(ATTACK)[0])) for known in self._cards]
        if None in cards:
            return None if cards == [None, None] else blank | self._lacking(cards)
        if cards[0] != cards[1]:
            said = (
                f"{' and '.join(sorted(card))} in {side.name}" for card, side in zip(cards, self._sides, strict=True)
            )
            return blank | {"reason": f"two definitions of {metric}: {', '.join(said)}"}
        of_entry = [np.array(names) == entry for names in self.entries]
        cells = [part.of(chosen) for part, chosen in zip(cells, of_entry, strict=True)]
        finished = [part.finished[:, 0] for part in cells]
        if self.paired:
            finished = [finished[0] & finished[1]] * 2
        numbers = {"n_a": int(finished[0].sum()), "n_b": int(finished[1].sum())}
        if min(numbers.values()) == 0:
            return blank | numbers | {"reason": "no scene that both finished" if self.paired else "no finished scene"}
        cells = [part.on(chosen) for part, chosen in zip(cells, finished, strict=True)]
        values = np.concatenate([statistics.figures(part) for part in cells])
        if np.isnan(values).any():
            return blank | numbers | {"reason": "not defined on these scenes"}
        if not all(part.enough.all() for part in cells):
            figures = dict(zip("ab", values.tolist(), strict=True)) | {"difference": float(values[1] - values[0])}
            return blank | numbers | figures | {"reason": statistics.TOO_FEW}
        samples = np.concatenate(
            [statistics.figures(part, w[:, f]) for part, w, f in zip(cells, weights, finished, strict=True)], axis=1
        )
        judged = self._judged(values, samples, int(min(part.drawn.min() for part in cells)))
        others = self._wide(values, cells, finished) if self._wider and "ci_low" in judged else {}
        return blank | numbers | judged | others

    def _judged(self, values, samples, drawn):
        difference = values[1] - values[0]
        rounding = 10.0**-statistics.DIGITS * np.abs(values).max()
        numbers = {"a": float(values[0]), "b": float(values[1]), "difference": float(difference), "reason": None}
        low, high = statistics.interval(samples[:, 1] - samples[:, 0], drawn, self.level)
        if not np.isnan(low):
            numbers |= {"ci_low": float(low), "ci_high": float(high)}
        changes = np.nanmax(np.abs([difference, *(samples[:, 1] - samples[:, 0])]))
        same = self.paired and changes <= rounding
        p = float(statistics.differences(values, samples, drawn)[0, 1])
        return numbers | {"verdict": SAME if same else None, "p": p}

    def _wide(self, values, cells, finished):
        """wide.COLUMNS of B less A, whose `cells` are on the scenes that they `finished`."""
        scenes = [np.array(kept)[mask].tolist() for kept, mask in zip(self._kept(), finished, strict=True)]
        sides = list(zip(self._sides, scenes, strict=True))[: 1 if self.paired else 2]
        noises = [side.noises.get(scene) for side, names in sides for scene in names]
        speakers = [side.speakers.get(scene) or scene for side, names in sides for scene in names]
        crossed = wide.crossed(noises, speakers, seed=0, resamples=self._resamples)
        n_a = len(scenes[0])
        weights = [crossed.weights] * 2 if self.paired else [crossed.weights[:, :n_a], crossed.weights[:, n_a:]]
        a, b = (statistics.figures(part, drawn) for part, drawn in zip(cells, weights, strict=True))
        return crossed.row((values[1:], values[:1]), (b, a))

    def _lacking(self, cards):
        return {"reason": f"no scores in {self._sides[cards.index(None)].name}"}


def _alone(results, entry, label):
    """The scores of one entry, under another name."""
    scores = results.scores.filter(pc.equal(results.scores["entry"], entry))
    labels = pa.array([label] * len(scores), pa.string())
    renamed = scores.set_column(scores.schema.get_field_index("entry"), "entry", labels)
    return Results(entry, renamed, results.drawn, results.unranked)


def _cards(scores) -> dict[tuple[str, str], frozenset[str]]:
    """(entry, metric) -> digests of the definitions that its scores were made by."""
    scores = scores.filter(pc.and_(pc.is_valid(scores["scene"]), pc.is_valid(scores["metric"])))
    rows = scores.select(["entry", "metric", "card"]).group_by(["entry", "metric", "card"]).aggregate([]).to_pylist()
    digests: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        digests.setdefault((row["entry"], row["metric"]), set()).add(row["card"] or "unknown")
    return {key: frozenset(cards) for key, cards in digests.items()}


def _chosen(scores, chosen):
    """Scores of scenes, of what was asked for."""
    scores = scores.filter(pc.is_valid(scores["scene"]))
    for column, names in chosen.items():
        if names:
            scores = scores.filter(pc.is_in(scores[column], pa.array(list(names), pa.string())))
    return scores


def _require(chosen, *sides):
    for column, names in chosen.items():
        known = set().union(*(_values(table, column) for table in sides)) - {None}
        require_known(names, known, f"neither side has the {column}")


def _values(table, column) -> set[str]:
    return set(pc.unique(table[column]).to_pylist())


def _blank(condition, entry=None, metric=None):
    named = {"condition": condition, "entry": entry, "metric": metric, "verdict": NOT_COMPARED}
    return dict.fromkeys(COLUMNS) | named


def _only(side, what):
    return {"reason": f"only {side.name} has this {what}"}
