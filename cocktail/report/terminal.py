"""The leaderboard in the terminal: one table per condition, and below it what failed or was skipped, and why."""

from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cocktail import tables
from cocktail.boards.cells import ATTACK, higher_is_better
from cocktail.boards.leaderboard import read_board, read_entries
from cocktail.boards.pending import Pending, read_pending
from cocktail.boards.scores import failed_cells, failures
from cocktail.boards.statistics import MIN_TRIALS
from cocktail.boards.wide import Boards, counted, lacking, others
from cocktail.errors import CocktailError, few, nearest
from cocktail.plugins.imported.entries import FOLDER
from cocktail.report import partial
from cocktail.report.figures import figure, headed, letters

WIDTH = 120
SHOWN = (
    "si_sdr", "si_sdr_i", "sdr", "pesq_wb", "stoi", "wer", "eer_asv", "eer_cm", "auc", "min_tdcf", "cm_rejection",
    "rtf",
)  # fmt: skip
"""Columns of a board, as far as its task has them; then detection by attack, as far as there is room."""
MAX_NOTES = 3
"""Reasons shown per entry, the most frequent first."""


def show_suite(
    folder: Path,
    *,
    split: str = "test",
    conditions: Collection[str] | None = None,
    entries: Collection[str] | None = None,
    **options,
) -> int:
    """`show` for the boards in `folder`; returns how many cells failed (`failed_cells`), of those shown.

    `split`: whose scenes they are of. `conditions`, `entries`: those to show, by default all; ranks are among all.
    """
    board = read_board(Path(folder) / "leaderboard.csv")
    scores = tables.read_table(Path(folder) / "scores.parquet")
    console = options.pop("console", None) or wide_console()
    if split != "test":
        console.print(Text(partial.DEVELOPMENT, style="yellow"), Text(""), sep="\n")
    for column, chosen in {"condition": conditions, "entry": entries}.items():
        if chosen is not None:
            board = [row for row in board if row[column] in chosen]
            scores = scores.filter(pc.is_in(scores[column], pa.array(list(chosen), pa.string())))
    families = {name: card["family"] for name, card in read_entries(Path(folder) / "entries.json").items()}
    show(board, scores, families=families, pending=read_pending(folder), console=console, **options)
    if entries is not None and any(row["rank"] is not None for row in board):
        console.print(Text("Ranks are among all entries of the suite that have run.", style="dim"))
    return len(failed_cells(scores))


def show(
    board: list[dict],
    scores: pa.Table | None = None,
    *,
    families: dict[str, str] | None = None,
    pending: list[Pending] | None = None,
    condition: str | None = None,
    metric: str | None = None,
    headline: Collection[str] = SHOWN,
    wide: Boards | None = None,
    console: Console | None = None,
) -> None:
    """Print the board, of one condition or of all, sorted by `metric` (default: the first headline metric there is).

    `families`: entry -> family, for a column of them. `scores`: what `leaderboard.collect` wrote, for the notes on
    failures. `pending`: what a partial board lacks. `wide`: gives intervals over kinds of noise and speakers. Raises
    CocktailError where the board has no such condition or metric.
    """
    console = console or wide_console()
    if pending is not None:
        console.print(Text(partial.summary(pending), style="yellow"), Text(""), sep="\n")
    conditions = _chosen("condition", condition, {row["condition"] for row in board})
    _chosen("metric", metric, {row["metric"] for row in board})
    reasons = failures(scores) if scores is not None else []
    for name in conditions:
        rows = [row for row in board if row["condition"] == name]
        columns = _columns({row["metric"] for row in rows}, metric, headline)
        here = [row for row in reasons if row["condition"] == name]
        skipped = {row["entry"] for row in here if row["status"] == "skipped"}
        main = [row for row in rows if row["metric"] == columns[0]]
        intervals = wide.of(name, columns[0], main) if wide else {}
        shown = _show_table(console, name, rows, columns, families or {}, skipped, intervals)
        present = {row["metric"] for row in rows}
        to_come = partial.notes(pending or (), name)
        left_out = _left_out(columns[shown:], len(present) - len(columns))
        legend = _legend(rows, columns[0], families or {})
        about = [_about(intervals)] if wide else []
        for note in [*to_come, *left_out, *legend, *_notes(here, present), *about]:
            console.print(Padding(Text(note, style="dim"), (0, 0, 0, 2)))
        console.print()
    absent = sorted({each.condition for each in pending or ()} - {row["condition"] for row in board})
    if absent and condition is None:
        console.print(Text(f"Conditions without any figure yet: {', '.join(absent)}", style="dim"))


