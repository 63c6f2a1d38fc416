"""One entry at work on scenes of a shard, in a process of its own."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cocktail import tables
from cocktail.errors import CocktailError
from cocktail.method import Estimates, Method, View
from cocktail.plugins.entry import from_spec
from cocktail.plugins.model import load_bases, load_model
from cocktail.processing.latency import look_ahead
from cocktail.processing.recording import cuts_s, stitched
from cocktail.rng import rng
from cocktail.runtime import memory
from cocktail.runtime.accounting import work, works_on
from cocktail.runtime.device import choose_device, device_name
from cocktail.scenes.truth import Truth
from cocktail.tasks import check_bytes

LATENCY_SAMPLES = 24000
"""Length of the piece for finding out how far ahead a method looks."""
WHOLE = 0.9
"""A method whose output changes nearly from its first sample on uses the whole recording."""


@dataclass(frozen=True)
class Setup:
    """How a suite runs an entry."""

    spec: dict
    """Entry.spec."""
    suite: str
    seed: int
    model: str | Path | None = None
    """Folder of the entry's own model, if it learns."""
    bases: dict[str, dict] = field(default_factory=dict)
    """Role -> {"spec", "model"} of the entry used in it."""
    device: str = "auto"
    recogniser: Callable[[], Any] | None = None
    """Makes the recogniser of a method that asks for one."""


def shared_grants(method: Method, setup: Setup, fs: int) -> dict[str, Any]:
    """What a method may be granted whatever the scene: its models, its device, its recogniser."""
    offered: dict[str, Any] = {"bases": load_bases(setup.bases, suite=setup.suite, fs=fs)}
    if setup.model is not None:
        offered["model"] = load_model(setup.spec, setup.model, suite=setup.suite, fs=fs)
    if "gpu" in method.needs:
        offered["device"] = choose_device(setup.device)
    if "recogniser" in method.needs:
        offered["recogniser"] = setup.recogniser()
    return offered


