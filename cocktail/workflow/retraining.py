"""Recognisers that go on learning from what entries make of train scenes: the suite's key `retrain`.

For each entry named there, the recogniser named there becomes an entry of its own, which reads that entry's estimates
and scores those of the test scenes (metric `wer_retrained`).
"""

from dataclasses import replace

from cocktail.errors import CocktailError, require_known
from cocktail.plugins.entry import Entry
from cocktail.workflow.suite import known_conditions

ROLE = "retrained"
"""Of the model among those that score a cell."""


def recognisers(selection, source: str) -> dict[str, Entry]:
    """Entry -> the recogniser that learns from its estimates of the conditions named, as far as the suite runs it.

    `source` names the suite's file in messages. Raises CocktailError that says which name is wrong.
    """
    wanted = selection.config["retrain"]
    _check(wanted, selection, f"{source}: retrain")
    recogniser, conditions = selection.known[wanted["recogniser"]], {}
    for condition, entry in selection.cells:
        if condition in wanted["conditions"] and entry in wanted["entries"]:
            conditions.setdefault(entry, []).append(condition)
    return {
        entry: replace(recogniser, name=f"{recogniser.name}-{entry}", reads=(entry,), train_on=tuple(names))
        for entry, names in conditions.items()
    }


def _check(wanted, selection, where):
    known, recogniser = selection.known, wanted["recogniser"]
    require_known([recogniser], known, f"{where}.recogniser: unknown entry")
    if "recognise" not in known[recogniser].cls.tasks():
        raise CocktailError(f"{where}.recogniser: '{recogniser}' does not have the task 'recognise'")
    require_known(wanted["entries"], known, f"{where}.entries: unknown entry")
    conditions = known_conditions(selection.config["define"])
    require_known(wanted["conditions"], conditions, f"{where}.conditions: unknown condition")
    for name in wanted["conditions"]:  # one that exists but is not chosen has no cells
        if conditions[name]["task"] != "enhance":
            raise CocktailError(f"{where}.conditions: '{name}' does not have the task 'enhance'")
