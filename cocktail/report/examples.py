"""Examples to hear and to see: an entry's worst, median and best scene in a condition, and those that all share.

Sounds are microphone 1. How they become files is said in cocktail/report/coding.py.
"""

import functools
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cocktail import tables
from cocktail.boards.cells import higher_is_better
from cocktail.report.coding import encode, loudest, numbered, png
from cocktail.scenes.truth import Truth

EXAMPLES = "examples.parquet"
LABELS = ("median", "worst", "best")


@dataclass(frozen=True)
class Shards:
    """Where scenes of one split, and estimates of them, lie below `folder`, results/<suite>."""

    folder: Path
    split: str = "test"

    def scenes(self, condition: str) -> Path:
        """The folder of a condition's scenes."""
        return self.folder / "scenes" / condition / self.split

    def estimates(self, condition: str) -> Path:
        """The folder of a condition's estimates, entry by entry."""
        return self.folder / "estimates" / condition / self.split


class Audio:
    """Signals of a condition's scenes, read from their shards when asked for."""

    def __init__(self, shards: Shards, condition: str):
        self._scenes, self._estimates = shards.scenes(condition), shards.estimates(condition)

    def estimates(self, entry: str, scenes: list[str], scores: pa.Table) -> dict[str, np.ndarray]:
        """(K, N) by scene, of those scenes whose estimate was kept, in the order of the references.

        `scores`: rows (tables.SCORES) of the entry in the condition, which say the order.
        """
        kept, orders = {}, _orders(scores, scenes)
        for path in self._estimate_shards(entry):
            for row in _rows(path, scenes, ["scene", "status", "estimate"]):
                cells = row["estimate"]
                if row["status"] == "ok" and cells and all(cell and cell["bytes"] for cell in cells):
                    estimate = tables.unpack_all(cells)
                    kept[row["scene"]] = estimate[orders.get(row["scene"], slice(None))]
        return kept

    @functools.cache  # noqa: B019 - an Audio lives as long as its condition is logged
    def mixture(self, scene: str) -> tuple[np.ndarray, int]:
        """(N,) at microphone 1, and the rate in Hz."""
        row = self._row(scene, "mixtures", ["scene", "fs", "mixture"])
        return tables.unpack(row["mixture"])[0], row["fs"]

    @functools.cache  # noqa: B019
    def references(self, scene: str) -> np.ndarray:
        """(K, N): what estimates of the scene are scored against."""
        return Truth(self._row(scene, "references", list(Truth.COLUMNS))).target

    @functools.cache  # noqa: B019
    def scene_files(self, scene: str) -> dict[str, bytes]:
        """WAV and PNG of the mixture and the references, by file name."""
        mixture, fs = self.mixture(scene)
        return files({"mixture": mixture, **numbered("reference", self.references(scene))}, fs, self._loudest(scene))

    def estimate_files(self, scene: str, estimate: np.ndarray) -> dict[str, bytes]:
        """WAV and PNG of an estimate (K, N), by file name."""
        return files(numbered("estimate", estimate), self.mixture(scene)[1], self._loudest(scene))

    @functools.cache  # noqa: B019
    def _loudest(self, scene):
        """Largest STFT magnitude of the mixture."""
        return loudest(self.mixture(scene)[0])

    def scenes(self, entry: str) -> set[str]:
        """Scenes of which there is an estimate, or the row of a failed one."""
        return {row["scene"] for path in self._estimate_shards(entry) for row in tables.read_rows(path, ["scene"])}

    def effort(self, entry: str) -> tuple[str, float]:
        """What the entry ran on, and for how many seconds, as far as its estimates are there to say."""
        shards = (tables.read_table(path, ["device", "seconds"]) for path in self._estimate_shards(entry))
        rows = [row for shard in shards for row in shard.to_pylist()]
        devices = sorted({row["device"] for row in rows if row["device"]})
        return ", ".join(devices) or "unknown", sum(row["seconds"] or 0.0 for row in rows)

    def keep_only(self, entry: str, scenes: list[str]) -> None:
        """Drop the entry's estimates but those of `scenes`, which move into one file, `examples.parquet`."""
        paths = self._estimate_shards(entry)
        rows = {row["scene"]: row for path in paths for row in _rows(path, scenes, tables.ESTIMATES.names)}
        examples = self._estimates / entry / EXAMPLES
        tables.write_rows(examples, [rows[scene] for scene in sorted(rows)], tables.ESTIMATES)
        for path in paths:
            if path != examples:
                path.unlink()

    def _estimate_shards(self, entry):
        """Files of the entry's estimates; shards come last, as they are newer than examples kept of an earlier run."""
        return sorted((self._estimates / entry).glob("*.parquet"), key=lambda path: (path.name != EXAMPLES, path.name))

    def _row(self, scene, kind, columns):
        return _rows(self._shards(kind)[scene], [scene], columns)[0]

    @functools.cache  # noqa: B019
    def _shards(self, kind):
        paths = sorted(self._scenes.glob(f"*.{kind}.parquet"))
        return {row["scene"]: path for path in paths for row in tables.read_rows(path, ["scene"])}


