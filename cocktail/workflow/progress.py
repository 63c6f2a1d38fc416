"""How far a run is, read from what Snakemake prints: jobs, the share of the work that they are, and the time left.

A job counts for what one of its rule costs (weights), for among the last jobs are trainings, each of which takes as
long as hundreds of others. What Snakemake prints is read, and not what a logger plugin of it would get: what jobs say
(NEWS and PROGRESS of cocktail.runtime.log) goes past its loggers, and a plugin would have to be installed wherever jobs
run.
"""

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

BEGUN = "begun "
"""Prefix of the line with the time at which a run began, the first of its log."""
STEPS = re.compile(r"(\d+) of (\d+) steps \([\d.]+%\) done")
ENDED = re.compile(r"Finished jobid: \d+ \(Rule: (\w+)\)")
COUNT = re.compile(r"(\w+)\s+(\d+)\s*")
"""A row of the table of jobs, after the line TABLE."""
TABLE = "Job stats:"
NOTHING = "Nothing to be done"
"""What Snakemake says where all is there."""
TARGET = {"all", "total"}
"""Rows of that table that are no work."""
EARLY = 0.02
"""Share of the work below which the time left is not estimated."""


class Progress:
    """Counts jobs line by line."""

    def __init__(self, weights: Callable[[], Mapping[str, float]] = dict):
        """`weights` returns rule -> what one of its jobs costs; others count as the mean of these. It is called when
        there are jobs to weigh.
        """
        self.done, self.jobs = 0, 0
        self.begun: datetime | None = None
        self._known = weights
        self._planned: Counter[str] = Counter()
        self._ended: Counter[str] = Counter()
        self._in_table = False

    def read(self, line: str) -> bool:
        """Take a line of the log; whether it says that another job has ended."""
        if line.startswith(BEGUN):
            self.begun = datetime.fromisoformat(line.removeprefix(BEGUN).strip())
        elif line.startswith(TABLE):
            self._in_table = True
        elif self._in_table:
            self._in_table = bool(line.strip())
            if (row := COUNT.fullmatch(line)) and row[1] not in TARGET:
                self._planned[row[1]] = int(row[2])
        elif ended := ENDED.search(line):
            self._ended[ended[1]] += 1
        elif steps := STEPS.search(line):
            self.done, self.jobs = int(steps[1]), int(steps[2])
            return True
        return False

    def read_all(self, lines: Iterable[str]) -> "Progress":
        """Take all lines of a log."""
        for line in lines:
            self.read(line)
        return self

    @property
    def share(self) -> float:
        """Of the work, 0 to 1."""
        if self.done == self.jobs:
            return float(self.jobs > 0)
        work = self._work(self._planned)
        return min(self._work(self._ended) / work, 1.0) if work else self.done / self.jobs

    def left(self, elapsed: timedelta) -> timedelta | None:
        """About how long the rest will take, by how long what is done took; None where it is too early to tell."""
        return elapsed * ((1 - self.share) / self.share) if self.share >= EARLY else None

    def line(self, elapsed: timedelta, *, running: bool = True) -> str:
        """`153 of 260 jobs, 41 % of the work, after 7 min; about 10 min left`, the latter while it is `running`."""
        text = f"{self.done} of {self.jobs} jobs, {100 * self.share:.0f} % of the work, after {said(elapsed)}"
        left = self.left(elapsed) if running and self.done < self.jobs else None
        return text if left is None else f"{text}; about {said(left)} left"

    @functools.cached_property
    def _weights(self) -> Mapping[str, float]:
        return self._known()

    def _work(self, jobs: Counter) -> float:
        mean = sum(self._weights.values()) / len(self._weights) if self._weights else 1.0
        return sum(count * self._weights.get(rule, mean) for rule, count in jobs.items())


def said(time: timedelta) -> str:
    """A time in words: `40 s`, `7 min`, `2 h 5 min`."""
    seconds = round(time.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
