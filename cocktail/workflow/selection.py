"""What a suite runs: its conditions, entries and metrics, and the cells that these give.

A cell is a condition and an entry. Every name that the suite mentions is checked, and an entry that does not run in a
condition has its reason.
"""

import functools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cocktail.boards.claims import CLAIMS, Comparison, read_claims
from cocktail.boards.scores import BASELINE
from cocktail.errors import CocktailError, nearest, printable, require_known
from cocktail.method import Info, Method
from cocktail.metrics.catalogue import METRICS
from cocktail.needs import lacks
from cocktail.paradigms import ANNOTATIONS, MIXTURES, sees_no_more
from cocktail.plugins.entry import BASE, Entry
from cocktail.plugins.imported.entries import imported_entries
from cocktail.plugins.registry import Registry, meant
from cocktail.rooms.arrays import positions
from cocktail.scenes.conditions import info, is_closed
from cocktail.spoofing import names
from cocktail.tasks import BY, TASK_OF_ROLE, TASKS, signal_task
from cocktail.workflow.files import TEST, TRAIN, VALID, plugins_of_run
from cocktail.workflow.suite import SUFFIXES, check_suite, known_conditions, suites

VERBS = {"uses": "uses", "start": "starts from", "reads": "reads", "model": "has the model of"}
"""Key of a row that names other entries -> what an entry does with them."""


@dataclass(frozen=True)
class Absent:
    """A cell without jobs: the method does not apply (`skipped`), or cannot run at all (`failed`)."""

    condition: str
    entry: str
    status: str
    reason: str

    def __post_init__(self):
        object.__setattr__(self, "reason", printable(self.reason))  # it may hold what a plugin says


