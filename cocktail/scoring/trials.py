"""Trials of speaker verification and of spoofing detection, from the scenes of a shard.

A verification trial sets what is heard in one scene (the test) against the voice of another scene (the enrolment) of
the same shard, never the same utterance; its score is the cosine of two embeddings. Its label is `target` where both
are one speaker and `nontarget` where not; a spoof is set only against the speaker that it claims to be, label `spoof`.
Nobody enrols with a spoof. By task of the condition:

- `enhance`: test = the estimate, enrolment = the clean reference, both embedded by the suite's scorer `speaker`;
- `verify`: both are what the entry itself returned;
- `detect`: test = the mixture, enrolment = the clean reference.

A trial of detection is one scene's score, label `bonafide` or the attack's name: the entry's own in `detect`, that of
the suite's scorer `spoofing` on the estimate in `enhance`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cocktail.metrics.metric import Unscorable
from cocktail.metrics.trials import BONAFIDE


@dataclass(frozen=True)
class Heard:
    """What the trials of a scene are made of. Each part is a value, or the reason why there is none."""

    scene: str
    speaker: str | None
    utterance: str | None
    label: str
    """`bonafide` or the attack's name."""
    test: np.ndarray | str | None = None
    """(E,) of unit length."""
    enrolment: np.ndarray | str | None = None
    """(E,) of unit length; None for a spoof."""
    cm: float | str | None = None
    """Score of a spoofing detector, higher = bona fide."""
    threshold: float | None = None
    """Of that detector: it accepts from here on."""
    method_failure: str | None = field(default=None)
    """Why the entry has nothing for this scene: the reason of all its rows."""

    @property
    def genuine(self) -> bool:
        return self.label == BONAFIDE


def part(function: Callable[[], Any]) -> Any:
    """What `function` returns, or the reason why it cannot."""
    try:
        return function()
    except Unscorable as reason:
        return str(reason)


def unit(embedding: Any) -> np.ndarray:
    """`embedding` (E,) at unit length. Raises Unscorable where it has none."""
    embedding = np.asarray(embedding, float)
    norm = np.linalg.norm(embedding)
    if embedding.ndim != 1 or not np.isfinite(norm) or norm == 0:
        raise Unscorable("no-embedding: it is zero or not finite")
    return embedding / norm


def asv_trials(tested: Heard, shard: Mapping[str, Heard]) -> list[dict]:
    """Verification trials of one scene against the others of its shard, as store.TRIAL. Raises Unscorable."""
    test = _value(tested.test)
    trials = []
    for other in shard.values():
        if other.scene == tested.scene or not other.genuine or not isinstance(other.enrolment, np.ndarray):
            continue
        if other.utterance is not None and other.utterance == tested.utterance:
            continue
        same = other.speaker == tested.speaker
        if tested.genuine or same:
            label = ("target" if same else "nontarget") if tested.genuine else "spoof"
            trials.append(_trial("asv", label, float(test @ other.enrolment), other.scene))
    return trials


def cm_trial(tested: Heard) -> dict:
    """The detection trial of one scene, as store.TRIAL. Raises Unscorable."""
    return _trial("cm", tested.label, float(_value(tested.cm)), None)


def trials_of(metric: str, tested: Heard, shard: Mapping[str, Heard]) -> list[dict] | None:
    """Trials of one scene for one metric; None where the scene takes no part in it. Raises Unscorable."""
    if tested.method_failure is not None:
        raise Unscorable(tested.method_failure)
    if metric in ("eer_asv", "cm_rejection") and not tested.genuine:
        return None
    if metric in ("eer_cm", "auc", "cm_rejection"):
        return [cm_trial(tested)]
    of_speaker = asv_trials(tested, shard)
    if metric == "min_tdcf":
        return [cm_trial(tested), *of_speaker]
    if not of_speaker:
        raise Unscorable("no-trial: no other utterance in the shard")
    return of_speaker


def _value(found):
    if isinstance(found, str):
        raise Unscorable(found)
    return found


def _trial(kind, label, score, enrolment):
    return {"kind": kind, "label": label, "score": score, "enrolment": enrolment}