class Runner:
    """An entry with everything that it is granted, and the scenes of a shard.

    `scenes`: rows of tables.MIXTURES; `truths`: scene -> its row of tables.REFERENCES, for methods that see it;
    `members`: entry that is read -> scene -> its row of tables.ESTIMATES. A Worker serves `call`.
    """

    def __init__(
        self, scenes: Sequence[dict], truths: dict[str, dict], members: dict[str, dict[str, dict]], setup: Setup
    ):
        self._idle = memory.peak()
        self._scenes, self._members, self._seed = scenes, members, setup.seed
        self._truths = {name: Truth(row) for name, row in truths.items()}
        self._entry = from_spec(setup.spec)
        self._method = self._entry.make()
        self._shared = shared_grants(self._method, setup, scenes[0]["fs"])
        self._device = device_name(self._shared.get("device", "cpu"))
        works_on(self._device)
        self._size = self._learnt(setup.bases)

    def call(self, function: Callable, *arguments) -> Any:
        """`function` of this class, called."""
        return function(self, *arguments)

    def run(self, indices: Sequence[int], n_samples: int | None = None) -> list[dict]:
        """Rows of tables.ESTIMATES of some scenes, or of their first `n_samples`.

        Where a scene is to be processed in pieces, these are what the method is called with.
        """
        chosen = [self._scenes[index] for index in indices]
        inputs = [tables.unpack(scene["mixture"])[:, :n_samples] for scene in chosen]
        parts = [_parts(scene, x.shape[-1]) for scene, x in zip(chosen, inputs, strict=True)]
        pieces = [x[:, part].copy() for x, of in zip(inputs, parts, strict=True) for part in of]
        views = [
            self._view(scene, part, number)
            for scene, of in zip(chosen, parts, strict=True)
            for number, part in enumerate(of)
        ]
        clock = time.perf_counter()
        with work(once=n_samples is not None):
            answers = self._method.batch(pieces, views)
        seconds = time.perf_counter() - clock
        made = iter(list(zip(views, answers, strict=True)))
        total = sum(x.shape[-1] for x in inputs)
        return [
            self._row(scene, x.shape[-1], of, [next(made) for _ in of], seconds * x.shape[-1] / total)
            for scene, x, of in zip(chosen, inputs, parts, strict=True)
        ]

    def look_ahead_s(self) -> float:
        """Seconds that the method looks ahead; infinity where it uses the whole recording.

        In pieces it waits for the end of one at most, and at least for what puts the next one in order.
        """
        scene = self._scenes[0]
        mixture = tables.unpack(scene["mixture"])[:, :LATENCY_SAMPLES]

        def estimate(start):
            changed = mixture.copy()
            if start is not None:
                changed[:, start:] = mixture[:, start:][:, ::-1] / 2  # neither its samples nor its level stay
            return self._method(changed, self._view(scene, slice(LATENCY_SAMPLES)))

        with work(once=True):
            ahead, most = look_ahead(estimate, mixture.shape[-1])
        ahead_s, pieces = ahead / scene["fs"] if ahead < WHOLE * most else np.inf, scene.get("pieces")
        return min(ahead_s + pieces["overlap_s"], pieces["length_s"]) if pieces else ahead_s

    def _view(self, scene, part, number=0):
        """The view of a part of a scene's samples; `number`: which of its pieces that is."""
        method = self._method
        offered = self._shared | {"array": np.array(scene["array"]), "n_sources": scene["n_sources"]}
        offered["estimates"] = Estimates(
            {name: tables.unpack_all(rows[scene["scene"]]["estimate"])[:, part] for name, rows in self._members.items()}
        )
        if "enrolment" in method.needs and scene["enrolment"] is not None:
            offered["enrolment"] = tables.unpack(scene["enrolment"])[0]
        if scene["position"] is not None:
            offered["position"] = np.array(scene["position"])
        if scene["speakers"] is not None:
            offered["speakers"] = tuple(scene["speakers"])

        def view(role, **more):
            role = f"{role}, piece {number}" if number else role
            generator = rng(self._seed, scene["scene"], self._entry.name, role=role)
            return View.of(method, offered | more, fs=scene["fs"], rng=generator)

        if not method.reads_truth():
            return view("method")
        references = self._truths[scene["scene"]].references(part)
        if "side_information" in method.needs:
            offered["side_information"] = check_bytes(method.encode(references, view("encoder")))
        return view("method", references=references)

    def _row(self, scene, n_samples, parts, made, seconds):
        """The row of a scene of which the method `made` an answer for each part, (view, answer)."""
        name, task = scene["scene"], self._method.answer()
        try:
            answers = [
                task.check(answer, scene["n_sources"], len(range(n_samples)[part]))
                for part, (_, answer) in zip(parts, made, strict=True)
            ]
        except CocktailError as error:
            return failed(name, str(error))
        answer = answers[0]
        if len(parts) > 1:
            answer = np.concatenate(list(stitched(answers, parts[0].stop - parts[1].start)), axis=1)
        if task.signals:
            answer = [tables.pack(x, scene["fs"], f"{name}_{k}") for k, x in enumerate(answer, start=1)]
        return {
            "scene": name,
            "status": "ok",
            task.column: answer,
            "seconds": seconds,
            "duration": n_samples / scene["fs"],
            "peak_memory": max(memory.peak() - self._idle, 0),
            "parameters": self._size,
            "side_information": sum(len(view.granted.get("side_information", b"")) for view, _ in made),
            "device": self._device,
        }

    def _learnt(self, bases):
        """Learnt parameters of the method's model or, where it has none of its own, of those that it uses."""
        if "model" in self._shared:
            return self._method.size(self._shared["model"])
        return sum(from_spec(base["spec"]).make().size(self._shared["bases"][role]) for role, base in bases.items())


def _parts(scene, n_samples):
    """The pieces in which a scene's first samples are processed: slices, one of all where it is not in pieces."""
    pieces = scene.get("pieces")
    if pieces is None:
        return [slice(0, n_samples)]
    return cuts_s(n_samples, scene["fs"], **pieces)


def failed(scene: str, reason: str) -> dict:
    """The row of tables.ESTIMATES of a scene without an estimate."""
    return {"scene": scene, "status": "failed", "reason": reason}