def pick(scores, metric: str = "si_sdr", count: int = 3) -> dict[str, tuple[str, float]]:
    """The entry's median, worst and best scene: label -> (scene, value); the first `count` of them, each scene once.

    `scores`: rows (tables.SCORES) of one entry in one condition. A scene's value is the mean over its talkers. The
    median is the first by name of the middle tenth, so that entries often share it, and can be heard on one scene.
    """
    rows = scores.filter(pc.and_(pc.equal(scores["metric"], metric), pc.equal(scores["status"], "ok")))
    means = rows.group_by("scene", use_threads=False).aggregate([("value", "mean")]).to_pylist()
    ordered = sorted((row["value_mean"], row["scene"]) for row in means)
    if not ordered:
        return {}
    half = len(ordered) // 20
    middle = ordered[len(ordered) // 2 - half : len(ordered) // 2 + half + 1]
    median = min(middle, key=lambda pair: pair[1])
    chosen = {}
    for label, (value, scene) in zip(LABELS, (median, ordered[0], ordered[-1]), strict=True):
        if scene not in (other for other, _ in chosen.values()) and len(chosen) < count:
            chosen[label] = scene, value
    return chosen


def shared(scores: pa.Table, metric: str, unranked: Collection[str] = ()) -> tuple[str | None, dict]:
    """The scenes that all entries of a condition have as examples: those that `pick` takes for the entry in the middle.

    That is the entry with the median figure, the better one of two, without the `unranked`; returned with its picks,
    None and nothing where no entry has the metric. `scores`: rows (tables.SCORES) of one condition.
    """
    rows = scores.filter(pc.and_(pc.equal(scores["metric"], metric), pc.equal(scores["status"], "ok")))
    means = rows.group_by("entry", use_threads=False).aggregate([("value", "mean")]).to_pylist()
    sign = -1 if higher_is_better(metric) else 1
    ordered = sorted((sign * row["value_mean"], row["entry"]) for row in means if row["entry"] not in unranked)
    if not ordered:
        return None, {}
    entry = ordered[(len(ordered) - 1) // 2][1]
    return entry, pick(rows.filter(pc.equal(rows["entry"], entry)), metric)


def files(signals: dict[str, np.ndarray], fs: int, reference: float) -> dict[str, bytes]:
    """`<name>.wav` and `<name>.png` of each signal (N,); `reference`: STFT magnitude that is bright."""
    made = {}
    for name, x in signals.items():
        stem = name.replace(" ", "_")
        made |= {f"{stem}.wav": encode(x, fs, "WAV"), f"{stem}.png": png(x, reference)}
    return made


def _orders(scores, scenes):
    """Scene -> which estimate each talker got, of those scenes in which signals were scored."""
    wanted = pc.is_in(scores["scene"], pa.array(scenes, pa.string()))
    rows = scores.filter(pc.and_(wanted, pc.is_valid(scores["estimate"])))
    orders: dict[str, dict[int, int]] = {}
    for row in rows.select(["scene", "source", "estimate"]).to_pylist():
        orders.setdefault(row["scene"], {})[row["source"]] = row["estimate"]
    return {scene: [order[k] for k in sorted(order)] for scene, order in orders.items()}


def _rows(path, scenes, columns):
    table = tables.read_table(path, columns)
    return table.filter(pc.is_in(table["scene"], pa.array(scenes, pa.string()))).to_pylist()
