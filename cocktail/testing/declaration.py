"""Probes of what a plugin declares: its class, its fields, its docstring."""

import dataclasses
import inspect
import pickle
import re
import sys
from pathlib import Path

from cocktail.method import Method
from cocktail.needs import NEEDS
from cocktail.paradigms import PARADIGMS
from cocktail.tasks import TASKS
from cocktail.testing.bench import ProbeError

WITHOUT_PAPER = "controls"
"""The family that cites nobody."""


def check_class(method: Method) -> str:
    """A frozen dataclass with hashable, defaulted fields, which survives pickling."""
    cls = type(method)
    if not dataclasses.is_dataclass(cls) or not cls.__dataclass_params__.frozen:
        raise ProbeError(f"{cls.__name__} is not a frozen dataclass: put @dataclass(frozen=True) above it")
    for field in dataclasses.fields(cls):
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ProbeError(f"the parameter {field.name!r} has no default")
    try:
        hash(method)
    except TypeError as error:
        raise ProbeError(f"a parameter cannot be hashed ({error}): use a tuple for a list") from None
    if pickle.loads(pickle.dumps(method)) != method:
        raise ProbeError("is another method after pickling")
    return ", ".join(f"{name}={value!r}" for name, value in method.parameters().items()) or "no parameters"


def check_attributes(method: Method, builds: bool = False) -> str:
    """`task`, `paradigm` and `needs` are of the allowed sets, and fit each other.

    `builds`: on the model of another entry, whose paradigm it then has, with or without a training of its own.
    """
    cls = type(method)
    _among(cls.tasks(), TASKS, "task")
    _among([cls.paradigm], PARADIGMS, "paradigm")
    if not isinstance(cls.needs, frozenset):
        raise ProbeError(f"`needs` is a {type(cls.needs).__name__}, not a frozenset")
    _among(cls.needs, sorted(NEEDS), "needs")
    if not isinstance(method.causal, bool):
        raise ProbeError(f"`causal` is {method.causal!r}, not True or False")
    trained = PARADIGMS[cls.paradigm].trained
    if (trained == "not" and cls.learned()) or (trained == "here" and not (cls.learned() or builds)):
        base, verb = ("LearnedMethod", "learns nothing") if cls.learned() else ("Method", "is trained")
        raise ProbeError(f"derives from {base}, but the paradigm {cls.paradigm!r} {verb}")
    return f"{'/'.join(cls.tasks())}, {cls.paradigm}"


def check_docstring(method: Method) -> str:
    """The module's docstring says what the method is, cites its paper with a year, and states its deviations."""
    module = sys.modules[type(method).__module__]
    text = inspect.getdoc(module) or ""
    if not text:
        raise ProbeError("the module has no docstring")
    if "Deviations:" not in text:
        raise ProbeError("the module's docstring has no line 'Deviations:' (if there are none: 'Deviations: none.')")
    if Path(module.__file__).parent.name != WITHOUT_PAPER and not re.search(r"\b(19|20)\d\d\b", text):
        raise ProbeError("the module's docstring cites no paper with its year")
    return text.splitlines()[0]


def _among(values, allowed, name):
    for value in values:
        if value not in allowed:
            raise ProbeError(f"`{name}` is {value!r}; allowed: {', '.join(allowed)}")


DECLARATION_PROBES = {"class": check_class, "attributes": check_attributes, "docstring": check_docstring}
