"""`cocktail corpora`: whether a published corpus is complete, and downloads of free ones."""

import sys
from pathlib import Path

import click

from cocktail.cli._options import json_option, print_rows

MAX_MISSING = 5
"""Missing files of a part that are listed by name, at most."""


@click.group(short_help="Check or download a published corpus.")
def command():
    """Check or download a corpus that others publish (`cocktail list corpora`).

    \b
      cocktail corpora check librispeech ~/LibriSpeech
      cocktail corpora download demand ~/DEMAND --part TBUS
    """


@command.command()
@click.argument("name")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--decode", is_flag=True, help="Decode every file too, which takes long, and name those that are broken.")
@json_option
def check(name, path, decode, as_json):
    """Say which parts of the corpus NAME are complete in the folder PATH, what is missing, and where to get it.

    PATH is $COCKTAIL_DATA/NAME unless given. The status is 1 if a part is incomplete or none is there.

    \b
      cocktail corpora check voicebank-demand ~/VoiceBank
      cocktail corpora check timit ~/TIMIT --decode
    """
    from cocktail.corpora import completeness
    from cocktail.corpora.adapters import published

    corpus = published(name)
    path = _folder(corpus, path)
    parts = completeness.inspect(corpus, path, decode)
    print_rows([_row(part) for part in parts], corpus.name, as_json)
    if not as_json:
        _explain(corpus, parts, path)
    if not path.is_dir():
        click.echo(f"{path}: no such folder", err=True)
    states = {part.state for part in parts}
    if completeness.INCOMPLETE in states or states == {completeness.ABSENT}:
        raise click.exceptions.Exit(1)


@command.command()
@click.argument("name")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--part", "parts", multiple=True, help="A part (may be repeated); default those that a suite reads.")
def download(name, path, parts):
    """Download parts of the free corpus NAME into the folder PATH, and unpack them.

    An interrupted download is resumed; what is complete is left alone. PATH is $COCKTAIL_DATA/NAME unless given.

    \b
      cocktail corpora download librispeech ~/corpora --part dev-clean
    """
    from cocktail.corpora import completeness
    from cocktail.corpora.adapters import published
    from cocktail.corpora.download import download as fetch
    from cocktail.corpora.download import place
    from cocktail.errors import CocktailError, nearest

    corpus = published(name)
    path = corpus.above(_folder(corpus, path))
    known = [part.name for part in corpus.parts]
    for part in parts:
        if part not in known:
            raise CocktailError(f"{name} has no part '{part}'{nearest(part, known)} (it has {', '.join(known)})")
    wanted = parts or corpus.default or known
    states = {part.part: part.state for part in completeness.inspect(corpus, path) if part.part.name in wanted}
    needed = [
        part
        for part, state in states.items()
        if state in (completeness.ABSENT, completeness.INCOMPLETE)
        or any(place(corpus, archive, path).exists() for archive in part.archives)
    ]
    for archive in dict.fromkeys(archive for part in needed for archive in part.archives):
        if archive.md5 is None:
            click.echo(f"{archive.url}: no checksum is known; only the archive's own integrity was checked")
    fetch(corpus, needed, path, _progress())
    click.echo(f"{corpus.title}\nlicence: {corpus.licence}; {corpus.home}")


def _folder(corpus, path):
    from cocktail.corpora.folder import expand

    return expand(str(path) if path is not None else corpus.path)


def _row(report):
    part = report.part
    return {
        "part": part.name,
        "split": part.split,
        "files": report.files,
        "published": part.files,
        "state": report.state,
        "free": "yes" if part.archives else "",
    }


def _explain(corpus, parts, path):
    """What is wrong with parts that are there; where to get those that are not."""
    from cocktail.corpora.completeness import ABSENT, INCOMPLETE
    from cocktail.errors import shortened

    for part in parts:
        missing = shortened([f"missing: {file}" for file in part.missing], MAX_MISSING)
        for line in [*missing, *part.problems]:
            click.echo(f"{part.part.name}: {line}")
    click.echo(f"\n{corpus.title}\nin {corpus.root(path)}; from {corpus.home}; licence: {corpus.licence}")
    click.echo(corpus.note)
    needed = [part.part for part in parts if part.state in (ABSENT, INCOMPLETE) and part.part.archives]
    if needed:
        click.echo(f"To download it: cocktail corpora download {corpus.name} {path} --part {needed[0].name}")


def _progress():
    """Show a download's progress on one line of the terminal; nothing if the output is no terminal."""
    if not sys.stderr.isatty():
        return None

    def show(name, done, total):
        share = f" of {total / 1e6:.0f}" if total else ""
        click.echo(f"\r{name}: {done / 1e6:.0f}{share} MB", err=True, nl=done == total)

    return show
