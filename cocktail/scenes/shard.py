"""Shards of a condition's scenes: drawn and rendered, or mixed by the corpus's publisher."""

import importlib
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from cocktail.corpora.library import Library
from cocktail.scenes.files import write_shard


def shard_names(scenes: int, size: int) -> list[str]:
    """Names of the shards of so many scenes."""
    return [f"{shard:03d}" for shard in range(math.ceil(scenes / size))]


def shard_indices(shard: str, scenes: int, size: int) -> range:
    """Scenes of a shard."""
    first = int(shard) * size
    return range(first, min(first + size, scenes))


def module_of(definition: dict) -> str:
    """The module whose `scenes` makes those of a condition; a job's digest covers that one and not the other."""
    return "cocktail.scenes.published" if definition.get("given") else "cocktail.scenes.drawing"


def make_shard(
    *,
    condition: str,
    definition: dict,
    split: str,
    indices: Iterable[int],
    seed: int,
    fs: int,
    speech: str | Path,
    noise: str | Path,
    mixtures: str | Path,
    references: str | Path,
    spoofs: Sequence[str | Path] = (),
) -> None:
    """Make the scenes `indices` of the condition named `condition` and write them as one shard.

    `definition` is the condition, its groups of noise kinds resolved; `speech`, `noise` and `spoofs` are files of
    corpora, `mixtures` and `references` those to write. Raises CocktailError where the corpora have too little.
    """
    libraries = {"speech": Library(speech), "noise": Library(noise), "spoofs": Library(*spoofs) if spoofs else None}
    made = importlib.import_module(module_of(definition)).scenes(
        indices, name=condition, definition=definition, split=split, seed=seed, fs=fs, **libraries
    )
    write_shard(made, mixtures=mixtures, references=references)
