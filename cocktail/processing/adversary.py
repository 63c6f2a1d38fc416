"""The table of spoofed speech after an adversary's attack: every utterance as an entry of the task `attack` changes it.

An attacked utterance keeps its name, its speaker and the name of the attack that it was made by. It is as long as it
was, and levelled and quantised as all spoofs are.
"""

from collections.abc import Iterator
from pathlib import Path

from cocktail import tables
from cocktail.corpora.library import Library
from cocktail.plugins.entry import from_spec
from cocktail.plugins.model import load_model
from cocktail.processing.attacker import attacked
from cocktail.runtime.accounting import work


def attack(
    *, spoofs: str | Path, model: str | Path, out: str | Path, spec: dict, suite: str, seed: int, fs: int
) -> None:
    """Write the SPOOFS table (cocktail.tables) `out`: that of `spoofs` after the attack of the entry of `spec`, whose
    training left `model`. On the CPU, whatever the machine has, so that scenes do not depend on it.

    Raises CocktailError if the entry's training failed, or if the entry fails on an utterance.
    """
    loaded = load_model(spec, model, suite=suite, fs=fs)
    with work():
        tables.write_rows(
            out, _rows(Library(spoofs), from_spec(spec).make(), loaded, spec["name"], seed), tables.SPOOFS
        )


def _rows(spoofs, method, model, entry, seed) -> Iterator[dict]:
    for row in spoofs.rows:
        name, fs = row["utterance"], row["fs"]
        granted = {"model": model, "device": "cpu"}
        x = attacked(spoofs.samples(name, fs), name, method, granted, entry, fs=fs, seed=seed)
        yield row | {"audio": tables.pack(x, fs, name, "PCM_16")}
