"""The floors: a package imports what stands on its own floor or a lower one, and no two packages import each other."""

import ast
from pathlib import Path

import pytest

from cocktail import ROOT

FLOORS = {
    1: ("root",),
    2: ("dsp", "corpora", "runtime", "plugins"),
    3: ("rooms", "spoofing", "recognition", "processing"),
    4: ("scenes", "metrics"),
    5: ("training", "scoring", "boards"),
    6: ("nets", "report"),
    7: ("methods", "tracking"),
    8: ("workflow", "scripts"),
    9: ("testing",),
    10: ("cli",),
}
FLOOR = {package: floor for floor, packages in FLOORS.items() for package in packages}


def package_of(path: Path) -> str:
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


def arrows() -> dict[tuple[str, str], list[Path]]:
    """(importing package, imported package) -> files."""
    found: dict[tuple[str, str], list[Path]] = {}
    for folder in ("cocktail", "methods", "scripts"):
        for path in (ROOT / folder).rglob("*.py"):
            for imported in imports(path) - {package_of(path)}:
                found.setdefault((package_of(path), imported), []).append(path.relative_to(ROOT))
    return found


def test_every_package_stands_on_a_floor():
    packages = {path.parent.name for path in (ROOT / "cocktail").glob("*/__init__.py")}
    assert packages == set(FLOOR) - {"root", "methods", "scripts"}


def test_no_package_imports_a_higher_floor():
    upward = {pair: files for pair, files in arrows().items() if FLOOR[pair[1]] > FLOOR[pair[0]]}
    assert upward == {}


def test_no_two_packages_import_each_other():
    pairs = set(arrows())
    assert [pair for pair in pairs if pair[::-1] in pairs] == []


@pytest.mark.parametrize("path", sorted((ROOT / "cocktail").rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_a_charter_is_a_docstring_and_imports_nothing(path):
    first, *rest = ast.parse(path.read_text()).body
    assert isinstance(first, ast.Expr)
    assert rest == [] or path.parent.name in ("cocktail", "cli")
