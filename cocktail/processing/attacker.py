"""Spoofs that an attacker makes: an entry of the task `attack` that a condition names among its `attacks`.

Each is made of a genuine utterance of the speaker whom it claims to be, is as long as that one, and levelled and
quantised as all spoofs are.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from cocktail import levels, tables
from cocktail.corpora.grid_tts import LEVEL_DB
from cocktail.corpora.library import Library
from cocktail.errors import CocktailError
from cocktail.method import Method, View
from cocktail.plugins.entry import from_spec
from cocktail.processing.runner import Setup, shared_grants
from cocktail.rng import rng
from cocktail.runtime.accounting import work
from cocktail.spoofing.table import PEAK, claimed


def make_spoofs(*, speech: str | Path, counts: dict[str, int], out: str | Path, setup: Setup, fs: int) -> None:
    """Write the SPOOFS table (cocktail.tables) of an entry: `counts` {split: number} of spoofs, made of `speech`.

    A split without speech is left out. Raises CocktailError if the training of the entry, or of one that it uses,
    failed, or if the entry fails on an utterance.
    """
    method = from_spec(setup.spec).make()
    granted = shared_grants(method, setup, fs)
    with work():
        tables.write_rows(out, _rows(Library(speech), counts, method, granted, setup, fs), tables.SPOOFS)


def _rows(speech, counts, method, granted, setup, fs) -> Iterator[dict]:
    entry = setup.spec["name"]
    for split, number in counts.items():
        rows = speech.select(split=split)
        speakers = sorted({row["speaker"] for row in rows})
        for index in range(number if rows else 0):
            name = f"{entry}-{split}-{index:04d}"
            said = claimed(rng(setup.seed, "spoof", name, role="claim"), rows, speakers)
            x = attacked(speech.samples(said["utterance"], fs), name, method, granted, entry, fs=fs, seed=setup.seed)
            yield {key: said[key] for key in ("speaker", "gender", "text")} | {
                "utterance": name,
                "attack": entry,
                "split": split,
                "fs": fs,
                "n_samples": len(x),
                "audio": tables.pack(x, fs, name, "PCM_16"),
            }


def attacked(
    x: np.ndarray, name: str, method: Method, granted: dict[str, Any], entry: str, *, fs: int, seed: int
) -> np.ndarray:
    """(N,) what the method of an entry makes of the utterance `name`, (N,), at the level of all spoofs.

    Raises CocktailError where it fails.
    """
    view = View.of(method, granted, fs=fs, rng=rng(seed, name, entry, role="attack"))
    try:
        changed = method.answer().check(method(x[None].copy(), view), 1, len(x))[0]
    except Exception as error:  # a plugin may raise anything
        kind = "" if isinstance(error, CocktailError) else f"{type(error).__name__}: "
        raise CocktailError(f"{entry}: the attack on {name} failed: {kind}{error}") from error
    if not changed.any():
        raise CocktailError(f"{entry}: the attack on {name} failed: it left silence")
    return levels.levelled(changed, LEVEL_DB, PEAK)
