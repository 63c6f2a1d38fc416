"""Two results side by side in the terminal: one table per condition, and below it what could not be compared."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cocktail.boards.cells import higher_is_better
from cocktail.boards.compare import BETTER, NOT_COMPARED, OPEN, SAME, WORSE
from cocktail.report.figures import digits
from cocktail.report.terminal import wide_console

NAMED = 4
"""Entries that a note names."""
STYLES = {BETTER: "green", WORSE: "red", OPEN: "", SAME: "dim"}


def show(rows: list[dict], *, names: tuple[str, str], everything: bool = False, console: Console | None = None) -> None:
    """Print the rows that `compare.compare` made of the results `names`; without those that are the same."""
    console = console or wide_console()
    console.print(Text(f"A: {names[0]}\nB: {names[1]}\n"))
    for condition in dict.fromkeys(row["condition"] for row in rows):
        here = [row for row in rows if row["condition"] == condition]
        shown = [row for row in here if row["difference"] is not None and (everything or row["verdict"] != SAME)]
        if shown:
            console.print(_table(condition, shown))
        for text in _notes(condition, here, everything):
            console.print(Text(text, style="dim"))
        console.print()
    console.print(Text(_legend(rows), style="dim"))


def _table(condition, rows):
    table = Table(title=Text(condition), title_justify="left", title_style="bold", box=None, padding=(0, 1))
    for name in ("metric", "entry"):
        table.add_column(name, no_wrap=True)
    for name in ("A", "B", "B - A", "95 % interval", "n"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("B is", no_wrap=True)
    said = None
    for row in rows:
        arrow = "↑" if higher_is_better(row["metric"]) else "↓"
        metric = f"{row['metric']} {arrow}" if row["metric"] != said else ""
        said = row["metric"]
        shown = digits(row["metric"])
        interval = "–" if row["ci_low"] is None else f"{row['ci_low']:+.{shown}f} to {row['ci_high']:+.{shown}f}"
        figures = [f"{row['a']:.{shown}f}", f"{row['b']:.{shown}f}", f"{row['difference']:+.{shown}f}"]
        count = str(row["n_a"]) if row["paired"] else f"{row['n_a']}, {row['n_b']}"
        line = [metric, row["entry"], *figures, interval, count, row["verdict"]]
        table.add_row(*(Text(text) for text in line[:-1]), Text(line[-1], style=STYLES[row["verdict"]]))
    return table


def _notes(condition, rows, everything):
    """What the table leaves out: each reason once, with whom it concerns."""
    same = sum(row["verdict"] == SAME for row in rows)
    if same and not everything:
        yield f"{condition}: {same} figures are the same in both"
    concerned: dict[str, list[str]] = {}
    for row in rows:
        if row["verdict"] == NOT_COMPARED:
            concerned.setdefault(row["reason"], []).append(row["entry"] or row["metric"] or "")
    for reason, who in concerned.items():
        more = f" and {len(who) - NAMED} more" if len(who) > NAMED else ""
        yield f"{condition}: not compared: {reason}{': ' if any(who) else ''}{', '.join(who[:NAMED])}{more}"


def _legend(rows):
    verdicts = [row["verdict"] for row in rows]
    counts = [
        f"{name} {verdicts.count(name)}" for name in (BETTER, WORSE, OPEN, SAME, NOT_COMPARED) if name in verdicts
    ]
    how = {row["paired"] for row in rows if row["paired"] is not None}
    of = " on the same scenes" if how == {True} else " on scenes of their own" if how == {False} else ""
    return f"{', '.join(counts)}. Tests at 5 %{of}, with Holm's correction for the entries of a condition and metric."
