"""Suites and conditions: read from YAML, merged with the defaults, checked key by key.

A suite file holds only what differs from `config/defaults.yaml`. Every key and value is checked against
`config/schema.yaml` before anything runs: a misspelt key is an error that names the nearest right one, because a
benchmark that runs on the default instead gives a wrong result, silently.
"""

import math
from pathlib import Path
from typing import Any

import yaml

from cocktail import ROOT
from cocktail.errors import CocktailError, nearest

CONFIG = ROOT / "config"
CONDITIONS = CONFIG / "conditions.yaml"


class _UniqueKeys(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error and not the last of the two."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.MarkedYAMLError(problem=f"key '{key}' stands twice", problem_mark=key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: str | Path) -> dict:
    """A YAML file that holds a mapping. Raises CocktailError with the line where it is not valid."""
    path = Path(path)
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), _UniqueKeys)
    except FileNotFoundError:
        raise CocktailError(f"{path}: no such file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise CocktailError(f"{path}{line}: not valid YAML ({getattr(error, 'problem', error)})") from error
    if not isinstance(content or {}, dict):
        raise CocktailError(f"{path}: must hold a mapping of keys to values")
    return content or {}


def merge(*layers: dict) -> dict:
    """Mappings merged at every depth, the later over the earlier; lists and scalars are replaced."""
    result: dict = {}
    for layer in layers:
        for key, value in layer.items():
            both = isinstance(value, dict) and isinstance(result.get(key), dict)
            result[key] = merge(result[key], value) if both else value
    return result


def validate(config: Any, schema: dict, source: str, prefix: str = "") -> None:
    """Check against a JSON schema; raises CocktailError with every fault: file, key, what would be right."""
    import jsonschema

    validator = jsonschema.Draft202012Validator(schema)
    faults = [fault for error in validator.iter_errors(config) for fault in _explain(error, prefix)]
    faults += [f"{where}: {number} is no finite number" for where, number in _not_finite(config, prefix)]
    if faults:
        raise CocktailError("\n".join(f"{source}: {fault}" for fault in dict.fromkeys(faults)))


def _not_finite(value, where):
    """(key, number) of each number in a configuration that is infinite or none, which no schema finds."""
    if isinstance(value, float) and not math.isfinite(value):
        yield where, value
    if isinstance(value, list):
        value = dict(enumerate(value))
    for key, item in value.items() if isinstance(value, dict) else ():
        yield from _not_finite(item, f"{where}.{key}" if where else str(key))


def _explain(error, prefix) -> list[str]:
    keys = ([prefix] if prefix else []) + [str(key) for key in error.absolute_path]
    where = ".".join(keys)
    at = f"{where}: " if where else ""
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        unknown = [key for key in error.instance if key not in known]
        return [f"{at}unknown key '{key}'{nearest(str(key), known)}" for key in unknown]
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return [f"{at}missing key '{key}'" for key in missing]
    if error.validator == "oneOf":
        return _explain_choice(error, at, prefix)
    if error.validator == "type":
        return [f"{at}expected {error.validator_value}, got {error.instance!r}"]
    if error.validator == "enum":
        options = [str(option) for option in error.validator_value]
        return [f"{at}{error.instance!r} is none of {', '.join(options)}{nearest(str(error.instance), options)}"]
    return [f"{at}{error.message}"]


def _explain_choice(error, at, prefix) -> list[str]:
    """Of what is none of several forms, or more than one of them."""
    forms, given = error.validator_value, error.instance
    if {"const": "all"} in forms:
        return [f"{at}expected all, or a list of names, got {given!r}"]
    if all("adapter" in form.get("properties", {}) for form in forms):
        if not isinstance(given, dict):
            return [f"{at}expected a mapping with the key 'adapter', got {given!r}"]
        return _explain_adapter(error, at, prefix)
    if all(form.keys() == {"required"} for form in forms):
        return [f"{at}expected one of the keys {' and '.join(repr(key) for form in forms for key in form['required'])}"]
    wrong = {fault.schema_path[0] for fault in error.context if fault.validator == "type" and not fault.path}
    near = [fault for fault in error.context if fault.schema_path[0] not in wrong]
    if near:
        return [text for fault in near for text in _explain(fault, prefix)]
    return [f"{at}expected {' or '.join(form['type'] for form in forms)}, got {given!r}"]


def _explain_adapter(error, at, prefix) -> list[str]:
    adapters = [branch["properties"]["adapter"]["const"] for branch in error.validator_value]
    name = error.instance.get("adapter")
    if name is None:
        return [f"{at}missing key 'adapter' ({' or '.join(adapters)})"]
    if name not in adapters:
        return [f"{at}adapter: unknown corpus '{name}'{nearest(str(name), adapters)}"]
    inner = [fault for fault in error.context if fault.schema_path[0] == adapters.index(name)]
    # The context's errors are relative to their parent: absolute_path already runs from the root.
    return [text for fault in inner for text in _explain(fault, prefix)]
