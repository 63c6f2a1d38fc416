"""A page for each module of the library, and their index. mkdocstrings fills them from the source."""

import ast

from cocktail import ROOT
from pages.markdown import escape, page, table

LEFT_OUT = ("cocktail.__main__", "cocktail.cli", "cocktail.corpora.published")
"""Shown elsewhere: commands, and what publishers ship."""


def pages() -> dict[str, str]:
    """Path -> text."""
    summaries = {name: _summary(path) for name, path in modules().items()}
    own = {
        f"api/{name}.md": page(f"# {name}", f"::: {name}\n    options:\n      show_root_heading: false")
        for name in summaries
    }
    return {"api/index.md": _index(summaries)} | own


def modules() -> dict[str, object]:
    """Public module -> its file."""
    found = {}
    for path in sorted((ROOT / "cocktail").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if not any(name == left or name.startswith(f"{left}.") for left in LEFT_OUT):
            found[name] = path
    return found


def _summary(path):
    return (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")[0]


def _index(summaries):
    packages: dict[str, list[str]] = {}
    for name in summaries:
        packages.setdefault(
            name.rpartition(".")[0] if (ROOT / f"{name.replace('.', '/')}.py").exists() else name, []
        ).append(name)
    parts = [
        part
        for package, names in packages.items()
        for part in (
            f"## {package}",
            table(("module", ""), [(f"[{name}]({name}.md)", escape(summaries[name])) for name in names]),
        )
    ]
    return page("# API", "Every public module of the package `cocktail`.", *parts)
