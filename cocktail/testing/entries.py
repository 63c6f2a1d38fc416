"""Entries of a registry, at the sizes that a suite gives them, ready to be probed."""

from cocktail.config import read_yaml
from cocktail.plugins.entry import Entry
from cocktail.plugins.registry import Registry
from cocktail.testing.learning import Probed
from cocktail.workflow.suite import suite_path


def probed(entry: Entry, registry: Registry, suite: str = "tiny") -> Probed:
    """The method of an entry, and those that its row names.

    They have the sizes of `suite`, a name or a file: `tiny` trains in seconds. Raises PluginError where one cannot be
    used.
    """
    config = read_yaml(suite_path(suite))
    sized = registry.sized(config.get("size", "paper"), config.get("parameters", {}), suite)

    def of(name: str) -> Probed:
        each = sized[name]
        return Probed(
            each.make(),
            uses={role: of(other) for role, other in each.uses.items()},
            start=None if each.start is None else of(each.start),
            reads={name: of(name) for name in each.reads},
        )

    return of(entry.name)
