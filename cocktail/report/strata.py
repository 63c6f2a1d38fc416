"""A metric by what was drawn for the scenes, in the terminal: one table per condition, strata from left to right."""

from rich.console import Console
from rich.text import Text

from cocktail.boards.cells import higher_is_better
from cocktail.report.figures import figure, headed
from cocktail.report.terminal import new_table, wide_console


def show(rows: list[dict], *, metric: str, by: str, console: Console | None = None) -> None:
    """Print the rows that `strata.by_stratum` made, each entry a line, the best first."""
    console = console or wide_console()
    for condition in dict.fromkeys(row["condition"] for row in rows):
        here = [row for row in rows if row["condition"] == condition]
        console.print(_table(condition, here, metric, by))
        console.print()
    console.print(
        Text("Half of 95 % bootstrap intervals; (n) scenes in the stratum, or n/total finished.", style="dim")
    )


def _table(condition, rows, metric, by):
    table = new_table(f"{condition}: {headed(metric)} by {by}")
    table.add_column("entry", no_wrap=True)
    strata = {row["stratum"]: row["n_total"] for row in rows if row["n_total"]}
    for name, n_scenes in strata.items():
        table.add_column(f"{name} ({n_scenes})", justify="right", no_wrap=True)
    cells = {(row["entry"], row["stratum"]): row for row in rows}
    for entry in _ordered(rows, metric):
        table.add_row(entry, *(_figure(cells[entry, name], metric) for name in strata))
    return table


def _ordered(rows, metric):
    """Entries by the mean of their figures, the best first, those without any last."""
    figures = {}
    for row in rows:
        of_entry = figures.setdefault(row["entry"], [])
        if row["value"] is not None:
            of_entry.append(row["value"])
    sign = -1 if higher_is_better(metric) else 1
    return sorted(figures, key=lambda e: (sign * sum(figures[e]) / len(figures[e]) if figures[e] else float("inf"), e))


def _figure(row, metric):
    if row["value"] is None:
        return "–"
    half = "" if row["ci_low"] is None else f" ±{figure((row['ci_high'] - row['ci_low']) / 2, metric)}"
    finished = "" if row["n_ok"] == row["n_total"] else f" {row['n_ok']}/{row['n_total']}"
    return f"{figure(row['value'], metric)}{half}{finished}"
