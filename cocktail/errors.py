"""Errors for the user, reported as one message without a traceback: wrong input, or something that is missing."""

import difflib
from collections.abc import Iterable


class CocktailError(Exception):
    """An error for the user: says what was wrong, where, and what would be right."""


class PluginError(CocktailError):
    """A plugin that cannot be used. Its own cells fail, and nothing else."""


class AccessError(CocktailError):
    """A method reached for something that its paradigm or its `needs` does not grant."""


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.5) -> str:
    """`; did you mean 'x'?` for messages, or nothing where no known word is close: 1 is equal, 0 nothing alike."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return f"; did you mean '{found[0]}'?" if found else ""
