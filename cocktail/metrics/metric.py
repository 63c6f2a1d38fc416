"""What a metric is (its identity card), and what it is given: an estimate beside its reference."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property, reduce
from typing import Any

import numpy as np

from cocktail.digest import digest
from cocktail.errors import CocktailError
from cocktail.tasks import TASKS

SILENCE = 2.0**-23
"""A signal that moves by less than one step of 24-bit audio is silent."""

NEGLIGIBLE = 1e-6
"""Share of the talkers' energy (-60 dB) below which what is left of a mixture is rounding, and no interferer."""

BEST_SI_SDR = "once per scene, highest mean SI-SDR"
"""The permutation rule of every metric that compares signals."""


SIGNALS: dict[str, str | None] = {name: None for name, task in TASKS.items() if task.column == "estimate"}
"""Tasks whose estimates are signals."""


BLOCK = 2**20
"""Samples of a signal of which temporary copies are made at once: shorter signals are one block."""


def blocks(n_samples: int) -> Iterator[slice]:
    """The parts of N samples that are worked on one after the other, so that a long signal is not copied whole."""
    return (slice(begin, begin + BLOCK) for begin in range(0, n_samples, BLOCK))


def energy(x: np.ndarray) -> np.ndarray:
    """Sum of squares of signals (..., N)."""
    return sum(np.square(x[..., part]).sum(-1) for part in blocks(x.shape[-1]))


def stacked(signals: Sequence[np.ndarray]) -> np.ndarray:
    """(K, N) of K signals (N,); of one signal no copy is made."""
    return signals[0][None] if len(signals) == 1 else np.stack(signals)


class Unscorable(CocktailError):
    """A metric is not defined on these signals. The message is the reason that the row carries."""


