"""The floors: a package imports what stands on its own floor or a lower one, and no two packages import each other."""

import ast

import pytest
from pages.packages import FLOOR, arrows, imports, pages

from cocktail import ROOT


def test_every_package_stands_on_a_floor():
    packages = {path.parent.name for path in (ROOT / "cocktail").glob("*/__init__.py")}
    assert packages == set(FLOOR) - {"root", "methods", "scripts"}


def test_no_package_imports_a_higher_floor():
    upward = {pair: files for pair, files in arrows().items() if FLOOR[pair[1]] > FLOOR[pair[0]]}
    assert upward == {}


def test_no_two_packages_import_each_other():
    pairs = set(arrows())
    assert [pair for pair in pairs if pair[::-1] in pairs] == []


def test_imports_are_found_in_every_form(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        "import cocktail.rooms.arrays, numpy\nfrom cocktail import boards, errors\n"
        "def late():\n    from cocktail.nets.masks import MaskNetwork\n"
    )
    assert imports(path) == {"rooms", "boards", "root", "nets"}


def test_the_page_of_packages_shows_charters_and_imports_from_the_top_down():
    (text,) = pages().values()
    rows = [line.split(" | ") for line in text.splitlines() if "**" in line]
    named = {row[1].strip("*"): row for row in rows}
    assert list(named) == sorted(FLOOR, key=lambda package: -FLOOR[package])
    assert named["rooms"][2].startswith("Rooms: arrays, placement, impulse responses")
    assert "`rng`" in named["root"][2] and named["root"][3] == " "
    assert "`workflow`" in named["cli"][3] and "`cli`" in named["workflow"][4]


@pytest.mark.parametrize("path", sorted((ROOT / "cocktail").rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_a_charter_is_a_docstring_and_imports_nothing(path):
    first, *rest = ast.parse(path.read_text()).body
    assert isinstance(first, ast.Expr)
    assert rest == [] or path.parent.name in ("cocktail", "cli")
