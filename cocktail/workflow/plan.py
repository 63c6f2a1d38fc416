"""From a suite's configuration to its files and jobs: what the rules ask.

A job is a cell's shard. Functions take condition, entry and shard as they are; cocktail.workflow.wildcards makes them
functions of Snakemake's wildcards.
"""

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

from cocktail.corpora import adapters
from cocktail.errors import CocktailError, require_known
from cocktail.paradigms import ANNOTATIONS, MIXTURES, SOURCES
from cocktail.plugins.model import is_trained
from cocktail.runtime.device import may_use_gpu
from cocktail.scenes.conditions import is_closed
from cocktail.scenes.shard import shard_indices, shard_names
from cocktail.spoofing import names
from cocktail.tasks import BY, TASKS
from cocktail.tracking.receipt import store_state
from cocktail.workflow.contents import Contents
from cocktail.workflow.digests import Digests
from cocktail.workflow.files import SPLITS, TEST, TRAIN, Files, board_folder, existing
from cocktail.workflow.retraining import retrained
from cocktail.workflow.selection import Selection
from cocktail.workflow.suite import load_suite, suite_path


class Plan(Selection, Files):
    """The files and jobs of what one suite runs."""

    def __init__(self, config: dict, source: str):
        super().__init__(config, source)
        self.folder = Path(self.config["results"]) / self.suite
        self.boards = board_folder(self.config)
        self.store_state = store_state(self.folder)
        self.digests = Digests(self)
        self.contents = Contents(self)
        self.retrained = retrained(self, source)
        twins = {twin.name: twin for by_role in self.retrained.values() for twin in by_role.values()}
        self.known, self._methods = self.known | twins, self._methods | {name: x.make() for name, x in twins.items()}
        self.trained = self._trained(twins)
        self.notes += [*self._unsized(), *self._without_epochs()]

    def _trained(self, twins) -> list[str]:
        """Entries whose models the suite needs: those of its cells, of what they build on, and of its scorers."""
        cells = (entry for _, entry in self.cells)
        attacking = [*self.adversaries, *self._named_attackers()]
        needed = dict.fromkeys([*cells, *self.scorers.values(), *twins, *attacking])
        wanted = dict.fromkeys(name for entry in needed for name in self.ancestry(entry))
        return [name for name in wanted if self._methods[name].learned() and self.known[name].model is None]

    def model(self, entry: str) -> str:
        """The folder of the trained model that an entry runs with: its own, or that of the entry that its row names."""
        return super().model(self.known[entry].model or entry)

    def _unsized(self) -> Iterator[str]:
        """A note for each network of the user's that trains at full length, for want of a size for this suite."""
        size, exceptions = self.config["size"], self.config["parameters"].keys()
        for name in self.trained:
            entry, epochs = self.known[name], getattr(self._methods[name], "epochs", None)
            folder = entry.plugin.path.parent
            sized = size == "paper" or self.registry.has_size(entry, size) or {name, entry.plugin.name} & exceptions
            if folder in self.registry.folders and epochs and not sized:
                what = f"it trains for up to {epochs} epochs, as its fields say"
                yield f"{folder / 'methods.yaml'}: no size '{size}' of '{entry.plugin.name}': {what}"

    def _without_epochs(self) -> Iterator[str]:
        """A note for each network that stays as it was drawn, for want of an epoch and of weights to start from."""
        for name in self.trained:
            entry, fields = self.known[name], self._methods[name].parameters()
            epochs = [value for field, value in fields.items() if "epochs" in field]
            if epochs and not any(epochs) and not (entry.start or entry.uses):
                yield f"{entry.source}: {name}: its training has no epoch, so that the network stays as it was drawn"

    # Shards of scenes

    def n_scenes(self, split: str) -> int:
        """Scenes of a condition."""
        return self.config["train_scenes" if split == TRAIN else "scenes"]

    @property
    def shards(self) -> list[str]:
        """Names of a condition's shards of the scenes that are scored."""
        return self.shards_of(self.split)

    def shards_of(self, split: str) -> list[str]:
        """Names of a condition's shards of a split."""
        return shard_names(self.n_scenes(split), self.config["shard_size"])

    def scene_indices(self, shard: str, split: str | None = None) -> list[int]:
        """Scenes of a shard."""
        return list(shard_indices(shard, self.n_scenes(split or self.split), self.config["shard_size"]))

    def estimated(self, split: str) -> list[tuple[str, str]]:
        """(condition, entry) whose estimates of a split's scenes are made: of cells, and of what others read."""
        made = []
        if split == self.split:
            made = list(self.cells)
        elif split == TRAIN:
            readers = [(x, name) for name in self.trained if self.reads(name) for x in self._trains_on(name)]
            made = self._members(readers)
        return list(dict.fromkeys([*made, *self._members(made)]))

    def _members(self, cells) -> list[tuple[str, str]]:
        """(condition, entry) that entries of some cells read."""
        return [(condition, member) for condition, entry in cells for member in self._closure(entry, ("reads",))[1:]]

    @property
    def processing(self) -> list[str]:
        """Entries that run on scenes."""
        return list(dict.fromkeys(entry for split in SPLITS for _, entry in self.estimated(split)))

    @property
    def at_work(self) -> list[str]:
        """Entries that there may be jobs of."""
        return list(dict.fromkeys([*self.entries, *self.trained, *self.processing, *self.attackers]))

    def reads(self, entry: str) -> list[str]:
        """Entries that one reads."""
        return list(self.known[entry].reads)

    def rendered(self, split: str) -> list[str]:
        """Conditions of which scenes of a split are made."""
        return (
            list(self.conditions) if split == self.split else list(dict.fromkeys(x for x, _ in self.estimated(split)))
        )

    def about(self) -> dict[str, str]:
        """What the suite's page says of where its figures come from."""
        corpora = [
            f"{kind}: {', '.join(map(adapters.source, parts))}" for kind, parts in self.config["corpora"].items()
        ]
        return {
            "seed": str(self.config["seed"]),
            "corpora": "; ".join(corpora),
            "scenes of a condition": f"{self.config['scenes']} of the split {self.split}",
            "size of what is trained": self.config["size"],
            **(
                {"scorers": ", ".join(f"{role.partition(BY)[0]}: {name}" for role, name in self.scorers.items())}
                if self.scorers
                else {}
            ),
            "digest of the suite": self.digests.suite(),
        }

    def against(self) -> dict[str, str]:
        """Suites whose order of entries the page sets beside this one's -> folders of their boards."""
        return {name: str(board_folder(self.config | {"suite": name})) for name in self.config["against"]}

    def scores_against(self) -> list[str]:
        """The scores of those that have run."""
        return existing(str(Path(folder) / "scores.parquet") for folder in self.against().values())

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
        ]

    # Corpora, rooms and scenes

    @property
    def closed(self) -> bool:
        """Whether a condition has `speakers: closed`, so that utterances of train speakers are kept for its tests."""
        return any(map(is_closed, self.all_conditions.values()))

    def definition(self, condition: str) -> dict:
        """Definition of a condition, without its title."""
        return _untitled(self.all_conditions[condition])

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

    def scenes_spoofs(self, condition: str) -> dict[str, list[str]]:
        """The tables of spoofed speech, if a condition is made of any: as they are, or after its adversary's attack."""
        definition = self.all_conditions[condition]
        if "adversary" in definition:
            return {"spoofs": [self.attacked(definition["adversary"])]}
        return self._needed_spoofs([definition], names.SPLITS)

    def _needed_spoofs(self, conditions, splits) -> dict[str, list[str]]:
        logical = any(names.logical_attacks(x, split) for x in conditions for split in splits)
        tables = [self.spoofs] * logical + [self.forged(name) for name in names.attackers(conditions, splits)]
        return {"spoofs": tables} if tables else {}

    @functools.cached_property
    def adversaries(self) -> list[str]:
        """Entries that attack the spoofs of some conditions before scenes are made of them. Raises CocktailError."""
        named = {name: x["adversary"] for name, x in self.conditions.items() if "adversary" in x}
        for condition, entry in named.items():
            self._check_adversary(entry, f"{self.source}: {condition}.adversary")
        return list(dict.fromkeys(named.values()))

    def _check_adversary(self, name, where):
        """Raise CocktailError where an entry cannot attack, or cannot be trained in this suite."""
        require_known([name], self.known, f"{where}: unknown entry")
        self._check_attacker(name, where)
        if not self._methods[name].learned():
            raise CocktailError(f"{where}: '{name}' has no training of its own; name it among `attacks` instead")

    def adversary_input(self, entry: str) -> dict[str, str]:
        """What an adversary's attack is made of: its model, and the table of spoofed speech."""
        return {"spoofs": self.spoofs, "model": self.model(entry)}

    @property
    def attackers(self) -> list[str]:
        """Entries whose spoofs scenes are made of, or are learnt from."""
        met = (name for entry in self.trained for name in self.attackers_met(entry))
        return list(dict.fromkeys([*self._named_attackers(), *met]))

    def _named_attackers(self):
        return names.attackers(self.conditions.values())

    def attacker_input(self, entry: str) -> dict[str, str | list[str]]:
        """The models that an attacker makes spoofs with: its own, and those that it uses."""
        own = {"model": self.model(entry)} if self._methods[entry].learned() else {}
        return own | self.base_input(entry)

    def attacker_counts(self, entry: str) -> dict[str, int]:
        """Split -> spoofs that an attacker makes for the conditions of this suite."""
        return {
            split: number
            for split, number in self.config["spoofs"].items()
            if any(entry in names.recorded_attacks(x, split) for x in self.all_conditions.values())
        }

    def rooms_definition(self, condition: str) -> dict:
        """What a condition says of its rooms."""
        definition = self.all_conditions[condition]
        about = {key: definition[key] for key in ("talkers", "array", "room")}
        return about | {"noise": {"field": definition.get("noise", {}).get("field", "")}}

    # Training and running entries

    def spec(self, entry: str) -> dict:
        """What a job needs to make its method."""
        return self.known[entry].spec()

    def train_spec(self, entry: str) -> dict:
        """What its training needs to make its method."""
        return self.known[entry].for_training().spec()

    def base_specs(self, entry: str) -> dict[str, dict]:
        """Role -> what a job needs to read the model that an entry uses in it."""
        return {role: self.spec(name) for role, name in self.known[entry].uses.items()}

    def base_input(self, entry: str) -> dict[str, list[str]]:
        """The models that an entry uses, if any, in the order of its roles."""
        uses = self.known[entry].uses
        return {"bases": [self.model(name) for name in uses.values()]} if uses else {}

    def start_spec(self, entry: str) -> dict | None:
        """What a job needs to read the model that an entry starts from."""
        start = self.known[entry].start
        return None if start is None else self.spec(start)

    def train_models(self, entry: str) -> dict[str, str | list[str]]:
        """The models that the training of an entry uses and starts from."""
        start = self.known[entry].start
        return self.base_input(entry) | ({} if start is None else {"start": self.model(start)})

    def suites_trained(self, entries: list[str]) -> list[str]:
        """Suites, with results beside this one's, that have a trained model of each of some entries."""
        return [
            folder.name
            for folder in sorted(self.folder.parent.glob("*/"))
            if all(is_trained(folder / "models" / entry) for entry in entries)
        ]

    def bases(self, entry: str) -> dict[str, dict]:
        """Role -> {"spec", "model"} of the entry used in it."""
        return {role: self._trained_model(name) for role, name in self.known[entry].uses.items()}

    def _trained_model(self, name: str) -> dict:
        return {"spec": self.spec(name), "model": self.model(name)}

    def trained_models(self) -> dict[str, dict]:
        """Every model of the boards -> {"spec", "model"}, the same of its `bases` by role, and what it `reads`."""
        return {
            name: self._trained_model(name) | {"bases": self.bases(name), "reads": self.reads(name)}
            for name in dict.fromkeys([*self.trained, *self.contents.trained])
        }

    def train_reads(self, entry: str) -> dict[str, list[str]]:
        """Train scenes that an entry learns from, and what those that it reads made of them, entry by entry."""
        reads = self.reads(entry)
        if not reads:
            return {}
        shards = [(condition, shard) for condition in self._trains_on(entry) for shard in self.shards_of(TRAIN)]
        files = {
            "mixtures": [self.mixtures(*each, TRAIN) for each in shards],
            "estimates": [self.estimates(x, member, shard, TRAIN) for member in reads for x, shard in shards],
        }
        if self._methods[entry].sees(SOURCES) or self._methods[entry].sees(ANNOTATIONS):
            files["references"] = [self.references(*each, TRAIN) for each in shards]
        return files

    def train_conditions(self, entry: str) -> dict[str, dict]:
        """Definitions of the conditions that an entry trains on."""
        return {name: _untitled(definition) for name, definition in self._trains_on(entry).items()}

    def trained_on(self, entry: str) -> dict:
        """What an entry hears in training: `speech` and `noise`, {"corpus", "synthesis"} of each corpus; `conditions`;
        `snr_db`, their lowest and highest, or None. Without conditions it hears isolated signals.
        """
        conditions = self._trains_on(entry)
        noises = [definition["noise"] for definition in conditions.values() if "noise" in definition]
        ranges = [noise["snr_db"] for noise in noises]
        corpora = {kind: _heard(parts) for kind, parts in self.config["corpora"].items()}
        if conditions and not any("kinds" in noise for noise in noises):
            corpora["noise"] = []  # microphones' own noise is of no corpus
        return corpora | {
            "conditions": list(conditions),
            "snr_db": [min(low for low, _ in ranges), max(high for _, high in ranges)] if ranges else None,
        }

    def train_spoofs(self, entry: str) -> dict[str, list[str]]:
        """The tables of spoofed speech, if an entry trains on any."""
        labelled = self._methods[entry].sees(ANNOTATIONS)
        return self._needed_spoofs(self._trains_on(entry).values() if labelled else [], (TRAIN,))

    def banks(self, entry: str) -> list[tuple[str, str]]:
        """Conditions with a room that an entry mixes, and at which microphones: the `first`, or `all`."""
        if not self._methods[entry].sees(MIXTURES):
            return []
        microphones = "all" if "array" in self._methods[entry].needs else "first"
        return [(name, microphones) for name, definition in self._trains_on(entry).items() if "room" in definition]

    def all_banks(self) -> list[tuple[str, str]]:
        """Those of all entries that are trained."""
        return sorted({bank for entry in self.trained for bank in self.banks(entry)})

    def train_rooms(self, entry: str) -> list[str]:
        """Banks of room responses of the conditions that an entry mixes."""
        return [self.rooms(*bank) for bank in self.banks(entry)]

    def process_input(self, condition: str, entry: str, shard: str, split: str) -> dict[str, str | list[str]]:
        """Files that a method may read: the truth for an oracle or an encoder alone, a model for a learned one."""
        files = {"mixtures": self.mixtures(condition, shard, split)}
        if entry in self.imports:
            return files | {"imported": self.imported(condition, entry)}
        if self._methods[entry].reads_truth():
            files["references"] = self.references(condition, shard, split)
        if self._methods[entry].learned():
            files["model"] = self.model(entry)
        if self.known[entry].reads:
            files["estimates"] = [self.estimates(condition, each, shard, split) for each in self.known[entry].reads]
        return files | self.base_input(entry)

    def run(self, entry: str) -> dict:
        """What cocktail.processing.shard needs besides files, all at once: Snakemake asks this of thousands of jobs."""
        return {
            "spec": self.spec(entry),
            "bases": self.base_specs(entry),
            "device": self.device(entry),
            "recogniser": self.recogniser(entry),
        }

    def gpu(self, entry: str) -> int:
        """GPUs of a job; none where there is none, so that jobs on CPUs run side by side."""
        return int(self.has_gpu and "gpu" in self._methods[entry].needs)

    @property
    def has_gpu(self) -> bool:
        """Whether there may be a GPU for jobs that can use one."""
        return may_use_gpu(self.config["device"])

    def device(self, entry: str) -> str | None:
        """Where a job computes; None for a method that asks for no device, so that a change of it reruns nothing."""
        return self.config["device"] if "gpu" in self._methods[entry].needs else None

    def recogniser(self, entry: str) -> dict | None:
        """Options of the recogniser that a method listens with; None for a method that asks for none."""
        return self.config["recogniser"] if "recogniser" in self._methods[entry].needs else None

    # Scoring

    @property
    def detector(self) -> str:
        """The suite's first detector of spoofs, which names no column of a board; empty where there is none."""
        return self.scorers.get("spoofing", "")

    def scorers_of(self, condition: str, entry: str) -> dict[str, str]:
        """Role -> entry whose model scores the estimates of a cell; further detectors only where there are attacks."""
        roles, attacked = TASKS[self.conditions[condition]["task"]].scorers, "attacks" in self.conditions[condition]
        scorers = {
            role: name
            for role, name in self.scorers.items()
            if role in roles or (attacked and role.partition(BY)[0] in roles)
        }
        own = self.retrained.get(entry, {}).items()
        return scorers | {role: twin.name for role, twin in own if condition in twin.train_on}

    def score_input(self, condition: str, entry: str) -> dict[str, list[str]]:
        """The models that score the estimates of a cell, if any, in the order of their roles."""
        scorers = self.scorers_of(condition, entry)
        return {"scorers": [self.model(name) for name in scorers.values()]} if scorers else {}

    def scorer_specs(self, condition: str, entry: str) -> dict[str, dict]:
        """Role -> what a job needs to read the model that scores in it."""
        return {role: self.spec(name) for role, name in self.scorers_of(condition, entry).items()}

    def untrained_scores(self) -> list[str]:
        """Score shards that wait for no training."""
        trained = set(self.trained)
        cells = (
            (condition, entry)
            for condition, entry in self.cells
            if not trained.intersection(self.ancestry(entry))
            and not self.score_input(condition, entry)
            and "adversary" not in self.conditions[condition]
            and not names.attackers([self.conditions[condition]])
        )
        return [self.scores(*cell, shard) for cell in cells for shard in self.shards]

    def scorer_models(self, condition: str, entry: str) -> dict[str, dict]:
        """Role -> {"spec", "model", "suite"} of the models that score a cell."""
        scorers = self.scorers_of(condition, entry)
        return {role: self._trained_model(name) | {"suite": self.suite} for role, name in scorers.items()}


def _heard(parts: list[dict]) -> list[dict]:
    """{"corpus", "synthesis"} of those parts of the corpora that have a train split."""
    heard = {adapters.source(part): adapters.synthesis(part) for part in parts if adapters.has_train_split(part)}
    return [{"corpus": corpus, "synthesis": synthesis} for corpus, synthesis in heard.items()]


def _untitled(definition: dict) -> dict:
    return {key: value for key, value in definition.items() if key != "title"}


def plan_of(
    suite: str | Path, plugins: Iterable[str | Path] = (), split: str = TEST, overrides: dict | None = None
) -> Plan:
    """The plan of a suite, given by name or by file, with `overrides`, and with folders of plugins besides its own.

    `split`: whose scenes are scored.
    """
    path = str(suite_path(str(suite)))
    config = load_suite(path, {"split": split} | (overrides or {}))
    return Plan(config | {"plugins": [*config["plugins"], *map(str, plugins)]}, path)
