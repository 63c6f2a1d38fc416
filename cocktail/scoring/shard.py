"""Scores of signals, and of a shard of estimates: one row per talker and metric, whatever happens.

A metric that cannot be computed leaves a row with its reason, and what one metric raises costs its own row alone.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from cocktail import tables
from cocktail.metrics.metric import Unscorable, defect
from cocktail.recognition.recogniser import create
from cocktail.runtime.accounting import work
from cocktail.runtime.worker import CallFailed, Worker
from cocktail.scenes.truth import Truth
from cocktail.scoring.conversation import conversation_rows
from cocktail.scoring.rows import Judges, metric_named
from cocktail.scoring.scorers import Scorers
from cocktail.scoring.signals import signal_rows
from cocktail.scoring.trials import Heard, part, unit
from cocktail.tasks import BONA_FIDE

SCENE_LIMIT_S = 600.0
"""A metric in C that crashes or hangs on a scene costs that scene."""


def score_shard(
    *,
    mixtures: str | Path,
    references: str | Path,
    estimates: str | Path,
    out: str | Path,
    condition: str,
    entry: str,
    metrics: Sequence[str],
    recogniser: dict | None,
    scorers: Mapping[str, dict] | None = None,
) -> None:
    """Score the estimates of one entry for one shard of scenes and write rows of tables.SCORES to `out`.

    `mixtures`, `references`, `estimates`: Parquet files of tables.MIXTURES, REFERENCES, ESTIMATES. `recogniser`:
    options for cocktail.recognition.recogniser.create, or None. `scorers`: role -> {"spec", "model", "suite"}, see
    cocktail.scoring.scorers; a metric that needs a role which is not among them has no rows. Every scene of `mixtures`
    has its rows, also where the method failed; of the metrics of trials, only the scenes that take part: those of
    verification alone and `cm_rejection` are of bona fide speech, those of detection need a condition with classes.
    Metrics of conversations have rows there alone.
    """
    truths = {scene: Truth(row) for scene, row in tables.read_by_scene(references).items()}
    made, scenes = tables.read_by_scene(estimates), tables.read_by_scene(mixtures)
    task = next(iter(truths.values())).scene.task
    listener = None if recogniser is None else create(recogniser)
    judges = Judges(listener, Scorers(scorers), task)
    wanted = [metric for metric in map(metric_named, metrics) if judges.can(metric)]
    records = [truth.scene for truth in truths.values()]
    if all(scene.label is None for scene in records):
        wanted = [metric for metric in wanted if not (metric.from_trials and "cm" in metric.trials)]
    if all(scene.conversation is None for scene in records):
        wanted = [metric for metric in wanted if metric.level != "conversation"]
    if any(scene.talkers[0].kind is not None for scene in records):  # nobody speaks who could be verified
        wanted = [metric for metric in wanted if "asv" not in metric.trials]

    def score(scene):
        with work():
            given = scenes[scene], truths[scene], made.get(scene), wanted, judges
            return _scene_rows(*given), _hear(*given)

    rows, heard = {}, {}
    with Worker(lambda: score) as worker:
        for scene, mixture in scenes.items():
            try:
                rows[scene], heard[scene] = worker(scene, limit_s=SCENE_LIMIT_S)
            except CallFailed as error:
                reason = f"scoring-failed: {error}"
                rows[scene] = _all_failed(mixture, wanted, reason, judges)
                heard[scene] = Heard(scene, **_identity(truths[scene]), method_failure=reason)
    for scene, tested in heard.items():
        of_trials = (metric for metric in wanted if metric.level == "trials")
        rows[scene] += [row for metric in of_trials for row in judges.trial_rows(metric, tested)]
    named = {"condition": condition, "entry": entry}
    tables.write_rows(out, [named | {"scene": scene} | row for scene in rows for row in rows[scene]], tables.SCORES)


def _scene_rows(mixture, truth, made, metrics, judges):
    """Rows of one scene but those of trials, without the columns that name it."""
    if reason := _method_failure(made):
        return _all_failed(mixture, metrics, reason, judges)
    of_source = [metric.name for metric in metrics if metric.level == "source"]
    of_conversation = [metric for metric in metrics if metric.level == "conversation"]
    measured = made["device"] != tables.ELSEWHERE
    rows = [judges.row(metric, None, made) for metric in metrics if metric.level == "scene" and measured]
    if not of_source and not of_conversation:
        return rows
    reference = truth.target
    estimate = tables.unpack_all(made["estimate"])
    if of_conversation:
        streams = {"scene": truth.scene, "reference": reference, "estimate": estimate}
        rows = conversation_rows(**streams, metrics=of_conversation, judges=judges) + rows
    interference = tables.unpack(mixture["mixture"])[0] - reference.sum(0)
    signals = {"reference": reference, "estimate": estimate, "fs": mixture["fs"], "interference": interference}
    text = [talker.text for talker in truth.scene.talkers]
    return signal_rows(**signals, text=text, metrics=of_source, judges=judges) + rows


def _all_failed(mixture, metrics, reason, judges):
    """Rows of a scene in which nothing could be scored, but those of trials."""
    levels = {"source": range(mixture["n_sources"]), "scene": (None,), "conversation": (None,), "trials": ()}
    return [judges.failed(metric, k, reason) for metric in metrics for k in levels[metric.level]]


def _method_failure(made):
    if made is None or made["status"] != "ok":
        return f"method-failed: {made['reason'] if made else 'no estimate in the shard'}"
    return None


def _hear(mixture, truth, made, metrics, judges) -> Heard:
    """What the trials of one scene are made of; only what the metrics need is computed."""
    scorers, task, fs = judges.scorers, judges.task, mixture["fs"]
    heard = {"scene": mixture["scene"], "method_failure": _method_failure(made), **_identity(truth)}
    failed, kinds = heard["method_failure"] is not None, {kind for metric in metrics for kind in metric.trials}
    if not kinds:
        return Heard(**heard)
    if task == "verify":
        embedding = None if failed else part(lambda: unit(made["embedding"]))
        return Heard(**heard, test=embedding, enrolment=embedding)

    normalised = any(metric.cohort is not None for metric in metrics)

    def embedded(samples, what):
        """The embedding as `what` is called, and its scores against the cohort if a metric asks for them."""
        embedding = part(lambda: unit(scorers["speaker"](samples, fs)))
        if not normalised or isinstance(embedding, str):
            return {what: embedding, f"{what}_cohort": embedding if normalised else None}
        return {what: embedding, f"{what}_cohort": part(lambda: scorers["speaker"].cohort(fs) @ embedding)}

    reference = truth.target[0]
    if "asv" in kinds and heard["label"] == BONA_FIDE:
        heard |= embedded(reference, "enrolment")
    if failed:
        return Heard(**heard)
    if task == "detect":
        if "asv" in kinds:
            heard |= embedded(tables.unpack(mixture["mixture"])[0], "test")
        return Heard(**heard, cm=made["score"])
    estimate = tables.unpack(made["estimate"][0])[0]
    if reason := defect(reference=reference, estimate=estimate):
        return Heard(**heard, test=reason, cm=reason)
    if "asv" in kinds:
        heard |= embedded(estimate, "test")
    if "cm" in kinds:
        heard |= _detected(scorers["spoofing"], estimate, fs)
        others = scorers.further("spoofing").items()
        heard["further"] = {name: _detected(detector, estimate, fs) for name, detector in others}
    return Heard(**heard)


def _detected(detector, samples, fs):
    """Score of a spoofing detector on (N,), or the reason why there is none, and its threshold."""

    def detected():
        score = float(detector(samples, fs))
        if not np.isfinite(score):
            raise Unscorable(f"scorer-failed: {detector.entry}: its score is {score}")
        return {"cm": score, "threshold": detector.threshold(fs)}

    detection = part(detected)
    return {"cm": detection} if isinstance(detection, str) else detection


def _identity(truth):
    """Who speaks in a scene, which utterance, and whether it is a spoof."""
    talker = truth.scene.talkers[0]
    scene = truth.scene
    said = {"speaker": talker.speaker, "utterance": talker.utterance, "label": scene.class_label or BONA_FIDE}
    return said | {"enrolled": scene.enrolled}
