"""The jobs of a suite, as many as there will be and how much each has to do: what `cocktail plan` counts and costs."""

from collections.abc import Iterator
from dataclasses import dataclass

from cocktail.method import Workload
from cocktail.rooms.arrays import positions
from cocktail.scenes.room_bank import VALID
from cocktail.workflow.files import SPLITS, TEST
from cocktail.workflow.plan import Plan

UTTERANCE_S = 2.0
"""A sentence of grid-tts lasts about that long ..."""
SCENE_S = 3.0
"""... and a scene of it, where nobody takes turns, about that long."""


@dataclass(frozen=True)
class Job:
    """One job: its log file without suffix, its files or folders, and its amount in the unit of its rule."""

    log: str
    outputs: tuple[str, ...]
    amount: float


@dataclass(frozen=True)
class Group:
    """The jobs of a rule for one condition and entry: one for each shard."""

    rule: str
    jobs: tuple[Job, ...]
    condition: str | None = None
    task: str | None = None
    """Of the condition."""
    entry: str | None = None
    plugin: str | None = None
    size: float = 1.0
    """Of the model that is trained or that processes (Workload.size); 1 elsewhere."""
    epochs: int = 0
    """Most epochs of a training, if it keeps a history."""
    gpu: bool = False

    @property
    def amount(self) -> float:
        """Of all jobs. NaN: cannot be told."""
        return sum(job.amount for job in self.jobs)

    @property
    def name(self) -> str:
        """For messages: `process tablet omlsa`."""
        return " ".join(filter(None, (self.rule, self.condition, self.entry)))


def groups(plan: Plan) -> Iterator[Group]:
    """Every job of a suite, were nothing done yet.

    Units of the amounts: seconds of sound for `corpora`, utterances for `spoofs`, `adversary` and `attacker`, rooms
    times microphones for `rooms`, scenes for `scenes`, `process` and `score`, what the method's `workload` says for
    trainings, cells times scenes for `leaderboard`, comparisons times scenes for `claims`, cells for `report` and
    `track`.
    """
    yield from _speech_and_noise(plan)
    yield from _rooms(plan)
    for split in SPLITS:
        yield from _scenes(plan, split)
    for name in plan.trained:
        yield _training(plan, name)
    for split in SPLITS:
        yield from _processing(plan, split)
    for condition, entry in plan.cells:
        jobs = tuple(  # what scores an estimate does not depend on the size of what made it
            Job(plan.board("logs", "score", condition, entry, shard), (plan.scores(condition, entry, shard),), scenes)
            for shard, scenes in _shards(plan, condition, plan.split)
        )
        yield Group("score", jobs, **_cell(plan, condition, entry))
    yield from _boards(plan)


def _shards(plan, condition, split) -> list[tuple[str, float]]:
    """Shards of a condition and split, and their scenes; a conversation counts as so many as it is longer."""
    talk = plan.all_conditions[condition].get("conversation")
    scenes = talk["duration_s"] / SCENE_S if talk else 1
    return [(shard, scenes * len(plan.scene_indices(shard, split))) for shard in plan.shards_of(split)]


def _single(rule, log, outputs, amount) -> Group:
    return Group(rule, (Job(log, outputs, amount),))


def _speech_and_noise(plan):
    parts = [part for parts in plan.config["corpora"].values() for part in parts]
    yield _single("corpora", plan.path("logs", "corpora"), (plan.speech, plan.noise), sum(map(sound_s, parts)))
    utterances = sum(sum(counts.values()) for counts in plan.spoof_counts().values())
    read = [*map(plan.scenes_spoofs, plan.conditions), *map(plan.train_spoofs, plan.trained)]
    if plan.adversaries or any(plan.spoofs in files.get("spoofs", ()) for files in read):
        yield _single("spoofs", plan.path("logs", "spoofs"), (plan.spoofs,), utterances)
    for entry in plan.adversaries:
        job = Job(plan.path("logs", "adversary", entry), (plan.attacked(entry),), utterances)
        yield Group("adversary", (job,), entry=entry, plugin=plan.known[entry].plugin.name)
    for entry in plan.attackers:
        made = sum(plan.attacker_counts(entry).values())
        job = Job(plan.path("logs", "attacker", entry), (plan.forged(entry),), made)
        yield Group("attacker", (job,), entry=entry, plugin=plan.known[entry].plugin.name)


