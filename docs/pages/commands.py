"""What `cocktail ... --help` prints, of every command."""

import click

from cocktail.cli import main
from pages.markdown import block, code, page

WIDTH = 88
"""Columns that a page has room for."""


def pages() -> dict[str, str]:
    """The page of all commands."""
    parts = [part for names, command in _commands("cocktail", main) for part in _command(names, command)]
    return {"reference/commands.md": page("# Commands", *parts)}


def _commands(names, command):
    yield names, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from _commands(f"{names} {name}", command.get_command(context, name))


def _command(names, command):
    context = click.Context(command, info_name=names, terminal_width=WIDTH, max_content_width=WIDTH)
    yield f"## {code(names)} {{ #{names.replace(' ', '-')} }}"
    yield block(command.get_help(context), "text")
