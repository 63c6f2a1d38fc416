"""The verdicts on the claims in the terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cocktail.boards.verdicts import FAILS, HOLDS, NOT_RUN, OPEN, tally
from cocktail.metrics.catalogue import METRICS
from cocktail.report.terminal import wide_console

STYLES = {HOLDS: "green", FAILS: "red", OPEN: "yellow", NOT_RUN: "dim"}


def show(rows: list[dict], *, everything: bool = True, console: Console | None = None) -> None:
    """Print the rows that `verdicts.judge` made, with a count of each verdict; without those `not run` at your wish."""
    console = console or wide_console()
    shown = [row for row in rows if everything or row["verdict"] != NOT_RUN]
    table = Table(title=Text("Claims"), title_justify="left", title_style="bold", box=None, padding=(0, 1))
    table.add_column("verdict", no_wrap=True)
    table.add_column("claim", ratio=5)
    table.add_column("compared", ratio=5)
    table.add_column("difference", justify="right", no_wrap=True)
    table.add_column("n", justify="right", no_wrap=True)
    said = None
    for row in shown:
        text = row["text"] if row["claim"] != said else ""
        said = row["claim"]
        line = [row["verdict"], text, _compared(row), _difference(row), str(row["n_scenes"] or "–")]
        style = STYLES[row["verdict"]]
        table.add_row(
            Text(line[0], style=style), *(Text(part, style="dim" if style == "dim" else "") for part in line[1:])
        )
    if shown:
        console.print(table)
    counts = ", ".join(f"{verdict} {number}" for verdict, number in tally(rows).items() if number)
    console.print(Text(f"Claims: {counts}. A difference above 0 speaks for the claim; 95 % intervals.", style="dim"))


def _compared(row) -> str:
    where = f"{row['metric']}, {row['conditions'].replace('+', ', ')}"
    reason = f": {row['reason']}" if row["reason"] else ""
    return f"{row['better']} over {row['worse']} ({where}){reason}"


def _difference(row) -> str:
    """`+1.24 dB [0.80, 1.71]`, positive where the claim is right."""
    if row["difference"] is None:
        return "–"
    metric = row["metric"].split(" to ")[0]
    metric = METRICS.get(metric) or METRICS[metric.removesuffix("_i")]
    size = max(abs(row[name]) for name in ("difference", "ci_low", "ci_high"))
    digits = 1 if size >= 10 else 2 if size >= 0.1 else 3
    low, high = (f"{row[name]:.{digits}f}" for name in ("ci_low", "ci_high"))
    return f"{row['difference']:+.{digits}f}{f' {metric.unit}' if metric.unit else ''} [{low}, {high}]"
