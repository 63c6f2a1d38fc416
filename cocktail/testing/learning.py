"""Training for the probes: the fit-save-load round trip of a method, and before it of those that its entry names."""

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cocktail.method import Bases, LearnedMethod, Method
from cocktail.nets.network_method import NetworkMethod
from cocktail.rng import rng
from cocktail.testing.bench import Bench, ProbeError, StubRecogniser, benches
from cocktail.testing.data import TinyData
from cocktail.testing.probes import REPEAT_TOLERANCE, difference

MOST_UPDATES = 200
"""Of a network in a training that is no more than a probe."""
MOVED = "moved"
"""Folder that a trained model is found in."""


@dataclass(frozen=True)
class Probed:
    """A method, and those that the row of its entry names."""

    method: Method
    uses: dict[str, "Probed"] = field(default_factory=dict)
    """By role."""
    start: "Probed | None" = None
    reads: dict[str, "Probed"] = field(default_factory=dict)
    """By entry."""
    cure: str = ""
    """What makes its training short, where nothing does."""

    @property
    def others(self) -> list["Probed"]:
        """All that it names."""
        return [*self.uses.values(), *([self.start] if self.start else []), *self.reads.values()]


@dataclass(frozen=True)
class Others:
    """What a method is given of the others that its entry names."""

    bases: Bases = field(default_factory=Bases)
    start: Path | None = None
    reads: dict[str, Bench] = field(default_factory=dict)


def train_others(probed: Probed, folder: Path, device: str = "cpu") -> Others:
    """Train all that the entry of a method names, in folders below `folder`."""
    bases = {role: prepare(base, folder / f"uses-{role}", device).model for role, base in probed.uses.items()}
    reads = {name: prepare(member, folder / f"reads-{name}", device) for name, member in probed.reads.items()}
    if probed.start is not None:
        prepare(probed.start, folder / "start", device)
    return Others(Bases(bases), folder / "start" / MOVED if probed.start else None, reads)


def fit(method: LearnedMethod, folder: Path, *, others: Others = Others(), device: str = "cpu") -> Any:
    """Train on a few seconds of synthetic sound in `folder`, move what was left, and load it from there.

    The move finds a method that keeps what it needs elsewhere, or writes absolute paths.
    """
    first, moved = folder / "fitted", folder / MOVED
    first.mkdir(parents=True)
    info = next(benches(method)).info
    channels = info.channels if "array" in method.needs else None
    recogniser = StubRecogniser() if "recogniser" in method.needs else None
    given = {"recogniser": recogniser, "bases": others.bases, "start": others.start, "members": others.reads}
    data = TinyData(
        method.paradigm, method.tasks(), channels=channels, enrolment="enrolment" in method.needs, device=device,
        talkers=lambda k: method.skip(replace(info, n_sources=k)) is None, **given,
    )  # fmt: skip
    trainee = as_trainee(method)
    trainee.fit(data, rng(0, role="fit"), first)
    if not any(first.iterdir()):
        raise ProbeError("`fit` left nothing in its folder")
    shutil.move(first, moved)
    return trainee.load(moved)


def as_trainee(method: LearnedMethod) -> LearnedMethod:
    """The method, which raises ProbeError where a field is read that `call_only` says its training does not read."""
    if not method.call_only:
        return method
    cls = type(method)

    def read(trainee, name):
        if name in cls.call_only:
            raise ProbeError(f"`fit` or `load` reads {name!r}, though it is in `call_only`")
        return super(cls, trainee).__getattribute__(name)

    # Pickled, for processes that draw examples, and hashed, for caches, it is the method itself.
    special = {"__reduce__": lambda _: (as_trainee, (method,)), "__hash__": lambda _: hash(method)}
    trainee = object.__new__(type(cls.__name__, (cls,), special | {"__getattribute__": read}))
    trainee.__dict__.update(vars(method))
    return trainee


def fit_probed(probed: Probed, folder: Path, **options) -> Any:
    """`fit`, with its options. Raises ProbeError for a network whose training is too long, and then at once, and
    TimeoutError for other methods when the time is over; both name the cure that `probed` has.
    """
    method = probed.method
    if probed.cure and isinstance(method, NetworkMethod):
        updates = sum(stage.epochs for stage in method.stages()) * method.steps
        if updates > MOST_UPDATES:
            raise ProbeError(f"trains for {updates:,} updates, {MOST_UPDATES} at most are for probes: {probed.cure}")
    try:
        return fit(method, folder, **options)
    except TimeoutError as error:
        raise TimeoutError(f"{error}: {probed.cure}" if probed.cure else str(error)) from None


def prepare(probed: Probed, folder: Path, device: str = "cpu") -> Bench:
    """A bench of the method, trained after all that it builds on; for the first of its tasks."""
    others = train_others(probed, folder / "others", device)
    model = fit_probed(probed, folder, others=others, device=device) if probed.method.learned() else None
    return replace(next(benches(probed.method)), model=model, bases=others.bases, reads=others.reads, device=device)


def check_round_trip(bench: Bench, folder: Path) -> str:
    """Load twice: the same estimate. `size` is a count."""
    method = bench.method
    scene = bench.scene()
    first = bench.run(scene)
    second = replace(bench, model=method.load(folder / MOVED)).run(scene)
    if difference(second, first) > REPEAT_TOLERANCE:
        raise ProbeError("two loads of one folder give two estimates")
    size = method.size(bench.model)
    if not isinstance(size, int) or size < 0:
        raise ProbeError(f"`size` returned {size!r}, not a count of parameters")
    return f"{size:,} learnt parameters"
