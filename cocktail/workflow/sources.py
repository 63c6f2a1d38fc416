"""Digests of source code, which stand in a job's params, so that Snakemake reruns what an edit has changed.

The digest of a stage covers the module it starts from and every project module that this imports, at any depth and also
inside functions. It is taken from the syntax tree without docstrings: comments and layout rerun nothing.
"""

import ast
import functools
from pathlib import Path

from cocktail import ROOT
from cocktail.digest import digest

PACKAGE = ROOT / "cocktail"


def source_digest(*roots: str | Path) -> str:
    """Digest of modules (dotted names inside `cocktail`, or paths of plugins) and of all that they import from it.

    Raises ModuleNotFoundError for a module that is not there: its digest would never change.
    """
    digests: dict[str, str] = {}
    waiting = [root if isinstance(root, Path) else _module_path(root) for root in roots]
    while waiting:
        path = waiting.pop()
        if str(path) not in digests:
            digests[str(path)], imported = _inspect(path, path.stat().st_mtime_ns)
            waiting.extend(_module_path(name) for name in imported)
    return digest(sorted(digests.values()))


@functools.cache
def _inspect(path: Path, mtime: int) -> tuple[str, frozenset[str]]:
    """Digest of one file's syntax tree, and the `cocktail` modules that it imports. `mtime` is the cache's key."""
    source = path.read_bytes()
    try:
        tree = ast.parse(source)  # as Python reads it: in any encoding that it names
    except (SyntaxError, ValueError):
        return digest(source.hex()), frozenset()
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names if _inside(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0 and _inside(node.module):
            imported.add(node.module)
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            imported.update(name for name in names if _file(name) is not None)  # others are functions and classes
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            _drop_docstring(node)
    return digest(ast.dump(tree)), frozenset(imported)


def _inside(name: str) -> bool:
    return name.split(".")[0] == PACKAGE.name


def _drop_docstring(node):
    node.body = [
        statement
        for statement in node.body
        if not (
            isinstance(statement, ast.Expr)
            and isinstance(statement.value, ast.Constant)
            and isinstance(statement.value.value, str)
        )
    ]


def _module_path(name: str) -> Path:
    """File of a dotted module name inside the package. Raises ModuleNotFoundError where there is none."""
    path = _file(name)
    if path is None:
        raise ModuleNotFoundError(f"{name}: no such module in {PACKAGE}; a digest of sources names it")
    return path


def _file(name: str) -> Path | None:
    base = PACKAGE.parent.joinpath(*name.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None
