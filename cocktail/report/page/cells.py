"""Cells of the page: an entry's examples in a condition, to hear, to see and to read.

First come the scenes that all entries of the condition share, so that any two can be heard on one scene: the worst, the
median and the best one of the entry in the middle (examples.shared). Then come the entry's own (examples.pick). Both go
by the first metric of CHOOSE that there is. In a condition of detection, they are those with the lowest, the median and
the highest score.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cocktail import tables
from cocktail.boards.cells import higher_is_better
from cocktail.metrics.catalogue import METRICS
from cocktail.report import examples
from cocktail.report.coding import loudest, numbered
from cocktail.report.page.disagree import VOICES, disagreements
from cocktail.report.page.scripts import write_script
from cocktail.report.page.sounds import MAX_SECONDS, PLACES, Sounds
from cocktail.report.page.sounds import choose as choose_sounds
from cocktail.tasks import TASKS

CHOOSE = ("si_sdr", "wer", "wer_ctc", "eer_cm", "eer_asv")
SCORED = ("lowest score", "median score", "highest score")
ORDER = ("worst", "median", "best")
FIRST = {"shared": (1, 0, 2), "own": (0, 2, 1)}
"""Which of these three has sound first: of those that all share the median, of the entry's own the worst."""


@dataclass(frozen=True)
class Example:
    """A scene of a cell."""

    scene: str
    shared: str | None
    """As what all entries share it: one of ORDER, or of SCORED; None for one that is the entry's own alone."""
    own: str | None
    """What it is among the entry's own; None for one that is shared alone."""

    @property
    def place(self) -> int:
        """From 0, in which order examples have sound."""
        labels = SCORED if (self.shared or self.own) in SCORED else ORDER
        if self.shared is not None:
            return FIRST["shared"].index(labels.index(self.shared))
        return 3 + FIRST["own"].index(labels.index(self.own))


@dataclass(frozen=True)
class Cell:
    """An entry in a condition, and its examples."""

    condition: str
    entry: str
    metric: str | None
    """What they were chosen by; None where there is no score."""
    middle: str | None
    """The entry by which the shared ones were chosen."""
    examples: tuple[Example, ...]


def choose(scores: pa.Table, unranked: Collection[str] = ()) -> list[Cell]:
    """The cells of one condition. `scores`: its rows of tables.SCORES; `unranked`: controls and oracles."""
    condition = scores["condition"][0].as_py()
    middle, common = {}, {}
    for metric in CHOOSE:
        middle[metric], picked = examples.shared(scores, metric, unranked)
        common[metric] = _labelled(picked, metric)
    cells = []
    for entry in sorted(pc.unique(scores["entry"]).to_pylist()):
        rows = scores.filter(pc.and_(pc.equal(scores["entry"], entry), pc.equal(scores["status"], "ok")))
        present = set(pc.unique(rows["metric"]).to_pylist())
        metric = next((name for name in CHOOSE if name in present), None)
        chosen = _examples(common[metric], _labelled(examples.pick(rows, metric), metric)) if metric else ()
        cells.append(Cell(condition, entry, metric, middle.get(metric), chosen))
    return cells


def _examples(common, own):
    labels = {scene: label for label, scene in own.items()}
    shared = [Example(scene, label, labels.pop(scene, None)) for label, scene in common.items()]
    return (*shared, *(Example(scene, None, label) for scene, label in labels.items()))


def _labelled(picked, metric):
    """Label -> scene, from worst to best by the metric's direction; by the score in detection."""
    scenes = [picked[label][0] if label in picked else None for label in ("worst", "median", "best")]
    if not METRICS[metric].from_trials and not higher_is_better(metric):
        scenes.reverse()
    labels = SCORED if METRICS[metric].from_trials else ORDER
    return {label: scene for label, scene in zip(labels, scenes, strict=True) if scene is not None}


def plan_sounds(shards: examples.Shards, out: Path, cells: list[Cell], conditions: list[dict]) -> Sounds:
    """How the sounds of these cells are written, so that they fit."""
    cards = {card["name"]: card for card in conditions}
    lengths = {name: _durations(shards.estimates(name)) for name in dict.fromkeys(cell.condition for cell in cells)}
    loads = [_load(cells, places, cards, lengths) for places in range(1, PLACES + 1)]
    places, rate = choose_sounds(loads, max((card["fs"] for card in conditions), default=16000))
    return Sounds(out, rate, places)


def _load(cells, places, cards, lengths):
    """How many sounds, of how many seconds in all, the first `places` examples of each cell are."""
    scenes, estimates = set(), []
    for cell in cells:
        heard = [(cell.condition, example.scene) for example in cell.examples if example.place < places]
        scenes.update(heard)
        estimates += heard if _makes_sound(cards[cell.condition]) else []
    number, seconds = 0, 0.0
    for keys, extra in ((sorted(scenes), 1), (estimates, 0)):
        for condition, scene in keys:
            of_scene = cards[condition]["n_sources"] + extra
            number += of_scene
            seconds += of_scene * min(lengths[condition].get(scene, 3.0), MAX_SECONDS)
    return number, seconds