def _columns(present, metric, headline):
    by_attack = sorted(name for name in present if ATTACK in name)
    wanted = [name for name in dict.fromkeys([metric, *headline, *by_attack]) if name in present]
    return wanted or sorted(present)[:1]


def _show_table(console, condition, rows, columns, families, skipped, wide):
    """Print the table, without its last columns where the console is too narrow; returns how many it has."""
    for n_columns in range(len(columns), 0, -1):
        table = _table(condition, rows, columns[:n_columns], families, skipped, wide)
        if console.measure(table, options=console.options.update(max_width=10 * WIDTH)).maximum <= console.width:
            break
    console.print(table)
    return n_columns


def _left_out(columns, others):
    """What of a board is not in its table."""
    for_width = f"Left out, as the terminal is too narrow: {', '.join(columns)}." if columns else ""
    further = f"{others} further metric{'s' * (others > 1)}." if others else ""
    if columns or others:
        yield " ".join(filter(None, (for_width, further, "--metric NAME shows one first, --csv has all.")))


def _table(condition, rows, columns, families, skipped, wide):
    """`wide`: entry -> its interval over kinds of noise and speakers, shown behind the first metric if any has one."""
    wider = any(row["wide_low"] is not None for row in wide.values())
    table = new_table(f"{condition}, ranked by {columns[0]}")
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("entry", no_wrap=True)
    if families:
        table.add_column("family", no_wrap=True)
    for name in columns:
        # An attack stands below its metric.
        table.add_column(headed(name).replace(ATTACK, "\n"), justify="right", no_wrap=True)
        if wider and name == columns[0]:
            table.add_column("wide", justify="right", no_wrap=True)
    table.add_column("n", justify="right", no_wrap=True)

    cells = {(row["entry"], row["metric"]): row for row in rows}
    main = [row for row in rows if row["metric"] == columns[0]]
    grouped = _grouped(main)
    for row in _ordered(main, higher_is_better(columns[0])):
        entry = row["entry"]
        figures = [_figure(cells.get((entry, name)), name, interval=name == columns[0]) for name in columns]
        if wider:
            figures.insert(1, _half(wide.get(entry, {}), "wide", columns[0]) or "–")
        count = "skipped" if entry in skipped else f"{row['n_ok']}/{row['n_total']}"
        style = "dim" if row["rank"] is None else "bold" if row["rank"] == 1 else None
        family = [families.get(entry, "")] if families else []
        line = [_place(row, grouped), entry, *family, *figures, count]
        table.add_row(*(Text(text) for text in line), style=style)
    return table


def _legend(rows, metric, families):
    main = [row for row in rows if row["metric"] == metric]
    if _grouped(main):
        yield "Entries that share a letter: not told apart by paired tests at 5 %, corrected for all pairs."
    trials = [row["n_trials"] for row in main if row["n_trials"] and row["rank"] is None]
    if trials and len(trials) == sum(row["n_ok"] > 0 for row in main) and min(trials) < MIN_TRIALS:
        yield f"No ranks by {metric}: {min(trials)} independent trials of a kind, and it takes {MIN_TRIALS}."
    if any(0 < row["n_ok"] < row["n_total"] for row in main):
        yield "Figures are over the n scenes that an entry finished, ranks over those that all ranked entries finished."

    imported = sorted({row["entry"] for row in rows if families.get(row["entry"]) == FOLDER})
    if imported:
        yield f"{few(imported)}: imported from another program; its costs were not measured."


