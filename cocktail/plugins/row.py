"""Rows of a family's methods.yaml: a plugin, values of its parameters, and the keys that belong to the runner."""

from cocktail.errors import CocktailError, require_known
from cocktail.plugins.entry import BASE, Entry, Plugin


def read_row(name: str, row: dict, plugins: dict[str, Plugin], source: str) -> Entry:
    """The entry of one row of the file `source`. Raises CocktailError that says what is wrong in which key."""
    parameters = dict(row)
    where = f"{source}: {name}"
    plugin = parameters.pop("plugin", name.replace("-", "_"))
    require_known([plugin], plugins, f"{where}: unknown plugin")
    uses, start = parameters.pop("uses", {}), parameters.pop("start", None)
    if isinstance(uses, str):
        uses = {BASE: uses}
    if not isinstance(uses, dict) or not _are_names([*uses, *uses.values()]):
        raise CocktailError(f"{where}: uses: expected the name of an entry, or {{role: ENTRY, ...}}, got {uses!r}")
    if not isinstance(start, str | None):
        raise CocktailError(f"{where}: start: expected the name of an entry, got {start!r}")
    train_on = parameters.pop("train_on", None)
    return Entry(
        name, plugins[plugin], parameters, source,
        train_on=None if train_on is None else _names(train_on, "conditions", f"{where}: train_on"),
        uses=uses,
        reads=_names(parameters.pop("reads", []), "entries", f"{where}: reads"),
        start=start,
    )  # fmt: skip


def read_sharing_row(name: str, row: dict, entries: dict[str, Entry], source: str) -> Entry:
    """The entry of a row that says whose `model` it has: all of that entry, with other values of fields of calls.

    Raises CocktailError for other keys, and for an entry that is unknown, learns nothing, or has the model of another.
    """
    parameters = dict(row)
    where, owner = f"{source}: {name}", parameters.pop("model")
    require_known([owner], entries, f"{where}: model: no row of an entry")
    entry = entries[owner]
    if entry.model is not None:
        raise CocktailError(f"{where}: model: '{owner}' has the model of '{entry.model}': name that one")
    if entry.error is None and not entry.cls.learned():
        raise CocktailError(f"{where}: model: '{owner}' learns nothing, so that it has none")
    known = entry.call_only
    for key in parameters:
        if key not in known and entry.error is None:
            some = f"fields that its calls alone read: {', '.join(known)}" if known else "no field that may differ"
            raise CocktailError(f"{where}: {key}: an entry with the model of '{owner}' has all else of it, and {some}")
    return Entry(name, entry.plugin, parameters, source).sharing(entry)


def _names(value, what, where) -> tuple[str, ...]:
    if not isinstance(value, list) or not _are_names(value):
        raise CocktailError(f"{where}: expected a list of {what}, got {value!r}")
    return tuple(value)


def _are_names(values) -> bool:
    return all(isinstance(value, str) for value in values)
