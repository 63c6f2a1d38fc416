"""`cocktail list`: methods, conditions, metrics, corpora and suites."""

import sys

import click

from cocktail.cli._options import json_option, methods_option, print_rows

ROW = ("uses", "start", "reads", "train_on", "model")
"""Keys of a row in methods.yaml that are not the plugin's."""


@click.command(short_help="List methods, conditions, metrics, corpora or suites.")
@click.argument("what", type=click.Choice(["methods", "conditions", "metrics", "corpora", "suites"]))
@methods_option
@json_option
def command(what, folders, as_json):
    """List methods, conditions, metrics, corpora or suites.

    A method whose file cannot be imported is a row with its reason. A metric's identity card, which says what is
    needed to compute the same number elsewhere, is complete in --json.

    \b
      cocktail list methods
      cocktail list metrics --json
      cocktail list methods --methods ~/my-methods
    """
    rows = ROWS[what](folders) if what == "methods" else ROWS[what]()
    if what == "metrics" and not as_json:
        print_rows([_in_short(card) for card in rows], "Metrics", as_json)
        click.echo("\nThe complete identity cards (mode, clamp, permutation ...): cocktail list metrics --json")
    elif what == "methods" and not as_json:
        print_rows([_as_written(row) for row in rows], "Methods", as_json, hide=("needs", "family", *ROW))
    else:
        print_rows(rows, what.capitalize(), as_json, hide=("definition",))


def methods(folders) -> list[dict]:
    """One row for an entry."""
    from cocktail.plugins.registry import Registry

    return [_method(entry) for entry in Registry(folders).entries.values()]


def _method(entry):
    own = ("name", "task", "paradigm", "guidance", "causal", "family", "needs")
    columns = (*own, *ROW, "parameters", "summary", "error")
    row = dict.fromkeys(columns) | {name: getattr(entry, name) for name in ("name", "parameters", "error")}
    row |= {"uses": entry.uses, "start": entry.start, "reads": list(entry.reads), "model": entry.model}
    row |= {"train_on": entry.train_on and list(entry.train_on)}
    if entry.error:
        return row
    cls = entry.cls
    return row | {
        "task": list(cls.tasks()),
        "paradigm": cls.paradigm,
        "guidance": cls.guidance(),
        "causal": entry.make().causal,
        "family": entry.plugin.family,
        "needs": sorted(cls.needs),
        "summary": _first_line(sys.modules[cls.__module__]),
    }


def _as_written(row):
    """The row with all that methods.yaml says of the entry in one column, so that the table is not too wide."""
    said = {name: _text(row[name]) for name in ROW if row[name]}
    return row | {"parameters": said | (row["parameters"] or {})}


def _text(value):
    """As a row of methods.yaml says it; `uses: ENTRY` stands for the role `base`."""
    return value["base"] if isinstance(value, dict) and list(value) == ["base"] else value


def conditions() -> list[dict]:
    """One row for a condition of config/conditions.yaml; `definition` is all that it says."""
    from cocktail.workflow.suite import known_conditions

    return [_condition(name, definition) for name, definition in known_conditions({}).items()]


def _condition(name, definition):
    noise = definition.get("noise", {})
    return {
        "name": name,
        "task": definition["task"],
        "talkers": definition["talkers"],
        "array": definition["array"],
        "reference": definition["reference"],
        "noise": noise.get("kinds"),
        "snr_db": noise.get("snr_db"),
        "t60_s": definition.get("room", {}).get("t60_s"),
        "summary": definition.get("title"),
        "definition": definition,
    }


def metrics() -> list[dict]:
    """One row for a metric: its identity card."""
    from cocktail.metrics.catalogue import METRICS

    return [metric.card() for metric in METRICS.values()]


def _in_short(card):
    low = "-inf" if card["low"] is None else f"{card['low']:g}"
    high = "inf" if card["high"] is None else f"{card['high']:g}"
    return {
        "name": card["name"],
        "unit": card["unit"],
        "better": "higher" if card["higher_is_better"] else "lower",
        "range": f"{low} to {high}",
        "level": card["level"],
        "implementation": card["implementation"],
        "citation": card["citation"],
        "digest": card["digest"],
    }


def corpora() -> list[dict]:
    """One row for a corpus adapter."""
    from cocktail.corpora.adapters import cards, schemas

    options = {name: sorted(set(schema["properties"]) - {"adapter"}) for name, schema in schemas().items()}
    return [
        {"name": card.name, "kinds": card.kinds, "options": options[card.name], "summary": card.description}
        for card in cards()
    ]


def _first_line(module) -> str:
    return (module.__doc__ or "").strip().split("\n")[0]


def suites() -> list[dict]:
    """One row for a shipped suite, with the comment at its head."""
    from cocktail.text import read_text
    from cocktail.workflow.suite import load_suite
    from cocktail.workflow.suite import suites as shipped

    rows = []
    for name, path in shipped().items():
        head = [line[1:].strip() for line in read_text(path).splitlines() if line.startswith("#")]
        config = load_suite(name)
        size = {"conditions": len(config["conditions"]), "scenes": config["scenes"]}
        rows.append({"name": name, **size, "summary": " ".join(head)})
    return rows


ROWS = {"methods": methods, "conditions": conditions, "metrics": metrics, "corpora": corpora, "suites": suites}
