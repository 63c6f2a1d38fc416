"""Examples to hear and to see: an entry's worst, median and best scene in a condition, as WAV and as spectrograms.

Sounds are microphone 1, 16 bit, at the level they have in the scene; one that would clip is scaled down. Pictures are
the STFT of cocktail.stft: time to the right, 0 Hz to fs / 2 upwards, one pixel per bin. The pictures of a scene share
one scale, from the loudest bin of the mixture (bright) to 70 dB below it (dark).
"""

import functools
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cocktail import tables
from cocktail.scenes.truth import Truth
from cocktail.stft import stft

EXAMPLES = "examples.parquet"
LABELS = ("median", "worst", "best")
RANGE_DB = 70.0
PEAK = 0.99


class Audio:
    """Signals of a condition's test scenes under `results/<suite>`, read from their shards when asked for."""

    def __init__(self, folder: Path, condition: str):
        self._scenes = folder / "scenes" / condition / "test"
        self._estimates = folder / "estimates" / condition / "test"

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
        return files({"mixture": mixture, **_numbered("reference", self.references(scene))}, fs, self._loudest(scene))

    def estimate_files(self, scene: str, estimate: np.ndarray) -> dict[str, bytes]:
        """WAV and PNG of an estimate (K, N), by file name."""
        return files(_numbered("estimate", estimate), self.mixture(scene)[1], self._loudest(scene))

    @functools.cache  # noqa: B019
    def _loudest(self, scene):
        """Largest STFT magnitude of the mixture."""
        return loudest(self.mixture(scene)[0])

    def scenes(self, entry: str) -> set[str]:
        """Scenes of which there is an estimate, or the row of a failed one."""
        return {row["scene"] for path in self._estimate_shards(entry) for row in tables.read_rows(path, ["scene"])}

    def devices(self, entry: str) -> str:
        """What the entry ran on, as far as its estimates are there to say."""
        rows = (row for path in self._estimate_shards(entry) for row in tables.read_rows(path, ["device"]))
        return ", ".join(sorted({row["device"] for row in rows if row["device"]})) or "unknown"

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


def files(signals: dict[str, np.ndarray], fs: int, reference: float) -> dict[str, bytes]:
    """`<name>.wav` and `<name>.png` of each signal (N,); `reference`: STFT magnitude that is bright."""
    made = {}
    for name, x in signals.items():
        made[f"{name}.wav"] = wav(x, fs)
        made[f"{name}.png"] = spectrogram(x, reference)
    return made


def wav(x: np.ndarray, fs: int) -> bytes:
    """(N,) as the bytes of a 16-bit WAV file, scaled down where it would clip."""
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, x * min(1.0, PEAK / max(np.abs(x).max(initial=0.0), 1e-12)), fs, "PCM_16", format="WAV")
    return buffer.getvalue()


def loudest(x: np.ndarray) -> float:
    """Largest STFT magnitude of (N,)."""
    return float(np.abs(stft(x)).max())


def spectrogram(x: np.ndarray, reference: float) -> bytes:
    """(N,) as the bytes of a PNG picture: `reference` and above is bright, 70 dB below it is dark."""
    from PIL import Image

    magnitude = np.abs(stft(x.astype(np.float32)))
    level_db = 20 * np.log10(np.maximum(magnitude, 1e-10) / max(reference, 1e-10))
    shade = np.clip((level_db / RANGE_DB + 1) * 255, 0, 255).astype(np.uint8)
    # 64 shades, about 1 dB each: a quarter of the bytes, and no eye sees the difference.
    picture = Image.fromarray(shade[::-1] & 0xFC).convert("P")
    picture.putpalette(_palette())
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


@functools.cache
def _palette():
    from matplotlib import colormaps

    return (colormaps["magma"](np.arange(256))[:, :3] * 255).astype(np.uint8).tobytes()


def _orders(scores, scenes):
    """Scene -> which estimate each talker got, of those scenes in which signals were scored."""
    wanted = pc.is_in(scores["scene"], pa.array(scenes, pa.string()))
    rows = scores.filter(pc.and_(wanted, pc.is_valid(scores["estimate"])))
    found: dict[str, dict[int, int]] = {}
    for row in rows.select(["scene", "source", "estimate"]).to_pylist():
        found.setdefault(row["scene"], {})[row["source"]] = row["estimate"]
    return {scene: [order[k] for k in sorted(order)] for scene, order in found.items()}


def _numbered(name, signals):
    """`name` for a single signal, `name_1`, `name_2` for several."""
    if len(signals) == 1:
        return {name: signals[0]}
    return {f"{name}_{k}": x for k, x in enumerate(signals, 1)}


def _rows(path, scenes, columns):
    table = tables.read_table(path, columns)
    return table.filter(pc.is_in(table["scene"], pa.array(scenes, pa.string()))).to_pylist()
