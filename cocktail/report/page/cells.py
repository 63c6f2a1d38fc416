"""Cells of the page: of an entry in a condition its worst, median and best scene, to hear, to see and to read.

Scenes are chosen by `examples.pick`, by the first metric of CHOOSE that the cell has. In a condition of detection, they
are those with the lowest, the median and the highest score.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cocktail import tables
from cocktail.boards.cells import higher_is_better
from cocktail.metrics.catalogue import METRICS
from cocktail.report import examples
from cocktail.report.page.disagree import VOICES, disagreements
from cocktail.report.page.scripts import write_script
from cocktail.report.page.sounds import MAX_SECONDS, Sounds, choose_rate
from cocktail.tasks import TASKS

CHOOSE = ("si_sdr", "wer", "wer_ctc", "eer_cm", "eer_asv")
SCORED = {"worst": "lowest score", "median": "median score", "best": "highest score"}
ORDER = ("worst", "median", "best")


@dataclass(frozen=True)
class Cell:
    """An entry in a condition, and its examples."""

    condition: str
    entry: str
    metric: str | None
    """What they were chosen by; None where there is no score."""
    scenes: dict[str, str]
    """Label -> scene."""


def choose(scores: pa.Table) -> Iterator[Cell]:
    """The cells of one condition. `scores`: its rows of tables.SCORES."""
    condition = scores["condition"][0].as_py()
    for entry in sorted(pc.unique(scores["entry"]).to_pylist()):
        rows = scores.filter(pc.and_(pc.equal(scores["entry"], entry), pc.equal(scores["status"], "ok")))
        present = set(pc.unique(rows["metric"]).to_pylist())
        metric = next((name for name in CHOOSE if name in present), None)
        picked = examples.pick(rows, metric) if metric else {}
        yield Cell(condition, entry, metric, {label: scene for label, (scene, _) in _labelled(picked, metric)})


def _labelled(picked, metric):
    """(label, (scene, value)) from worst to best, by the metric's direction."""
    if metric and METRICS[metric].from_trials:
        names = SCORED
    elif metric and not higher_is_better(metric):
        names = {"worst": "best", "median": "median", "best": "worst"}
    else:
        names = dict(zip(ORDER, ORDER, strict=True))
    found = {names[label]: example for label, example in picked.items()}
    return sorted(found.items(), key=lambda item: [*ORDER, *SCORED.values()].index(item[0]))


def plan_sounds(folder: Path, out: Path, cells: list[Cell], conditions: list[dict]) -> Sounds:
    """How the sounds of these cells are written, so that they fit."""
    cards = {card["name"]: card for card in conditions}
    n_sounds, seconds, fs = 0, 0.0, 16000
    for name in dict.fromkeys(cell.condition for cell in cells):
        of_condition = [cell for cell in cells if cell.condition == name]
        lengths = _durations(folder, name)
        shared = {scene for cell in of_condition for scene in cell.scenes.values()}
        talkers = cards[name]["n_sources"]
        own = [scene for cell in of_condition for scene in cell.scenes.values() if _makes_sound(cards[name])]
        sounds = [(scene, 1 + talkers) for scene in shared] + [(scene, talkers) for scene in own]
        n_sounds += sum(number for _, number in sounds)
        seconds += sum(number * min(lengths.get(scene, 3.0), MAX_SECONDS) for scene, number in sounds)
        fs = cards[name]["fs"]
    return Sounds(out, choose_rate(n_sounds, seconds, fs))


def _makes_sound(card):
    return TASKS[card["task"]].signals


def _durations(folder, condition):
    """Scene -> seconds, as the estimates tell."""
    found: dict[str, float] = {}
    for path in sorted((folder / "estimates" / condition / "test").glob("*/*.parquet")):
        for row in tables.read_rows(path, ["scene", "duration"]):
            if row["duration"] is not None:
                found.setdefault(row["scene"], row["duration"])
    return found


