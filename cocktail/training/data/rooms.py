"""A bank of room responses, as a NumPy archive: read here, made by cocktail.scenes.room_bank."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cocktail.errors import CocktailError

SPLITS = ("train", "valid")
FIELDS = ("full", "early", "lengths")
"""Arrays of the file: `<split>.<field>`."""


@dataclass(frozen=True)
class Rooms:
    """R rooms with S sources each: K talkers and, where the condition has one, a point noise, which comes last.

    They are heard at D microphones: the first alone, or all of the condition's array.
    """

    full: np.ndarray
    """(R, S, D, L) float32, zeros where a room's responses have ended."""
    early: np.ndarray
    """(R, K, M) float32: direct sound and first 50 ms, at microphone 1."""
    lengths: np.ndarray
    """(R,): samples of each room's full responses."""

    def __len__(self) -> int:
        return len(self.full)

    def room(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """full (S, D, L) and early (K, M) of one room."""
        return self.full[number, ..., : self.lengths[number]], self.early[number]


def read_rooms(path: str | Path) -> dict[str, Rooms]:
    """Split (`train`, `valid`) -> its rooms. Raises CocktailError where the file is missing or broken."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {split: Rooms(*(file[f"{split}.{name}"] for name in FIELDS)) for split in SPLITS}
    except FileNotFoundError:
        raise CocktailError(f"{path}: no such file") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise CocktailError(f"{path}: not a whole bank of rooms ({error})") from error
