"""Suites and conditions, as their YAML files say them."""

import yaml

from cocktail.cli import list as listing
from cocktail.config import CONDITIONS, CONFIG, read_yaml
from cocktail.scenes.conditions import CONDITION
from cocktail.workflow.suite import load_suite, suites
from pages.markdown import block, code, codes, escape, page, table


def pages() -> dict[str, str]:
    """The pages of suites, and of conditions."""
    return {"reference/suites.md": _suites(), "reference/conditions.md": _conditions()}


def _suites():
    rows = [
        (f"[`{row['name']}`](#{row['name']})", str(row["scenes"]), str(row["conditions"]), escape(row["summary"]))
        for row in listing.suites()
    ]
    shipped = [
        part
        for name, path in suites().items()
        for part in (f"## {code(name)} {{ #{name} }}", f"Conditions: {codes(load_suite(name)['conditions'])}.",
                     block(path.read_text(), "yaml"))
    ]  # fmt: skip
    return page(
        "# Suites",
        table(("suite", "scenes a condition", "conditions", "what for"), rows),
        "## Defaults { #defaults }",
        "What every suite has unless it says otherwise; a key that is not among these is an error.",
        block((CONFIG / "defaults.yaml").read_text(), "yaml"),
        *shipped,
    )


def _conditions():
    content = read_yaml(CONDITIONS)
    rows = [
        (f"[`{row['name']}`](#{row['name']})", code(row["task"]), str(row["talkers"]), code(row["array"]),
         escape(row["summary"] or ""))
        for row in listing.conditions()
    ]  # fmt: skip
    own = [
        part
        for name, definition in content["conditions"].items()
        for part in (f"## {code(name)} {{ #{name} }}", escape(definition["title"]) + ".", _yaml(definition))
    ]
    return page(
        "# Conditions",
        "`[low, high]` is a uniform distribution, from which every scene draws a value of its own, stored with it.",
        table(("condition", "task", "talkers", "array", ""), rows),
        "## Keys { #keys }",
        table(("key", "meaning"), list(_keys(CONDITION))),
        "## Groups of kinds of noise { #groups }",
        _yaml(content["noise_groups"]),
        *own,
    )


def _yaml(content):
    return block(yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=100), "yaml")


def _keys(schema, prefix=""):
    """Every key of a schema with its description, or its values."""
    for name, value in schema["properties"].items():
        meaning = (
            value.get("description")
            or codes(value.get("enum", ()))
            or ("" if "properties" in value else value.get("type"))
        )
        if meaning:
            yield code(f"{prefix}{name}"), escape(meaning)
        if "properties" in value:
            yield from _keys(value, f"{prefix}{name}.")
