"""Sweeps: an entry with other values of its fields, on development scenes.

The full grid of the values is run and nothing else: no search, no early end, so that the table shows how a figure
depends on each field. A point of the grid is an entry, in a methods.yaml of the sweep's own, and a plan of these
entries runs as any other does. Corpora, scenes and estimates are the suite's; scores and boards are the sweep's, so
that those of the suite stay as they are.
"""

import copy
import itertools
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from cocktail import tables
from cocktail.boards.cells import metric_of
from cocktail.digest import digest
from cocktail.errors import CocktailError, PluginError, nearest
from cocktail.metrics.catalogue import METRICS
from cocktail.plugins.entry import Entry
from cocktail.workflow.files import TUNE, VALID, board_folder
from cocktail.workflow.selection import Selection
from cocktail.workflow.suite import load_suite

MOST = 64
"""Points of a sweep."""
SCIENTIFIC = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")
"""Numbers that YAML 1.1 reads as text, such as 1e-3."""


@dataclass(frozen=True)
class Sweep:
    """An entry of a suite, and the points of a grid of values of its fields."""

    entry: Entry
    """As it stands, at the suite's size."""
    fields: tuple[str, ...]
    points: dict[str, Entry]
    """Name -> the entry with other values, in the order of the grid. It is itself among them, as it stands."""
    trainings: dict[str, Entry]
    """Name -> entry of each training that several points share, where it is not that of the entry as it stands."""

    def values(self, name: str) -> tuple:
        """Values of the fields at a point."""
        method = self.points[name].make()
        return tuple(getattr(method, field) for field in self.fields)

    def rows(self) -> dict[str, dict]:
        """Name -> row of a methods.yaml, of every point and shared training but the entry as it stands."""
        entries = self.trainings | self.points
        return {name: row(point) for name, point in entries.items() if name != self.entry.name}


def parse(settings: Iterable[str]) -> dict[str, list]:
    """Field -> values, from `FIELD=VALUE,...` with values as in YAML. Raises CocktailError."""
    grid: dict[str, list] = {}
    for setting in settings:
        field, _, text = (part.strip() for part in setting.partition("="))
        if not field or not text:
            raise CocktailError(f"--set {setting}: expected FIELD=VALUE,VALUE,...")
        if field in grid:
            raise CocktailError(f"--set {setting}: '{field}' is set twice; a field takes all its values at once")
        try:
            values = [_number(value) for value in yaml.safe_load(f"[{text}]")]
        except yaml.YAMLError as error:
            raise CocktailError(f"--set {setting}: not valid YAML ({getattr(error, 'problem', error)})") from None
        grid[field] = [value for i, value in enumerate(values) if value not in values[:i]]
    return grid


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, str) and SCIENTIFIC.fullmatch(value) else value


def sweep(entry: Entry, grid: Mapping[str, list]) -> Sweep:
    """The sweep of an entry over a grid, field -> values. Points that differ in fields of calls alone share a model.

    Raises CocktailError for a field that the plugin does not have, for a value of another type or that the plugin
    refuses, and for more than MOST points; PluginError where the plugin cannot be used at all.
    """
    now, size = entry.make(), math.prod(map(len, grid.values()))
    if size > MOST:
        raise CocktailError(f"--set: {size} points; all are run, hence they may be {MOST} at most")
    points: dict[str, Entry] = {}
    trainings: dict[str, Entry] = {}
    shared = set(grid) & set(entry.call_only)
    for values in itertools.product(*grid.values()):
        setting = dict(zip(grid, values, strict=True))
        point = replace(entry, parameters=entry.parameters | setting, source="--set", model=None)
        try:
            as_it_stands = point.make() == now
        except PluginError as error:
            said = ", ".join(f"{field}={value}" for field, value in setting.items())
            raise CocktailError(f"--set: {entry.name} with {said} {error}") from error
        name = entry.name if as_it_stands else point_name(entry.name, setting)
        if shared and not as_it_stands:
            owner = _training(entry, {field: value for field, value in setting.items() if field not in shared})
            if owner is not entry:
                trainings[owner.name] = owner
            point = replace(point, model=owner.model or owner.name)
        points[name] = entry if as_it_stands else replace(point, name=name)
    points = points if entry.name in points else {entry.name: entry} | points
    return Sweep(entry, tuple(grid), points, trainings)


def _training(entry: Entry, setting: Mapping[str, Any]) -> Entry:
    """The entry whose model the points with these values have: it trains with them."""
    trained = replace(entry, parameters=entry.parameters | setting, model=None)
    if trained.make() == entry.make():
        return entry
    return replace(trained, name=point_name(entry.name, setting))


