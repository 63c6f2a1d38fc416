"""The part of a plan that trains recognisers on what entries make of training scenes: the suite's key `retrain`.

Each entry named there runs on scenes of the train split of each condition named; a recogniser goes on learning from
what it returns, and scores its estimates of the test scenes (metric `wer_retrained`).
"""

from collections.abc import Iterator

from cocktail.digest import digest
from cocktail.errors import CocktailError, nearest
from cocktail.workflow.files import TRAIN
from cocktail.workflow.sources import source_digest
from cocktail.workflow.suite import known_conditions

ROLE = "retrained"
"""Of the model among those that score a cell."""


class Retraining:
    """Jobs of `retrain` of one suite. `plan`: its cocktail.workflow.plan.Plan; `source` names its file in messages."""

    def __init__(self, plan, source: str):
        self._plan, wanted = plan, plan.config["retrain"]
        self.recogniser: str = wanted["recogniser"]
        _check(wanted, plan, f"{source}: retrain")
        self.cells = [
            (condition, entry)
            for condition, entry in plan.cells
            if condition in wanted["conditions"] and entry in wanted["entries"]
        ]

    @property
    def entries(self) -> list[str]:
        """Entries that have a recogniser of their own."""
        return list(dict.fromkeys(entry for _, entry in self.cells))

    # Files

    def model(self, entry: str) -> str:
        return self._plan.path("retrain", "models", entry)

    def models(self, entry: str) -> dict:
        """The recogniser of an entry, as in Plan.trained_models."""
        bases = self._plan.bases(self.recogniser)
        return {"spec": self.spec, "model": self.model(entry), "bases": bases}

    # What the rules ask, job by job

    def fit_input(self, entry: str) -> dict[str, list[str] | str]:
        """What a recogniser learns from: an entry's estimates, their texts, and the model to begin with."""
        shards = [(condition, shard) for condition in self._conditions(entry) for shard in self._plan.shards_of(TRAIN)]
        return {
            "estimates": [self._plan.estimates(condition, entry, shard, TRAIN) for condition, shard in shards],
            "references": [self._plan.references(condition, shard, TRAIN) for condition, shard in shards],
        } | self._plan.train_models(self.recogniser)

    def _conditions(self, entry) -> Iterator[str]:
        return (condition for condition, other in self.cells if other == entry)

    @property
    def gpu(self) -> int:
        """GPUs of a training."""
        return int(self._plan.has_gpu)

    @property
    def spec(self) -> dict:
        """What a job needs to make the recogniser."""
        return self._plan.spec(self.recogniser)

    def fit_digest(self, entry: str) -> str:
        """Digest of a training: code and parameters of the recogniser, and what it learns from."""
        plan = self._plan
        shards = plan.shards_of(TRAIN)
        conditions = [plan.digests.scenes(name, shard, TRAIN) for name in self._conditions(entry) for shard in shards]
        settings = [plan.config[key] for key in ("train_limit_s", "seed", "fs")]
        trained = [
            plan.digests.train(name)
            for name in (*plan.ancestry(self.recogniser), *plan.ancestry(entry))
            if plan.known[name].cls.learned()
        ]
        return digest(
            plan.digests.lineage(self.recogniser), plan.digests.lineage(entry), trained, conditions, settings,
            source_digest("cocktail.training.data.estimates"),
        )  # fmt: skip


def _check(wanted, plan, where):
    """The names in `retrain` exist and fit; raises CocktailError that says which does not."""
    if wanted["recogniser"] not in plan.known:
        raise CocktailError(f"{where}.recogniser: unknown entry '{wanted['recogniser']}'"
                            f"{nearest(wanted['recogniser'], plan.known)}")  # fmt: skip
    if "recognise" not in plan.known[wanted["recogniser"]].cls.tasks():
        raise CocktailError(f"{where}.recogniser: '{wanted['recogniser']}' does not have the task 'recognise'")
    for name in wanted["entries"]:
        if name not in plan.known:
            raise CocktailError(f"{where}.entries: unknown entry '{name}'{nearest(name, plan.known)}")
    conditions = known_conditions(plan.config["define"])
    for name in wanted["conditions"]:  # one that exists but is not chosen has no cells
        if name not in conditions:
            raise CocktailError(f"{where}.conditions: unknown condition '{name}'{nearest(name, conditions)}")
        if conditions[name]["task"] != "enhance":
            raise CocktailError(f"{where}.conditions: '{name}' does not have the task 'enhance'")
