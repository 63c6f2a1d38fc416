"""Corpora that others publish, each in the layout of its publisher: one module each, found by its name.

Importing this package adds them to cocktail.corpora.ADAPTERS: a new one is a file here, and changes the digest of no
suite that does without it.
"""

import importlib
import pkgutil

from cocktail.corpora import ADAPTERS
from cocktail.corpora.layout import Corpus
from cocktail.errors import CocktailError, nearest

MODULES = {module.name.replace("_", "-"): f"{__name__}.{module.name}" for module in pkgutil.iter_modules(__path__)}
"""Corpus -> its module."""

ADAPTERS.update(MODULES)


def corpus(name: str) -> Corpus:
    """A published corpus. Raises CocktailError that names the nearest where there is none of that name."""
    if name not in MODULES:
        raise CocktailError(f"no published corpus '{name}'{nearest(name, MODULES)} (there are {', '.join(MODULES)})")
    return importlib.import_module(MODULES[name]).CORPUS
