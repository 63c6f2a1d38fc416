"""Rows of tables.SCORES: a number or its reason, beside the digest of what it means."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cocktail.errors import CocktailError, printable
from cocktail.metrics.catalogue import METRICS
from cocktail.metrics.metric import Metric, Unscorable
from cocktail.metrics.trials import cm_rejection
from cocktail.recognition.recogniser import Counts, Recogniser
from cocktail.scoring.scorers import Scorers
from cocktail.scoring.trials import Heard, trials_of, voice
from cocktail.tasks import BY


def metric_named(name: str) -> Metric:
    """A metric by its name. Raises CocktailError where there is none."""
    if name not in METRICS:
        raise CocktailError(f"no metric {name!r}; there are {', '.join(METRICS)}")
    return METRICS[name]


@dataclass(frozen=True)
class Judges:
    """Models that metrics depend on: the suite's recogniser, and its scorers by role."""

    recogniser: Recogniser | None = None
    scorers: Scorers = field(default_factory=Scorers)
    task: str = "enhance"
    """Of the condition; it says which scorer a metric needs."""

    def can(self, metric: Metric) -> bool:
        """Whether a metric is for this task, and the suite names the scorer that it needs there."""
        role = metric.tasks.get(self.task)
        return self.task in metric.tasks and (role is None or role in self.scorers)

    def row(self, metric: Metric, source: int | None, given: Any) -> dict:
        """The row of a metric on what its `compute` takes: a Pair, or a row of ESTIMATES."""
        try:
            value = metric.compute(given)
        except Unscorable as reason:
            return self.failed(metric, source, str(reason))
        except Exception as error:  # a metric's failure costs its own row, never the shard
            return self.failed(metric, source, f"metric-failed: {type(error).__name__}: {error}")
        return self._finished(metric, source, value)

    def trial_rows(self, metric: Metric, tested: Heard) -> list[dict]:
        """Rows of a metric of trials for one scene: by the suite's scorer, and by each further one."""
        further = self.scorers.further(metric.tasks.get(self.task))
        rows = [self._trial_row(metric, tested), *(self._trial_row(metric, tested.by(name), name) for name in further)]
        return [row for row in rows if row is not None]

    def _trial_row(self, metric, tested, by=None) -> dict | None:
        """The row of a metric of trials for one scene; None where the scene takes no part in it.

        Trials of verification are made later of the voices; until then a row of theirs alone has no value.
        """
        kept = {"voice": voice(tested, cohort=metric.cohort is not None)} if "asv" in metric.trials else {}
        try:
            trials = trials_of(metric, tested)
            if trials is None:
                return None
            if not trials:
                return self._blank(metric, None, by) | {"status": "ok", "trials": trials} | kept
            value = cm_rejection(trials[0]["score"], tested.threshold) if metric.pooled else trials[0]["score"]
        except Unscorable as reason:
            return self.failed(metric, None, str(reason), by) | kept
        return self._finished(metric, None, value, by) | {"trials": None if metric.pooled else trials} | kept

    def failed(self, metric: Metric, source: int | None, reason: str, by: str | None = None) -> dict:
        """The row of a metric that has no value; `by`: of a further scorer."""
        return self._blank(metric, source, by) | {"status": "failed", "reason": printable(reason)}

    def _finished(self, metric, source, value, by=None):
        counts = {"errors": value.errors, "total": value.total} if isinstance(value, Counts) else {}
        value = 100 * value.rate if isinstance(value, Counts) else float(value)
        if not np.isfinite(value):
            return self.failed(metric, source, "metric-failed: the value is not finite", by)
        return self._blank(metric, source, by) | {"value": value, "status": "ok"} | counts

    def _blank(self, metric, source, by=None):
        role, name = (x if by is None else f"{x}{BY}{by}" for x in (metric.tasks.get(self.task), metric.name))
        helper = self.scorers.card(role)
        if helper is None and metric.pooled and self.recogniser is not None:
            helper = self.recogniser.card
        columns = dict.fromkeys(("estimate", "value", "status", "reason", "errors", "total", "trials", "voice"))
        return {"source": source, "metric": name, **columns, "card": metric.digest_with(helper)}
