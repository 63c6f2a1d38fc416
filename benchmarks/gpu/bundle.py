"""The folder that a node without a network runs from: corpora, scenes and entries, written here and read there.

Sounds are stored as NumPy archives, since a bare node has nothing that reads FLAC: rounded to 12 bits, which leaves a
noise of -78 dB re full scale, as differences of neighbours whose low and high bytes lie apart, which compresses best.

Shapes: D microphones, K talkers, N samples.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from cocktail.corpora.library import Library
from cocktail.errors import CocktailError

BITS = 12
JOBS, SCENES, WORK = "jobs.json", "scenes.npz", "work"


def packed(signals: Iterable[np.ndarray]) -> dict[str, np.ndarray]:
    """Signals (N,), full scale +-1, as arrays of bytes for `np.savez_compressed`."""
    signals = list(signals)
    whole = np.concatenate([np.zeros(0), *signals])
    steps = np.clip(np.round(whole * 2 ** (BITS - 1)), -(2 ** (BITS - 1)), 2 ** (BITS - 1) - 1).astype("<i2")
    planes = np.diff(steps, prepend=np.zeros(1, "<i2")).view(np.uint8).reshape(-1, 2)
    return {"lengths": np.array([len(x) for x in signals]), "low": planes[:, 0], "high": planes[:, 1]}


def unpacked(arrays) -> list[np.ndarray]:
    """The inverse of `packed`, but for the rounding: signals (N,) float32."""
    steps = np.stack([arrays["low"], arrays["high"]], axis=1).view("<i2")[:, 0].cumsum(dtype=np.int16)
    return np.split(steps.astype(np.float32) / 2 ** (BITS - 1), np.cumsum(arrays["lengths"])[:-1])


class Sounds(Library):
    """A corpus of the bundle: what cocktail.corpora.library.Library offers, without Parquet and FLAC."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        with np.load(self.path, allow_pickle=False) as file:
            self.rows = json.loads(str(file["rows"]))
            self._samples = unpacked(file)
        self.id = "utterance" if "utterance" in self.rows[0] else "recording"
        self._index = {row[self.id]: i for i, row in enumerate(self.rows)}

    @staticmethod
    def write(library: Library, path: str | Path) -> None:
        """Store a library, resampled to nothing: rows as they are, samples rounded."""
        signals = (library.samples(row[library.id], row["fs"]) for row in library.rows)
        np.savez_compressed(path, rows=json.dumps(library.rows), **packed(signals))

    def select(self, split: str | None = None, **equal) -> list[dict]:
        """Descriptions of one split whose columns equal what is given, a list meaning any of its values."""
        wanted = equal if split is None else {"split": split, **equal}
        return [row for row in self.rows if all(_matches(row[name], value) for name, value in wanted.items())]

    def samples(self, id: str, fs: int) -> np.ndarray:
        """(N,) samples at their own rate. Raises CocktailError where another one is asked for."""
        row = self._position(id)
        if fs != self.rows[row]["fs"]:
            raise CocktailError(f"{self.path}: {id} is stored at {self.rows[row]['fs']} Hz, not at {fs} Hz")
        return self._samples[row]


def _matches(value, wanted):
    return value in wanted if isinstance(wanted, list | tuple | set | frozenset) else value == wanted


@dataclass(frozen=True)
class TestScene:
    """A scene to compare devices on, or to score."""

    name: str
    condition: str
    fs: int
    array: list
    """(D, 3) in metres."""
    mixture: np.ndarray
    """(D, N)"""
    target: np.ndarray
    """(K, N): what an estimate is scored against."""


def write_scenes(scenes: Iterable[TestScene], path: str | Path) -> None:
    """Store test scenes."""
    scenes = list(scenes)
    rows = [
        {name: value for name, value in asdict(scene).items() if name not in ("mixture", "target")}
        | {"channels": len(scene.mixture)}
        for scene in scenes
    ]
    np.savez_compressed(path, rows=json.dumps(rows), **packed(x for s in scenes for x in (*s.mixture, *s.target)),
                        counts=[len(s.mixture) + len(s.target) for s in scenes])  # fmt: skip


def read_scenes(path: str | Path) -> Iterator[TestScene]:
    """What `write_scenes` stored."""
    with np.load(path, allow_pickle=False) as file:
        rows, counts, signals = json.loads(str(file["rows"])), file["counts"], unpacked(file)
    first = 0
    for row, count in zip(rows, counts, strict=True):
        channels = row.pop("channels")
        waveforms = np.stack(signals[first : first + count]).astype(float)
        yield TestScene(**row, mixture=waveforms[:channels], target=waveforms[channels:])
        first += count
