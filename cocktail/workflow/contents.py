"""What the boards of a run hold: all that it computes, and what earlier runs left of the rest of the suite.

A run of some conditions or entries (`only`) computes these and leaves the other cells as they are. Those that have
scores stay on the boards, so that the boards of a suite stay whole. Their shards are no inputs of the run's jobs:
nothing of them is computed again, and each counts until a run replaces it.
"""

import functools
from pathlib import Path

from cocktail.plugins.entry import Entry
from cocktail.workflow.files import existing


class Contents:
    """Of the boards of one run. `plan`: its cocktail.workflow.plan.Plan."""

    def __init__(self, plan):
        self._plan = plan

    @functools.cached_property
    def _rest(self):
        """The suite's cells that the run does not compute, and those of them that have no jobs."""
        plan = self._plan
        if plan.whole:
            return [], []
        cells, absent = plan.cells_of(plan.suite_conditions, plan.suite_entries)
        chosen = {(condition, entry) for condition in plan.conditions for entry in plan.entries}
        return (
            [cell for cell in cells if cell not in chosen],
            [cell for cell in absent if (cell.condition, cell.entry) not in chosen],
        )

    @functools.cached_property
    def kept(self) -> dict[tuple[str, str], list[str]]:
        """(condition, entry) -> score shards, of the cells that earlier runs left."""
        plan = self._plan
        scored = {cell: existing(plan.scores(*cell, shard) for shard in plan.shards) for cell in self._rest[0]}
        return {cell: paths for cell, paths in scored.items() if paths}

    @property
    def kept_scores(self) -> list[str]:
        """Score shards of the cells that earlier runs left."""
        return [path for paths in self.kept.values() for path in paths]

    @property
    def kept_references(self) -> list[str]:
        """The truth of the scenes that these cells alone have."""
        plan = self._plan
        others = dict.fromkeys(condition for condition, _ in self.kept if condition not in plan.conditions)
        return existing(plan.references(condition, shard) for condition in others for shard in plan.shards)

    @functools.cached_property
    def absent(self) -> list[dict]:
        """Cells without jobs, with their reasons: of the run, and of the rest of the suite as far as it has run.

        An entry has run if any cell of it has scores, or if it has no cell at all.
        """
        cells, absent = self._rest
        ran = {entry for _, entry in [*self.kept, *self._plan.cells]}
        waiting = {entry for _, entry in cells} - ran
        conditions = {condition for condition, _ in [*self.kept, *self._plan.cells]}
        rest = [cell for cell in absent if cell.condition in conditions and cell.entry not in waiting]
        return [vars(cell) for cell in [*self._plan.absent, *(rest if self.kept else [])]]

    @property
    def entries(self) -> dict[str, Entry]:
        """Entries on the boards, by name."""
        plan = self._plan
        names = {*plan.entries, *(entry for _, entry in self.kept), *(cell["entry"] for cell in self.absent)}
        return {name: entry for name, entry in plan.known.items() if name in names}

    def cards(self) -> list[dict]:
        """What each of these entries is; see Selection.cards."""
        return self._plan.cards(self.entries)

    def condition_cards(self) -> list[dict]:
        """Name, title, task, channels, n_sources and fs of every condition on the boards."""
        plan = self._plan
        held = {*plan.conditions, *(condition for condition, _ in self.kept)}
        return plan.condition_cards([name for name in plan.all_conditions if name in held])

    @property
    def trained(self) -> list[str]:
        """Entries of the cells that earlier runs left, and those that they build on, whose models are there."""
        plan = self._plan
        built_on = dict.fromkeys(name for _, entry in self.kept for name in plan.ancestry(entry))
        return [name for name in built_on if plan.known[name].model is None and Path(plan.model(name)).is_dir()]