class Writer:
    """Writes the cells of one condition: `cells/<condition>/<entry>.js`, and their sounds."""

    def __init__(self, folder: Path, out: Path, card: dict, scores: pa.Table, sounds: Sounds):
        self._audio = examples.Audio(folder, card["name"])
        self._out, self._card, self._scores, self._sounds = out, card, scores, sounds
        self._drawn = {
            row.pop("scene"): {key: value for key, value in row.items() if value is not None and key != "condition"}
            for row in tables.read_rows(folder / "scenes.parquet")
            if row["condition"] == card["name"]
        }
        self._said = _said(folder, card["name"])
        self._shared: dict[str, list[dict]] = {}

    def write(self, cell: Cell) -> None:
        rows = self._scores.filter(pc.equal(self._scores["entry"], cell.entry))
        estimates = self._estimates(cell, rows)
        by_scene = _by_scene(rows, set(cell.scenes.values()))
        scenes = [
            {
                "label": label,
                "scene": scene,
                "drawn": self._drawn.get(scene, {}),
                **self._said.get(scene, {}),
                "sounds": [*self._of_scene(scene), *self._of_estimate(scene, estimates)],
                "scores": by_scene.get(scene, []),
            }
            for label, scene in cell.scenes.items()
        ]
        content = {
            "condition": cell.condition,
            "entry": cell.entry,
            "chosen_by": cell.metric,
            "scenes": scenes,
            "disagreements": disagreements(_values(rows)),
        }
        path = self._out / "cells" / cell.condition / f"{cell.entry}.js"
        write_script(path, f"cell/{cell.condition}/{cell.entry}", content)

    def _estimates(self, cell, rows):
        if not _makes_sound(self._card) or not cell.scenes:
            return {}
        return self._audio.estimates(cell.entry, list(cell.scenes.values()), rows)

    def _of_scene(self, scene):
        """The mixture and the references, made once for all entries."""
        if scene not in self._shared:
            mixture, references = self._audio.mixture(scene)[0], self._audio.references(scene)
            self._shared[scene] = self._stored(scene, {"mixture": mixture, **_numbered("reference", references)})
        return self._shared[scene]

    def _of_estimate(self, scene, estimates):
        """None where the estimate failed, or was not kept."""
        return self._stored(scene, _numbered("estimate", estimates[scene])) if scene in estimates else []

    def _stored(self, scene, signals):
        mixture, fs = self._audio.mixture(scene)
        bright = examples.loudest(mixture)
        return [{"name": name, "file": self._sounds.add(x, fs, bright)} for name, x in signals.items()]


def _numbered(name, signals):
    return {name if len(signals) == 1 else f"{name} {k}": x for k, x in enumerate(signals, 1)}


def _said(folder, condition):
    """Scene -> {text: transcripts, truth: bonafide or the attack} of the test scenes."""
    found = {}
    for path in sorted((folder / "scenes" / condition / "test").glob("*.references.parquet")):
        for row in tables.read_rows(path, ["scene", "text", "label"]):
            texts = [text for text in row["text"] or [] if text]
            found[row["scene"]] = {"text": texts, "truth": row["label"]}
    return found


def _by_scene(rows, scenes):
    """Scene -> [[metric, talker or null, value or null, reason or null]], of some scenes."""
    rows = rows.filter(pc.is_in(rows["scene"], pa.array(sorted(scenes), pa.string())))
    found: dict[str, list] = {}
    for row in rows.select(["scene", "metric", "source", "value", "reason"]).to_pylist():
        found.setdefault(row["scene"], []).append([row["metric"], row["source"], row["value"], row["reason"]])
    return found


def _values(rows):
    """Metric -> scene -> mean over talkers, of the metrics that may disagree."""
    rows = rows.filter(pc.and_(pc.is_in(rows["metric"], pa.array(VOICES)), pc.equal(rows["status"], "ok")))
    means = rows.group_by(["metric", "scene"], use_threads=False).aggregate([("value", "mean")]).to_pylist()
    found: dict[str, dict[str, float]] = {}
    for row in sorted(means, key=lambda row: (row["metric"], row["scene"])):
        found.setdefault(row["metric"], {})[row["scene"]] = row["value_mean"]
    return found
