"""Errors for the user, reported as one message without a traceback: wrong input, or something that is missing."""

import difflib
from collections.abc import Collection, Iterable, Sequence

MAX_REASON = 500
"""Longest reason, in characters."""


class CocktailError(Exception):
    """An error for the user: says what was wrong, where, and what would be right."""


class PluginError(CocktailError):
    """A plugin that cannot be used. Its own cells fail, and nothing else. The message may hold what the plugin says."""

    def __init__(self, message: str):
        super().__init__(printable(message))


class AccessError(CocktailError):
    """A method reached for something that its paradigm or its `needs` does not grant."""


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.5) -> str:
    """`; did you mean 'x'?` for messages, or nothing where no known word is that similar, from 0 to 1."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return f"; did you mean '{close[0]}'?" if close else ""


def require_known(names: Iterable[str], known: Collection[str], what: str) -> None:
    """Raise CocktailError for the first name that is not `known`: what, the name, and the nearest that is."""
    for name in names:
        if name not in known:
            raise CocktailError(f"{what} '{name}'{nearest(str(name), known)}")


def shortened(texts: Sequence[str], most: int) -> list[str]:
    """The first `most` texts, and how many more there are."""
    rest = len(texts) - most
    return [*texts[:most], *([f"... and {rest} more"] if rest > 0 else [])]


def few(names: Sequence[str], most: int = 4) -> str:
    """The first `most` names in a row, and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def escaped(text: str) -> str:
    """A text that a terminal can take: control characters and halves of characters escaped, lines kept."""
    return "".join(
        char if char.isprintable() or char in "\n\t" else char.encode("unicode_escape").decode() for char in text
    )


def printable(reason: str, place: str = "") -> str:
    """A reason that a table and a terminal can take: `escaped`, and cut if it is very long. `place`: of the whole."""
    text = escaped(reason)
    if len(text) <= MAX_REASON:
        return text
    return f"{text[:MAX_REASON]} ... ({place or f'{len(text)} characters in all'})"
