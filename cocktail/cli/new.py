"""`cocktail new`: a working plugin to start from."""

import keyword
import os
import re
from pathlib import Path

import click

from cocktail.errors import CocktailError, nearest


@click.command(short_help="Write a working plugin to start from.")
@click.argument("name")
@click.option("--learned", is_flag=True, help="A network that is trained, instead of a spectral gate.")
@click.option("--family", help="Folder of methods/ to write to [spectral; networks with --learned].")
@click.option(
    "--methods",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder of plugins to write to instead; it is made if it is not there.",
)
def command(name, learned, family, folder):
    """Write a working plugin to start from, in one file, and its row in the methods.yaml beside it.

    It is a spectral gate that follows the noise, or with --learned a network of 30 lines, which trains in a minute in
    `quick`: how large it is stands under `sizes`. NAME is what the leaderboard will show, such as `my-gate`; the file
    is my_gate.py. In a suite that has run, only the jobs of the new method run.

    \b
      cocktail new my-gate
      cocktail check my-gate
      cocktail run quick
      cocktail new my-net --learned --methods ./my_methods
      cocktail run quick --methods ./my_methods
    """
    path, rows = create(name, folder, family=family, learned=learned)
    option = f" --methods {_with_slash(folder)}" if folder else ""
    click.echo(f"{path}: written\n{rows}: one row added\nNext: cocktail check {name}{option}")
    click.echo(f"Then: cocktail run quick{option}, and cocktail leaderboard quick")


def create(
    name: str, folder: Path | None = None, family: str | None = None, *, learned: bool = False
) -> tuple[Path, Path]:
    """Write the plugin and its row; returns both files. Raises CocktailError where the name is taken or unfit."""
    from cocktail import ROOT
    from cocktail.plugins.registry import Registry, families
    from cocktail.plugins.templates import GATE, NETWORK, with_row
    from cocktail.text import read_text

    plugin = name.replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", name) or keyword.iskeyword(plugin):
        raise CocktailError(
            f"'{name}' cannot be a method: a small letter, then small letters, digits and hyphens, as in 'my-gate'"
        )
    if folder and family:
        raise CocktailError("--family is a folder of methods/, and --methods another one: choose one of them")
    registry = Registry([folder] if folder and folder.is_dir() else [])
    if name in registry.entries or plugin in registry.plugins:
        raise CocktailError(f"there is a method '{name}' already; see `cocktail list methods`")
    template = NETWORK if learned else GATE
    family, known = family or template.family, [path.name for path in families()]
    if not folder and family not in known:
        raise CocktailError(f"unknown family '{family}'{nearest(family, known)} (families: {', '.join(known)})")
    path = (folder or ROOT / "methods" / family) / f"{plugin}.py"
    rows = path.parent / "methods.yaml"
    text = with_row(read_text(rows) if rows.exists() else "", name, plugin, template.sizes)
    words = re.split("[-_]", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        template.code.format(title=" ".join(words).capitalize(), cls="".join(word.capitalize() for word in words))
    )
    rows.write_text(text)
    return path, rows


def _with_slash(folder: Path) -> str:
    """A folder as `cocktail run --methods` knows it from a name."""
    return str(folder) if os.sep in str(folder) else f"./{folder}"
