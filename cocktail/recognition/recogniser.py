"""Speech recognisers, the normalisation of text, and word errors as counts that add."""

import importlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from cocktail.errors import CocktailError
from cocktail.recognition.alignment import Alignment

RECOGNISERS = {"pocketsphinx": "cocktail.recognition.pocketsphinx", "whisper": "cocktail.recognition.whisper"}
"""Backend -> module with `create(**options) -> Recogniser`. A new recogniser is a module, a line here and in USED."""

USED = {"pocketsphinx": ("mode", "grammar"), "whisper": ("folder",)}
"""Options of each backend. Those of other backends are ignored: a suite inherits them from the defaults."""

OPTIONS = {
    "type": "object",
    "properties": {
        "backend": {"enum": sorted(RECOGNISERS)},
        "mode": {"enum": ["grammar", "language-model"]},
        "grammar": {"enum": ["grid"]},
        "folder": {"type": "string", "minLength": 1, "description": "Of the model of whisper."},
    },
    "required": ["backend"],
    "if": {"properties": {"backend": {"const": "whisper"}}},
    "then": {"required": ["folder"]},
    "additionalProperties": False,
}
"""JSON schema of the options that `create` takes."""


class Recogniser(Protocol):
    """Turns speech into text. The text of an utterance depends on no other utterance."""

    def transcribe(self, samples: np.ndarray, fs: int) -> str:
        """samples (N,), any level, at `fs` Hz -> words, normalised by `normalise`; silence gives the empty text."""
        ...

    def align(self, samples: np.ndarray, fs: int, text: str) -> Alignment:
        """When the words of `text`, and what they are made of, were said in samples (N,) at `fs` Hz.

        Raises CocktailError where the recogniser cannot tell, or does not know a word of the text.
        """
        ...

    @property
    def card(self) -> dict[str, Any]:
        """What the recogniser is (backend, version, model, settings), for the identity card of `wer`."""
        ...


@dataclass(frozen=True)
class Counts:
    """Word errors of some references. They add up; their rates must not be averaged."""

    errors: int
    """Substitutions, deletions and insertions."""
    total: int
    """Words of the references."""

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.errors + other.errors, self.total + other.total)

    @property
    def rate(self) -> float:
        """Word error rate: errors per reference word; insertions may take it past 1. Raises where there is no word."""
        if self.total == 0:
            raise CocktailError("a word error rate needs at least one word in the references")
        return self.errors / self.total


def create(options: dict[str, Any]) -> Recogniser:
    """The recogniser that `options` (see OPTIONS) describe. It loads its model when it is first used."""
    backend = options.get("backend", "pocketsphinx")
    if backend not in RECOGNISERS:
        raise CocktailError(f"no recogniser {backend!r}; there are {', '.join(sorted(RECOGNISERS))}")
    used = {name: value for name, value in options.items() if name in USED[backend]}
    return importlib.import_module(RECOGNISERS[backend]).create(**used)


def normalise(text: str) -> str:
    """The one rule by which texts are compared.

    Unicode NFKC, lower case, typographic apostrophes made plain; every run of characters that are no letter, digit or
    apostrophe becomes one space; apostrophes at the edge of a word go.
    """
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    words = (word.strip("'") for word in re.sub(r"[^\w']|_", " ", text).split())
    return " ".join(word for word in words if word)


def word_errors(*, reference: str, hypothesis: str) -> Counts:
    """Word errors of one hypothesis after `normalise`, by minimum edit distance (jiwer)."""
    reference, hypothesis = normalise(reference), normalise(hypothesis)
    if not reference:
        return Counts(len(hypothesis.split()), 0)
    import jiwer

    words = jiwer.process_words(reference, hypothesis)
    return Counts(words.substitutions + words.deletions + words.insertions, len(reference.split()))
