"""Sizes of methods that learn, by class: how large, and for how long they train.

They stand beside the plugins, under `sizes` in the methods.yaml of their folder: plugin or entry -> class -> values of
its fields. What a class does not say is as the fields' defaults, which are the papers' values.
"""

from typing import Any

from cocktail.errors import CocktailError, nearest

CLASSES = ("tiny", "small", "medium", "paper")
"""Trains in seconds, in minutes on a core, in hours on a few, and as published."""

Sizes = dict[str, dict[str, dict[str, Any]]]


def check_sizes(sizes: Any, known: set[str], where: str) -> Sizes:
    """`sizes` of a methods.yaml; `known` are its plugins and entries. Raises CocktailError that says what is wrong."""
    if not isinstance(sizes, dict):
        raise CocktailError(
            f"{where}: expected {{plugin or entry: {{class of size: {{field: value}}}}}}, got {sizes!r}"
        )
    for name, classes in sizes.items():
        if name not in known:
            raise CocktailError(f"{where}: no entry or plugin '{name}' in this folder{nearest(str(name), known)}")
        if not isinstance(classes, dict):
            raise CocktailError(f"{where}: {name}: expected {{class of size: {{field: value}}}}, got {classes!r}")
        for size, values in classes.items():
            if size not in CLASSES:
                raise CocktailError(
                    f"{where}: {name}: no class of size '{size}'{nearest(str(size), CLASSES)}; "
                    f"there are {', '.join(CLASSES)}"
                )
            if not isinstance(values, dict):
                raise CocktailError(f"{where}: {name}: {size}: expected {{field: value}}, got {values!r}")
    return sizes
