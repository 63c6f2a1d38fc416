"""The contract between the benchmark and a method.

A plugin is one file with one frozen dataclass that derives from Method. Its fields are its parameters; a row of its
folder's `methods.yaml` (an entry) may set other values. A method is stateless: everything it may know about a scene
comes in the call, and a trained model is what `load` returned, handed over as `view.model`.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from cocktail.errors import AccessError, CocktailError
from cocktail.needs import NEEDS, Info, guidance
from cocktail.paradigms import ANNOTATIONS, MIXTURES, REFERENCES, SOURCES, allowed, sees
from cocktail.tasks import TASKS, Task


@dataclass(frozen=True)
class References:
    """The truth of a scene. Only methods of the paradigm `oracle` see it, and encoders of side information."""

    target: np.ndarray
    """(K, N): what an estimate is scored against, at microphone 1."""
    images: np.ndarray
    """(K, D, N): each talker at every microphone, with its reverberation."""
    noise: np.ndarray
    """(D, N): everything that is no talker. mixture = images.sum(0) + noise."""


class Bases(dict[str, Any]):
    """Role -> trained model of the entry that another one uses. cocktail.plugins.bases says what is asked of them."""

    def __missing__(self, role: str):
        raise AccessError(
            f"there is no base '{role}': say `uses: {{{role}: ENTRY}}` in the entry's row of methods.yaml"
        )


class Estimates(dict[str, np.ndarray]):
    """Entry that another one reads -> its estimate (K, N) of the same scene."""

    def __missing__(self, entry: str):
        raise AccessError(f"'{entry}' is not read: say `reads: [{entry}]` in the entry's row of methods.yaml")


@dataclass(frozen=True)
class View:
    """What a method may know of the scene besides its samples.

    `fs` (Hz) and `rng` (seeded by scene and entry) are always there. The rest is there if the method asked for it in
    `needs`, or if its paradigm grants it; otherwise reading it raises AccessError.
    """

    fs: int
    rng: np.random.Generator
    granted: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, method: "Method", offered: Mapping[str, Any], *, fs: int, rng: np.random.Generator) -> "View":
        """The view of a method: of what there is, by the names of the properties, it grants what the method may see."""
        granted = {NEEDS[need].grants for need in method.needs} | {"bases", "estimates"}
        granted |= {"model"} if method.learned() else set()
        granted |= {"references"} if method.sees(REFERENCES) else set()
        return cls(fs, rng, {name: value for name, value in offered.items() if name in granted})

    @property
    def array(self) -> np.ndarray:
        """(D, 3) microphone positions in metres, relative to their centre. Needs `array`."""
        return self._get("array", "add 'array' to the method's `needs`")

    @property
    def n_sources(self) -> int:
        """Talkers in the mixture, K. Needs `n_sources`."""
        return self._get("n_sources", "add 'n_sources' to the method's `needs`")

    @property
    def device(self) -> str:
        """`cuda` or `cpu`, as the job was given. Needs `gpu`, which means: uses one where there is one."""
        return self._get("device", "add 'gpu' to the method's `needs`")

    @property
    def recogniser(self):
        """Speech recogniser of the suite (cocktail.recognition.recogniser.Recogniser). Needs `recogniser`."""
        return self._get("recogniser", "add 'recogniser' to the method's `needs`")

    @property
    def enrolment(self) -> np.ndarray:
        """(N',) another utterance of the first talker, alone. Needs `enrolment`."""
        return self._get("enrolment", "add 'enrolment' to the method's `needs`; not every talker says more than once")

    @property
    def position(self) -> np.ndarray:
        """(3,) where the first talker is in metres, in the axes of `array` and from its centre. Needs `position`."""
        return self._get("position", "add 'position' to the method's `needs`; scenes in a room have it")

    @property
    def speakers(self) -> tuple[str, ...]:
        """K names of the talkers, who are known from training. Needs `speakers`."""
        return self._get("speakers", "add 'speakers' to the method's `needs`; closed sets have them")

    @property
    def side_information(self) -> bytes:
        """What the method's `encode` made of the sources of the scene. Needs `side_information`."""
        return self._get("side_information", "add 'side_information' to the method's `needs`; its `encode` has none")

    @property
    def model(self):
        """What `load` returned. Only methods with a `fit` have one."""
        return self._get("model", "only a method with `fit` and `load` has a model")

    @property
    def bases(self) -> Bases:
        """Role -> what `load` of the entry that this one `uses` in that role returned."""
        return self.granted.get("bases", Bases())

    @property
    def estimates(self) -> Estimates:
        """Entry that this one `reads` -> its estimate (K, N) of the scene."""
        return self.granted.get("estimates", Estimates())

    @property
    def references(self) -> References:
        """The truth. Only for the paradigm `oracle`."""
        return self._get("references", "only a method of the paradigm 'oracle' may see them")

    def _get(self, name, remedy):
        try:
            return self.granted[name]
        except KeyError:
            raise AccessError(f"view.{name} is not granted to this method: {remedy}") from None


@dataclass(frozen=True)
class Recording:
    """One isolated training signal."""

    samples: np.ndarray
    """(N,), full scale +-1."""
    kind: str
    """`speech`, or the noise's kind."""
    speaker: str | None = None
    text: str | None = None
    """Transcript; like `speaker`, None unless the paradigm allows annotations."""
    label: str | None = None
    """`bonafide`, or the name of a spoofing attack; of other sounds, `bonafide` is the label that is looked for. None
    where the task does not ask for it."""


class Mixer(Protocol):
    """Fresh mixtures of the train conditions, as a training set without end."""

    def draw(self, generator: np.random.Generator, split: str) -> "TrainingMixture":
        """A scene of one of the conditions, from the speakers and noises of `train` or `valid`.

        It is at microphone 1, or at all microphones for a method whose `needs` name `array`.
        """
        ...

    def augmented(self, names: tuple[str, ...]) -> "Mixer":
        """The same with these changes of the training speech, of cocktail.training.data.augment; () for none."""
        ...


@dataclass(frozen=True)
class TrainingMixture:
    """A training scene: at microphone 1, or at all D microphones for a method whose `needs` name `array`.

    Reading what the paradigm or `needs` do not grant raises AccessError.
    """

    mixture: np.ndarray
    """(N,) float32; (D, N) with `array`."""
    condition: str
    granted: dict[str, Any] = field(default_factory=dict)

    @property
    def sources(self) -> np.ndarray:
        """(K, N) float32: what an estimate would be scored against, at microphone 1."""
        return self._get("sources", SOURCES)

    @property
    def noise(self) -> np.ndarray:
        """(N,) float32, (D, N) with `array`: everything that is no talker."""
        return self._get("noise", SOURCES)

    @property
    def images(self) -> np.ndarray:
        """(K, D, N) float32: each talker at every microphone; with `array`. mixture = images.sum(0) + noise."""
        return self._get("images", SOURCES, needs="array")

    @property
    def array(self) -> np.ndarray:
        """(D, 3) microphone positions in metres, relative to their centre; with `array`."""
        return self._get("array", needs="array")

    @property
    def enrolment(self) -> np.ndarray:
        """(N',) another utterance of the first talker, alone; with `enrolment`."""
        return self._get("enrolment", needs="enrolment")

    @property
    def texts(self) -> tuple[str | None, ...]:
        """K transcripts; None where the corpus has none."""
        return self._get("texts", MIXTURES, ANNOTATIONS)

    @property
    def speakers(self) -> tuple[str, ...]:
        """K names of speakers."""
        return self._get("speakers", MIXTURES, ANNOTATIONS)

    def _get(self, name, *what, needs=None):
        if name in self.granted:
            return self.granted[name]
        remedies = [f"choose one of the paradigms {allowed(*what)}"] if what else []
        remedies += [f"add {needs!r} to the method's `needs`"] if needs else []
        raise AccessError(f"a training mixture's {name} are not granted to this method: {' and '.join(remedies)}")


@dataclass(frozen=True)
class EstimatedMixture(TrainingMixture):
    """A train scene of a suite, and what the entries that are read made of it."""

    estimates: Estimates = field(default_factory=Estimates)
    """Entry -> (K, N) float32."""


class TrainingData:
    """What `fit` may learn from: the train split, as far as the paradigm allows, and `valid` to stop by.

    What each paradigm allows is in cocktail.paradigms. Reading what is not allowed raises AccessError.
    """

    fs: int
    device: str
    """`cuda` or `cpu`."""
    start: Path | None = None
    """Folder of the model whose weights the entry starts from, where its row says `start`."""
    reads: tuple[str, ...] = ()
    """Entries that this one `reads`."""
    _recogniser: Any = None

    def speech(self, split: str = "train") -> Iterator[Recording]:
        """Isolated utterances of the speakers of `train` or `valid`, in a fixed order."""
        raise NotImplementedError

    def noise(self, split: str = "train") -> Iterator[Recording]:
        """Isolated noise recordings of a split, in a fixed order."""
        raise NotImplementedError

    @property
    def mixer(self) -> Mixer:
        """Mixtures of the conditions that the entry trains on."""
        raise NotImplementedError

    def trials(self, split: str, n: int) -> Iterator[Recording]:
        """The first `n` trials of a split, labelled, of the conditions with attacks or labelled sounds that the entry
        trains on.

        Of an entry that reads others, what these made of the train scenes of these conditions, a fifth for `valid`;
        fewer than `n` if there are no more.
        """
        raise NotImplementedError

    def estimates(self, split: str = "train") -> Iterator[EstimatedMixture]:
        """The suite's train scenes of the conditions trained on, with what the entries read made of them.

        A fifth of them are for `valid`. Scenes in which one of the entries failed are left out.
        """
        raise NotImplementedError

    @property
    def recogniser(self) -> Any:
        """Speech recogniser of the suite (cocktail.recognition.recogniser.Recogniser). Needs `recogniser`."""
        if self._recogniser is None:
            raise AccessError("data.recogniser is not granted to this method: add 'recogniser' to the method's `needs`")
        return self._recogniser

    @property
    def bases(self) -> Bases:
        """Role -> what `load` of the entry that this one `uses` in that role returned."""
        return Bases()


class Method:
    """Base of every plugin. Derive a frozen dataclass and set the class attributes; see methods/README.md."""

    task: ClassVar[str | tuple[str, ...]] = "enhance"
    """One of cocktail.tasks.TASKS; a tuple where the method serves several that return the same."""
    paradigm: ClassVar[str] = "learning-free"
    """One of cocktail.paradigms.PARADIGMS."""
    needs: ClassVar[frozenset[str]] = frozenset()
    """Some of cocktail.needs.NEEDS."""
    sounds: ClassVar[bool] = False
    """Of a detector: whether it tells other sounds apart, such as coughs, and not spoofed speech."""
    roles: ClassVar[dict[str, str] | None] = None
    """Role -> task of the entry that a row `uses` in it; None leaves it to the rows."""
    through: ClassVar[frozenset[str]] = frozenset()
    """Roles whose models it is trained through: their methods have `gradients`."""
    least: ClassVar[dict[str, float]] = {}
    """Field -> the least number that a row or a suite may give it; those of a base class hold, too."""
    most: ClassVar[dict[str, float]] = {}
    """Field -> the greatest, likewise."""

    def __call__(self, mixture: np.ndarray, view: View) -> np.ndarray:
        """mixture (D, N) -> estimate (K, N) of the talkers at microphone 1.

        By task, instead: `detect` returns one score, higher = bona fide; `verify` an embedding (E,); `recognise` text;
        `attack` the spoofed utterance (1, N), changed so that it passes for bona fide.
        """
        raise NotImplementedError

    def batch(self, mixtures: list[np.ndarray], views: list[View]) -> list[np.ndarray]:
        """Many scenes at once; override it to use a GPU well. Must equal the loop."""
        return [self(mixture, view) for mixture, view in zip(mixtures, views, strict=True)]

    @property
    def causal(self) -> bool:
        """Whether no output sample depends on input later than one STFT window; `cocktail check` probes it.

        A plugin sets `causal = True`, or says by its parameters which entries are.
        """
        return False

    @property
    def gradients(self) -> bool:
        """Of a detector or a verifier: whether its model is a DifferentiableDetector or DifferentiableEmbedder of
        cocktail.plugins.bases, which can be attacked.
        """
        return False

    def encode(self, references: References, view: View) -> bytes:
        """Side information of a scene, for a method that needs it; the only function of it that sees the references.

        What it returns comes back as `view.side_information`; its size is the metric `bit_rate`.
        """
        raise NotImplementedError

    def skip(self, info: Info) -> str | None:
        """Why this method does not apply to a condition, or None. Shown on the leaderboard; not an error."""
        return None

    def size(self, model: Any) -> int:
        """Learnt parameters of `model`, for the metric `parameters`."""
        return 0

    @classmethod
    def bound(cls, which: str, field: str) -> float | None:
        """What the nearest class says of a field in `which`, `least` or `most`, or None."""
        said = (vars(each).get(which, {}) for each in cls.__mro__)
        return next((bounds[field] for bounds in said if field in bounds), None)

    @classmethod
    def tasks(cls) -> tuple[str, ...]:
        """`task` as a tuple."""
        return (cls.task,) if isinstance(cls.task, str) else tuple(cls.task)

    @classmethod
    def answer(cls) -> Task:
        """Its row of the table of tasks: what it returns, and where that is stored, is the same for all of them."""
        return TASKS[cls.tasks()[0]]

    @classmethod
    def sees(cls, what: str) -> bool:
        """Whether the paradigm allows something, such as cocktail.paradigms.REFERENCES."""
        return sees(cls.paradigm, what)

    @classmethod
    def guidance(cls) -> str:
        """The test paradigm: `weakly guided`, `strongly guided` or `informed`, as an oracle is."""
        return guidance({"side_information"} if cls.sees(REFERENCES) else cls.needs)

    @classmethod
    def reads_truth(cls) -> bool:
        """Whether a job reads the references of its scenes, for the method itself or for its encoder alone."""
        return cls.sees(REFERENCES) or "side_information" in cls.needs

    @classmethod
    def learned(cls) -> bool:
        """Whether the method is trained before it runs."""
        return issubclass(cls, LearnedMethod)

    def parameters(self) -> dict[str, Any]:
        """Field values of this entry, for logs."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


@dataclass(frozen=True)
class Workload:
    """How much there is to do in a training: its time is about `amount * (a + b * size)`, with a machine's a and b."""

    amount: float
    """What it goes over, such as seconds of sound, all epochs together."""
    size: float = 1.0
    """What the model does with one of these, such as its number of weights."""
    epochs: int = 0
    """Most epochs, where it may stop early and leaves a history."""


class LearnedMethod(Method):
    """A method that is trained before it runs."""

    paradigm = "source-model"

    effort: ClassVar[tuple[str, ...]] = ()
    """Fields that the time of a training is proportional to, for `cocktail plan`; none: it cannot be told."""
    call_only: ClassVar[tuple[str, ...]] = ()
    """Fields that neither `fit` nor `load` reads: entries that differ in them alone can share a model."""

    def workload(self) -> Workload | None:
        """What a training has to do, by `effort`."""
        return Workload(math.prod(getattr(self, name) for name in self.effort)) if self.effort else None

    def fit(self, data: TrainingData, rng: np.random.Generator, folder: Path) -> None:
        """Learn from `data` and leave everything that `load` needs in `folder`.

        The folder exists. It is empty, or holds what an interrupted fit of the same entry left (its checkpoints).
        """
        raise NotImplementedError

    def load(self, folder: Path) -> Any:
        """Read what `fit` left; the result is handed over as `view.model`."""
        raise NotImplementedError


def finite(mixture: np.ndarray) -> np.ndarray:
    """`mixture` (D, N) as float64. Raises ValueError where a sample is NaN or infinite."""
    mixture = np.asarray(mixture, float)
    if not np.isfinite(mixture).all():
        raise ValueError("the mixture holds NaN or infinite samples")
    return mixture


def require_rate(fs: float, trained_fs: float) -> None:
    """Raise CocktailError where a mixture at `fs` Hz meets a model that was trained on another rate."""
    if fs != trained_fs:
        raise CocktailError(f"the model was trained on {trained_fs} Hz; resample the mixture from {fs:g} Hz")
