"""Entries of a registry, at the sizes that a suite gives them, ready to be probed."""

from dataclasses import fields

from cocktail.config import read_yaml
from cocktail.plugins.entry import Entry
from cocktail.plugins.registry import Registry
from cocktail.testing.learning import Probed
from cocktail.workflow.suite import suite_path

SHORT = {"epochs": 1, "steps": 2, "batch_size": 2}
"""Of a network, what trains in seconds."""


def probed(entry: Entry, registry: Registry, suite: str = "tiny") -> Probed:
    """The method of an entry, and those that its row names.

    They have the sizes of `suite`, a name or a file: `tiny` trains in seconds. Raises PluginError where one cannot be
    used.
    """
    config = read_yaml(suite_path(suite))
    size, parameters = config.get("size", "paper"), config.get("parameters", {})
    sized = registry.sized(size, parameters, suite)

    def of(name: str) -> Probed:
        each = sized[name]
        is_sized = registry.has_size(each, size) or {name, each.plugin.name} & parameters.keys()
        return Probed(
            each.make(),
            uses={role: of(other) for role, other in each.uses.items()},
            start=None if each.start is None else of(each.start),
            reads={name: of(name) for name in each.reads},
            cure="" if is_sized else _cure(each, size),
        )

    return of(entry.name)


def _cure(entry, size) -> str:
    """What to write so that the training of an entry is short."""
    names = [field.name for field in fields(entry.cls)]
    values = {name: value for name, value in SHORT.items() if name in names} or dict.fromkeys(names[:2], "...")
    text = ", ".join(f"{name}: {value}" for name, value in values.items())
    file = entry.plugin.path.parent / "methods.yaml"
    return f"it has no size '{size}'; say in {file} `sizes: {{{entry.plugin.name}: {{{size}: {{{text}}}}}}}`"