def sound_s(part: dict) -> float:
    """Seconds of sound that an adapter makes for a corpus's part; NaN for one that reads what is there."""
    from cocktail.corpora import grid_tts, synthetic

    if part["adapter"] == "grid-tts":
        return UTTERANCE_S * sum(speakers * utterances for _, speakers, utterances in grid_tts.counts(part))
    if part["adapter"] == "synthetic":
        return synthetic.seconds(part) * sum(count for _, _, count in synthetic.recordings(part))
    return float("nan")


def _rooms(plan):
    for name, microphones in plan.all_banks():
        channels = len(positions(plan.all_conditions[name]["array"])) if microphones == "all" else 1
        amount = (1 + 1 / VALID) * plan.config["rooms"] * channels
        job = Job(plan.path("logs", "rooms", microphones, name), (plan.rooms(name, microphones),), amount)
        yield Group("rooms", (job,), condition=name)


def _scenes(plan, split):
    for name in plan.rendered(split):
        jobs = tuple(
            Job(
                plan.path("logs", "scenes", name, split, shard),
                (plan.mixtures(name, shard, split), plan.references(name, shard, split)),
                scenes,
            )
            for shard, scenes in _shards(plan, name, split)
        )
        yield Group("scenes", jobs, condition=name, task=plan.all_conditions[name]["task"])


def _training(plan, entry) -> Group:
    work = _workload(plan, entry) or Workload(float("nan"), 1.0)
    job = Job(plan.path("logs", "train", entry), (plan.model(entry),), work.amount)
    about = {"entry": entry, "plugin": plan.known[entry].plugin.name, "gpu": bool(plan.gpu(entry))}
    return Group("train", (job,), size=work.size, epochs=work.epochs, **about)


def _workload(plan, entry) -> Workload | None:
    """Of the training of the entry, or of what it builds on if it learns nothing itself."""
    learned = [name for name in plan.lineage(entry) if plan.known[name].cls.learned()]
    return plan.known[learned[0]].make().workload() if learned else None


def _cell(plan, condition, entry) -> dict:
    return {
        "condition": condition,
        "task": plan.all_conditions[condition]["task"],
        "entry": entry,
        "plugin": plan.known[entry].plugin.name,
    }


def _processing(plan, split):
    for condition, entry in plan.estimated(split):
        jobs = tuple(
            Job(
                plan.path("logs", "process", condition, split, entry, shard),
                (plan.estimates(condition, entry, shard, split),),
                scenes,
            )
            for shard, scenes in _shards(plan, condition, split)
        )
        work = _workload(plan, entry)
        size = work.size if work else 1.0
        yield Group("process", jobs, **_cell(plan, condition, entry), size=size, gpu=bool(plan.gpu(entry)))


def _boards(plan):
    cells, scenes = len(plan.cells), plan.config["scenes"]
    tables = [plan.board(name) for name in ("scores.parquet", "leaderboard.csv", "scenes.parquet", "entries.json")]
    made = {
        "leaderboard": (tuple(tables), cells * scenes),
        "claims": ((plan.board("claims.csv"),), len(plan.comparisons()) * scenes),
        "report": ((plan.board("report"),), cells),
    }
    if plan.split == TEST:
        made["track"] = (plan.board("mlflow.json"),), cells
    for rule, (outputs, amount) in made.items():
        yield _single(rule, plan.board("logs", rule), outputs, amount)