def point_name(entry: str, setting: Mapping[str, Any]) -> str:
    """Name of the entry with these values, which holds what names of entries may."""
    name = "--".join([entry, *(f"{field}_{value}" for field, value in setting.items())])
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name)
    return plain if plain == name and len(name) <= 100 else f"{plain[:90]}-{digest(name)[:8]}"


def row(entry: Entry) -> dict:
    """The row of a methods.yaml that makes an entry."""
    if entry.model is not None:
        own = {name: value for name, value in entry.parameters.items() if name in entry.call_only}
        return {"model": entry.model} | own
    named = {} if entry.plugin.name == entry.name.replace("-", "_") else {"plugin": entry.plugin.name}
    others = {
        "train_on": None if entry.train_on is None else list(entry.train_on),
        "uses": entry.uses or None,
        "reads": list(entry.reads) or None,
        "start": entry.start,
    }
    return named | entry.parameters | {key: value for key, value in others.items() if value is not None}


def pasted(plan: Selection, point: Entry, name: str, fields: Iterable[str]) -> tuple[Entry, bool]:
    """The entry `name` with a point's values of some fields in its row, and whether it then runs with them.

    It does not where a class of size, or the suite, gives other values to this very entry: these stand over its row.
    """
    registry = copy.copy(plan.registry)
    kept = registry.entry(name)
    values = {field: point.parameters[field] for field in fields}
    model = kept.model if values.keys() <= set(kept.call_only) else None
    entry = replace(kept, parameters=kept.parameters | values, model=model)
    registry.entries = registry.entries | {name: entry}
    sized = registry.sized(plan.config["size"], plan.config["parameters"], entry.source)[name]
    return entry, all(sized.parameters[field] == point.parameters[field] for field in fields)


def as_yaml(rows: dict[str, dict]) -> str:
    """Rows as they stand in a methods.yaml, one a line."""
    return yaml.safe_dump(rows, default_flow_style=None, sort_keys=False, width=10_000)


def prepare(
    path: str | Path,
    name: str,
    grid: Mapping[str, list],
    metric: str,
    *,
    conditions: Collection[str] = (),
    plugins: Iterable[str | Path] = (),
) -> tuple[Sweep, dict]:
    """The sweep of an entry of the suite in the file `path`, and what stands over that suite to run it.

    Writes the rows of the points below the suite's results. `conditions`: by default all where the entry runs and has
    the metric. `plugins`: folders besides the suite's. Raises CocktailError before anything is written.
    """
    only = {"methods": [name]} | ({"conditions": list(conditions)} if conditions else {})
    folders = [str(Path(folder).resolve()) for folder in [*load_suite(str(path))["plugins"], *plugins]]
    chosen = {"split": VALID, "only": only, "plugins": folders}
    selection = Selection(load_suite(str(path), chosen), str(path))
    base = metric_of(metric)
    if base not in METRICS or (metric != base and not METRICS[base].improvement):
        raise CocktailError(f"--metric: unknown metric '{metric}'{nearest(metric, METRICS)}")
    swept = sweep(selection.known[name], grid)
    here = _conditions(selection, name, base)
    config = selection.config | {TUNE: name}
    folder = board_folder(config).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tables.replacing(folder / "methods.yaml") as temporary:
        temporary.write_text(as_yaml(_own_row(selection, name) | swept.rows()), encoding="utf-8")
    only = {"methods": list(swept.points), "conditions": here}
    folders = [*map(str, selection.registry.folders), str(folder)]
    return swept, chosen | {"only": only, "plugins": folders, "metrics": [base], TUNE: name}


def _own_row(selection: Selection, name: str) -> dict[str, dict]:
    """The row of an entry that has none: a plugin that rows name is no entry by itself."""
    entry = selection.registry.entry(name)
    return {name: row(entry)} if entry.source == str(entry.plugin.path) else {}


def _conditions(selection: Selection, name: str, metric: str) -> list[str]:
    """Chosen conditions in which an entry runs and has a metric. Raises CocktailError where there is none."""
    runs = [condition for condition, entry in selection.cells if entry == name]
    tasks = {task for task, role in METRICS[metric].tasks.items() if role is None or role in selection.scorers}
    here = [condition for condition in runs if selection.conditions[condition]["task"] in tasks]
    if not here:
        absent = [f"{cell.condition}: {cell.reason}" for cell in selection.absent if cell.entry == name]
        why = f"this suite has no '{metric}' of it" if runs else "; ".join(absent) or "no condition has its task"
        raise CocktailError(f"nothing to tune '{name}' on: {why}")
    return here
