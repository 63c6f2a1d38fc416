"""Banks of room responses for training: the rooms of a condition's train and valid scenes, heard at microphone 1."""

from pathlib import Path

import numpy as np

from cocktail.rng import rng
from cocktail.rooms.responses import responses
from cocktail.rooms.shoebox import Shoebox
from cocktail.runtime.accounting import work
from cocktail.scenes.drawing import draw_noise_position, draw_room
from cocktail.tables import replacing

VALID = 5
"""One room of validation for so many of training."""


def make_bank(*, condition: str, definition: dict, rooms: int, seed: int, fs: int, out: str | Path) -> None:
    """Write `rooms` rooms of training, and a fifth as many of validation, of the condition called `condition`.

    Room i is that of the train scene i. See cocktail.training.data.rooms for the file.
    """
    arrays = {}
    for split, count in (("train", rooms), ("valid", -(-rooms // VALID))):
        with work():
            found = [_responses(condition, definition, split, index, seed, fs) for index in range(count)]
        arrays[f"{split}.full"] = _stacked([full for full, _ in found])
        arrays[f"{split}.early"] = _stacked([early for _, early in found])
        arrays[f"{split}.lengths"] = np.array([full.shape[-1] for full, _ in found])
    with replacing(Path(out)) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def _responses(condition, definition, split, index, seed, fs):
    """full (S, L) and early (K, M) of one room at microphone 1."""

    def generator(role):
        return rng(seed, condition, split, index, role=role)

    room, places = draw_room(definition, generator)
    sources = list(places)
    if "point" in definition.get("noise", {}).get("field", ""):
        sources.append(draw_noise_position(room, generator))
    tails = [generator(f"tail {s}") for s in range(len(sources))]
    microphone = np.array(room.microphones[:1])
    found = responses(Shoebox(room.size, room.absorption), np.array(sources), microphone, fs, tails)
    return found.full[:, 0], found.early[: len(places)]


def _stacked(arrays):
    """(S, L_r) of every room r -> (R, S, max L), zeros at the ends, float32."""
    longest = max(x.shape[-1] for x in arrays)
    return np.stack([np.pad(x, ((0, 0), (0, longest - x.shape[-1]))) for x in arrays]).astype(np.float32)