def _grouped(rows):
    """Whether any two ranked entries share a letter."""
    groups = "".join(row["tie_group"] or "" for row in rows if row["rank"] is not None)
    return len(set(groups)) < len(groups)


def _ordered(rows, higher):
    """Ranked entries by rank, unranked ones before the first that is worse, and last those without a figure."""
    sign = -1 if higher else 1
    ordered = sorted((row for row in rows if row["rank"] is not None), key=lambda row: (row["rank"], row["entry"]))
    bounds = [row for row in rows if row["rank"] is None and row["value"] is not None]
    for bound in sorted(bounds, key=lambda row: sign * row["value"]):
        worse = (i for i, row in enumerate(ordered) if sign * row["value"] > sign * bound["value"])
        ordered.insert(next(worse, len(ordered)), bound)
    return ordered + sorted((row for row in rows if row["value"] is None), key=lambda row: row["entry"])


def _place(row, grouped):
    if row["rank"] is None:
        return "–"
    return f"{row['rank']} {letters(row['tie_group'])}".rstrip() if grouped else str(row["rank"])


def _figure(row, metric, interval):
    if row is None or row["value"] is None:
        return "–"
    text = figure(row["value"], metric)
    half = _half(row, "ci", metric) if interval else ""
    return f"{text} {half}".rstrip()


def _half(row, name, metric):
    """`±1.20`, half of an interval; nothing where there is none."""
    low, high = (row.get(f"{name}_{end}") for end in ("low", "high"))
    return "" if low is None else f"±{figure((high - low) / 2, metric)}"


def _about(intervals):
    """What the intervals over kinds of noise and speakers are about, or why there is none."""
    defined = [row for row in intervals.values() if row["wide_low"] is not None]
    absent = dict.fromkeys(lacking(row) for row in intervals.values() if row["wide_low"] is None)
    why = f"no interval over noises and speakers{' of some' if defined else ''}: {'; '.join(absent)}." if absent else ""
    if not defined:
        return why.capitalize() if absent else "No interval over noises and speakers, as there is none over scenes."
    most = max(defined, key=lambda row: (row["n_noises"], row["n_speakers"]))
    return (
        f"wide: half of a 95 % interval that is about other {others(most)}, too, from {counted(most)}. The ± "
        f"beside a figure, ranks and letters hold for these alone.{f' {why.capitalize()}' if why else ''}"
    )


def _notes(reasons, present):
    """Lines about missing scores and their reasons; a reason that several entries share is given once."""
    of_entry, groups = {}, {}
    for row in sorted(reasons, key=lambda row: (-row["count"], row["reason"] or "")):
        rows = of_entry.setdefault(row["entry"], [])
        rows.append(row)
        if len(rows) <= MAX_NOTES:
            what = (row["status"], row["count"], tuple(row["metrics"]), row["reason"])
            groups.setdefault(what, []).append(row["entry"])
    for (status, count, metrics, reason), entries in sorted(groups.items(), key=lambda item: item[1]):
        where = f" in {count} scene{'s' if count > 1 else ''}" if count else ""
        which = "" if not metrics or set(metrics) | {f"{name}_i" for name in metrics} >= present else few(metrics)
        yield f"{few(sorted(entries))}: {status}{where}{f' ({which})' if which else ''}: {reason}"
    for entry, rows in sorted(of_entry.items()):
        if len(rows) > MAX_NOTES:
            yield f"{entry}: {len(rows) - MAX_NOTES} further reasons, see scores.parquet"


def _chosen(what, name, known):
    """Sorted `known`, or only `name` of it."""
    if name is None:
        return sorted(known)
    if name not in known:
        hint = nearest(name, known) or f"; there are {', '.join(sorted(known)) or 'none'}"
        raise CocktailError(f"the leaderboard has no {what} '{name}'{hint}")
    return [name]


def new_table(title: str) -> Table:
    """A table under its title, as all of them look."""
    return Table(title=Text(title), title_justify="left", title_style="bold", box=None, padding=(0, 1))


def wide_console() -> Console:
    """A console that is wide enough for the table where the output is no terminal, as in a pipe."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)
