"""Finding methods: plugins are files, entries are named sets of their parameters.

Plugins are found in the folders of `methods/`, a family each, then among the entry points of the group
`cocktail.methods` (each names a module), then in the folders that the user names. A row of a folder's `methods.yaml`
makes an entry; a plugin that no row names is an entry of its own with its defaults. `sizes` is no row: it says how
large methods are (cocktail/plugins/sizes.py). The methods.yaml beside an installed module is read as well. A plugin
that fails to import is an entry with the reason, and all others run.
"""

import importlib.metadata
import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cocktail import ROOT
from cocktail.config import read_yaml
from cocktail.errors import CocktailError, nearest, require_known
from cocktail.plugins.entry import Entry, Plugin
from cocktail.plugins.row import read_row, read_sharing_row
from cocktail.plugins.sizes import Sizes, check_sizes

GROUP = "cocktail.methods"
ALIKE, CLOSE = 0.85, 0.7
"""Names that are at least so much alike (difflib) are one name, misspelt, or may be."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""Names, of rows and of files, stand in paths of the results."""


def families() -> list[Path]:
    """Folders of the shipped plugins, one a family."""
    return sorted(path.parent for path in (ROOT / "methods").glob("*/methods.yaml"))


def find_entry(entries: dict[str, Entry], name: str) -> Entry:
    """An entry by its name. Raises CocktailError that says what it may be instead."""
    if name not in entries:
        raise CocktailError(f"unknown method '{name}'{meant(name, entries)}")
    return entries[name]


def meant(name: str, entries: Iterable[str]) -> str:
    """What a name that no entry has may be, for messages: another one, or one of a folder that was not named."""
    if Path(name).is_dir():
        return f"; if the folder is meant, write --methods ./{name}"
    return nearest(name, entries, cutoff=CLOSE) or "; --methods DIR finds plugins of your own"


def _files(folder: Path) -> list[Path]:
    """Plugins of a folder."""
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith(("_", ".")))


class Registry:
    """All plugins and entries that are found."""

    def __init__(self, folders: Iterable[str | Path] = (), *, earlier: Iterable[str | Path] = ()):
        """`folders`: of plugins, besides the shipped ones. `earlier`: more of them, unless their plugins are found
        elsewhere by now.
        """
        self.plugins: dict[str, Plugin] = {}
        self.entries: dict[str, Entry] = {}
        self.folders: list[Path] = []
        """Those of plugins besides the shipped and the installed ones."""
        self._sizes: Sizes = {}
        for folder in families():
            self._add_plugins(folder)
        for folder in families():
            self._add_rows(folder / "methods.yaml")
        installed: dict[Path, None] = {}
        for point in importlib.metadata.entry_points(group=GROUP):
            spec = importlib.util.find_spec(point.module)
            if spec is None or spec.origin is None:
                raise CocktailError(f"entry point {point.name} = {point.value} of {GROUP}: no such module")
            self._add_plugin(Plugin(point.name, Path(spec.origin)))
            installed[Path(spec.origin).parent] = None
        for folder in installed:
            self._add_rows(folder / "methods.yaml")
        for folder in map(Path, folders):
            if not folder.is_dir():
                raise CocktailError(f"{folder}: no such folder of plugins")
            self._add_folder(folder)
        for folder in map(Path, earlier):
            if not any(path.stem in self.plugins for path in _files(folder)):
                self._add_folder(folder)
        named = {entry.plugin.name for entry in self.entries.values()}
        for plugin in self.plugins.values():
            if plugin.name not in named:
                self._add_entry(Entry(plugin.name.replace("_", "-"), plugin, {}, str(plugin.path)))
        for entry in self.entries.values():
            self._check_others(entry)

    def entry(self, name: str) -> Entry:
        """An entry by its name. Raises CocktailError that names the nearest one."""
        return find_entry(self.entries, name)

    def sized(self, size: str, parameters: dict[str, dict[str, Any]], source: str) -> dict[str, Entry]:
        """All entries at a class of size (cocktail.plugins.sizes).

        `parameters` are the exceptions of the suite in the file `source`: plugin or entry -> values of its fields.
        Values of an entry stand over its row, those of its plugin under it. Those of names that are `unknown` are left
        out. Raises CocktailError for a name that is another one, misspelt.
        """
        options = [*self.entries, *self.plugins]
        for name in self.unknown(parameters):
            if misspelt := nearest(name, options, cutoff=ALIKE):
                raise CocktailError(f"{source}: parameters: no entry or plugin '{name}'{misspelt}")
        names = self._sizes.keys() | parameters.keys()
        values = {name: self._sizes.get(name, {}).get(size, {}) | parameters.get(name, {}) for name in names}
        sized = {name: entry.sized(values, f"{source}, size {size}") for name, entry in self.entries.items()}
        return {name: entry.sharing(sized[entry.model]) if entry.model else entry for name, entry in sized.items()}

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Names that are neither an entry nor a plugin."""
        return [name for name in names if name not in self.entries and name not in self.plugins]

    def has_size(self, entry: Entry, size: str) -> bool:
        """Whether a class of size says anything of an entry, or of its plugin."""
        return any(size in self._sizes.get(name, {}) for name in (entry.name, entry.plugin.name))

    def _add_folder(self, folder):
        self.folders.append(folder.resolve())
        self._add_plugins(folder.resolve())
        self._add_rows(folder.resolve() / "methods.yaml")

    def _add_plugins(self, folder):
        for path in _files(folder):
            self._add_plugin(Plugin(path.stem, path))

    def _add_rows(self, rows_path):
        rows = read_yaml(rows_path) if rows_path.exists() else {}
        sizes = rows.pop("sizes", {})
        for name, row in rows.items():
            if not isinstance(name, str):
                raise CocktailError(f"{rows_path}: {name!r} cannot name an entry: put it in quotes")
            if not isinstance(row or {}, dict):
                raise CocktailError(f"{rows_path}: {name}: must be a mapping of parameters, or empty ({{}})")
        sharing = {name: row for name, row in rows.items() if "model" in (row or {})}
        for name, row in rows.items():
            if name not in sharing:
                self._add_entry(read_row(name, row or {}, self.plugins, str(rows_path)))
        for name, row in sharing.items():
            self._add_entry(read_sharing_row(name, row, self.entries, str(rows_path)))
        here = {name for name, plugin in self.plugins.items() if plugin.path.parent == rows_path.parent}
        self._sizes |= check_sizes(sizes, here | set(rows), f"{rows_path}: sizes")

    def _check_others(self, entry, before=()):
        """The entries that a row names exist, and none leads back to it."""
        chain = (*before, entry.name)
        for key, name in entry.others:
            where = f"{entry.source}: {entry.name}: {key}"
            require_known([name], self.entries, f"{where}: unknown entry")
            if name in chain:
                raise CocktailError(f"{where}: {' -> '.join([*chain, name])} runs in a circle")
            self._check_others(self.entries[name], chain)

    def _add_plugin(self, plugin):
        if plugin.name in self.plugins:
            raise CocktailError(
                f"two plugins are called '{plugin.name}': {self.plugins[plugin.name].path} and {plugin.path}"
            )
        self.plugins[plugin.name] = plugin

    def _add_entry(self, entry):
        if not NAME.fullmatch(entry.name):
            raise CocktailError(
                f"{entry.source}: {entry.name!r} cannot name an entry: letters, digits, '.', '_' and '-', at most 100"
            )
        if entry.name in self.entries:
            other = self.entries[entry.name].source
            raise CocktailError(f"two entries are called '{entry.name}': in {other} and {entry.source}; rename one")
        self.entries[entry.name] = entry
