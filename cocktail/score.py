"""Scores of signals, and of a shard of estimates: one row per talker and metric, whatever happens.

A metric that cannot be computed leaves a row with its reason, and what one metric raises costs its own row alone.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from cocktail import store
from cocktail.cost import work
from cocktail.errors import CocktailError
from cocktail.isolate import CallFailed, Worker
from cocktail.metrics import METRICS, Comparison, Unscorable, defect
from cocktail.metrics.si_sdr import CLAMP_DB, best_permutation, si_sdr_matrix
from cocktail.metrics.trials import BONAFIDE
from cocktail.recognition import Recogniser, create
from cocktail.score_rows import Judges, metric_named
from cocktail.scorers import Scorers
from cocktail.trials import Heard, part, unit

SCENE_LIMIT_S = 600.0
"""A metric in C that crashes or hangs on a scene costs that scene."""

SOURCE_METRICS = [
    name for name, metric in METRICS.items() if metric.level == "source" and not any(metric.tasks.values())
]
"""Metrics of signals that need no trained model."""


def score_signals(
    *,
    reference: Sequence[np.ndarray],
    estimate: Sequence[np.ndarray],
    fs: int,
    interference: np.ndarray | None = None,
    text: Sequence[str | None] | None = None,
    metrics: Sequence[str] = SOURCE_METRICS,
    recogniser: Recogniser | None = None,
) -> list[dict]:
    """Score estimates (K, N) against references (K, N) at `fs` Hz, best permutation by SI-SDR.

    `interference` (N,): what is in the mixture besides the references. `text`: transcripts of the references. Estimates
    may have lengths of their own: a wrong one is said in its rows. Returns rows {source, metric, value, status, reason,
    errors, total, trials, card}, K for each metric, in the order of sources, then metrics. Raises CocktailError for an
    unknown metric, or one that needs more than signals.
    """
    for name in metrics:
        if metric_named(name).level != "source":
            raise CocktailError(f"metric {name!r} is no property of a signal: it comes with the estimates of a run")
    return _signal_rows(reference, estimate, fs, interference, text, metrics, Judges(recogniser))


def _signal_rows(reference, estimate, fs, interference, text, metrics, judges):
    """Rows of the metrics of level `source`, see score_signals."""
    cards = [METRICS[name] for name in metrics]
    reference = np.atleast_2d(np.asarray(reference, float))
    k_sources = len(reference)
    text = [None] * k_sources if text is None else list(text)
    estimate = [np.asarray(e, float).reshape(-1) for e in estimate]
    if len(estimate) != k_sources:
        reason = f"wrong-count: {len(estimate)} estimates, expected {k_sources}"
        return [judges.failed(m, k, reason) for k in range(k_sources) for m in cards]
    estimate, reasons = _assign(reference, estimate)
    usable = [k for k in range(k_sources) if reasons[k] is None]
    pairs = {}
    if usable:
        others = [reference[k] for k in range(k_sources) if k not in usable and np.isfinite(reference[k]).all()]
        comparison = Comparison(
            reference=reference[usable],
            estimate=np.stack([estimate[k] for k in usable]),
            others=others if interference is None else [*others, np.asarray(interference, float)],
            fs=fs,
            text=[text[k] for k in usable],
            recogniser=judges.recogniser,
            scorers=judges.scorers,
        )
        pairs = dict(zip(usable, comparison.pairs, strict=True))
    return [
        judges.row(m, k, pairs[k]) if k in pairs else judges.failed(m, k, reasons[k])
        for k in range(k_sources)
        for m in cards
    ]


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
    """Score the estimates of one entry for one shard of scenes and write rows of store.SCORES to `out`.

    `mixtures`, `references`, `estimates`: Parquet files of store.MIXTURES, REFERENCES, ESTIMATES. `recogniser`: options
    for cocktail.recognition.create, or None. `scorers`: role -> {"spec", "model", "suite"}, see cocktail.scorers; a
    metric that needs a role which is not among them has no rows. Every scene of `mixtures` has its rows, also where the
    method failed; of the metrics of trials, only the scenes that take part: `eer_asv` and `cm_rejection` are of bona
    fide speech, `eer_cm` needs a condition with attacks.
    """
    truths = {row["scene"]: row for row in store.read_rows(references)}
    made = {row["scene"]: row for row in store.read_rows(estimates)}
    scenes = {row["scene"]: row for row in store.read_rows(mixtures)}
    task = json.loads(next(iter(truths.values()))["record"])["task"]
    listener = None if recogniser is None else create(recogniser)
    judges = Judges(listener, Scorers(scorers), task)
    wanted = [metric for metric in map(metric_named, metrics) if judges.can(metric)]
    if all(truth["label"] is None for truth in truths.values()):
        wanted = [metric for metric in wanted if metric.name not in ("eer_cm", "min_tdcf")]

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
        found = (judges.trial_row(metric, tested, heard) for metric in wanted if metric.level == "trials")
        rows[scene] += [row for row in found if row is not None]
    named = {"condition": condition, "entry": entry}
    store.write_rows(out, [named | {"scene": scene} | row for scene in rows for row in rows[scene]], store.SCORES)


def _scene_rows(mixture, truth, made, metrics, judges):
    """Rows of one scene but those of trials, without the columns that name it."""
    if reason := _method_failure(made):
        return _all_failed(mixture, metrics, reason, judges)
    of_source = [metric.name for metric in metrics if metric.level == "source"]
    rows = [judges.row(metric, None, made) for metric in metrics if metric.level == "scene"]
    if not of_source:
        return rows
    reference = scored_reference(truth)
    estimate = [store.unpack(cell)[0] for cell in made["estimate"]]
    interference = store.unpack(mixture["mixture"])[0] - reference.sum(0)
    return _signal_rows(reference, estimate, mixture["fs"], interference, truth["text"], of_source, judges) + rows


def _all_failed(mixture, metrics, reason, judges):
    """Rows of a scene in which nothing could be scored, but those of trials."""
    levels = {"source": range(mixture["n_sources"]), "scene": (None,), "trials": ()}
    return [judges.failed(metric, k, reason) for metric in metrics for k in levels[metric.level]]


def _method_failure(made):
    if made is None or made["status"] != "ok":
        return f"method-failed: {made['reason'] if made else 'no estimate in the shard'}"
    return None


def _hear(mixture, truth, made, metrics, judges) -> Heard:
    """What the trials of one scene are made of; only what the metrics need is computed."""
    scorers, task, fs = judges.scorers, judges.task, mixture["fs"]
    heard = {"scene": mixture["scene"], "method_failure": _method_failure(made), **_identity(truth)}
    failed, needed = heard["method_failure"] is not None, {metric.name for metric in metrics}
    if not needed & {"eer_asv", "eer_cm", "min_tdcf", "cm_rejection"}:
        return Heard(**heard)
    if task == "verify":
        embedding = None if failed else part(lambda: unit(made["embedding"]))
        return Heard(**heard, test=embedding, enrolment=embedding)

    def embedded(samples):
        return part(lambda: unit(scorers["speaker"](samples, fs)))

    reference = scored_reference(truth)[0]
    speaker = needed & {"eer_asv", "min_tdcf"}
    if speaker and heard["label"] == BONAFIDE:
        heard["enrolment"] = embedded(reference)
    if failed:
        return Heard(**heard)
    if task == "detect":
        test = embedded(store.unpack(mixture["mixture"])[0]) if speaker else None
        return Heard(**heard, test=test, cm=made["score"])
    estimate = store.unpack(made["estimate"][0])[0]
    if reason := defect(reference=reference, estimate=estimate):
        return Heard(**heard, test=reason, cm=reason)
    if speaker:
        heard["test"] = embedded(estimate)
    if needed & {"eer_cm", "cm_rejection"}:
        found = part(lambda: _detected(scorers["spoofing"], estimate, fs))
        heard |= {"cm": found} if isinstance(found, str) else found
    return Heard(**heard)


def _detected(detector, samples, fs):
    """Score of a spoofing detector on (N,), and its threshold."""
    score = float(detector(samples, fs))
    if not np.isfinite(score):
        raise Unscorable(f"scorer-failed: {detector.entry}: its score is {score}")
    return {"cm": score, "threshold": detector.threshold(fs)}


def _identity(truth):
    """Who speaks in a scene, which utterance, and whether it is a spoof, from a row of REFERENCES."""
    talker = json.loads(truth["record"])["talkers"][0]
    return {"speaker": talker["speaker"], "utterance": talker["utterance"], "label": truth["label"] or BONAFIDE}


def scored_reference(truth: dict) -> np.ndarray:
    """What estimates are scored against, (K, N): images or early parts at microphone 1, from a row of REFERENCES."""
    return np.stack([store.unpack(cell)[0] for cell in truth["early" if truth["reference"] == "early" else "images"]])


def _assign(reference, estimate):
    """Estimates in the order of their references, and for each reference why its estimate cannot be scored, or None."""
    k_sources = len(reference)
    defects = [[defect(reference=r, estimate=e) for e in estimate] for r in reference]
    scores = np.full((k_sources, k_sources), -CLAMP_DB)
    r_usable = [k for k in range(k_sources) if any(d is None for d in defects[k])]
    e_usable = [j for j in range(k_sources) if any(defects[k][j] is None for k in range(k_sources))]
    if r_usable and e_usable:
        usable = np.stack([estimate[j] for j in e_usable])
        scores[np.ix_(r_usable, e_usable)] = si_sdr_matrix(reference=reference[r_usable], estimate=usable)
    order = best_permutation(scores)
    return [estimate[j] for j in order], [defects[k][j] for k, j in enumerate(order)]