class Selection:
    """What one suite runs. `config` as Snakemake or `load_suite` merged it; `source` names its file in messages."""

    def __init__(self, config: dict, source: str):
        self.config = config if isinstance(config["conditions"], dict) else check_suite(config, source)
        self.source = source
        self.suite: str = self.config["suite"]
        self.all_conditions: dict[str, dict] = self.config["conditions"]
        """Those of the suite, which methods train on; `conditions` are those that are run."""
        self.split: str = self.config["split"]
        self.unscored = [name for name, x in self.all_conditions.items() if self.split == VALID and is_closed(x)]
        """Conditions without development scenes: their speakers are known from training, those of the split are not."""
        self.suite_conditions = {name: x for name, x in self.all_conditions.items() if name not in self.unscored}
        self.conditions = self._choose_conditions(source)
        results = Path(self.config["results"]) / self.suite
        earlier = plugins_of_run(results)
        folders = dict.fromkeys(folder for folder in earlier.values() if folder.is_dir())
        self.registry = Registry(self.config["plugins"], earlier=folders)
        self.imports = imported_entries(results) if self.split == TEST else {}
        """Entries whose estimates of test scenes another program made. Every suite has them, whatever `methods` is."""
        self.known = self._sized_entries(source)
        gone = {name: folder for name, folder in earlier.items() if name not in self.known}
        self.notes = self._notes(source, gone)
        """What may not be as the user thinks, a line each."""
        self.suite_entries = self._entries_of_suite(source, gone)
        self.entries = self._choose_entries(gone)
        self.metrics = self._choose_metrics(source)
        self._methods: dict[str, Method] = {
            name: entry.make() for name, entry in self.known.items() if entry.error is None
        }
        self.attackers_met = functools.cache(self.attackers_met)
        self._check_attacks(source)
        self.scorers = self._choose_scorers(source)
        self.cells, self.absent = self.cells_of(self.conditions, self.entries)
        self.notes += [*self._idle(), *self._unmeasured(source)]

    @property
    def called(self) -> str:
        """What commands call the suite: its name if it is shipped, otherwise its file."""
        file = Path(self.source)
        return self.suite if file.suffix not in SUFFIXES or file in suites().values() else os.path.relpath(file)

    @property
    def whole(self) -> bool:
        """Whether all of the suite is run, and not some conditions or entries of it."""
        return all(chosen == "all" for chosen in self.config["only"].values())

    def _sized_entries(self, source) -> dict[str, Entry]:
        """All entries, with the sizes that the suite gives them."""
        known = self.registry.sized(self.config["size"], self.config["parameters"], source)
        for name in self.imports:
            if name in known:
                place = self.imports[name].source
                raise CocktailError(f"two entries are called '{name}': in {known[name].source} and {place}; rename one")
        conditions = known_conditions(self.config["define"])
        for name, entry in known.items():
            require_known(entry.train_on or (), conditions, f"{entry.source}: {name}: train_on: unknown condition")
        return known | self.imports

    def _idle(self) -> list[str]:
        """A note for conditions that were named, and that none of the chosen entries runs in."""
        busy = {condition for condition, entry in self.cells if entry != BASELINE}
        named = self.conditions if self.config["only"]["conditions"] != "all" else ()
        idle = [name for name in named if name not in busy]
        return [f"none of these entries runs in {', '.join(idle)}"] if idle and busy else []

    def _unmeasured(self, source) -> Iterator[str]:
        """A note for each metric that was named, and that no condition of the suite can have."""
        tasks = {x["task"] for x in self.all_conditions.values()}
        for name in self.metrics if self.config["metrics"] != "all" else ():
            needed = {task: role for task, role in METRICS[name].tasks.items() if task in tasks}
            if not needed:
                wanted = " or ".join(METRICS[name].tasks)
                yield f"{source}: metrics: {name} is of no condition of this suite, but of the task {wanted}"
            elif not any(role in {None, *self.scorers} or role not in TASK_OF_ROLE for role in needed.values()):
                yield f"{source}: metrics: {name} needs `scorers: {{{next(iter(needed.values()))}: ENTRY}}`"

    def _notes(self, source, gone: dict[str, Path]) -> list[str]:
        notes = [f"'{name}' of the last run is left out: its plugin is gone from {gone[name]}" for name in gone]
        shipped = suites().get(self.suite)
        if shipped and Path(source).is_file() and not shipped.samefile(source):
            clash = f"{source}: suite: {shipped.name} is called '{self.suite}', too"
            notes.append(f"{clash}; a run of one replaces the results of the other: choose another name")
        for name in self.registry.unknown(self.config["parameters"]):
            notes.append(f"{source}: parameters: no entry or plugin '{name}'{meant(name, self.known)}")
        return notes

    def _choose_conditions(self, source) -> dict[str, dict]:
        only = self.config["only"]["conditions"]
        chosen = {name: x for name, x in self.suite_conditions.items() if only == "all" or name in only}
        if not chosen:
            raise CocktailError(
                f"{source}: no development scenes of {', '.join(self.unscored)}: the speakers are known from training, "
                f"and those of the split '{self.split}' are not"
            )
        return chosen

    def _entries_of_suite(self, source, gone) -> dict[str, Entry]:
        known, chosen, without = self.known, self.config["methods"], self.config["without"]
        for name in without:
            if (name not in known and name not in gone) or name == BASELINE:
                raise CocktailError(f"{source}: without: no entry to leave out: '{name}'{nearest(name, known)}")
        if chosen == "all":
            return {name: entry for name, entry in known.items() if name not in without}
        wanted = {*chosen, *(self.imports.keys() - set(without))}
        return self._named_entries(wanted, gone, f"{source}: methods: ")

    def _choose_entries(self, gone) -> dict[str, Entry]:
        chosen = self.config["only"]["methods"]
        return self.suite_entries if chosen == "all" else self._named_entries(chosen, gone)

    def _named_entries(self, names, gone, where="") -> dict[str, Entry]:
        """Entries by their names, without those that are gone, and the one that improvements are measured from.

        `where` begins a message; empty where the command itself names them.
        """
        for name in names:
            if name not in self.known and name not in gone:
                raise CocktailError(f"{where}unknown method '{name}'{meant(name, self.known)}")
        return {name: entry for name, entry in self.known.items() if name in names or name == BASELINE}

    def _choose_metrics(self, source) -> tuple[str, ...]:
        chosen = self.config["metrics"]
        require_known([] if chosen == "all" else chosen, METRICS, f"{source}: metrics: unknown metric")
        return tuple(name for name in METRICS if chosen == "all" or name in chosen)

    def _check_attacks(self, source) -> None:
        """Raise CocktailError for an attack that is neither the project's nor an entry that can make spoofs here."""
        for condition, definition in self.all_conditions.items():
            where = f"{source}: {condition}.attacks"
            for name in names.attackers([definition]):
                if name not in self.known:
                    raise CocktailError(f"{where}: no attack '{name}'{nearest(name, [*names.ATTACKS, *self.known])}")
                self._check_attacker(name, where)
                if "adversary" in definition:
                    raise CocktailError(
                        f"{where}: an adversary changes logical attacks alone, and not those of '{name}'"
                    )
                if any(name in self.attackers_met(each) for each in self.ancestry(name)):
                    raise CocktailError(f"{where}: '{name}' builds on what learns from its own spoofs")

    def _check_attacker(self, name: str, where: str) -> None:
        """Raise CocktailError where an entry cannot attack, or cannot be trained in this suite."""
        method = self._methods.get(name)
        if method is None or "attack" not in method.tasks():
            raise CocktailError(f"{where}: '{name}' is no entry that has the task 'attack'")
        for each in self.ancestry(name):
            if each not in self._methods:
                raise CocktailError(f"{where}: '{name}' builds on '{each}', which {self.known[each].error}")
            if reason := self._without_model(each) or self._of_one_class(each):
                raise CocktailError(f"{where}: {reason}")
            self._check_trains(each, where)

    def _check_trains(self, name: str, where: str) -> None:
        """Raise CocktailError where an entry that learns from mixtures meets none in this suite."""
        if self._mixes(name) and not self._trains_on(name):
            wanted = ", ".join(self.known[name].train_on or ())
            raise CocktailError(f"{where}: '{name}' trains on no condition of this suite; add {wanted or 'one'}")

    def _choose_scorers(self, source) -> dict[str, str]:
        """Role -> entry whose model scores the others; of several in one role, the further ones by `role.entry`."""
        chosen = {}
        for role, named in self.config["scorers"].items():
            scorers, task = [named] if isinstance(named, str) else named, TASK_OF_ROLE[role]
            require_known(scorers, self.known, f"{source}: scorers.{role}: unknown entry")
            for name in scorers:
                method = self._methods.get(name)
                if method is None:
                    continue
                where = f"{source}: scorers.{role}"
                if task not in method.tasks():
                    raise CocktailError(f"{where}: '{name}' does not have the task '{task}'")
                if method.sounds:
                    raise CocktailError(f"{where}: '{name}' tells other sounds apart, not spoofed speech")
                self._check_trains(name, where)
            first, *others = scorers
            chosen |= {role: first} | {f"{role}{BY}{name}": name for name in others}
        return {role: name for role, name in chosen.items() if name in self._methods}

    def cells_of(self, conditions, entries: dict[str, Entry]) -> tuple[list[tuple[str, str]], list[Absent]]:
        """The cells of some conditions and entries, and those that have no jobs."""
        cells, absent = [], []
        for condition in conditions:
            about = self.info(condition)
            for name, entry in entries.items():
                if entry.error is not None:
                    absent.append(Absent(condition, name, "failed", f"method-failed: {entry.error}"))
                elif about.task in entry.cls.tasks():
                    missing = self._absent(name, about)
                    if missing is None:
                        cells.append((condition, name))
                    else:
                        absent.append(missing)
        return cells, absent

    def _absent(self, name: str, about: Info) -> Absent | None:
        """Why an entry does not run in a condition, or None if it does."""
        method = self._methods[name]
        for key, other in self.known[name].others:
            if other in self._methods and not sees_no_more(self._methods[other].paradigm, method.paradigm):
                paradigms = f"'{self._methods[other].paradigm}' sees more than its own, '{method.paradigm}'"
                reason = f"it {VERBS[key]} '{other}', whose paradigm {paradigms}"
                return Absent(about.condition, name, "failed", f"method-failed: {reason}")
        for needed in self.ancestry(name):
            error = self.known[needed].error
            if error is not None:
                return Absent(about.condition, name, "failed", f"method-failed: it builds on '{needed}', which {error}")
            if reason := self._without_model(needed) or self._of_one_class(needed):
                return Absent(about.condition, name, "failed", f"method-failed: {reason}")
            if self._mixes(needed) and not self._trains_on(needed):
                reason = f"'{needed}' trains on no condition of this suite"
                return Absent(about.condition, name, "skipped", reason)
        for member in self.known[name].reads:
            missing = self._absent_member(member, about)
            if missing is not None:
                reason = f"it reads '{member}', which does not run here: {missing.reason}"
                return Absent(about.condition, name, missing.status, reason)
        learned = [about.condition in self._trains_on(each) for each in self.lineage(name) if self._mixes(each)]
        if "sounds" in self.all_conditions[about.condition] and learned and not any(learned):
            return Absent(about.condition, name, "skipped", "did not learn to tell these sounds apart")
        if "attacks" in self.all_conditions[about.condition] and method.sounds:
            return Absent(about.condition, name, "skipped", "tells other sounds apart, not spoofed speech")
        if reason := lacks(method.needs, about):
            return Absent(about.condition, name, "skipped", reason)
        try:
            reason = method.skip(about)
        except Exception as error:  # a plugin may raise anything: only its own cells fail
            return Absent(about.condition, name, "failed", f"method-failed: skip(): {type(error).__name__}: {error}")
        return None if reason is None else Absent(about.condition, name, "skipped", str(reason))

    def _without_model(self, name: str) -> str | None:
        """Which entry whose model one asks for has none, or none that is of use to it, or None."""
        for key, other in self.known[name].others:
            if key in ("uses", "start") and other in self._methods and not self._methods[other].learned():
                return f"'{name}' {VERBS[key]} '{other}', which learns nothing; name an entry that is trained"
        method, uses = self._methods[name], self.known[name].uses
        roles = method.roles or {}
        if method.roles is not None and roles.keys() != uses.keys():
            asked = ", ".join(f"{role}: ENTRY" for role in roles)
            right = f"`uses: {'ENTRY' if list(roles) == [BASE] else f'{{{asked}}}'}`"
            return f"'{name}' uses {self.known[name].said().get('uses', 'no entry')}; its row must say {right}"
        for role, other in uses.items():
            base = self._methods.get(other)
            if base is not None and role in roles and roles[role] not in base.tasks():
                return f"'{name}' uses '{other}' as its {role}, which does not have the task '{roles[role]}'"
            if base is not None and role in method.through and not base.gradients:
                return f"'{name}' uses '{other}' as its {role}, which has no gradients; lcnn and xvector have some"
        return None

    def _of_one_class(self, name: str) -> str | None:
        """Why an entry that learns to tell spoofs from bona fide speech meets one of them alone, or None."""
        shares = {x.get("spoofed", 0.5) for x in self._trains_on(name).values() if "attacks" in x}
        if self._methods[name].answer().labelled and shares in ({0}, {1}):
            (share,) = shares
            return f"'{name}' trains on `spoofed: {share:g}` alone, and learns from bona fide speech and from spoofs"
        return None

    def _absent_member(self, name: str, about: Info) -> Absent | None:
        """Why there are no estimates of a condition by an entry that others read, or None."""
        task = signal_task(about.n_sources)
        if task not in self._methods[name].tasks():
            return Absent(about.condition, name, "skipped", f"it does not have the task '{task}'")
        return self._absent(name, about)

    def lineage(self, name: str) -> list[str]:
        """An entry, what it uses, what that uses ...: whose code runs with it."""
        return self._closure(name, ("uses",))

    def models_read(self, name: str) -> list[str]:
        """Entries whose models an entry runs with: its own, those that it uses, and those of the entries it reads."""
        closure = self._closure(name, ("uses", "reads"))
        return [each for each in closure if each in self._methods and self._methods[each].learned()]

    def ancestry(self, name: str) -> list[str]:
        """An entry, and all that must be made before it: what it builds on, and attackers that it learns from."""
        return self._closure(name, tuple(VERBS), self.attackers_met)

    def _closure(self, name, keys, more=lambda each: ()) -> list[str]:
        closure = [name]
        for each in closure:
            others = [other for key, other in self.known[each].others if key in keys]
            closure += [other for other in dict.fromkeys([*others, *more(each)]) if other not in closure]
        return closure

    def attackers_met(self, name: str) -> list[str]:
        """Entries whose spoofs an entry learns from."""
        if name not in self._methods or not self._methods[name].sees(ANNOTATIONS):
            return []
        return names.attackers(self._trains_on(name).values(), (TRAIN,))

    def _mixes(self, name: str) -> bool:
        """Whether an entry trains on scenes, and not on isolated signals alone."""
        method = self._methods[name]
        reads = bool(self.known[name].reads)
        labelled = method.answer().labelled and method.sees(ANNOTATIONS)
        return method.learned() and (reads or method.sees(MIXTURES) or labelled)

    def _trains_on(self, name: str) -> dict[str, dict]:
        """Definitions of the conditions of this suite that an entry trains on; none for isolated signals.

        Unless its row says otherwise, they are all of its tasks that have as many microphones as it needs. What the
        entry reads must run there.
        """
        if not self._mixes(name):
            return {}
        wanted, tasks = self.known[name].train_on, self.known[name].cls.tasks()
        fewest = 2 if "array" in self._methods[name].needs else 1
        sounds = self._methods[name].sounds
        return {
            condition: definition
            for condition, definition in self.all_conditions.items()
            if (condition in wanted if wanted is not None else _suits(definition, tasks, fewest, sounds))
            and all(self._absent_member(each, self.info(condition)) is None for each in self.known[name].reads)
        }

    def info(self, condition: str) -> Info:
        """What methods may know of a condition."""
        return info(condition, self.all_conditions[condition], self.config["fs"])

    def comparisons(self) -> list[Comparison]:
        """What the claims compare. Raises CocktailError for an entry or a condition that does not exist."""
        conditions = known_conditions(self.config["define"])
        return read_claims(
            CLAIMS, entries={name: entry.plugin.family for name, entry in self.known.items()}, conditions=conditions
        )

    def cards(self, entries: dict[str, Entry]) -> list[dict]:
        """What each of some entries that can run is, learns from and builds on, its parameters and its description."""
        return [
            {
                "entry": name,
                "plugin": entries[name].plugin.name,
                "family": entries[name].plugin.family,
                **self._folder(entries[name]),
                "paradigm": method.paradigm,
                "guidance": method.guidance(),
                "needs": sorted(method.needs),
                "microphones": self._fewest_microphones(method),
                "causal": method.causal,
                "task": ",".join(method.tasks()),
                **entries[name].said(),
                "parameters": method.parameters(),
                "description": _module_docstring(method),
            }
            for name, method in self._methods.items()
            if name in entries
        ]

    def _fewest_microphones(self, method) -> int:
        """With how many a method runs, where nothing else is in its way: 1, or 2 for several."""
        task = method.tasks()[0]
        about = Info("", task, 1, TASKS[task].talkers, self.config["fs"], "image", room=True, closed=True)
        try:
            return 2 if lacks(method.needs, about) or method.skip(about) else 1
        except Exception:  # a plugin may raise anything; its cells say so
            return 1

    def _folder(self, entry) -> dict[str, str]:
        """Where the plugin of an entry lies, if the user named that folder."""
        folder = entry.plugin.path.parent
        return {"folder": str(folder)} if folder in self.registry.folders else {}

    def condition_cards(self, conditions) -> list[dict]:
        """Name, title, task, channels, n_sources and fs of some conditions."""
        return [
            {"name": name, "title": self.all_conditions[name].get("title", "")}
            | {key: getattr(self.info(name), key) for key in ("task", "channels", "n_sources", "fs")}
            for name in conditions
        ]


def _suits(definition: dict, tasks: tuple[str, ...], fewest: int, sounds: bool) -> bool:
    """Whether methods of these tasks, for `fewest` microphones or more, train on a condition unless told otherwise.

    Enhancers leave spoofs out, and all leave closed sets out, whose talkers the others bring. Detectors of spoofs leave
    out other sounds, and those of other `sounds` have nothing else. Nobody trains on attacks of an adversary, who
    attacks what is tested alone.
    """
    if "adversary" in definition:
        return False
    attacks = "attacks" in definition and not TASKS[definition["task"]].labelled
    suits = definition["task"] in tasks and not attacks and not is_closed(definition)
    return suits and ("sounds" in definition) == sounds and len(positions(definition["array"])) >= fewest


def _module_docstring(method: Method) -> str:
    import inspect
    import sys

    return inspect.cleandoc(sys.modules[type(method).__module__].__doc__ or "")
