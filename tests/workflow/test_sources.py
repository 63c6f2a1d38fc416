import shutil

import pytest

from cocktail.digest import digest
from cocktail.workflow import sources
from cocktail.workflow.sources import source_digest


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package `cocktail` of three modules: a imports b within a function; c stands alone."""
    folder = tmp_path / "cocktail"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "a.py").write_text('"""A."""\nimport numpy\n\ndef f():\n    from cocktail.b import g\n    return g()\n')
    (folder / "b.py").write_text("def g():\n    return 1\n")
    (folder / "c.py").write_text("x = 1\n")
    monkeypatch.setattr(sources, "PACKAGE", folder)
    return folder


def edit(path, old, new):
    path.write_text(path.read_text().replace(old, new))
    shutil.os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1))


@pytest.mark.parametrize(
    ("file", "old", "new", "changes"),
    [
        ("a.py", "return g()", "return g() + 1", True),
        ("b.py", "return 1", "return 2", True),
        ("c.py", "x = 1", "x = 2", False),
        ("b.py", "return 1", "return 1  # one", False),
        ("b.py", "def g():\n", 'def g():\n    """One."""\n', False),
    ],
)
def test_what_changes_the_digest_of_a(package, file, old, new, changes):
    before = source_digest("cocktail.a")
    edit(package / file, old, new)
    assert (source_digest("cocktail.a") != before) == changes


def test_a_plugin_outside_the_package_counts_with_what_it_imports(package, tmp_path):
    plugin = tmp_path / "plugin.py"
    plugin.write_text("from cocktail import c\n")
    before = source_digest(plugin)
    edit(package / "c.py", "x = 1", "x = 2")
    assert source_digest(plugin) != before


@pytest.mark.parametrize("name", ["cocktail.d", "cocktail.a.b", "numpy"])
def test_a_module_that_is_not_there_has_no_digest(package, name):
    with pytest.raises(ModuleNotFoundError, match=name):
        source_digest(name)


def test_an_import_of_what_is_not_there_has_no_digest(package):
    edit(package / "a.py", "from cocktail.b import g", "from cocktail.moved import g")
    with pytest.raises(ModuleNotFoundError, match=r"cocktail\.moved"):
        source_digest("cocktail.a")


def test_digest_depends_on_values_not_on_key_order():
    assert digest({"a": 1, "b": [2.5, None]}) == digest({"b": [2.5, None], "a": 1})
    assert digest({"a": 1}) != digest({"a": 1.5})
