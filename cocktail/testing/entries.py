"""Entries of a registry, at the sizes that a suite gives them, ready to be probed."""

from cocktail.config import read_yaml
from cocktail.method import Method
from cocktail.plugins.entry import Entry
from cocktail.plugins.registry import Registry
from cocktail.workflow.suite import suite_path


def probed(entry: Entry, registry: Registry, suite: str = "tiny") -> tuple[Method, list[Method]]:
    """The method of an entry, and the methods that it builds on, each on the one before.

    They have the sizes of `suite`, a name or a file: `tiny` trains in seconds. Raises PluginError where one cannot be
    used.
    """
    config = read_yaml(suite_path(suite))
    sized = registry.sized(config.get("size", "paper"), config.get("parameters", {}), suite)
    found = [entry.name]
    while (uses := registry.entry(found[0]).uses) is not None:
        found.insert(0, uses)
    *bases, method = [sized[name].make() for name in found]
    return method, bases
