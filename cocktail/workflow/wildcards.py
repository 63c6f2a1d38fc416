"""Snakemake's wildcards as arguments of plain functions."""

import inspect
from collections.abc import Callable
from typing import Any

NAMES = ("condition", "entry", "shard", "split", "microphones")
"""Wildcards of the rules, and parameters of the functions that they ask."""


def of_wildcards(function: Callable[..., Any]) -> Callable[[Any], Any]:
    """`function` for a rule: a function of the wildcards that its parameters name; none for one without parameters.

    The signature stands ready, since Snakemake looks at it several times for every job.
    """
    names = [name for name in inspect.signature(function).parameters if name in NAMES]

    def asked(wildcards):
        return function(*[getattr(wildcards, name) for name in names])

    asked.__signature__ = inspect.signature(asked)
    return asked
