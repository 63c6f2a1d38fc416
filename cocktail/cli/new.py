"""`cocktail new`: a working plugin to start from."""

import keyword
import re
from pathlib import Path

import click

from cocktail.cli._options import methods_option
from cocktail.errors import CocktailError, nearest

TEMPLATE = '''"""{title}: keep the loud bins of each frame, attenuate the others.

A. Author, "Title of the paper", journal, year 2000; "Eq. (n)" below refers to it.
Deviations: none.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.method import Method
from cocktail.stft import istft, stft


@dataclass(frozen=True)
class {cls}(Method):
    causal = True
    threshold_db: float = -30.0
    floor_db: float = -15.0

    def __call__(self, mixture, view):
        """mixture (D channels, N samples) -> estimate (1, N)."""
        Y = stft(mixture[:1])
        loudest = np.abs(Y).max(axis=-2, keepdims=True)
        keep = np.abs(Y) > 10 ** (self.threshold_db / 20) * loudest
        return istft(np.where(keep, 1.0, 10 ** (self.floor_db / 20)) * Y, mixture.shape[-1])
'''


@click.command(short_help="Write a working plugin to start from.")
@click.argument("name")
@click.option("--family", default="spectral", show_default=True, help="Folder of methods/ to write to.")
@click.option("--dir", "folder", type=click.Path(file_okay=False, path_type=Path), help="Folder to write to instead.")
@methods_option
def command(name, family, folder, folders):
    """Write a working plugin to start from: a spectral gate in one file, and its row in methods.yaml.

    NAME is what the leaderboard will show, such as `my-gate`; the file is my_gate.py. In a suite that has run, only
    the jobs of the new method run.

    \b
      cocktail new my-gate
      cocktail check my-gate
      cocktail run quick
    """
    path, rows = create(name, folder, folders, family=family)
    option = f" --methods {folder}" if folder else ""
    click.echo(f"{path}: written\n{rows}: one row added\nNext: cocktail check {name}{option}")


def create(name: str, folder: Path | None = None, folders=(), family: str = "spectral") -> tuple[Path, Path]:
    """Write the plugin and its row; returns both files. Raises CocktailError where the name is taken or unfit."""
    from cocktail import ROOT
    from cocktail.plugins.registry import Registry, families

    plugin = name.replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", name) or keyword.iskeyword(plugin):
        raise CocktailError(f"'{name}' cannot be a method: small letters, digits and hyphens, as in 'my-gate'")
    registry = Registry([*folders, *([folder] if folder and folder.is_dir() else [])])
    if name in registry.entries or plugin in registry.plugins:
        raise CocktailError(f"there is a method '{name}' already; see `cocktail list methods`")
    known = [path.name for path in families()]
    if not folder and family not in known:
        raise CocktailError(f"unknown family '{family}'{nearest(family, known)} (families: {', '.join(known)})")
    path = (folder or ROOT / "methods" / family) / f"{plugin}.py"
    rows = path.parent / "methods.yaml"
    words = re.split("[-_]", name)
    text = TEMPLATE.format(title=" ".join(words).capitalize(), cls="".join(word.capitalize() for word in words))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    _append(rows, f"{name}: {{}}")
    return path, rows


def _append(path, line):
    text = path.read_text() if path.exists() else ""
    path.write_text(text + ("" if text.endswith("\n") or not text else "\n") + line + "\n")
