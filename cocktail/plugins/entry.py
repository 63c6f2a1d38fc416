"""One method of the benchmark: a plugin (a file) and an entry (the plugin with parameters).

A plugin is imported when its class is first asked for. A job makes its method from `Entry.spec` alone, so that it looks
at no other plugin.
"""

import functools
import importlib.util
import inspect
import sys
import traceback
import types
import typing
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from cocktail import ROOT
from cocktail.errors import CocktailError, PluginError, nearest
from cocktail.method import Method
from cocktail.needs import NEEDS
from cocktail.paradigms import PARADIGMS
from cocktail.tasks import TASKS

BASE = "base"
"""Role of the entry in `uses: ENTRY`."""


@dataclass(frozen=True)
class Plugin:
    """One file with one Method."""

    name: str
    path: Path

    @property
    def family(self) -> str:
        """The folder that the file lies in: the group that boards and pages show its entries in."""
        return self.path.parent.name

    @property
    def cls(self) -> type[Method]:
        """The class. Raises PluginError with the reason where the file fails to import or breaks the contract."""
        return _load(self.name, self.path)


@dataclass(frozen=True)
class Entry:
    """One row of a leaderboard: a plugin with parameters."""

    name: str
    plugin: Plugin
    parameters: dict[str, Any]
    source: str
    """File that names the entry, for messages."""
    train_on: tuple[str, ...] | None = None
    """Conditions to train on; None: those of the entry's task, as cocktail.workflow.selection chooses them."""
    uses: dict[str, str] = field(default_factory=dict)
    """Role -> entry whose trained model is handed over."""
    reads: tuple[str, ...] = ()
    """Entries whose estimates of the same scenes are handed over."""
    start: str | None = None
    """Entry whose weights the training starts from."""
    model: str | None = None
    """Entry whose trained model this one runs with, in place of one of its own."""

    @property
    def cls(self) -> type[Method]:
        return self.plugin.cls

    @property
    def call_only(self) -> tuple[str, ...]:
        """Fields that calls alone read, if the method is trained; none where the plugin cannot be used."""
        try:
            return self.cls.call_only if self.cls.learned() else ()
        except PluginError:
            return ()

    @property
    def others(self) -> list[tuple[str, str]]:
        """(key of the row, entry that it names), of `uses`, `start`, `reads` and `model`."""
        one = {key: [] if name is None else [name] for key, name in (("start", self.start), ("model", self.model))}
        named = {"uses": self.uses.values(), "reads": self.reads} | one
        return [(key, name) for key, names in named.items() for name in names]

    def said(self) -> dict[str, str]:
        """What the row says of other entries, by its keys, in words; keys that it has not are left out."""
        roles = (name if role == BASE else f"{role}: {name}" for role, name in self.uses.items())
        text = {"uses": ", ".join(roles), "start": self.start, "reads": ", ".join(self.reads), "model": self.model}
        return {key: value for key, value in text.items() if value}

    @functools.cached_property
    def error(self) -> str | None:
        """Why the plugin cannot be used, or None. Raises CocktailError for a parameter that does not fit."""
        try:
            self.make()
        except PluginError as error:
            return str(error)
        return None

    def make(self) -> Method:
        """The method with this entry's parameters.

        Raises PluginError where the plugin cannot be used, CocktailError for a parameter that does not fit.
        """
        _check_parameters(self)
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in self.parameters.items()}
        try:
            return self.cls(**values)
        except Exception as error:  # a plugin's __post_init__ may raise anything
            raise PluginError(f"cannot be made: {type(error).__name__}: {error}") from error

    def spec(self) -> dict:
        """What a job needs to make the method without looking at other plugins: JSON-like, see `from_spec`."""
        path = self.plugin.path
        path = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        spec = {"name": self.name, "plugin": self.plugin.name, "path": str(path), "parameters": self.parameters}
        return spec if self.model is None else spec | {"model": self.model}

    def for_training(self) -> "Entry":
        """The entry without the values of fields that calls alone read: all that its training depends on."""
        return replace(self, parameters={k: v for k, v in self.parameters.items() if k not in self.call_only})

    def sharing(self, owner: "Entry") -> "Entry":
        """The entry with all of `owner`, whose model it has, but for the values of its own fields of calls."""
        own = {name: value for name, value in self.parameters.items() if name in self.call_only}
        return replace(owner, name=self.name, parameters=owner.parameters | own, source=self.source, model=owner.name)

    def sized(self, values: dict[str, dict[str, Any]], source: str) -> "Entry":
        """The entry with the values that a suite gives to its plugin, and to itself; the row stands between the two.

        `values`: plugin or entry -> parameters. `source` names the suite in messages.
        """
        parameters = values.get(self.plugin.name, {}) | self.parameters | values.get(self.name, {})
        return self if parameters == self.parameters else replace(self, parameters=parameters, source=source)


