"""Isolated speech or noise: the Parquet table of a corpus, opened for drawing and rendering scenes."""

from collections import OrderedDict
from pathlib import Path

import numpy as np
import pyarrow as pa

from cocktail import audio, tables
from cocktail.errors import CocktailError

CACHE = 64
"""Decoded signals kept in memory: more than the talkers and noises of a scene."""


class Library:
    """The rows of a SPEECH or NOISE table (see cocktail.tables) and their samples; or of several with the same columns.

    Audio is decoded only when `samples` asks for it. Raises CocktailError where the table is missing
    or broken.
    """

    def __init__(self, path: str | Path, *more: str | Path):
        self.path = Path(path)
        parts = [tables.read_table(each) for each in (self.path, *more)]
        self._table = pa.concat_tables(parts) if more else parts[0]
        names = self._table.column_names
        self.id = next((name for name in ("utterance", "recording") if name in names), None)
        if self.id is None or "audio" not in names:
            raise CocktailError(f"{self.path}: neither a table of speech nor of noise; it has {', '.join(names)}")
        self.rows: list[dict] = self._table.drop_columns("audio").to_pylist()
        """Descriptions in the order of the file, without audio."""
        self._index = {row[self.id]: i for i, row in enumerate(self.rows)}
        self._cache: OrderedDict[tuple[str, int], np.ndarray] = OrderedDict()

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, id: str) -> dict:
        """The description of one utterance or recording. Raises CocktailError where none has this name."""
        return self.rows[self._position(id)]

    def select(self, split: str | None = None, **equal) -> list[dict]:
        """Descriptions of one split whose columns have the given values; a list means any of its values."""
        wanted = equal if split is None else {"split": split, **equal}
        for column in wanted.keys() - set(self._table.column_names):
            raise CocktailError(f"{self.path}: no column {column!r}; it has {', '.join(self._table.column_names)}")
        return [row for row in self.rows if all(_matches(row[name], value) for name, value in wanted.items())]

    def samples(self, id: str, fs: int) -> np.ndarray:
        """(N,) samples of one utterance or recording, first channel, resampled to `fs` Hz.

        The array is shared and therefore read-only. Raises CocktailError where the name is unknown or the audio broken.
        """
        key = (id, fs)
        if key not in self._cache:
            row = self._position(id)
            cell = self._table.column("audio")[row].as_py()
            x = audio.resample(tables.unpack(cell)[0], self.rows[row]["fs"], fs)
            x.flags.writeable = False
            self._cache[key] = x
            if len(self._cache) > CACHE:
                self._cache.popitem(last=False)
        self._cache.move_to_end(key)
        return self._cache[key]

    def _position(self, id):
        try:
            return self._index[id]
        except KeyError:
            raise CocktailError(f"{self.path}: no {self.id} {id!r} among its {len(self)}") from None


def _matches(value, wanted):
    return value in wanted if isinstance(wanted, list | tuple | set | frozenset) else value == wanted
