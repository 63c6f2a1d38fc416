"""What the parts of the benchmark work with on the node: the bundle opened, its trained models, and the clock."""

import functools
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gpu.bundle import JOBS, SCENES, Sounds, TestScene, read_scenes
from cocktail.method import Bases, Info, Method, View
from cocktail.plugins.entry import from_spec
from cocktail.rng import rng
from cocktail.training.data.corpus import CorpusTrainingData


class NoTimeLeft(Exception):
    """A part's time is over."""


@dataclass
class Clock:
    """Seconds since a part began, and how many it has."""

    limit_s: float
    start: float = field(default_factory=time.monotonic)

    @property
    def spent_s(self) -> float:
        return time.monotonic() - self.start

    @property
    def left_s(self) -> float:
        return self.limit_s - self.spent_s

    def share(self, number: int) -> "Clock":
        """A clock for the next of `number` pieces of work that share what is left."""
        return Clock(self.left_s / max(number, 1))

    def check(self) -> None:
        """Raise NoTimeLeft where nothing is left."""
        if self.left_s <= 0:
            raise NoTimeLeft(f"its {self.limit_s:.0f} s were over")


def fill(report: dict, names: Iterable[str], figures: Callable[[str], dict], clock: Clock, written) -> None:
    """`figures(name)` of each name in turn, calling `written` after it.

    What fails, or finds the time over, has its reason in the report, and the next one goes on.
    """
    for name in names:
        report[name] = {}
        try:
            clock.check()
            report[name] = figures(name)
        except Exception as error:  # whatever goes wrong on a machine that nobody has tried
            report[name] = {"error": f"{type(error).__name__}: {error}"}
        written()


@dataclass
class Node:
    """The bundle in `folder`, and models in `work`. `device`: `cuda`, or `cpu` for a dry run."""

    folder: Path
    work: Path
    device: str
    trained: dict[str, Path] = field(default_factory=dict)
    """Entry -> the folder that its training left."""
    _data: dict[tuple, CorpusTrainingData] = field(default_factory=dict)

    @functools.cached_property
    def jobs(self) -> dict:
        """jobs.json."""
        return json.loads((self.folder / JOBS).read_text())

    @property
    def entries(self) -> dict[str, dict]:
        """Entry -> its spec, what it uses by role, its task and conditions."""
        return self.jobs["entries"]

    @functools.cached_property
    def scenes(self) -> list[TestScene]:
        """Test scenes."""
        return list(read_scenes(self.folder / SCENES))

    @functools.cached_property
    def _libraries(self):
        return {name: Sounds(self.folder / f"{name}.npz") for name in ("speech", "noise", "spoofs")}

    def method(self, name: str, **changed) -> Method:
        """An entry's method, with other values of its fields."""
        return replace(from_spec(self.entries[name]["spec"]).make(), **changed)

    def data(self, name: str, method: Method, conditions: list[str] | None = None) -> CorpusTrainingData:
        """What the entry may learn from; `conditions` in place of those that it trains on."""
        names = tuple(self.entries[name]["train_on"] if conditions is None else conditions)
        wanted = {need: need in method.needs for need in ("array", "enrolment")}
        key = method.paradigm, names, tuple(self.entries[name]["uses"].items()), *wanted.values()
        if key not in self._data:  # kept for the next entry that may learn from the same: noise is mixed once
            self._data[key] = CorpusTrainingData(
                **self._libraries, fs=self.jobs["fs"], paradigm=method.paradigm, seed=self.jobs["seed"],
                device=self.device, conditions={c: self.jobs["conditions"][c] for c in names},
                rooms={c: self.folder / path for c, path in self.jobs["rooms"].items() if c in names},
                bases=self.bases(name), **wanted,
            )  # fmt: skip
        return self._data[key]

    def fit(self, name: str, method: Method, folder: Path, conditions: list[str] | None = None) -> None:
        """Train an entry in `folder`, from the seed of its name."""
        folder.mkdir(parents=True, exist_ok=True)
        method.fit(self.data(name, method, conditions), rng(self.jobs["seed"], name, role="fit"), folder)

    def model(self, name: str) -> Any:
        """The model of a trained entry, read anew. Raises KeyError where it was not trained."""
        return self.method(name).load(self.trained[name])

    def bases(self, name: str) -> Bases:
        """The models that an entry uses, by role."""
        return Bases({role: self.model(used) for role, used in self.entries[name]["uses"].items()})

    def grants(self, name: str, method: Method) -> dict[str, Any]:
        """What views of the entry may grant whatever the scene, but for the device."""
        return {"model": self.model(name) if method.learned() else None, "bases": self.bases(name)}

    def view(self, name: str, method: Method, scene: TestScene, grants: dict, device: str) -> View:
        """What the entry may know of a scene; the same generator whenever it is asked for.

        The first talker is enrolled with what it says in the scene: that compares devices, and scores nobody.
        """
        generator = rng(self.jobs["seed"], scene.name, name, role="method")
        offered = {
            "array": np.array(scene.array),
            "n_sources": len(scene.target),
            "enrolment": scene.target[0],
            "device": device,
        }
        return View.of(method, grants | offered, fs=scene.fs, rng=generator)

    def skip(self, name: str, method: Method, scene: TestScene) -> str | None:
        """Why the entry does not apply to a scene, or None."""
        task = self.entries[name]["task"]
        return method.skip(Info(scene.condition, task, len(scene.mixture), len(scene.target), scene.fs, "image"))


def is_network(method: Method) -> bool:
    """Whether the method is trained step by step."""
    return method.learned() and any(field.name == "steps" for field in fields(method))


def scheduled(method: Method, *, epochs: int, steps: int) -> Method:
    """A network's method with so many epochs of so many steps in each stage of its training."""
    stages = {field.name: epochs for field in fields(method) if "epochs" in field.name}
    return replace(method, **stages, steps=steps)
