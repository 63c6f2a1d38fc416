"""A run on the terminal: a bar there, and a line now and then where the output goes to a file or a pipe."""

from datetime import datetime
from time import monotonic

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from cocktail.runtime.log import PROGRESS
from cocktail.workflow.progress import Progress, said

EVERY_S = 60.0
"""Between two such lines at least."""


class Display:
    """Shows how far a run is that began now, as long as the block lasts."""

    def __init__(self, progress: Progress):
        left = "{task.fields[left]}"
        columns = (TextColumn("jobs"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn(left))
        self._bar = Bar(*columns, TextColumn("{task.description}"), transient=True, refresh_per_second=2)
        self._task = self._bar.add_task("", total=None, left="")
        self._progress, self._begun, self._last = progress, datetime.now(), float("-inf")

    def __enter__(self) -> "Display":
        self._bar.start()
        return self

    def __exit__(self, *_) -> None:
        self._bar.stop()

    def read(self, line: str) -> None:
        """Take a line of Snakemake's output."""
        elapsed = datetime.now() - self._begun
        if self._progress.read(line):
            left = self._progress.left(elapsed)
            about = "" if left is None else f"about {said(left)} left"
            self._bar.update(self._task, completed=self._progress.done, total=self._progress.jobs, left=about)
        elif line.startswith(PROGRESS):
            self._bar.update(self._task, description=escape(line.removeprefix(PROGRESS).rstrip()))
        if self._progress.done and not self._bar.console.is_terminal and monotonic() - self._last >= EVERY_S:
            self._last = monotonic()
            self.print(self._progress.line(elapsed))

    def print(self, line: str) -> None:
        """A line that stays."""
        self._bar.console.print(line.rstrip(), markup=False, highlight=False, soft_wrap=True)
