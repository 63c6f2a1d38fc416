"""Published figures beside ours, in the terminal."""

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.text import Text

from cocktail.boards.cells import higher_is_better
from cocktail.boards.leaderboard import read_board
from cocktail.boards.published import Figure, beside
from cocktail.report.figures import digits, figure, headed
from cocktail.report.terminal import new_table, wide_console


def show_suite(config: dict, folder: Path, *, condition: str | None = None, metric: str | None = None) -> None:
    """`show` what was published on the corpora of a suite that has run; of one condition or metric, or of all."""
    chosen = [
        figure
        for figure in beside(config, read_board(folder / "leaderboard.csv"))
        if metric in (None, figure.metric) and condition in (None, figure.condition or condition)
    ]
    show(chosen)


def show(figures: Iterable[Figure], *, console: Console | None = None) -> None:
    """Print one table for each corpus and metric, the best published figure first; nothing where there are none."""
    console = console or wide_console()
    tables: dict[tuple[str, str], list[Figure]] = {}
    for row in figures:
        tables.setdefault((row.corpus, row.metric), []).append(row)
    for (corpus, metric), rows in sorted(tables.items()):
        console.print(_table(corpus, metric, rows))
        console.print()


def _table(corpus, metric, rows):
    higher = higher_is_better(metric)
    table = new_table(f"Published on {corpus}: {headed(metric)}")
    for column in ("system", "entry"):
        table.add_column(column)
    for column in ("published", "ours", "difference"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("source")
    for row in sorted(rows, key=lambda row: (-row.published if higher else row.published, row.system)):
        ours = "–" if row.ours is None else f"{figure(row.ours, metric)} ({row.n_ok})"
        difference = "" if row.ours is None else f"{row.ours - row.published:+.{digits(metric)}f}"
        names, published = (Text(row.system), Text(row.entry or "")), figure(row.published, metric)
        table.add_row(*names, published, ours, difference, Text(row.source))
    return table