def from_spec(spec: dict) -> Entry:
    """The inverse of `Entry.spec`."""
    plugin = Plugin(spec["plugin"], ROOT / spec["path"])
    return Entry(spec["name"], plugin, spec["parameters"], spec["path"], model=spec.get("model"))


def _place(error: BaseException) -> tuple[str, str]:
    """What an error says, and the line of the file where it was raised, or that cannot be parsed."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.msg, f"{Path(error.filename).name}:{error.lineno}"
    line = traceback.extract_tb(error.__traceback__)[-1]
    return str(error), f"{Path(line.filename).name}:{line.lineno}"


@functools.cache
def _load(name: str, path: Path) -> type[Method]:
    module_name = f"cocktail_plugins.{name}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise PluginError(f"{path}: no such plugin file")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault("cocktail_plugins", types.ModuleType("cocktail_plugins"))  # pickle looks for the parent
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:  # a plugin may raise anything, SystemExit too: only its own row fails
        if isinstance(error, KeyboardInterrupt):
            raise
        what, where = _place(error)
        raise PluginError(f"does not import: {type(error).__name__}: {what} ({where})") from error
    classes = [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Method) and value.__module__ == module_name
    ]
    if len(classes) != 1:
        names = ", ".join(cls.__name__ for cls in classes) or "none"
        raise PluginError(f"{path.name}: a plugin holds exactly one class derived from Method; found {names}")
    try:
        _check_contract(classes[0], path)
    except PluginError:
        raise
    except Exception as error:  # attributes of any type, annotations that name nothing
        raise PluginError(f"{path.name}: breaks the contract: {type(error).__name__}: {error}") from error
    return classes[0]


def _check_contract(cls, path):
    def require(value, allowed, attribute):
        if value not in allowed:
            raise PluginError(
                f"{path.name}: {cls.__name__}.{attribute} is {value!r}{nearest(str(value), allowed)}; "
                f"it is one of {', '.join(sorted(allowed))}"
            )

    if not is_dataclass(cls) or not cls.__dataclass_params__.frozen:
        raise PluginError(f"{path.name}: {cls.__name__} must be decorated with @dataclass(frozen=True)")
    for task in cls.tasks():
        require(task, TASKS, "task")
    if len({TASKS[task].column for task in cls.tasks()}) != 1:
        raise PluginError(f"{path.name}: {cls.__name__}.task: {', '.join(cls.tasks())} do not return the same")
    require(cls.paradigm, PARADIGMS, "paradigm")
    for need in cls.needs:
        require(need, NEEDS, "needs")
    typing.get_type_hints(cls)
    for name in cls.call_only if cls.learned() else ():
        require(name, [field.name for field in fields(cls)], "call_only")
    for parameter in fields(cls):
        if parameter.default is MISSING and parameter.default_factory is MISSING:
            raise PluginError(f"{path.name}: {cls.__name__}: the parameter '{parameter.name}' has no default")


def _check_parameters(entry):
    hints = typing.get_type_hints(entry.cls)
    known = {field.name: hints[field.name] for field in fields(entry.cls)}
    for name, value in entry.parameters.items():
        where = f"{entry.source}: {entry.name}"
        if name not in known:
            raise CocktailError(f"{where}: {entry.cls.__name__} has no parameter '{name}'{nearest(name, known)}")
        if not _fits(value, known[name]):
            raise CocktailError(f"{where}: {name}: expected {_said(known[name])}, got {value!r}")
        if isinstance(value, int | float):
            least, most = (entry.cls.bound(which, name) for which in ("least", "most"))
            if least is not None and not value >= least:
                raise CocktailError(f"{where}: {name}: expected {least:g} or more, got {value!r}")
            if most is not None and not value <= most:
                raise CocktailError(f"{where}: {name}: expected {most:g} or less, got {value!r}")


def _said(hint) -> str:
    """An annotation in words."""
    if typing.get_origin(hint) is typing.Literal:
        return " or ".join(map(repr, typing.get_args(hint)))
    return getattr(hint, "__name__", str(hint))


def _fits(value, hint) -> bool:
    """Whether a YAML value suits an annotation. An int suits float; a list suits a tuple."""
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return value in typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, option) for option in typing.get_args(hint))
    kind = origin or hint
    if kind is Any:
        return True
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, list | tuple) if kind is tuple else isinstance(value, kind)
