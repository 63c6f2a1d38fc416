"""The table of spoofed speech after an adversary's attack: every utterance as an entry of the task `attack` changes it.

An attacked utterance keeps its name, its speaker and the name of the attack that it was made by. It is as long as it
was, and levelled and quantised as all spoofs are.
"""

from collections.abc import Iterator
from pathlib import Path

from cocktail import levels, tables
from cocktail.corpora.grid_tts import LEVEL_DB
from cocktail.corpora.library import Library
from cocktail.errors import CocktailError
from cocktail.method import View
from cocktail.plugins.entry import from_spec
from cocktail.plugins.model import load_model
from cocktail.rng import rng
from cocktail.runtime.accounting import work
from cocktail.spoofing.table import PEAK


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
        x = spoofs.samples(name, fs)
        view = View.of(method, {"model": model, "device": "cpu"}, fs=fs, rng=rng(seed, name, entry, role="attack"))
        try:
            changed = method.answer().check(method(x[None].copy(), view), 1, len(x))[0]
        except Exception as error:  # a plugin may raise anything
            kind = "" if isinstance(error, CocktailError) else f"{type(error).__name__}: "
            raise CocktailError(f"{entry}: the attack on {name} failed: {kind}{error}") from error
        yield row | {"audio": tables.pack(levels.levelled(changed, LEVEL_DB, PEAK), fs, name, "PCM_16")}
