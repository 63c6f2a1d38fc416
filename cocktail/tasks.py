"""The tasks, and what follows from each: what a method returns, where it is stored, and who scores it."""

import contextlib
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cocktail.errors import CocktailError

BONA_FIDE = "bonafide"
"""The label of speech that is no attack."""

BY = "."
"""Between a role and a further entry that plays it, and between a metric and that entry: `eer_cm.grcnn`."""

RETRAINED = "-retrained"
"""Behind a detector that went on learning from what each entry makes: `eer_cm.grcnn-retrained`."""

MOST = float(np.finfo(np.float32).max)
"""Largest sample of an estimate: it is stored in single precision at most."""


def check_estimate(estimate: Any, n_sources: int, n_samples: int) -> np.ndarray:
    """`estimate` in double precision if it is a finite real array (n_sources, n_samples).

    Raises CocktailError that says what it is.
    """
    whole = isinstance(estimate, np.ndarray) and not isinstance(estimate, np.ma.MaskedArray)
    if not whole or estimate.dtype.kind != "f":
        kind = f"an array of {estimate.dtype}" if whole else type(estimate).__name__
        raise CocktailError(f"returned {kind}, expected a NumPy array of floats")
    if estimate.shape != (n_sources, n_samples):
        raise CocktailError(f"returned shape {estimate.shape}, expected {(n_sources, n_samples)}")
    bad = np.count_nonzero(~np.isfinite(estimate))
    if bad:
        raise CocktailError(f"returned {bad} samples that are not finite")
    peak = float(np.abs(estimate).max(initial=0))
    if peak > MOST:
        raise CocktailError(
            f"returned samples up to {peak:.3g}; single precision, in which they are stored, ends before"
        )
    return np.asarray(estimate, dtype=float)


def check_bytes(data: Any) -> bytes:
    """Side information if it is bytes; raises CocktailError that says what it is."""
    if not isinstance(data, bytes):
        raise CocktailError(f"`encode` returned {type(data).__name__}, expected bytes")
    return data


def _score(score, n_sources, n_samples):
    number = float("nan")
    if isinstance(score, numbers.Real) and not isinstance(score, bool):
        with contextlib.suppress(OverflowError):  # of an integer beyond all floats
            number = float(score)
    if not np.isfinite(number):
        raise CocktailError(f"returned {score!r}, expected one finite number, higher for bona fide speech")
    return number


def _embedding(embedding, n_sources, n_samples):
    whole = isinstance(embedding, np.ndarray) and not isinstance(embedding, np.ma.MaskedArray)
    if not whole or embedding.dtype.kind != "f" or embedding.ndim != 1:
        kind = f"an array of {embedding.shape}" if whole else type(embedding).__name__
        raise CocktailError(f"returned {kind}, expected a vector of floats, the talker's embedding")
    with np.errstate(over="ignore"):
        embedding = np.asarray(embedding, dtype=np.float32)  # as it is stored
    if not np.isfinite(embedding).all() or not embedding.any():
        raise CocktailError("returned an embedding that is zero or not finite in single precision")
    return embedding


def _text(text, n_sources, n_samples):
    if not isinstance(text, str):
        raise CocktailError(f"returned {type(text).__name__}, expected the text that was said")
    return text


@dataclass(frozen=True)
class Task:
    """One task."""

    check: Callable[[Any, int, int], Any]
    """(what a call returned, talkers K, samples N) -> the same. Raises CocktailError that says what it is instead."""
    column: str | None
    """Of tables.ESTIMATES that holds it. None: there are no conditions of this task, it only serves others."""
    scorers: tuple[str, ...] = ()
    """Roles of the suite's entries that score it."""
    role: str | None = None
    """As which an entry of this task may score others."""
    several: bool = False
    """Whether its scenes have two talkers or more; otherwise they have one."""
    labelled: bool = False
    """Whether it is about the class of a scene, so that methods train on labelled scenes."""

    @property
    def signals(self) -> bool:
        """Whether what a method returns are signals."""
        return self.check is check_estimate

    @property
    def talkers(self) -> int:
        """The fewest talkers of its scenes."""
        return 2 if self.several else 1


TASKS = {
    "enhance": Task(check_estimate, "estimate", scorers=("speaker", "spoofing", "recogniser")),
    "separate": Task(check_estimate, "estimate", scorers=("recogniser",), several=True),
    "detect": Task(_score, "score", scorers=("speaker",), role="spoofing", labelled=True),
    "verify": Task(_embedding, "embedding", role="speaker"),
    "recognise": Task(_text, None, role="recogniser"),
    "attack": Task(check_estimate, None, labelled=True),
}

TASK_OF_ROLE = {task.role: name for name, task in TASKS.items() if task.role}
"""Role of a scorer -> the task that its entry must have."""


def signal_task(talkers: int) -> str:
    """The task of estimating the signals of so many talkers."""
    return next(name for name, task in TASKS.items() if task.signals and task.several == (talkers > 1))
