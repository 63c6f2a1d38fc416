"""From a suite's configuration to its files and jobs: what the rules ask.

A job is a cell's shard. Every job's digest covers its source code, its parameters
and its scenes, so that Snakemake reruns what an edit has changed, and only that.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

from cocktail.boards.claims import CLAIMS
from cocktail.config import read_yaml
from cocktail.corpora import adapters
from cocktail.digest import digest
from cocktail.paradigms import ANNOTATIONS, MIXTURES, REFERENCES
from cocktail.runtime.device import may_use_gpu
from cocktail.scenes.shard import module_of, shard_indices, shard_names
from cocktail.spoofing import names
from cocktail.tasks import TASKS
from cocktail.tracking.receipt import store_state
from cocktail.workflow.retraining import ROLE, Retraining
from cocktail.workflow.selection import Selection
from cocktail.workflow.sources import PACKAGE, source_digest

SPLIT = "test"
OF_FIGURES = (
    "seed", "fs", "corpora", "conditions", "scenes", "metrics", "recogniser", "scorers", "parameters", "retrain",
    "rooms", "shard_size", "spoofs",
)  # fmt: skip
"""Keys of a suite that decide its figures."""


def _signed(cls):
    """`cls` with the signature of each method at hand: Snakemake looks at it several times for every job."""
    for function in vars(cls).values():
        if inspect.isfunction(function):
            function.__signature__ = inspect.signature(function)
    return cls


@_signed
class Plan(Selection):
    """The files and jobs of what one suite runs."""

    def __init__(self, config: dict, source: str):
        super().__init__(config, source)
        self.folder = Path(self.config["results"]) / self.suite
        self.store_state = store_state(self.folder)
        self._fingerprints = [adapters.fingerprint(part) for part in self._corpus_parts()]
        self.retraining = Retraining(self, source)
        self.trained = self._trained()

    def _trained(self) -> list[str]:
        """Entries whose models the suite needs: those of its cells, of what they build on, and of its scorers."""
        begun = self.lineage(self.retraining.recogniser)[1:] if self.retraining.cells else []
        needed = dict.fromkeys([*(entry for _, entry in self.cells), *self.scorers.values(), *begun])
        found = dict.fromkeys(name for entry in needed for name in self.lineage(entry))
        return [name for name in found if self._methods[name].learned()]

    @property
    def shards(self) -> list[str]:
        """Names of a condition's shards."""
        return shard_names(self.config["scenes"], self.config["shard_size"])

    def scene_indices(self, shard: str) -> range:
        """Scenes of a shard."""
        return shard_indices(shard, self.config["scenes"], self.config["shard_size"])

    # Files

    def path(self, *parts: str) -> str:
        """A file of the suite's results."""
        return str(self.folder.joinpath(*parts))

    @property
    def speech(self) -> str:
        return self.path("corpora", "speech.parquet")

    @property
    def noise(self) -> str:
        return self.path("corpora", "noise.parquet")

    def mixtures(self, condition: str, shard: str, split: str = SPLIT) -> str:
        return self.path("scenes", condition, split, f"{shard}.mixtures.parquet")

    def references(self, condition: str, shard: str, split: str = SPLIT) -> str:
        return self.path("scenes", condition, split, f"{shard}.references.parquet")

    def model(self, entry: str) -> str:
        return self.path("models", entry)

    @property
    def spoofs(self) -> str:
        return self.path("corpora", "spoofs.parquet")

    def rooms(self, condition: str) -> str:
        return self.path("rooms", f"{condition}.npz")

    def estimates(self, condition: str, entry: str, shard: str) -> str:
        return self.path("estimates", condition, entry, f"{shard}.parquet")

    def scores(self, condition: str, entry: str, shard: str) -> str:
        return self.path("scores", condition, entry, f"{shard}.parquet")

    def all_scores(self) -> Iterator[str]:
        """Every score shard of the suite."""
        return (self.scores(condition, entry, shard) for condition, entry in self.cells for shard in self.shards)

    def all_references(self) -> Iterator[str]:
        """Every shard of the suite's truth."""
        return (self.references(condition, shard) for condition in self.conditions for shard in self.shards)

    def brought(self, storage: bool) -> list[str]:
        """What the page and MLflow look at besides the boards, if a `storage` must bring it: sounds and models."""
        if not storage:
            return []
        kept = self.cells if self.config["keep"] == "all" else []  # others would be made again to be looked at
        return [
            *(self.mixtures(condition, shard) for condition in self.conditions for shard in self.shards),
            *self.all_references(),
            *(self.estimates(condition, entry, shard) for condition, entry in kept for shard in self.shards),
            *(self.model(entry) for entry in self.trained),
            *(self.retraining.model(entry) for entry in self.retraining.entries),
        ]

    # What the rules ask, job by job; `wildcards` has condition, entry and shard as the rule has them.

    def process_input(self, wildcards, split: str = SPLIT) -> dict[str, str]:
        """Files that a method may read: the truth only for an oracle, a model only for a learned method."""
        files = {"mixtures": self.mixtures(wildcards.condition, wildcards.shard, split)}
        if self._methods[wildcards.entry].sees(REFERENCES):
            files["references"] = self.references(wildcards.condition, wildcards.shard, split)
        if self._methods[wildcards.entry].learned():
            files["model"] = self.model(wildcards.entry)
        return files | self.base_input(wildcards)

    def base_input(self, wildcards) -> dict[str, str]:
        """The model that an entry builds on, if any."""
        uses = self.known[wildcards.entry].uses
        return {} if uses is None else {"base": self.model(uses)}

    def models(self, entry: str) -> dict[str, dict | None]:
        """The trained models that an entry is granted: {"spec", "model"} as `model` and as `base`, None for none."""
        own = self.known[entry].cls.learned()
        names = {"model": entry if own else None, "base": self.known[entry].uses}
        return {
            role: name and {"spec": self.known[name].spec(), "model": self.model(name)} for role, name in names.items()
        }

    def trained_models(self) -> dict[str, dict[str, dict | None]]:
        """What trains in this suite -> its model and that which it builds on, as `models` says them."""
        again = {
            f"{self.retraining.recogniser}-{entry}": self.retraining.models(entry) for entry in self.retraining.entries
        }
        return {name: self.models(name) for name in self.trained} | again

    def base_spec(self, wildcards) -> dict | None:
        """What a job needs to read the model that an entry builds on."""
        uses = self.known[wildcards.entry].uses
        return None if uses is None else self.known[uses].spec()

    def score_input(self, wildcards) -> dict[str, str]:
        """The models that score the estimates of a condition."""
        files = {role: self.model(entry) for role, entry in self._roles(wildcards).items()}
        return files | ({ROLE: self.retraining.model(wildcards.entry)} if self._retrained(wildcards) else {})

    def scorer_specs(self, wildcards) -> dict[str, dict]:
        """Role -> what a job needs to read that model."""
        specs = {role: self.known[entry].spec() for role, entry in self._roles(wildcards).items()}
        return specs | ({ROLE: self.retraining.spec} if self._retrained(wildcards) else {})

    def scorer_models(self, condition: str, entry: str) -> dict[str, dict]:
        """Role -> {"spec", "model", "suite"} of the models that score a cell."""
        cell = SimpleNamespace(condition=condition, entry=entry)
        files, specs = self.score_input(cell), self.scorer_specs(cell)
        return {role: {"spec": specs[role], "model": files[role], "suite": self.suite} for role in files}

    def _retrained(self, wildcards) -> bool:
        """Whether a recogniser was trained on what this entry makes of this condition."""
        return (wildcards.condition, wildcards.entry) in self.retraining.cells

    def _roles(self, wildcards) -> dict[str, str]:
        roles = TASKS[self.conditions[wildcards.condition]["task"]].scorers
        return {role: entry for role, entry in self.scorers.items() if role in roles}

    def train_conditions(self, wildcards) -> dict[str, dict]:
        """Definitions of the conditions that an entry trains on."""
        return self._untitled_training(wildcards.entry)

    def _untitled_training(self, entry: str) -> dict[str, dict]:
        return {name: _untitled(definition) for name, definition in self._trains_on(entry).items()}

    def scenes_spoofs(self, wildcards) -> dict[str, str]:
        """The table of spoofed speech, if a condition is made of it."""
        return self._needed_spoofs([self.conditions[wildcards.condition]])

    def train_spoofs(self, wildcards) -> dict[str, str]:
        """The table of spoofed speech, if an entry trains on it."""
        labelled = self._methods[wildcards.entry].sees(ANNOTATIONS)
        return self._needed_spoofs(self._trains_on(wildcards.entry).values() if labelled else [])

    def _needed_spoofs(self, conditions) -> dict[str, str]:
        return {"spoofs": self.spoofs} if any(names.logical_attacks(x, SPLIT) for x in conditions) else {}

    def spoof_counts(self) -> dict[str, dict[str, int]]:
        """Split -> attack -> utterances of it that the conditions of this suite need."""
        return {
            split: {
                attack: number
                for attack in names.LOGICAL
                if any(attack in names.logical_attacks(x, split) for x in self.all_conditions.values())
            }
            for split, number in self.config["spoofs"].items()
        }

    def train_rooms(self, wildcards) -> list[str]:
        """Banks of room responses of the conditions that an entry mixes."""
        return [self.rooms(name) for name in self.banks(wildcards.entry)]

    def banks(self, entry: str) -> list[str]:
        """Conditions with a room that an entry mixes."""
        if not self._methods[entry].sees(MIXTURES):
            return []
        return [name for name, definition in self._trains_on(entry).items() if "room" in definition]

    def rooms_definition(self, wildcards) -> dict:
        """What a condition says of its rooms."""
        return self._rooms_definition(wildcards.condition)

    def _rooms_definition(self, condition: str) -> dict:
        definition = self.all_conditions[condition]
        found = {key: definition[key] for key in ("talkers", "array", "room")}
        return found | {"noise": {"field": definition.get("noise", {}).get("field", "")}}

    def spec(self, wildcards) -> dict:
        """What a job needs to make its method."""
        return self.known[wildcards.entry].spec()

    def run(self, wildcards) -> dict:
        """What cocktail.processing.shard needs besides files, all at once: Snakemake asks this of thousands of jobs."""
        return {
            "spec": self.spec(wildcards),
            "base": self.base_spec(wildcards),
            "device": self.device(wildcards),
            "recogniser": self.recogniser(wildcards),
        }

    def gpu(self, wildcards) -> int:
        """GPUs of a job; none where there is none, so that jobs on CPUs run side by side."""
        return int("gpu" in self._methods[wildcards.entry].needs and may_use_gpu(self.config["device"]))

    @property
    def gpus(self) -> Callable[..., int] | int:
        """Resource `gpu` of the rule `process`: the function `gpu`, or 0 where that is 0 for every job."""
        return self.gpu if may_use_gpu(self.config["device"]) else 0

    def device(self, wildcards) -> str | None:
        """Where a job computes; None for a method that asks for no device, so that a change of it reruns nothing."""
        return self.config["device"] if "gpu" in self._methods[wildcards.entry].needs else None

    def recogniser(self, wildcards) -> dict | None:
        """Options of the recogniser that a method listens with; None for a method that asks for none."""
        return self.config["recogniser"] if "recogniser" in self._methods[wildcards.entry].needs else None

    def indices(self, wildcards) -> list[int]:
        """Scenes of a job's shard."""
        return list(self.scene_indices(wildcards.shard))

    def definition(self, wildcards) -> dict:
        """Definition of a job's condition, without its title."""
        return _untitled(self.conditions[wildcards.condition])

    @property
    def closed(self) -> bool:
        """Whether a condition has `speakers: closed`, so that utterances of train speakers are kept for its tests."""
        return any(condition.get("speakers") == "closed" for condition in self.conditions.values())

    def corpora_digest(self, wildcards=None) -> str:
        """Digest of the corpora's parts, and of the code that makes them."""
        names = frozenset(part["adapter"] for part in self._corpus_parts())
        settings = [*(self.config[key] for key in ("corpora", "seed", "fs")), self.closed]
        return digest(settings, self._fingerprints, _corpora_source(names))

    def _corpus_parts(self) -> Iterator[dict]:
        return (part for parts in self.config["corpora"].values() for part in parts)

    def scenes_digest(self, wildcards) -> str:
        """Digest of a shard's scenes, and of the code that draws and renders them."""
        return self.digest_of_scenes(wildcards.condition, self.indices(wildcards))

    def digest_of_scenes(self, condition: str, indices) -> str:
        """Digest of some scenes of a condition."""
        settings = [self.config["seed"], self.config["fs"], list(indices)]
        definition = self.conditions[condition]
        return digest(settings, _untitled(definition), _source(module_of(definition), "cocktail.scenes.files"))

    def spoofs_digest(self, wildcards=None) -> str:
        """Digest of the table of spoofed speech, and of the code that makes it."""
        settings = [self.config[key] for key in ("seed", "fs")]
        return digest(settings, self.spoof_counts(), self.corpora_digest(), _source("cocktail.spoofing.table"))

    def rooms_digest(self, wildcards) -> str:
        """Digest of a bank of room responses, and of the code that makes it."""
        return self._rooms_digest(wildcards.condition)

    def _rooms_digest(self, condition: str) -> str:
        settings = [self.config[key] for key in ("seed", "fs", "rooms")]
        return digest(settings, self._rooms_definition(condition), _source("cocktail.scenes.room_bank"))

    def train_digest(self, wildcards) -> str:
        """Digest of a training: code and parameters of the plugin and of those it builds on, conditions, corpora."""
        sources = [self._entry_digest(name, "cocktail.training.job") for name in self.lineage(wildcards.entry)]
        conditions = [self._untitled_training(name) for name in self.lineage(wildcards.entry)]
        settings = [self.config[key] for key in ("train_limit_s", "seed", "fs")]
        rooms = [self._rooms_digest(bank) for name in self.lineage(wildcards.entry) for bank in self.banks(name)]
        spoofs = self.train_spoofs(wildcards) and self.spoofs_digest()
        return digest(sources, conditions, rooms, spoofs, settings, self.corpora_digest())

    def process_digest(self, wildcards) -> str:
        """Digest of a run of a method: its code and parameters, and the runner's."""
        return self.digest_of_run(wildcards, self.indices(wildcards))

    def digest_of_run(self, wildcards, indices) -> str:
        """Digest of a run of an entry on some scenes."""
        settings = [self.config["time_limit_s"], self.config["seed"], list(indices)]
        listens = self.recogniser(wildcards) and _sources("recognition")
        return digest(self.digest_of_lineage(wildcards.entry), settings, listens)

    def digest_of_lineage(self, name: str) -> list[str]:
        """Digests of an entry and of those that it builds on: code and parameters, and the runner's code."""
        return [self._entry_digest(each, "cocktail.processing.shard") for each in self.lineage(name)]

    def score_digest(self, wildcards) -> str:
        """Digest of the scoring: metrics, recogniser, and their code."""
        retrained = self.retraining.fit_digest(wildcards) if self._retrained(wildcards) else None
        settings = [self.metrics, self.config["recogniser"], self.indices(wildcards), retrained]
        scorers = {
            role: self._entry_digest(name, "cocktail.plugins.model") for role, name in self._roles(wildcards).items()
        }
        return digest(settings, scorers, _source("cocktail.scoring.shard"), _sources("metrics", "recognition"))

    def board_digest(self, wildcards=None) -> str:
        """Digest of the leaderboard's settings, of what it says of the entries, and of its code."""
        absent = [vars(cell) for cell in self.absent]
        settings = [self.config["resamples"], self.config["seed"]]
        return digest(settings, absent, self.cards(), _source("cocktail.boards.leaderboard"))

    def claims_digest(self, wildcards=None) -> str:
        """Digest of the claims, of how they are judged, and of its code."""
        settings = [self.config["resamples"], self.config["seed"]]
        return digest(read_yaml(CLAIMS), settings, _source("cocktail.boards.verdicts"))

    def report_digest(self, wildcards=None) -> str:
        """Digest of the page's code, its templates and scripts."""
        page = PACKAGE / "report" / "page"
        files = sorted(path for path in page.rglob("*") if path.suffix in (".html", ".css", ".js"))
        return digest([path.read_text(encoding="utf-8") for path in files], _source("cocktail.report.page.build"))

    def track_digest(self, wildcards=None) -> str:
        """Digest of how the scores are logged, and of whether the store is still there."""
        return digest(self.config["keep"], self.store_state, _source("cocktail.tracking.log"))

    def _entry_digest(self, name: str, runner: str) -> str:
        entry = self.known[name]
        return digest(entry.plugin.name, entry.parameters, _source(entry.plugin.path, runner))

    def suite_digest(self) -> str:
        """Digest of what defines the suite's figures: its settings, not its methods or where its results lie."""
        return digest({key: self.config[key] for key in OF_FIGURES})


def _untitled(definition: dict) -> dict:
    return {key: value for key, value in definition.items() if key != "title"}


@functools.cache
def _source(*roots: str | Path) -> str:
    return source_digest(*roots)


@functools.cache
def _corpora_source(names: frozenset[str]) -> str:
    return source_digest("cocktail.corpora.adapters", *(adapters.ADAPTERS[name] for name in sorted(names)))


@functools.cache
def _sources(*packages: str) -> str:
    """Digest of all modules of some folders of the library, for what is found there by name."""
    return source_digest(*sorted(path for package in packages for path in (PACKAGE / package).rglob("*.py")))
