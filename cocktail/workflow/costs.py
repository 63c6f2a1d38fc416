"""What the jobs of a finished suite cost: read from the records that they leave, and kept for plans of other suites.

Every rule leaves Snakemake's benchmark file (wall-clock and CPU seconds) beside its log, and in the log the CPU time of
its work proper (cocktail.runtime.accounting), which grows with the amount; the rest of a job, its imports first of all,
does not.

Snakemake samples CPU time while a job runs and so misses the end of it, and all of a job shorter than half a second:
where the log reports more work, that counts. A training that was interrupted is known by its last part.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from cocktail.config import CONFIG
from cocktail.errors import CocktailError
from cocktail.metrics.catalogue import METRICS
from cocktail.plugins.model import read_card
from cocktail.report.provenance import processor
from cocktail.runtime.accounting import read_benchmark, read_log
from cocktail.tasks import TASKS
from cocktail.text import read_text
from cocktail.training.history import epochs_run
from cocktail.workflow.job_groups import Group, Job, groups
from cocktail.workflow.plan import Plan

FILE = "costs.json"
"""In the folder of a suite's results: what `write` leaves there."""
SHIPPED = CONFIG / "costs"
"""Folder of the records that the project ships, `SUITE.json`; each says on what machine."""


@dataclass(frozen=True)
class Cost:
    """What the jobs of a group (cocktail.workflow.job_groups.Group) cost together."""

    rule: str
    jobs: int
    cpu_s: float
    work_s: float
    """The share of `cpu_s` that grows with the amount."""
    wall_s: float
    n_bytes: int
    """Of their files."""
    amount: float | None = None
    """None: it cannot be told."""
    condition: str | None = None
    task: str | None = None
    entry: str | None = None
    plugin: str | None = None
    size: float = 1.0
    gpu: bool = False
    """Whether they computed on a GPU."""


@dataclass(frozen=True)
class Costs:
    """What one suite cost."""

    suite: str
    machine: str
    corpora: dict
    """The suite's own key: scenes are as long as its speech."""
    judged: tuple[str, ...]
    """Metrics of signals, roles of the models that score, and the recogniser's options."""
    costs: tuple[Cost, ...]

    @property
    def seconds(self) -> float:
        """CPU time of all jobs."""
        return sum(cost.cpu_s for cost in self.costs)

    def write(self, path: str | Path) -> None:
        """Leave it as JSON, one line a group, without what is by default."""
        head = {key: value for key, value in asdict(self).items() if key != "costs"}
        defaults = {field.name: field.default for field in fields(Cost)}
        rows = ({key: value for key, value in asdict(cost).items() if value != defaults[key]} for cost in self.costs)
        lines = ",\n".join(map(json.dumps, rows))
        Path(path).write_text(f'{json.dumps(head)[:-1]}, "costs": [\n{lines}\n]}}\n', encoding="utf-8")


def read_costs(path: str | Path) -> Costs:
    """What `Costs.write` left. Raises CocktailError where it is something else."""
    try:
        content = json.loads(read_text(path))
        costs = tuple(Cost(**cost) for cost in content.pop("costs"))
        return Costs(**content | {"judged": tuple(content["judged"]), "costs": costs})
    except OSError as error:
        raise CocktailError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CocktailError(f"{path}: no record of costs ({error}); `cocktail run` leaves one in {FILE}") from error


def shipped_costs() -> list[Costs]:
    """What the project ships, the record with the most groups first."""
    return sorted(map(read_costs, sorted(SHIPPED.glob("*.json"))), key=lambda costs: -len(costs.costs))


def known_costs(plan: Plan) -> list[Costs]:
    """Costs of the suite itself, of others beside its results, and those that the project ships."""
    own = measure(plan)
    others = [path for path in sorted(plan.folder.parent.glob(f"*/{FILE}")) if path.parent != plan.folder]
    return [*([own] if own.costs else []), *map(read_costs, others), *shipped_costs()]


