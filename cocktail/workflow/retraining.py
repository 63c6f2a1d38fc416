"""Models that go on learning from what entries make of train scenes: the suite's key `retrain`.

For each entry named there, the recogniser and the detectors named there become entries of their own, which read that
entry's estimates and score those of the test scenes: `wer_retrained`, and `eer_cm` and `cm_rejection` by
`<detector>-retrained`. Of the conditions named, detectors learn from those that have attacks, recognisers from the
others. A network goes on from its weights; what is no network learns anew.
"""

from collections.abc import Iterator
from dataclasses import replace

from cocktail.errors import CocktailError, require_known
from cocktail.nets.network_method import NetworkMethod
from cocktail.plugins.entry import Entry
from cocktail.tasks import BY, RETRAINED
from cocktail.workflow.suite import known_conditions

ROLE = "retrained"
"""Of the recogniser among the models that score a cell."""


def retrained(selection, source: str) -> dict[str, dict[str, Entry]]:
    """Entry -> role -> the model that learns from its estimates of the conditions named, as far as the suite runs them.

    `source` names the suite's file in messages. Raises CocktailError that says which name is wrong.
    """
    wanted, models = selection.config["retrain"], {}
    _check(wanted, selection, f"{source}: retrain")
    for entry in dict.fromkeys(entry for _, entry in selection.cells if entry in wanted["entries"]):
        runs = [name for name in wanted["conditions"] if (name, entry) in selection.cells]
        for role, learner in _learners(wanted, selection.known):
            names = [name for name in runs if _attacked(selection.all_conditions[name]) == (role != ROLE)]
            if names:
                twin = replace(learner, name=f"{learner.name}-{entry}", reads=(entry,), train_on=tuple(names))
                models.setdefault(entry, {})[role] = twin
    return models


def _learners(wanted, known) -> Iterator[tuple[str, Entry]]:
    """Role, and the model that is to go on learning."""
    yield ROLE, known[wanted["recogniser"]]
    for name in wanted["detectors"]:
        start = (known[name].model or name) if issubclass(known[name].cls, NetworkMethod) else None
        yield f"spoofing{BY}{name}{RETRAINED}", replace(known[name], name=name + RETRAINED, start=start, model=None)


def _attacked(condition):
    return "attacks" in condition


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
    require_known(wanted["detectors"], known, f"{where}.detectors: unknown entry")
    if not wanted["entries"]:
        return
    for name in wanted["detectors"]:
        if name not in selection.scorers.values():
            raise CocktailError(f"{where}.detectors: '{name}' scores nothing; name it in scorers.spoofing, too")
        if not any(_attacked(conditions[x]) for x in wanted["conditions"]):
            raise CocktailError(f"{where}.detectors: none of {where}.conditions has attacks for '{name}' to learn from")
