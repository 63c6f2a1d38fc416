"""`cocktail list`: what there is."""

import sys

import click

from cocktail.cli._options import json_option, methods_option, print_rows


@click.command(short_help="List methods, conditions, metrics, corpora or suites.")
@click.argument("what", type=click.Choice(["methods", "conditions", "metrics", "corpora", "suites"]))
@methods_option
@json_option
def command(what, folders, as_json):
    """List methods, conditions, metrics, corpora or suites.

    A method whose file cannot be imported is a row with its reason.

    \b
      cocktail list methods
      cocktail list metrics --json
      cocktail list methods --methods ~/my-methods
    """
    rows = ROWS[what](folders) if what == "methods" else ROWS[what]()
    print_rows(rows, what.capitalize(), as_json, hide=("needs", "family"))


def methods(folders) -> list[dict]:
    """One row for an entry."""
    from cocktail.registry import Registry

    return [_method(entry) for entry in Registry(folders).entries.values()]


def _method(entry):
    row = dict.fromkeys(("name", "task", "paradigm", "family", "needs", "parameters", "summary", "error"))
    row |= {"name": entry.name, "parameters": entry.parameters, "error": entry.error}
    if entry.error:
        return row
    cls = entry.cls
    summary = (sys.modules[cls.__module__].__doc__ or "").strip().split("\n")[0]
    return row | {
        "task": list(cls.tasks()),
        "paradigm": cls.paradigm,
        "family": cls.family,
        "needs": sorted(cls.needs),
        "summary": summary,
    }


def conditions() -> list[dict]:
    """One row for a condition of config/conditions.yaml."""
    from cocktail.config import CONFIG, read_yaml

    known = read_yaml(CONFIG / "conditions.yaml")["conditions"]
    return [{"name": name, **definition} for name, definition in known.items()]


def metrics() -> list[dict]:
    """One row for a metric: its identity card in short."""
    from cocktail.metrics import METRICS

    return [
        {
            "name": name,
            "unit": metric.unit,
            "better": "higher" if metric.higher_is_better else "lower",
            "level": metric.level,
            "implementation": f"{metric.implementation} {metric.version}".strip(),
            "citation": metric.citation,
            "digest": metric.digest,
        }
        for name, metric in METRICS.items()
    ]


def corpora() -> list[dict]:
    """One row for a corpus adapter."""
    from cocktail import corpora as adapters

    return [
        {
            "name": name,
            "summary": schema.get("description"),
            "options": sorted(key for key in schema.get("properties", {}) if key != "adapter"),
        }
        for name, schema in adapters.schemas().items()
    ]


def suites() -> list[dict]:
    """One row for a shipped suite, with the comment at its head."""
    from cocktail.config import load_suite
    from cocktail.config import suites as shipped

    rows = []
    for name, path in shipped().items():
        head = [line[1:].strip() for line in path.read_text().splitlines() if line.startswith("#")]
        config = load_suite(name)
        size = {"conditions": len(config["conditions"]), "scenes": config["scenes"]}
        rows.append({"name": name, **size, "summary": " ".join(head)})
    return rows


ROWS = {"methods": methods, "conditions": conditions, "metrics": metrics, "corpora": corpora, "suites": suites}
