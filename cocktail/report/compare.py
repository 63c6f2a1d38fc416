"""Two results, or two entries, side by side in the terminal: a table per condition, below it what is not compared."""

from rich.console import Console
from rich.text import Text

from cocktail.boards import wide
from cocktail.boards.compare import BETTER, NOT_COMPARED, OPEN, SAME, WORSE
from cocktail.errors import few
from cocktail.report.figures import digits, headed
from cocktail.report.terminal import new_table, wide_console

WIDE = (
    "95 % intervals and tests are over scenes: they hold for these kinds of noise and these speakers alone. Those over "
    "noises and speakers are about others, too."
)
RANKED = ("rank A", "rank B", "climbs")
STYLES = {BETTER: "green", WORSE: "red", OPEN: "", SAME: "dim", NOT_COMPARED: "dim"}


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
    wider = bool(rows) and set(wide.COLUMNS) <= set(rows[0])
    a, b = names
    console.print(Text(f"Differences: {b} less {a}\n" if of_entries else f"A: {a}\nB: {b}\n"))
    for condition in dict.fromkeys(row["condition"] for row in rows):
        here = [row for row in rows if row["condition"] == condition]
        shown = [row for row in here if row["difference"] is not None and (everything or row["verdict"] != SAME)]
        if shown:
            console.print(_table(condition, shown, names if of_entries else None, wider))
        for text in (
            *_order(here),
            *_notes(condition, here, everything),
            *(_narrow(condition, shown) if wider else ()),
        ):
            console.print(Text(text, style="dim"))
        console.print()
    console.print(Text(_legend(rows, of_entries), style="dim"))
    if wider:
        console.print(Text(WIDE, style="dim"))


def _table(condition, rows, entries, wider):
    """`entries`: names of the two that are compared; None where the rows are of several."""
    table = new_table(condition)
    a, b = entries or ("A", "B")
    for name in ("metric",) if entries else ("metric", "entry"):
        table.add_column(name, no_wrap=True)
    others = ("over noises\nand speakers",) if wider else ()
    ranked = RANKED if any(row["rank_a"] for row in rows) else ()
    for name in (a, b, "difference" if entries else "B - A", "95 % interval", *others, "n", *ranked):
        table.add_column(Text(name), justify="right", no_wrap=True)
    table.add_column(Text(f"{b} is"), no_wrap=True)
    said = None
    for row in rows:
        metric = headed(row["metric"]) if row["metric"] != said else ""
        said = row["metric"]
        shown = digits(row["metric"])
        ends = [("ci_low", "ci_high"), *([("wide_low", "wide_high")] if wider else [])]
        intervals = [_interval(row[low], row[high], shown) for low, high in ends]
        figures = [f"{row['a']:.{shown}f}", f"{row['b']:.{shown}f}", f"{row['difference']:+.{shown}f}"]
        count = str(row["n_a"]) if row["paired"] else f"{row['n_a']}, {row['n_b']}"
        places = _places(row)[: len(ranked)]
        line = [metric, *([] if entries else [row["entry"]]), *figures, *intervals, count, *places, row["verdict"]]
        table.add_row(*(Text(text) for text in line[:-1]), Text(line[-1], style=STYLES[row["verdict"]]))
    return table


def _places(row):
    """What stands in the columns RANKED."""
    if row["rank_a"] is None:
        return ["–"] * len(RANKED)
    return [str(row["rank_a"]), str(row["rank_b"]), f"{row['climbs']:+d}" if row["climbs"] else "="]


def _interval(low, high, digits):
    return "–" if low is None else f"{low:+.{digits}f} to {high:+.{digits}f}"


def _order(rows):
    """How well both sides agree on the order of the entries, a line a metric."""
    for metric in dict.fromkeys(row["metric"] for row in rows if row["rank_a"] is not None):
        ranked = [row for row in rows if row["metric"] == metric and row["rank_a"] is not None]
        yield f"{headed(metric)}: order of {len(ranked)} entries in A and B: {_agreement(ranked)}{_moved(ranked)}"


def _agreement(ranked):
    row, pairs = ranked[0], len(ranked) * (len(ranked) - 1) // 2
    tau, low, high = (row[name] for name in ("tau", "tau_low", "tau_high"))
    within = "" if low is None else f" ({_interval(low, high, 2)})"
    said = "no tau, all are equal" if tau is None else f"Kendall's tau {tau:+.2f}{within}"
    kept, turned = row["pairs_kept"], row["pairs_reversed"]
    return f"{said}; told apart in both: {kept + turned} of {pairs} pairs, {turned} of them reversed"


def _moved(ranked):
    most = max(ranked, key=lambda row: abs(row["climbs"]))
    return f"; {most['entry']} moves most, from {most['rank_a']} to {most['rank_b']}" if most["climbs"] else ""


def _narrow(condition, rows):
    """Why rows with an interval over scenes have none over noises and speakers, each reason once."""
    lacking = [row for row in rows if row["ci_low"] is not None and row["wide_low"] is None]
    for reason in dict.fromkeys(map(wide.lacking, lacking)):
        yield f"{condition}: no interval over noises and speakers: {reason}"


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
        yield f"{condition}: not compared: {reason}{': ' if any(who) else ''}{few(who)}"


def _legend(rows, of_entries):
    verdicts = [row["verdict"] for row in rows]
    counts = [
        f"{name} {verdicts.count(name)}" for name in (BETTER, WORSE, OPEN, SAME, NOT_COMPARED) if name in verdicts
    ]
    how = {row["paired"] for row in rows if row["paired"] is not None}
    of = " on the same scenes" if how == {True} else " on scenes of their own" if how == {False} else ""
    corrected = "" if of_entries else ", with Holm's correction for the entries of a condition and metric"
    return f"{', '.join(counts)}. Tests at 5 %{of}{corrected}."
