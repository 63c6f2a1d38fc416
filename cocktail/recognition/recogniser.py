"""Speech recognisers, the normalisation of text, and word errors as counts that add."""

import importlib
import os
import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from cocktail.errors import CocktailError
from cocktail.recognition.alignment import Alignment

RECOGNISERS = {"pocketsphinx": "cocktail.recognition.pocketsphinx", "whisper": "cocktail.recognition.whisper"}
"""Backend -> module with `create(**options) -> Recogniser`. A new recogniser is a module, a line here and in USED."""

USED = {"pocketsphinx": ("mode", "grammar"), "whisper": ("model", "language")}
"""What `create` of each backend takes. Options of others are ignored: a suite inherits them from the defaults."""

OPTIONS = {
    "type": "object",
    "properties": {
        "backend": {"enum": sorted(RECOGNISERS)},
        "mode": {"enum": ["grammar", "language-model"]},
        "grammar": {"enum": ["grid"]},
        "model": {
            "type": "string",
            "minLength": 1,
            "description": "Of whisper: its name, its folder, or $NAME, an environment variable with one of them.",
        },
        "otherwise": {
            "enum": ["pocketsphinx"],
            "description": "Backend in place of whisper where the environment variable of `model` is not set.",
        },
    },
    "required": ["backend"],
    "if": {"properties": {"backend": {"const": "whisper"}}},
    "then": {"required": ["model"]},
    "additionalProperties": False,
}
"""JSON schema of a suite's `recogniser`; `resolved` makes of it what `create` takes."""


APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u00b4`"), "'")
TATWEEL, DOT_ABOVE = "\u0640", "\u0307"
_EDGES = re.compile(r"^[^\w]+|'+$")


class Recogniser(Protocol):
    """Turns speech into text. The text of an utterance depends on no other utterance."""

    def transcribe(self, samples: np.ndarray, fs: int) -> str:
        """samples (N,), any level, at `fs` Hz -> the words heard; silence gives the empty text."""
        ...

    def normalise(self, text: str) -> str:
        """The rule by which its texts and the transcripts are compared."""
        return normalise(text)

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


def resolved(options: dict[str, Any], languages: Collection[str]) -> dict[str, Any]:
    """What a suite's `recogniser` comes to here: the model's environment variable filled in, the language said.

    `languages`: those of the suite's speech; where there are several, Whisper tells them apart by itself. Raises
    CocktailError where the variable is not set and the options name no backend for that case.
    """
    if options["backend"] != "whisper":
        return options
    model = os.path.expandvars(options["model"])
    if model and "$" not in model:
        spoken = {"language": min(languages)} if len(languages) == 1 else {}
        return {"backend": "whisper", "model": model} | spoken
    if "otherwise" not in options:
        raise CocktailError(
            f"recogniser.model: an environment variable of {options['model']} is not set; it names a model of "
            "Whisper, such as tiny.en, or its folder"
        )
    used = {name: value for name, value in options.items() if name in USED[options["otherwise"]]}
    return {"backend": options["otherwise"]} | used


def remark(options: dict[str, Any]) -> str | None:
    """What should be known of a recogniser before its word errors are computed, if anything."""
    if options["backend"] != "pocketsphinx" or options.get("mode") != "language-model":
        return None
    return (
        "Words are heard by PocketSphinx, which errs on more than half of the words of clean LibriSpeech: `wer` says "
        "little. For Whisper, pip install 'cocktailbench[whisper]'; then COCKTAIL_WHISPER=tiny.en (or a folder) for "
        "`real`, or `recogniser: {backend: whisper, model: tiny.en}` in a suite of your own (docs/scores.md)."
    )


def normalise(text: str) -> str:
    """The rule by which texts of any script are compared, unless their recogniser has its own.

    Unicode NFKC, lower case; apostrophes of all shapes are one. Marks belong to the letters before them, as vowels do
    in Hindi and Arabic. Signs that are not seen and tell no words apart (joiners, soft hyphens, directions, the Arabic
    tatweel) go; every run of other characters that are no letter, digit or apostrophe becomes one space; apostrophes at
    the edge of a word go. Capitals of Turkish: the one with a dot is an i, and so, without knowing the language, is the
    one without.
    """
    text = unicodedata.normalize("NFKC", text.translate(APOSTROPHES))
    text = "".join(char for char in text if unicodedata.category(char) != "Cf" and char != TATWEEL)
    text = unicodedata.normalize("NFKC", text.lower().replace(f"i{DOT_ABOVE}", "i"))
    words = "".join(char if _spells(char) else " " for char in text).split()
    words = (_EDGES.sub("", word) for word in words)
    return " ".join(word for word in words if any(map(str.isalnum, word)))


def _spells(char: str) -> bool:
    """Whether a character is part of a word: a letter, a mark on one, a digit or an apostrophe."""
    return char == "'" or unicodedata.category(char)[0] in "LMN"


def word_errors(*, reference: str, hypothesis: str, rule: Callable[[str], str] = normalise) -> Counts:
    """Word errors of one hypothesis after the normalisation `rule`, by minimum edit distance (jiwer)."""
    reference, hypothesis = rule(reference), rule(hypothesis)
    if not reference:
        return Counts(len(hypothesis.split()), 0)
    import jiwer

    words = jiwer.process_words(reference, hypothesis)
    return Counts(words.substitutions + words.deletions + words.insertions, len(reference.split()))
