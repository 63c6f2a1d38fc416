"""What the pages of experiments say: the boards, in Markdown."""

from collections.abc import Iterable, Mapping

from cocktail.boards.cells import higher_is_better
from cocktail.report.figures import figure, headed
from cocktail.tracking.views import address, headlines

LONGEST = 19_000
"""Characters of a note; MLflow takes 20,000."""
COLUMNS = 6
"""Metrics of a board in a note."""


def board_note(suite: str, condition: str, board: list[dict], cards: Mapping[str, dict], page: str) -> str:
    """The board of a condition. `board`: its rows; `page`: Markdown that says where the suite's page is."""
    metrics = headlines({row["metric"] for row in board})[:COLUMNS]
    by = metrics[0]
    cells = {(row["entry"], row["metric"]): row for row in board}
    main = sorted((row for row in board if row["metric"] == by), key=_order(by))
    head = (
        f"Entries of the suite `{suite}` in the condition `{condition}`, a run each. "
        f"± is half of a 95 % interval; entries that share a letter are not told apart. {page}\n\n"
        f"| rank by {by} | entry | family | {' | '.join(map(headed, metrics))} | n |\n"
        f"|---|---|---|{'---:|' * len(metrics)}---|\n"
    )
    lines = []
    for row in main:
        entry = row["entry"]
        place = "–" if row["rank"] is None else f"{row['rank']} {row['tie_group'] or ''}".rstrip()
        family = cards.get(entry, {}).get("family", "")
        figures = " | ".join(_figure(cells.get((entry, name)), interval=name == by) for name in metrics)
        lines.append(f"| {place} | {entry} | {family} | {figures} | {row['n_ok']}/{row['n_total']} |\n")
    return _fitting(head, lines, "\n{} more entries stand in the list of runs.")


def suite_note(suite: str, board: list[dict], experiments: Mapping[str, str], page: str) -> str:
    """The best entry of every condition. `experiments`: condition -> id of its experiment."""
    head = (
        f"The suite `{suite}`: its run, with boards and plots, and its trainings. {page}\n\n"
        "| condition | first | by | figure |\n|---|---|---|---:|\n"
    )
    lines = []
    for condition, experiment in sorted(experiments.items()):
        here = [row for row in board if row["condition"] == condition]
        by = headlines({row["metric"] for row in here})[0]
        first = next((row for row in here if row["metric"] == by and row["rank"] == 1), None)
        best = f"{first['entry']} | {by} | {_figure(first, interval=True)}" if first else f"no ranks | {by} | –"
        lines.append(f"| [{condition}]({address(experiment)}) | {best} |\n")
    return _fitting(head, lines, "\n{} more conditions have experiments of their own.")


def _order(metric):
    sign = -1 if higher_is_better(metric) else 1
    return lambda row: (row["value"] is None, sign * (row["value"] or 0), row["entry"])


def _figure(row, interval) -> str:
    if row is None or row["value"] is None:
        return "–"
    text = figure(row["value"], row["metric"])
    if interval and row["ci_low"] is not None:
        text += f" ±{figure((row['ci_high'] - row['ci_low']) / 2, row['metric'])}"
    return text


def _fitting(head: str, lines: Iterable[str], rest: str) -> str:
    """As many lines as fit, and how many are left out."""
    lines = list(lines)
    text = head
    for i, line in enumerate(lines):
        if len(text) + len(line) > LONGEST - len(rest):
            return text + rest.format(len(lines) - i)
        text += line
    return text
