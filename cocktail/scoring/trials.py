"""Trials of speaker verification and of spoofing detection.

A verification trial sets what is heard in one scene (the test) against the voice of another scene (the enrolment) of
the same condition, or of the one that the condition names (`enrolled`), never the same utterance. Shards hold the
voices, and the trials are made of them when all scenes of a condition are there, so that they do not depend on the size
of shards. A scene is set against all others of its speaker and against at most NONTARGETS of other speakers, which are
drawn by a hash of the two scenes' names. The score is the cosine of two embeddings. Where a metric enrols with several
utterances, a scene is set against each speaker with so many other ones instead, drawn by that hash, and the cosine is
that of the mean of their embeddings. The label of a trial is `target` where both are one speaker and `nontarget` where
not; a spoof is set only against the speaker that it claims to be, label `spoof`. Nobody enrols with a spoof. By task of
the condition:

- `enhance`: test = the estimate, enrolment = the clean reference, both embedded by the suite's scorer `speaker`;
- `verify`: both are what the entry itself returned;
- `detect`: test = the mixture, enrolment = the clean reference.

A trial of detection is one scene's score, label `bonafide` or the attack's name: the entry's own in `detect`, that of
the suite's scorer `spoofing` on the estimate in `enhance`, where further detectors have trials of their own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import numpy as np

from cocktail.metrics.metric import Metric, Unscorable
from cocktail.scoring.normalisation import as_norm
from cocktail.tasks import BONA_FIDE

NONTARGETS = 200
"""Most trials of a scene against other speakers: all of them in conditions of so many scenes."""


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
    test_cohort: np.ndarray | str | None = None
    """(S,) scores of `test` against the verifier's cohort; `enrolment_cohort` likewise. None where no metric asks."""
    enrolment_cohort: np.ndarray | str | None = None
    cm: float | str | None = None
    """Score of a spoofing detector, higher = bona fide."""
    threshold: float | None = None
    """Of that detector: it accepts from here on."""
    further: Mapping[str, Mapping] = field(default_factory=dict)
    """Further detector -> its `cm` and `threshold`."""
    enrolled: str | None = None
    """The condition whose scenes it is set against; None for its own."""
    method_failure: str | None = field(default=None)
    """Why the entry has nothing for this scene: the reason of all its rows."""

    def by(self, detector: str) -> "Heard":
        """As a further detector hears it."""
        return replace(self, **self.further.get(detector, {}))

    @property
    def genuine(self) -> bool:
        return self.label == BONA_FIDE


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


def asv_trials(
    tested: Heard, scenes: Mapping[str, Heard], enrolments: int = 1, cohort: int | None = None
) -> list[dict]:
    """Verification trials of one scene against the others of its condition, as tables.TRIAL. Raises Unscorable.

    `enrolments`: utterances that a speaker is enrolled with; a trial names one of their scenes. `cohort`: normalise the
    scores by so many speakers of the verifier's cohort (cocktail.scoring.normalisation).
    """
    test = _value(tested.test)
    trials = []
    for speaker, scene, enrolment, of_cohort in _enrolled(tested, scenes, enrolments):
        same = speaker == tested.speaker
        if tested.genuine or same:
            label = ("target" if same else "nontarget") if tested.genuine else "spoof"
            score = float(test @ enrolment)
            if cohort is not None:
                score = as_norm(score, tested.test_cohort, of_cohort, cohort)
            trials.append(_trial("asv", label, score, scene))
    others = [trial for trial in trials if trial["label"] == "nontarget"]
    if len(others) <= NONTARGETS:
        return trials
    others.sort(key=lambda trial: _drawn(tested.scene, trial["enrolment"]))
    left_out = {trial["enrolment"] for trial in others[NONTARGETS:]}
    return [trial for trial in trials if trial["enrolment"] not in left_out]


def _enrolled(tested, scenes, enrolments):
    """Speaker, one scene, embedding and scores against the cohort of whatever a scene is set against."""
    candidates = [
        other
        for other in scenes.values()
        if other.scene != tested.scene
        and other.genuine
        and isinstance(other.enrolment, np.ndarray)
        and (other.utterance is None or other.utterance != tested.utterance)
    ]
    if enrolments == 1:
        yield from ((other.speaker, other.scene, other.enrolment, other.enrolment_cohort) for other in candidates)
        return
    by_speaker: dict[str, dict] = {}
    for other in sorted(candidates, key=lambda other: _drawn(tested.scene, other.scene)):
        by_speaker.setdefault(other.speaker, {}).setdefault(other.utterance or other.scene, other)
    for speaker, utterances in by_speaker.items():
        chosen = list(utterances.values())[:enrolments]
        if speaker is not None and len(chosen) == enrolments:
            mean = np.mean([other.enrolment for other in chosen], axis=0)
            of_cohort = None
            if all(isinstance(other.enrolment_cohort, np.ndarray) for other in chosen):
                of_cohort = np.mean([other.enrolment_cohort for other in chosen], axis=0) / np.linalg.norm(mean)
            yield speaker, chosen[0].scene, unit(mean), of_cohort


def _drawn(tested, enrolled):
    """Decides which of many enrolment scenes a scene is set against, whatever their order."""
    return sha256(f"{tested} {enrolled}".encode()).digest()


def cm_trial(tested: Heard) -> dict:
    """The detection trial of one scene, as tables.TRIAL. Raises Unscorable."""
    return _trial("cm", tested.label, float(_value(tested.cm)), None)


def trials_of(metric: Metric, tested: Heard) -> list[dict] | None:
    """Trials of one scene for one metric, but those of verification; None where the scene takes no part in the metric.

    Spoofs take no part in verification alone, and not in what is counted of genuine speech.

    Raises Unscorable where the scene has no figure, whatever the other scenes are.
    """
    if tested.method_failure is not None:
        raise Unscorable(tested.method_failure)
    if (metric.pooled or "cm" not in metric.trials) and not tested.genuine:
        return None
    if "asv" in metric.trials:
        _value(tested.test)
    if metric.cohort is not None:
        _value(tested.test_cohort)
    return [cm_trial(tested)] if "cm" in metric.trials else []


PARTS = ("test", "enrolment", "test_cohort", "enrolment_cohort")
"""Of Heard, that are vectors."""


def voice(heard: Heard, cohort: bool = False) -> dict:
    """What is kept of a scene for verification, as tables.VOICE; `cohort`: with the scores against the cohort."""
    parts = {name: getattr(heard, name) for name in PARTS[: 4 if cohort else 2]}
    known = {name: value.tolist() if isinstance(value, np.ndarray) else None for name, value in parts.items()}
    said = {name: getattr(heard, name) for name in ("speaker", "utterance", "label", "enrolled")}
    return said | known


def heard_of(scene: str, voice: dict) -> Heard:
    """A scene from what `voice` kept of it."""
    parts = {name: None if voice.get(name) is None else np.array(voice[name]) for name in PARTS}
    return Heard(scene, voice["speaker"], voice["utterance"], voice["label"], enrolled=voice.get("enrolled"), **parts)


def _value(part):
    if isinstance(part, str):
        raise Unscorable(part)
    return part


def _trial(kind, label, score, enrolment):
    return {"kind": kind, "label": label, "score": score, "enrolment": enrolment}
