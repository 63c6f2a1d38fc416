"""Corpora that others publish, each in the layout of its publisher: one module each, found by its name."""

import importlib

from cocktail.corpora import PUBLISHED
from cocktail.corpora.layout import Corpus
from cocktail.errors import CocktailError, nearest


def corpus(name: str) -> Corpus:
    """A published corpus. Raises CocktailError that names the nearest where there is none of that name."""
    if name not in PUBLISHED:
        known = ", ".join(PUBLISHED)
        raise CocktailError(f"no published corpus '{name}'{nearest(name, PUBLISHED)} (there are {known})")
    return importlib.import_module(PUBLISHED[name]).CORPUS
