"""The index of methods, and a page for each plugin: what its file and its rows in its family's methods.yaml say."""

import ast
import inspect
import sys
from dataclasses import fields

from cocktail.plugins.entry import Entry, Plugin
from cocktail.plugins.papers import papers
from cocktail.plugins.registry import Registry
from pages.markdown import code, codes, escape, page, prose, table

INTRODUCTION = """\
One file is one method, a *plugin*; a row of its folder's `methods.yaml` gives a plugin a name and values for its
parameters: an *entry*, one line of the boards. [The contract](../contract.md) says how one is written.
[Before deep learning](../before-networks.md) tells what the families of before solved, and what was still wrong.
"""
TOLD = ("nmf", "spectral", "statistical")
"""Families that have a section of before-networks.md."""


def pages() -> dict[str, str]:
    """Path -> text of the index and of every plugin's page."""
    registry = Registry()
    entries: dict[str, list[Entry]] = {name: [] for name in registry.plugins}
    for entry in registry.entries.values():
        entries[entry.plugin.name].append(entry)
    used = {name: registry.plugins[name] for name in entries if entries[name]}
    own = {f"reference/methods/{name}.md": _plugin(plugin, entries[name]) for name, plugin in used.items()}
    return {"reference/methods.md": _index(used, entries)} | own


def _document(plugin):
    return inspect.getdoc(sys.modules[plugin.cls.__module__])


def _index(plugins, entries):
    families: dict[str, list[str]] = {}
    for name, plugin in plugins.items():
        families.setdefault(plugin.family, []).append(name)
    parts = [
        part
        for family in sorted(families)
        for part in (f"## {family}", table(("plugin", "entries", "task", "paradigm"),
                                           [_row(plugins[name], entries[name]) for name in families[family]]))
    ]  # fmt: skip
    return page("# Methods", INTRODUCTION, *parts)


def _row(plugin, entries):
    document = _document(plugin)
    lines = [f"[`{plugin.name}`](methods/{plugin.name}.md)", escape(document.split("\n")[0])]
    lines += [f"<small>“{escape(title)}”, {escape(place)}</small>" for title, place in papers(document)]
    named = codes(entry.name for entry in entries)
    return "<br>".join(lines), named, codes(plugin.cls.tasks()), code(plugin.cls.paradigm)


def _plugin(plugin, entries):
    cls = plugin.cls
    facts = [
        ("task", codes(cls.tasks())),
        ("paradigm", code(cls.paradigm)),
        ("family", _family(plugin.family)),
        ("needs", codes(sorted(cls.needs)) or "nothing but the mixture"),
        ("trained", "yes" if cls.learned() else "no"),
    ]
    return page(
        f"# {code(plugin.name)}",
        prose(_document(plugin)),
        table(("", code(cls.__name__)), facts),
        "## Parameters",
        _parameters(plugin) or "None.",
        "## Entries",
        table(("entry", "parameters that differ", "builds on", "trained on", "causal"), list(map(_entry, entries))),
    )


def _family(name):
    return f"[{code(name)}](../../before-networks.md#{name})" if name in TOLD else code(name)


def _entry(entry):
    parameters = ", ".join(code(f"{name}: {value}") for name, value in entry.parameters.items())
    learns = codes(entry.train_on or ()) or ("conditions of its task" if entry.cls.learned() else "")
    others = "; ".join(f"{key} {codes(names.split(', '))}" for key, names in entry.said().items())
    return code(entry.name), parameters, others, learns, "yes" if entry.make().causal else "no"


def _parameters(plugin: Plugin):
    notes = _notes(plugin)
    rows = [
        (
            code(field.name),
            code(inspect.formatannotation(field.type).replace("typing.", "")),
            code(repr(field.default)),
            escape(notes.get(field.name, "")),
        )
        for field in fields(plugin.cls)
    ]
    return table(("parameter", "type", "default", ""), rows) if rows else ""


def _notes(plugin) -> dict[str, str]:
    """Field -> the string below it in the class."""
    tree = ast.parse(plugin.path.read_text())
    cls = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == plugin.cls.__name__)
    return {
        field.target.id: note.value.value
        for field, note in zip(cls.body, cls.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(note, ast.Expr) and isinstance(note.value, ast.Constant)
    }
