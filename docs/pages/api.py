"""A page for each module of the library, and their index. mkdocstrings fills them from the source."""

import ast
from pathlib import Path

from cocktail import ROOT
from pages.markdown import escape, page, table

LEFT_OUT = ("cocktail.__main__", "cocktail.cli", "cocktail.corpora.published")
"""Shown elsewhere: commands, and what publishers ship."""


def pages() -> dict[str, str]:
    """Path -> text of the index and of every module's page."""
    own = {f"api/{name}.md": page(f"# {name}", f"::: {name}") for name in modules()}
    return {"api/index.md": _index()} | own


def modules() -> dict[str, Path]:
    """Module -> its file."""
    files = {}
    for path in sorted((ROOT / "cocktail").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if not any(name == left or name.startswith(f"{left}.") for left in LEFT_OUT):
            files[name] = path
    return files


def _index():
    packages: dict[str, list[tuple[str, str]]] = {}
    for name, path in modules().items():
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        summary = (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")[0]
        packages.setdefault(package, []).append((f"[{name}]({name}.md)", escape(summary)))
    parts = [part for package, rows in packages.items() for part in (f"## {package}", table(("module", ""), rows))]
    return page("# API", "Every module of the package `cocktail`.", *parts)
