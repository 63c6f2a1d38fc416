"""Options and output that several commands share."""

import contextlib
import json
import math
from collections.abc import Collection
from pathlib import Path

import click

from cocktail.errors import CocktailError, escaped
from cocktail.workflow.files import SCORED, TEST, board_folder

methods_option = click.option(
    "--methods",
    "folders",
    multiple=True,
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Another folder of plugins, besides methods/ (may be repeated).",
)

split_option = click.option(
    "--split",
    type=click.Choice(SCORED),
    default=TEST,
    show_default=True,
    help="Test scenes, or `valid`: development scenes, to tune on.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


def say_notes(plan) -> None:
    """Print what may not be as the user thinks (cocktail.workflow.plan.Plan.notes) on standard error."""
    unscored = f"no development scenes, since the speakers are known from training: {', '.join(plan.unscored)}"
    for note in [*plan.notes, *([unscored] if plan.unscored else [])]:
        click.secho(f"Note: {note}", fg="yellow", err=True)


def say_low_rates(config: dict) -> None:
    """Print on standard error which recordings of the suite's corpora have a lower rate than its scenes."""
    from cocktail.corpora import adapters

    for kind, parts in config["corpora"].items():
        for part in parts:
            if note := adapters.low_rates(part, kind, config["fs"]):
                click.secho(f"Note: {kind} of {adapters.source(part)}: {note}.", fg="yellow", err=True)


def say_narrow(config: dict) -> None:
    """Print on standard error which recordings that a suite was made of leave an upper part of its band empty."""
    from cocktail import tables
    from cocktail.corpora.coverage import narrow

    for kind in ("speech", "noise"):
        table = Path(config["results"]) / config["suite"] / "corpora" / f"{kind}.parquet"
        columns = ["split", "cutoff_hz", *(["speaker"] if kind == "speech" else [])]
        with contextlib.suppress(CocktailError):  # tables that lie in a storage, or are to be made anew
            for note in narrow(tables.read_rows(table, columns), config["fs"]):
                click.secho(f"Note: {note}.", fg="yellow", err=True)


def say_detection(config: dict, metrics: Collection[str]) -> None:
    """Print on standard error what error rates of detection are worth, where such are among the `metrics` shown and the
    suite's models learn from synthesised speech.
    """
    from cocktail.report.training import detection_line

    if line := detection_line(metrics, config["corpora"]["speech"]):
        click.secho(f"Note: {line}", fg="yellow", err=True)


def metrics_of(folder: Path, conditions: Collection[str] | None = None) -> set[str]:
    """Metrics of the boards in `folder`, of some conditions or of all."""
    from cocktail.boards.leaderboard import read_board

    board = read_board(folder / "leaderboard.csv")
    return {row["metric"] for row in board if conditions is None or row["condition"] in conditions}


WIDTH_OF_A_FILE = 160
"""Width of a table that goes to a file or a pipe, in characters."""

LONG = ("summary", "implementation", "citation", "error", "parameters", "of", "reason", "options", "entries")
"""Columns that may wrap."""


def counted(number: int, one: str, many: str = "") -> str:
    """`1 condition`, `2 conditions`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def said_split(split: str) -> str:
    """The option as it stands behind a command."""
    return f" --split {split}" if split != TEST else ""


def say_development(split: str) -> None:
    """Print on standard error that figures are of development scenes, where they are."""
    from cocktail.report.partial import DEVELOPMENT

    if split != TEST:
        click.secho(DEVELOPMENT, fg="yellow", err=True)


def print_rows(rows: list[dict], title: str, as_json: bool, hide: tuple[str, ...] = ()) -> None:
    """Dictionaries with the same keys, as a table on the terminal or as JSON.

    The table leaves out columns that are empty and those in `hide`; the JSON has everything.
    """
    if as_json:
        click.echo(json.dumps(rows, indent=2, default=str))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    keys = [key for key in (rows[0] if rows else ()) if key not in hide and any(row[key] for row in rows)]
    table = Table(
        title=title, title_justify="left", header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for key in keys:
        table.add_column(key, overflow="fold", no_wrap=key not in LONG)
    for row in rows:
        table.add_row(*(Text(_plain(row[key]), style="red" if key == "error" else "") for key in keys))
    console = Console()
    (console if console.is_terminal else Console(width=WIDTH_OF_A_FILE)).print(table)


def results_folder(where: str, split: str = TEST) -> Path:
    """Folder of a suite's boards, or `where` itself if it is a folder. Raises CocktailError for an unknown suite."""
    from cocktail.workflow.suite import load_suite

    return Path(where) if Path(where).is_dir() else board_folder(load_suite(where, {"split": split}))


@contextlib.contextmanager
def writing_audio(path: Path, fs: int, **options):
    """`audio.writing`, with the folders above the file; says so where FLAC clipped what reached full scale."""
    from cocktail import audio

    path.parent.mkdir(parents=True, exist_ok=True)
    with audio.writing(path, fs, **options) as file:
        yield file
    if file.clipped:
        click.echo(
            f"{path}: {file.clipped} samples clipped, the peak is {file.peak:.3g}; a .wav file holds them", err=True
        )


def write_audio(path: Path, samples, fs: int) -> None:
    """A whole file of (D, N), see `writing_audio`."""
    with writing_audio(path, fs, channels=len(samples), n_samples=samples.shape[-1]) as file:
        file.write(samples)


class Number(click.FloatRange):
    """A finite number in a range."""

    name = "number"

    def convert(self, value, param, ctx):
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


def _plain(value) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and len(value) == 2 and all(isinstance(item, int | float) for item in value):
        return f"{value[0]} to {value[1]}"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}={_plain(item)}" for key, item in value.items())
    return escaped(str(value))