@dataclass(frozen=True)
class Metric:
    """Identity card of a metric, and the function that computes it.

    A field that changes the number changes `digest`, which stands beside every score.
    """

    name: str
    unit: str
    higher_is_better: bool
    low: float | None
    """Lowest possible value; None where there is no bound. `high` likewise."""
    high: float | None
    citation: str
    implementation: str
    """Where the number comes from: this project, or a package."""
    compute: Callable[..., Any] = field(repr=False, compare=False)
    """Pair -> float (or Counts, where `pooled`); for `level` = scene, a row of tables.ESTIMATES -> float; for `trials`,
    the Trials of a set of scenes -> float; for `conversation`, the Streams of a scene."""
    version: str = "1"
    mode: str = ""
    """What a reader needs to compute the same number elsewhere."""
    clamp: tuple[float, float] | None = None
    permutation: str = BEST_SI_SDR
    level: str = "source"
    """`source`: one value per talker. `scene`: one value per scene. `conversation`: one value per scene where talkers
    take turns (cocktail/metrics/conversation.py). `trials`: trials per scene (cocktail/scoring/trials.py).
    """
    trials: tuple[str, ...] = ()
    """With `level` = trials, the kinds that the figure is computed from: `asv`, `cm` or both."""
    share: bool = False
    """With `level` = trials: whether it is a share of trials, or of pairs of them, whose whole is `high`."""
    share_of: tuple[str, ...] = ()
    """Labels of those trials; none for all."""
    enrolments: int = 1
    """Utterances that a speaker is enrolled with, in trials of kind `asv`."""
    cohort: int | None = None
    """Speakers that normalise the score of such a trial, of those that the verifier was trained on; None for none."""
    tasks: Mapping[str, str | None] = field(default_factory=lambda: dict(SIGNALS), compare=False)
    """Tasks that it is for, each with the role of the suite's scorer that it needs there, if any."""
    pooled: bool = False
    """True where the value of a set is computed from summed counts, never by averaging."""
    improvement: bool = False
    """True where the gain over the unprocessed mixture is meaningful; the leaderboard derives `<name>_i`."""

    @property
    def from_trials(self) -> bool:
        """Whether the figure of a set of scenes is computed from all their trials."""
        return self.level == "trials" and not self.pooled

    def card(self) -> dict[str, Any]:
        """Every field but the function, as plain values."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "compute"} | {"digest": self.digest}

    @cached_property
    def digest(self) -> str:
        """Twelve hexadecimal digits that stand for the definition."""
        return self.digest_with(None)

    def digest_with(self, helper: dict[str, Any] | None) -> str:
        """Digest of the definition together with the card of a helper that decides the number (a recogniser)."""
        names = ("name", "unit", "implementation", "version", "mode", "clamp", "permutation")
        definition = {name: getattr(self, name) for name in names} | ({"helper": helper} if helper else {})
        return digest(definition)

    def __call__(self, *, reference, estimate, fs: int, interference=None, text=None, recogniser=None, scorers=None):
        """The metric of one pair: reference, estimate and, where there is one, interference (N,) at `fs` Hz.

        Raises Unscorable where the metric is not defined on these signals.
        """
        reference, estimate = np.asarray(reference, float), np.asarray(estimate, float)
        if reason := defect(reference=reference, estimate=estimate):
            raise Unscorable(reason)
        others = () if interference is None else (np.asarray(interference, float),)
        comparison = Comparison(
            reference=reference[None],
            estimate=estimate[None],
            others=others,
            fs=fs,
            text=[text],
            recogniser=recogniser,
            scorers=scorers,
        )
        return self.compute(comparison.pairs[0])


class Shared:
    """Results that several metrics need, computed when first asked for."""

    def __init__(self):
        self._results: dict[Callable, Any] = {}

    def once(self, function: Callable[..., Any]) -> Any:
        """function(self), computed at most once; an error too is remembered and raised again."""
        if function not in self._results:
            try:
                self._results[function] = function(self), None
            except Exception as error:  # whatever a metric raises belongs to each metric that builds on it
                self._results[function] = None, error
        value, error = self._results[function]
        if error is not None:
            raise error
        return value


class Comparison(Shared):
    """The usable pairs of a scene.

    `reference`, `estimate` (K, N), one estimate per reference, none silent; `others`: what else is in the mixture, each
    (N,): talkers whose estimate is unusable, noise. What is negligible beside the references is left out. `scorers`:
    role -> function of (samples (N,), fs), see cocktail/scoring/scorers.py.
    """

    def __init__(
        self,
        *,
        reference,
        estimate,
        fs: int,
        others: Sequence = (),
        text: Sequence = (),
        recogniser=None,
        scorers: Mapping[str, Callable] | None = None,
    ):
        super().__init__()
        self.reference, self.estimate, self.fs = reference, estimate, fs
        self.recogniser, self.scorers = recogniser, scorers or {}
        floor = NEGLIGIBLE * energy(reference).sum()
        heard = [x for x in others if energy(x) > floor]
        self.others = stacked(heard) if heard else reference[:0]
        self.text = list(text) or [None] * len(reference)
        self.pairs = [Pair(self, k) for k in range(len(reference))]


class Pair(Shared):
    """One estimate of a Comparison beside its reference."""

    def __init__(self, scene: Comparison, index: int):
        super().__init__()
        self.scene, self.index = scene, index
        self.reference, self.estimate = scene.reference[index], scene.estimate[index]
        self.fs, self.text, self.recogniser = scene.fs, scene.text[index], scene.recogniser
        self.scorers = scene.scorers

    @property
    def interference(self) -> np.ndarray:
        """(N,) everything in the mixture but the reference. Raises Unscorable where there is nothing else."""
        talkers = np.delete(np.arange(len(self.scene.reference)), self.index)
        parts = [*(self.scene.reference[k] for k in talkers), *self.scene.others]
        if not parts or energy(interference := reduce(np.add, parts)) <= NEGLIGIBLE * energy(self.reference):
            raise Unscorable("no-interferer")
        return interference


def is_silent(x: np.ndarray) -> bool:
    """Whether (N,) does not move: empty, digital silence, or a constant."""
    return x.size == 0 or bool(np.ptp(x) < SILENCE)


def defect(*, reference: np.ndarray, estimate: np.ndarray) -> str | None:
    """Why an estimate (N,) cannot be scored by any metric, or None."""
    if not np.isfinite(reference).all():
        return "non-finite-reference"
    if is_silent(reference):
        return "silent-reference"
    if estimate.shape != reference.shape:
        return f"wrong-length: {estimate.shape[-1]} samples, expected {reference.shape[-1]}"
    if not np.isfinite(estimate).all():
        return "non-finite"
    if is_silent(estimate):
        return "silent-estimate"
    return None
