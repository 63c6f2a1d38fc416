"""Runs a method on a probe scene as a job would, and checks the form of what it returns."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from cocktail.errors import CocktailError
from cocktail.method import Bases, Estimates, Info, Method, View
from cocktail.recognition.alignment import Alignment, Segment, of_characters
from cocktail.recognition.recogniser import Recogniser
from cocktail.rng import rng
from cocktail.tasks import TASKS
from cocktail.testing.signals import ProbeScene, make_scene

CHANNELS = (1, 2, 4, 6, 8)
MAX_TEXT = 1000
"""Characters by which two texts are compared."""


class ProbeError(AssertionError):
    """What a method does otherwise than the contract says."""


class Granted(dict):
    """What a view grants, noting what was asked for in vain: a plugin may swallow the AccessError."""

    def __init__(self, *args):
        super().__init__(*args)
        self.denied: set[str] = set()

    def __missing__(self, name):
        self.denied.add(name)
        raise KeyError(name)


class StubRecogniser(Recogniser):
    """Recogniser that hears the same sentence in everything, at an even pace."""

    @property
    def card(self) -> dict:
        """Its identity."""
        return {"backend": "stub"}

    def transcribe(self, samples: np.ndarray, fs: int) -> str:
        """A GRID sentence."""
        return "bin blue at a one now"

    def align(self, samples: np.ndarray, fs: int, text: str) -> Alignment:
        """Characters that last equally long."""
        characters = "".join(f"{word} " for word in text.split())
        each_s = len(samples) / fs / max(len(characters), 1)
        return of_characters([Segment(x, i * each_s, (i + 1) * each_s) for i, x in enumerate(characters)])


@dataclass(frozen=True)
class Bench:
    """One method, one of its tasks, and the simplest condition of that task to which it applies."""

    method: Method
    info: Info
    model: Any = None
    bases: Bases = field(default_factory=Bases)
    """Models of the entries that the method uses."""
    reads: "dict[str, Bench]" = field(default_factory=dict)
    """Entries whose estimates the method reads."""
    device: str = "cpu"
    long_s: float = 60.0

    def scene(self, seconds: float = 1.5, fs: int | None = None, channels: int | None = None, seed: int = 0):
        """A probe scene of this bench's shape."""
        return make_scene(
            n_sources=self.info.n_sources,
            channels=channels or self.info.channels,
            seconds=seconds,
            fs=fs or self.info.fs,
            seed=seed,
        )

    def view(self, scene: ProbeScene, seed: int = 0) -> View:
        """A view that grants what the method's `needs` and paradigm say, and no more."""
        offered = {
            "array": scene.array,
            "n_sources": scene.n_sources,
            "device": self.device,
            "recogniser": StubRecogniser(),
            "references": scene.references,
            "model": self.model,
            "bases": self.bases,
            "estimates": Estimates(
                {name: replace(each, device=self.device).run_unchecked(scene) for name, each in self.reads.items()}
            ),
            "enrolment": scene.enrolment,
            "position": scene.position,
            "speakers": scene.speakers,
        }

        def view(role):
            return View.of(self.method, offered, fs=scene.fs, rng=rng(seed, role=role))

        if "side_information" in self.method.needs:
            offered["side_information"] = self.method.encode(scene.references, view("encoder"))
        probe = view("probe")
        return replace(probe, granted=Granted(probe.granted))

    def run(self, scene: ProbeScene, seed: int = 0) -> np.ndarray:
        """The method's answer to the scene as numbers, (K, N) or what stands for it. Raises ProbeError for its form."""
        answer = self.run_unchecked(scene, seed)
        self.check_form(answer, scene)
        return numbers(answer)

    def run_unchecked(self, scene: ProbeScene, seed: int = 0):
        """The method's answer, whatever it is. The method gets a copy of its own."""
        return self.method(scene.mixture.copy(), self.view(scene, seed))

    @property
    def makes_sound(self) -> bool:
        """Whether the answer is a signal, and not a score, an embedding or text."""
        return TASKS[self.info.task].signals

    def check_form(self, answer, scene: ProbeScene) -> None:
        """Raise ProbeError where `answer` is not what the contract asks for."""
        try:
            TASKS[self.info.task].check(answer, scene.n_sources, scene.mixture.shape[-1])
        except CocktailError as error:
            raise ProbeError(str(error)) from None


def numbers(answer: Any) -> np.ndarray:
    """An answer as numbers, so that two can be compared: text by its characters, in a row of fixed length."""
    if isinstance(answer, str):
        return np.frombuffer(answer.encode("utf-32-le").ljust(4 * MAX_TEXT, b"\0")[: 4 * MAX_TEXT], "<u4").astype(float)
    return np.asarray(answer, dtype=float)


def benches(method: Method, fs: int = 16000) -> Iterator[Bench]:
    """A bench for each task of the method, with the fewest microphones that it does not `skip`.

    A spatial method gets two at least: with one, it has nothing to do.
    Raises ProbeError where it skips every condition of a task that it claims.
    """
    for task in method.tasks():
        reasons = []
        for info in _infos(method, task, fs):
            reason = method.skip(info)
            if reason is None:
                yield Bench(method, info)
                break
            reasons.append(reason)
        else:
            raise ProbeError(f"`skip` turns every condition of the task {task!r} down: {reasons[0]}")


def _infos(method, task, fs):
    fewest = 2 if "array" in method.needs else 1
    for channels in CHANNELS[CHANNELS.index(fewest) :]:
        for reference in ("image", "early"):
            yield Info("probe", task, channels, TASKS[task].talkers, fs, reference, room=True, closed=True)


@contextlib.contextmanager
def time_limit(seconds: float):
    """Raise TimeoutError in the block after `seconds`. Works in the main thread alone; elsewhere there is no limit."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal, _frame):
        raise TimeoutError(f"still running after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