def measure(plan: Plan) -> Costs:
    """What the jobs of a suite cost, as far as they have run; groups that left no records are left out."""
    measured = (_cost(plan, group) for group in groups(plan))
    return Costs(
        suite=plan.suite,
        machine=f"{os.cpu_count()} cores of {processor()}",
        corpora=plan.config["corpora"],
        judged=judged(plan),
        costs=tuple(cost for cost in measured if cost is not None),
    )


def judged(plan: Plan) -> tuple[str, ...]:
    """What scores a suite: metrics of signals, roles of the models that score, and the recogniser's options.

    Metrics of scenes are read off a method's records, those of trials cost what the models of their roles do. Further
    detectors, which only score where there are attacks, are not told from the first.
    """
    needed = {role for definition in plan.conditions.values() for role in TASKS[definition["task"]].scorers}
    recogniser = [f"{key} {value}" for key, value in plan.config["recogniser"].items()] if "wer" in plan.metrics else []
    metrics = (name for name in plan.metrics if METRICS[name].level == "source")
    return (*metrics, *(role for role in plan.scorers if role in needed), *recogniser)


def _cost(plan, group: Group) -> Cost | None:
    try:
        return _read_cost(plan, group)
    except FileNotFoundError:  # a job that runs meanwhile replaces its files
        return None


def _read_cost(plan, group):
    finished = [job for job in group.jobs if Path(f"{job.log}.tsv").exists()]
    if not finished or (group.rule == "train" and not _as_planned(plan, group, finished[0])):
        return None
    spent = [_spent(job) for job in finished]
    amount = sum(job.amount * _share(group, job) for job in finished)
    return Cost(
        rule=group.rule,
        condition=group.condition,
        task=group.task,
        entry=group.entry,
        plugin=group.plugin,
        size=group.size,
        gpu=any(gpu for *_, gpu in spent),
        jobs=len(finished),
        amount=None if amount != amount else amount,
        cpu_s=round(sum(cpu_s for cpu_s, *_ in spent), 2),
        work_s=round(sum(work_s for _, work_s, *_ in spent), 2),
        wall_s=round(sum(wall_s for _, _, wall_s, _ in spent), 2),
        n_bytes=sum(_bytes(job.outputs) for job in finished),
    )


def _as_planned(plan, group, job) -> bool:
    """Whether a model was trained, and with the parameters that the suite has now."""
    try:
        card = read_card(job.outputs[0])
    except CocktailError:
        return False
    return card.error is None and card.parameters == json.loads(json.dumps(plan.train_spec(group.entry)["parameters"]))


def _share(group, job) -> float:
    """Of a training's amount: epochs that it went through, over the most."""
    run = epochs_run(job.outputs[0]) if group.epochs else 0
    return run / group.epochs if run else 1.0


def _spent(job: Job) -> tuple[float, float, float, bool]:
    """CPU seconds, those of them that grow with the amount, wall-clock seconds, and whether a GPU was used."""
    row, log = read_benchmark(f"{job.log}.tsv"), Path(f"{job.log}.log")
    logged = read_log(log.read_text(encoding="utf-8", errors="replace") if log.exists() else "")
    cpu_s = max(_number(row["cpu_time"]), logged.work_s + logged.once_s)
    gpu = logged.device is not None and not logged.device.startswith("cpu")
    return cpu_s, logged.work_s, _number(row["s"]), gpu


def _number(text: str) -> float:
    """A field of a benchmark file; 0 for the `NA` of a job that ended before it could be looked at."""
    try:
        return float(text)
    except ValueError:
        return 0.0


def _bytes(paths: Iterable[str]) -> int:
    """Of files, and of all files in folders."""
    total = 0
    for path in map(Path, paths):
        files = path.rglob("*") if path.is_dir() else [path]
        total += sum(file.stat().st_size for file in files if file.is_file())
    return total
