"""Banks of room responses for training: the rooms of a condition's train and valid scenes."""

import math
from pathlib import Path
from typing import Literal

import numpy as np

from cocktail.rng import rng
from cocktail.rooms.responses import responses
from cocktail.rooms.shoebox import Shoebox
from cocktail.runtime.accounting import work
from cocktail.scenes.drawing import draw_noise_position, draw_room
from cocktail.tables import replacing

VALID = 5
"""One room of validation for so many of training."""


def make_bank(
    *,
    condition: str,
    definition: dict,
    rooms: int,
    seed: int,
    fs: int,
    out: str | Path,
    microphones: Literal["first", "all"] = "first",
) -> None:
    """Write `rooms` rooms of training, and a fifth as many of validation, of the condition called `condition`.

    Room i is that of the train scene i, heard at microphone 1 or at `all` microphones of the condition's array. See
    cocktail.training.data.rooms for the file.
    """
    arrays = {}
    for split, count in (("train", rooms), ("valid", math.ceil(rooms / VALID))):
        with work():
            made = [_responses(condition, definition, split, index, seed, fs, microphones) for index in range(count)]
        arrays[f"{split}.full"] = _stacked([full for full, _ in made])
        arrays[f"{split}.early"] = _stacked([early for _, early in made])
        arrays[f"{split}.lengths"] = np.array([full.shape[-1] for full, _ in made])
    with replacing(Path(out)) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def _responses(condition, definition, split, index, seed, fs, microphones):
    """full (S, D, L) and early (K, M) of one room."""

    def generator(role):
        return rng(seed, condition, split, index, role=role)

    room, places = draw_room(definition, generator)
    sources = list(places)
    if "point" in definition.get("noise", {}).get("field", ""):
        sources.append(draw_noise_position(room, places, generator))
    tails = [generator(f"tail {s}") for s in range(len(sources))]
    array = np.array(room.microphones)[: None if microphones == "all" else 1]
    heard = responses(Shoebox(room.size, room.absorption), np.array(sources), array, fs, tails)
    return heard.full, heard.early[: len(places)]


def _stacked(arrays):
    """(..., L_r) of every room r -> (R, ..., max L), zeros at the ends, float32."""
    longest = max(x.shape[-1] for x in arrays)
    stack = np.zeros((len(arrays), *arrays[0].shape[:-1], longest), np.float32)
    for row, x in zip(stack, arrays, strict=True):
        row[..., : x.shape[-1]] = x
    return stack
