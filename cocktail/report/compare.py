"""Two results, or two entries, side by side in the terminal: a table per condition, below it what is not compared."""

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


def show(
    rows: list[dict],
    *,
    names: tuple[str, str],
    of_entries: bool = False,
    everything: bool = False,
    console: Console | None = None,
) -> None:
    """Print the rows that `compare.compare` made of the results `names`; without those that are the same.

    `of_entries`: they are those of `compare.compare_entries`, and `names` the entries; all are shown.
    """
    console = console or wide_console()
    everything = everything or of_entries
    a, b = names
    console.print(Text(f"Differences: {b} less {a}\n" if of_entries else f"A: {a}\nB: {b}\n"))
    for condition in dict.fromkeys(row["condition"] for row in rows):
        here = [row for row in rows if row["condition"] == condition]
        shown = [row for row in here if row["difference"] is not None and (everything or row["verdict"] != SAME)]
        if shown:
            console.print(_table(condition, shown, names if of_entries else None))
        for text in _notes(condition, here, everything):
            console.print(Text(text, style="dim"))
        console.print()
    console.print(Text(_legend(rows, of_entries), style="dim"))


def _table(condition, rows, entries):
    """`entries`: names of the two that are compared; None where the rows are of several."""
    table = Table(title=Text(condition), title_justify="left", title_style="bold", box=None, padding=(0, 1))
    a, b = entries or ("A", "B")
    for name in ("metric",) if entries else ("metric", "entry"):
        table.add_column(name, no_wrap=True)
    for name in (a, b, "difference" if entries else "B - A", "95 % interval", "n"):
        table.add_column(Text(name), justify="right", no_wrap=True)
    table.add_column(Text(f"{b} is"), no_wrap=True)
    said = None
    for row in rows:
        arrow = "↑" if higher_is_better(row["metric"]) else "↓"
        metric = f"{row['metric']} {arrow}" if row["metric"] != said else ""
        said = row["metric"]
        shown = digits(row["metric"])
        interval = "–" if row["ci_low"] is None else f"{row['ci_low']:+.{shown}f} to {row['ci_high']:+.{shown}f}"
        figures = [f"{row['a']:.{shown}f}", f"{row['b']:.{shown}f}", f"{row['difference']:+.{shown}f}"]
        count = str(row["n_a"]) if row["paired"] else f"{row['n_a']}, {row['n_b']}"
        line = [metric, *([] if entries else [row["entry"]]), *figures, interval, count, row["verdict"]]
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


def _legend(rows, of_entries):
    verdicts = [row["verdict"] for row in rows]
    counts = [
        f"{name} {verdicts.count(name)}" for name in (BETTER, WORSE, OPEN, SAME, NOT_COMPARED) if name in verdicts
    ]
    how = {row["paired"] for row in rows if row["paired"] is not None}
    of = " on the same scenes" if how == {True} else " on scenes of their own" if how == {False} else ""
    corrected = "" if of_entries else ", with Holm's correction for the entries of a condition and metric"
    return f"{', '.join(counts)}. Tests at 5 %{of}{corrected}."
