"""The packages of the library: their floors, their charters, and which imports which, read from the source."""

import ast
from functools import cache
from pathlib import Path

from cocktail import ROOT
from pages.markdown import codes, escape, page, table

FLOORS = {
    1: ("root",),
    2: ("dsp", "corpora", "runtime", "plugins"),
    3: ("rooms", "degradations", "spoofing", "recognition"),
    4: ("scenes", "metrics", "processing"),
    5: ("training", "scoring", "boards"),
    6: ("nets", "report"),
    7: ("methods", "tracking"),
    8: ("workflow", "scripts"),
    9: ("testing",),
    10: ("cli",),
}
"""Floor -> packages on it. A package imports from its own floor and lower ones (tests/documents/test_floors.py)."""

FLOOR = {package: floor for floor, packages in FLOORS.items() for package in packages}

OUTSIDE = {
    "root": "Modules that every package may import: {modules}.",
    "methods": "Plugins, and the entries made from them, in a folder for each family.",
    "scripts": "The workflow's scripts: each passes what Snakemake gives it to one function of the library.",
}
"""Charters of what is no package of `cocktail`."""

INTRODUCTION = """\
The library stands on floors. A package imports from its own floor and from lower ones, and no two packages import each
other; a test fails on an import that points upwards. Read the table from the bottom to the top: from what every package
may use, through scenes, methods and scores, up to the command."""


def pages() -> dict[str, str]:
    """The page of packages."""
    return {
        "reference/packages.md": page(
            "# Packages",
            " ".join(INTRODUCTION.split()),
            table(("floor", "package", "what it holds", "imports", "imported by"), list(_rows())),
            "## Inner packages",
            table(("package", "what it holds"), list(_inner())),
            "[API](../api/index.md) has every module.",
        )
    }


def _rows():
    for floor in sorted(FLOORS, reverse=True):
        for package in FLOORS[floor]:
            imports = [imported for importer, imported in arrows() if importer == package]
            importers = [importer for importer, imported in arrows() if imported == package]
            yield str(floor), f"**{package}**", escape(charter(package)), _in_order(imports), _in_order(importers)


def _in_order(packages):
    return codes(package for package in FLOOR if package in packages)


def _inner():
    for path in sorted((ROOT / "cocktail").glob("*/*/__init__.py")):
        name = ".".join(path.parent.relative_to(ROOT / "cocktail").parts)
        yield f"`{name}`", escape(_docstring(path))


def charter(package: str) -> str:
    """What a package holds: the docstring of its `__init__`."""
    if package in OUTSIDE:
        modules = sorted(path.stem for path in (ROOT / "cocktail").glob("*.py") if not path.stem.startswith("_"))
        return OUTSIDE[package].format(modules=codes(modules))
    return _docstring(ROOT / "cocktail" / package / "__init__.py")


def _docstring(path):
    return ast.get_docstring(ast.parse(path.read_text()))


def package_of(path: Path) -> str:
    """The package that a file of `cocktail/`, `methods/` or `scripts/` belongs to."""
    first, *rest = path.relative_to(ROOT).with_suffix("").parts
    if first != "cocktail":
        return first
    return rest[0] if len(rest) > 1 else "cli" if rest == ["__main__"] else "root"


def imports(path: Path) -> set[str]:
    """Packages of the library that a file imports, also inside functions."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
    parts = [name.split(".") for name in modules if name.split(".")[0] == "cocktail"]
    return {part[1] if len(part) > 1 and (ROOT / "cocktail" / part[1]).is_dir() else "root" for part in parts}


@cache
def arrows() -> dict[tuple[str, str], list[Path]]:
    """(importing package, imported package) -> files with such an import."""
    files: dict[tuple[str, str], list[Path]] = {}
    for folder in ("cocktail", "methods", "scripts"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for imported in imports(path) - {package_of(path)}:
                files.setdefault((package_of(path), imported), []).append(path.relative_to(ROOT))
    return files