def _makes_sound(card):
    return TASKS[card["task"]].signals


def _durations(folder):
    """Scene -> seconds, as the estimates tell."""
    durations: dict[str, float] = {}
    for path in sorted(folder.glob("*/*.parquet")):
        for row in tables.read_rows(path, ["scene", "duration"]):
            if row["duration"] is not None:
                durations.setdefault(row["scene"], row["duration"])
    return durations


class Writer:
    """Writes the cells of one condition: `cells/<condition>/<entry>.js`, and their sounds."""

    def __init__(self, folder: Path, shards: examples.Shards, out: Path, card: dict, scores: pa.Table, sounds: Sounds):
        self._audio = examples.Audio(shards, card["name"])
        self._out, self._card, self._scores, self._sounds = out, card, scores, sounds
        self._drawn = {
            row.pop("scene"): {key: value for key, value in row.items() if value is not None and key != "condition"}
            for row in tables.read_rows(folder / "scenes.parquet")
            if row["condition"] == card["name"]
        }
        self._said = _said(shards.scenes(card["name"]))
        self._shared: dict[str, list[dict]] = {}

    def write(self, cell: Cell) -> None:
        rows = self._scores.filter(pc.equal(self._scores["entry"], cell.entry))
        heard = [example.scene for example in cell.examples if example.place < self._sounds.places]
        estimates = self._audio.estimates(cell.entry, heard, rows) if heard and _makes_sound(self._card) else {}
        by_scene = _by_scene(rows, {example.scene for example in cell.examples})
        scenes = [
            {
                "scene": example.scene,
                "shared": example.shared,
                "own": example.own,
                "drawn": self._drawn.get(example.scene, {}),
                **self._said.get(example.scene, {}),
                "sounds": self._of_example(example.scene, estimates) if example.scene in heard else None,
                "scores": by_scene.get(example.scene, []),
            }
            for example in cell.examples
        ]
        content = {
            "condition": cell.condition,
            "entry": cell.entry,
            "chosen_by": cell.metric,
            "middle": cell.middle,
            "scenes": scenes,
            "disagreements": disagreements(_values(rows)),
        }
        path = self._out / "cells" / cell.condition / f"{cell.entry}.js"
        write_script(path, f"cell/{cell.condition}/{cell.entry}", content)

    def _of_example(self, scene, estimates):
        """Those of the scene, made once for all entries, and of its estimate, unless that failed or was not kept."""
        if scene not in self._shared:
            mixture, references = self._audio.mixture(scene)[0], self._audio.references(scene)
            self._shared[scene] = self._stored(scene, {"mixture": mixture, **numbered("reference", references)})
        own = self._stored(scene, numbered("estimate", estimates[scene])) if scene in estimates else []
        return [*self._shared[scene], *own]

    def _stored(self, scene, signals):
        mixture, fs = self._audio.mixture(scene)
        bright = loudest(mixture)
        return [{"name": name, "file": self._sounds.add(x, fs, bright)} for name, x in signals.items()]


def _said(folder):
    """Scene -> {text: transcripts, truth: bonafide or the attack} of the scenes."""
    by_scene = {}
    for path in sorted(folder.glob("*.references.parquet")):
        for row in tables.read_rows(path, ["scene", "text", "label"]):
            texts = [text for text in row["text"] or [] if text]
            by_scene[row["scene"]] = {"text": texts, "truth": row["label"]}
    return by_scene


def _by_scene(rows, scenes):
    """Scene -> [[metric, talker or null, value or null, reason or null]], of some scenes."""
    rows = rows.filter(pc.is_in(rows["scene"], pa.array(sorted(scenes), pa.string())))
    figures: dict[str, list] = {}
    for row in rows.select(["scene", "metric", "source", "value", "reason"]).to_pylist():
        figures.setdefault(row["scene"], []).append([row["metric"], row["source"], row["value"], row["reason"]])
    return figures


def _values(rows):
    """Metric -> scene -> mean over talkers, of the metrics that may disagree."""
    rows = rows.filter(pc.and_(pc.is_in(rows["metric"], pa.array(VOICES)), pc.equal(rows["status"], "ok")))
    means = rows.group_by(["metric", "scene"], use_threads=False).aggregate([("value", "mean")]).to_pylist()
    by_metric: dict[str, dict[str, float]] = {}
    for row in sorted(means, key=lambda row: (row["metric"], row["scene"])):
        by_metric.setdefault(row["metric"], {})[row["scene"]] = row["value_mean"]
    return by_metric
