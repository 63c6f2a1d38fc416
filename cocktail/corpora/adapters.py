"""Adapters: each turns published or synthesised recordings into rows of one table of isolated signals.

An adapter is a module with DESCRIPTION, KINDS (of `speech`, `noise`), OPTIONS (the JSON schema of its part of a suite)
and `rows(options, *, kind, seed, fs, speech)`, which yields rows of the SPEECH or NOISE table of cocktail.tables.
`rows` may rely on its options to fit the schema. An adapter that reads files also has `files(options, kind)`, their
paths, and `fingerprint(options)`, a string that changes with them; one that reads none has SYNTHESIS, what makes its
sounds.
"""

import importlib
import pkgutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from cocktail.corpora import coverage, holdout
from cocktail.corpora.folder import identity
from cocktail.corpora.layout import Corpus
from cocktail.corpora.library import Library
from cocktail.errors import CocktailError, nearest

PUBLISHED = {
    module.name.replace("_", "-"): f"cocktail.corpora.published.{module.name}"
    for module in pkgutil.iter_modules([str(Path(__file__).parent / "published")])
}
"""Published corpus -> its module. A new corpus is a new file, and leaves the digests of suites without it unchanged."""

ADAPTERS = {
    "folder": "cocktail.corpora.folder",
    "grid-tts": "cocktail.corpora.grid_tts",
    "synthetic": "cocktail.corpora.synthetic",
    "synthetic-coughs": "cocktail.corpora.synthetic_coughs",
} | PUBLISHED
"""Adapter -> its module."""


@dataclass(frozen=True)
class Card:
    """What `cocktail list corpora` says of an adapter."""

    name: str
    kinds: tuple[str, ...]
    description: str


def cards() -> list[Card]:
    """All adapters, by name."""
    return [Card(name, adapter(name).KINDS, adapter(name).DESCRIPTION) for name in sorted(ADAPTERS)]


def schemas(kind: str | None = None) -> dict[str, dict]:
    """Adapter -> JSON schema of a part of a suite's corpora; with `kind`, only those that give speech, or noise."""
    return {name: adapter(name).OPTIONS for name in sorted(ADAPTERS) if kind in (None, *adapter(name).KINDS)}


def fingerprint(part: dict[str, Any]) -> str:
    """A string that changes when what a part reads from disk changes; empty for what is synthesised."""
    module = adapter(part["adapter"])
    return module.fingerprint(part) if hasattr(module, "fingerprint") else ""


def low_rates(part: dict[str, Any], kind: str, fs: int) -> str | None:
    """A note on a part whose recordings have a lower rate than scenes at `fs` Hz (cocktail.corpora.coverage).

    None, too, for what is synthesised and what is not there.
    """
    module = adapter(part["adapter"])
    try:
        files = module.files(part, kind=kind) if hasattr(module, "files") else []
    except CocktailError:
        return None
    return coverage.low_rates(files, fs)


def source(part: dict[str, Any]) -> str:
    """A part in words: its adapter, and the folder of its table where it has one."""
    table = part.get("table")
    return f"{part['adapter']} ({Path(table).absolute().parent.name})" if table else part["adapter"]


def synthesis(part: dict[str, Any]) -> str | None:
    """What makes the sounds of a part; None for recordings."""
    return getattr(adapter(part["adapter"]), "SYNTHESIS", None)


def has_train_split(part: dict[str, Any]) -> bool:
    """Whether a part has a train split. Recordings of one's own say which splits they are; all else has one."""
    split = part.get("split", "train")
    return "train" in ({split} if isinstance(split, str) else split)


def language(part: dict[str, Any]) -> str:
    """Code (ISO 639) of the language that a part speaks. Recordings of one's own say it; all else is English."""
    return part.get("language", "en")


def adapter(name: str) -> ModuleType:
    """The module of an adapter. Raises CocktailError where none has that name."""
    if name not in ADAPTERS:
        raise CocktailError(f"no corpus adapter {name!r}; there are {', '.join(sorted(ADAPTERS))}")
    return importlib.import_module(ADAPTERS[name])


def published(name: str) -> Corpus:
    """A published corpus. Raises CocktailError that names the nearest where there is none of that name."""
    if name not in PUBLISHED:
        known = ", ".join(PUBLISHED)
        raise CocktailError(f"no published corpus '{name}'{nearest(name, PUBLISHED)} (there are {known})")
    return importlib.import_module(PUBLISHED[name]).CORPUS


def build(
    parts: Iterable[dict[str, Any]],
    kind: str,
    path: str | Path,
    *,
    seed: int,
    fs: int,
    speech: Library | None = None,
    closed: bool = False,
) -> None:
    """Make the table of `speech` or `noise` that `parts` describe, in their order, and write it to `path`.

    Each part names its `adapter` and gives its options. `speech`: the corpus that babble is made from. `closed`: keep
    utterances of train speakers for closed conditions (cocktail.corpora.holdout.close). Raises CocktailError where an
    adapter does not give that kind, names repeat, or a speaker is in two splits.
    """
    from cocktail import tables

    rows = []
    for part in parts:
        module = adapter(part["adapter"])
        if kind not in module.KINDS:
            raise CocktailError(
                f"the corpus adapter {part['adapter']!r} gives {' and '.join(module.KINDS)}, not {kind}"
            )
        rows += module.rows(part, kind=kind, seed=seed, fs=fs, speech=speech)
    _check(rows, "utterance" if kind == "speech" else "recording")
    if closed:
        rows = holdout.close(rows)
    tables.write_rows(path, rows, tables.SPEECH if kind == "speech" else tables.NOISE)


def _check(rows, id):
    splits: dict[str, str] = {}
    seen, files = set(), {}
    for row in rows:
        if row[id] in seen:
            raise CocktailError(f"the {id} {row[id]!r} occurs twice: do two parts of the corpus overlap?")
        seen.add(row[id])
        if row["audio"]["bytes"] is None:
            path = Path(row["audio"]["path"])
            file = identity(path)
            if file in files:
                raise CocktailError(
                    f"{path}: is the {id} {files[file]!r} and {row[id]!r}: two parts of the corpus overlap"
                )
            files[file] = row[id]
        speaker = row.get("speaker")
        if speaker is not None and splits.setdefault(speaker, row["split"]) != row["split"]:
            raise CocktailError(
                f"speaker {speaker!r} is in the splits {splits[speaker]} and {row['split']}: speakers must be disjoint"
            )
