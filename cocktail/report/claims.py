"""The verdicts on the claims in the terminal."""

from rich.console import Console
from rich.text import Text

from cocktail.boards import wide as wider
from cocktail.boards.cells import definition
from cocktail.boards.verdicts import FAILS, HOLDS, NOT_RUN, OPEN, tally
from cocktail.report.terminal import new_table, wide_console

STYLES = {HOLDS: "green", FAILS: "red", OPEN: "yellow", NOT_RUN: "dim"}


def show(rows: list[dict], *, everything: bool = True, wide: bool = False, console: Console | None = None) -> None:
    """Print the rows that `verdicts.judge` made, with a count of each verdict.

    `everything`: also those `not run`; `wide`: also the intervals over kinds of noise and speakers.
    """
    console = console or wide_console()
    shown = [row for row in judged_first(rows) if everything or row["verdict"] != NOT_RUN]
    table = new_table("Claims")
    table.add_column("verdict", no_wrap=True)
    table.add_column("claim", ratio=5)
    table.add_column("compared", ratio=5)
    table.add_column("difference", justify="right", no_wrap=True)
    if wide:
        table.add_column("over noises and speakers", justify="right")
    table.add_column("n", justify="right", no_wrap=True)
    said = None
    for row in shown:
        text = row["text"] if row["claim"] != said else ""
        said = row["claim"]
        others = [wide_interval(row)] if wide else []
        line = [row["verdict"], text, _compared(row), difference(row), *others, str(row["n_scenes"] or "–")]
        style = STYLES[row["verdict"]]
        table.add_row(
            Text(line[0], style=style), *(Text(part, style="dim" if style == "dim" else "") for part in line[1:])
        )
    if shown:
        console.print(table)
    counts = ", ".join(f"{verdict} {number}" for verdict, number in tally(rows).items() if number)
    about = ". Those over noises and speakers are about others, too" if wide else "; --wide for one about others, too"
    scenes = "95 % intervals over scenes, for these noises and speakers alone"
    note = f"A difference above 0 speaks for the claim; {scenes}{about}."
    console.print(Text(f"Claims: {counts}. {note}", style="dim"))


def judged_first(rows: list[dict]) -> list[dict]:
    """The rows in their order, those `not run` last."""
    return sorted(rows, key=lambda row: row["verdict"] == NOT_RUN)


def _compared(row) -> str:
    where = f"{row['metric']}, {row['conditions'].replace('+', ', ')}"
    reason = f": {row['reason']}" if row["reason"] else ""
    return f"{row['better']} over {row['worse']} ({where}){reason}"


def difference(row: dict) -> str:
    """`+1.24 dB [0.80, 1.71]`, positive where the claim is right; with the margin below 0 that it may reach, if any."""
    if row["difference"] is None:
        return "–"
    metric = definition(row["metric"].split(" to ")[0])
    digits, unit = _digits(row), f" {metric.unit}" if metric.unit else ""
    margin = f", margin {row['margin']:g}" if row["margin"] else ""
    return f"{row['difference']:+.{digits}f}{unit} [{row['ci_low']:.{digits}f}, {row['ci_high']:.{digits}f}]{margin}"


def wide_interval(row: dict) -> str:
    """`[-0.31, 2.80] 5 noises, 12 speakers`: what is resampled; or why there is none."""
    if row["wide_low"] is None:
        return "–" if row["difference"] is None else f"none: {wider.lacking(row)}"
    digits = _digits(row)
    counts = [f"{row[f'n_{what}']} {what}" for what in ("noises", "speakers") if row[f"n_{what}"] > 1]
    return f"[{row['wide_low']:.{digits}f}, {row['wide_high']:.{digits}f}] {', '.join(counts)}"


def _digits(row) -> int:
    size = max(abs(row[name]) for name in ("difference", "ci_low", "ci_high"))
    return 1 if size >= 10 else 2 if size >= 0.1 else 3
