"""Digests of a suite's jobs, which stand in their params: Snakemake reruns what an edit has changed, and only that.

Each covers the suite's keys that decide the job's result, whatever else does, and the source code that makes it.
"""

import functools
from pathlib import Path

from cocktail.boards.claims import CLAIMS
from cocktail.config import read_yaml
from cocktail.corpora import adapters
from cocktail.digest import digest
from cocktail.scenes.shard import module_of
from cocktail.workflow.files import TRAIN
from cocktail.workflow.sources import PACKAGE, source_digest

OF_FIGURES = (
    "seed", "fs", "corpora", "conditions", "scenes", "metrics", "recogniser", "scorers", "size", "parameters",
    "retrain", "rooms", "shard_size", "spoofs", "train_scenes",
)  # fmt: skip
"""Keys of a suite that decide its figures."""


class Digests:
    """Digests of the jobs of one suite. `plan`: its cocktail.workflow.plan.Plan."""

    def __init__(self, plan):
        self._plan = plan
        self._corpus_parts = [part for parts in plan.config["corpora"].values() for part in parts]
        self._entry = functools.cache(self._entry)
        self._fingerprints = [adapters.fingerprint(part) for part in self._corpus_parts]

    def suite(self) -> str:
        """What defines the suite's figures: its settings, not its methods or where its results lie."""
        return digest({key: self._plan.config[key] for key in OF_FIGURES})

    def corpora(self) -> str:
        """The corpora's parts."""
        adapter_modules = sorted({adapters.ADAPTERS[part["adapter"]] for part in self._corpus_parts})
        code = ("cocktail.corpora.adapters", *adapter_modules)
        return self._job(self._fingerprints, self._plan.closed, keys=("corpora", "seed", "fs"), code=code)

    def spoofs(self) -> str:
        """The table of spoofed speech."""
        decides = self._plan.spoof_counts(), self.corpora()
        return self._job(*decides, keys=("seed", "fs"), code=("cocktail.spoofing.table",))

    def adversary(self, entry: str) -> str:
        """The table of spoofed speech after an adversary's attack."""
        return self._job(self._entry(entry, "cocktail.processing.adversary"), self.spoofs(), keys=("seed", "fs"))

    def attacker(self, entry: str) -> str:
        """The table of spoofed speech that an attacker makes."""
        plan = self._plan
        code = [self._entry(name, "cocktail.processing.attacker") for name in plan.lineage(entry)]
        return self._job(code, plan.attacker_counts(entry), self.corpora(), keys=("seed", "fs"))

    def rooms(self, condition: str, microphones: str) -> str:
        """A bank of room responses."""
        definition = self._plan.rooms_definition(condition)
        return self._job(definition, microphones, keys=("seed", "fs", "rooms"), code=("cocktail.scenes.room_bank",))

    def scenes(self, condition: str, shard: str, split: str) -> str:
        """A shard of scenes."""
        definition, indices = self._plan.definition(condition), self._plan.scene_indices(shard, split)
        code = module_of(definition), "cocktail.scenes.files"
        return self._job(split, indices, definition, keys=("seed", "fs"), code=code)

    def train(self, entry: str) -> str:
        """A training: the plugin with its parameters, those that it builds on, conditions and corpora."""
        plan, lineage = self._plan, self._plan.ancestry(entry)
        listening = [plan.recogniser(name) for name in lineage]
        return self._job(
            [self._entry(name, "cocktail.training.job", training=True) for name in lineage],
            [plan.train_conditions(name) for name in lineage],
            [self.rooms(*bank) for name in lineage for bank in plan.banks(name)],
            plan.train_spoofs(entry) and self.spoofs(),
            [self.attacker(name) for name in plan.attackers_met(entry)],
            [self._read(name) for name in lineage if plan.reads(name)],
            self.corpora(),
            listening,
            keys=("train_limit_s", "seed", "fs"),
            packages=("recognition",) if any(listening) else (),
        )

    def _read(self, entry: str) -> list[str]:
        """The train scenes that an entry learns from, and the runs of those that it reads."""
        plan, shards = self._plan, self._plan.shards_of(TRAIN)
        runs = [self.process(member, shard, TRAIN) for member in plan.reads(entry) for shard in shards]
        return runs + [self.scenes(name, shard, TRAIN) for name in plan.train_conditions(entry) for shard in shards]

    def process(self, entry: str, shard: str, split: str) -> str:
        """A run of an entry on a shard of scenes."""
        packages = ("recognition",) if self._plan.recogniser(entry) else ()
        decides = self.lineage(entry), self._plan.recogniser(entry), split, self._plan.scene_indices(shard, split)
        return self._job(*decides, keys=("time_limit_s", "seed"), packages=packages)

    def lineage(self, entry: str) -> list[str]:
        """An entry and those that it builds on, as they run."""
        if entry in self._plan.imports:
            return [self._entry(entry, "cocktail.processing.imported")]
        return [self._entry(name, "cocktail.processing.shard") for name in self._plan.lineage(entry)]

    def score(self, condition: str, entry: str, shard: str) -> str:
        """The scoring of a shard of estimates."""
        plan = self._plan
        scorers = {
            role: self._entry(name, "cocktail.plugins.model")
            for role, name in plan.scorers_of(condition, entry).items()
        }
        return self._job(
            plan.metrics, plan.scene_indices(shard), scorers,
            keys=("recogniser",), code=("cocktail.scoring.shard",), packages=("metrics", "recognition"),
        )  # fmt: skip

    def board(self) -> str:
        """The leaderboard, and what it says of the entries."""
        held = self._plan.contents
        code = ("cocktail.boards.leaderboard",)
        return self._job(held.absent, held.cards(), keys=("resamples", "seed"), code=code)

    def claims(self) -> str:
        """The claims, and how they are judged."""
        return self._job(read_yaml(CLAIMS), keys=("resamples", "seed"), code=("cocktail.boards.verdicts",))

    def report(self) -> str:
        """The page's code, its templates and scripts."""
        page = PACKAGE / "report" / "page"
        files = sorted(path for path in page.rglob("*") if path.suffix in (".html", ".css", ".js"))
        return self._job([path.read_text(encoding="utf-8") for path in files], code=("cocktail.report.page.build",))

    def track(self) -> str:
        """How the scores are logged, and whether the store is still there."""
        return self._job(self._plan.store_state, keys=("keep",), code=("cocktail.tracking.log",))

    def _entry(self, name: str, runner: str, *, training: bool = False) -> str:
        """An entry's plugin and parameters, all or those of its `training`, and the code of what runs it."""
        entry = self._plan.known[name].for_training() if training else self._plan.known[name]
        return self._job(entry.plugin.name, entry.parameters, code=(entry.plugin.path, runner))

    def _job(self, *decides, keys: tuple[str, ...] = (), code: tuple = (), packages: tuple[str, ...] = ()) -> str:
        """Digest of `decides`, of keys of the suite, of modules with all that they import, and of whole packages."""
        settings = [self._plan.config[key] for key in keys]
        return digest(settings, *decides, _source(code, packages) if code or packages else None)


@functools.cache
def _source(modules: tuple[str | Path, ...], packages: tuple[str, ...]) -> str:
    """Digest of modules, and of all that are found by name in some packages of the library."""
    within = sorted(path for package in packages for path in (PACKAGE / package).rglob("*.py"))
    return source_digest(*modules, *within)
