"""Scores of signals, and of a shard of estimates: one row per talker and metric, whatever happens.

A metric that cannot be computed leaves a row with its reason, and what one metric raises costs its own row alone.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cocktail import store
from cocktail.cost import work
from cocktail.errors import CocktailError
from cocktail.isolate import CallFailed, Worker
from cocktail.metrics import METRICS, Comparison, Metric, Unscorable, defect
from cocktail.metrics.si_sdr import CLAMP_DB, best_permutation, si_sdr_matrix
from cocktail.recognition import Counts, Recogniser, create

SCENE_LIMIT_S = 600.0
"""A metric in C that crashes or hangs on a scene costs that scene."""

SOURCE_METRICS = [name for name, metric in METRICS.items() if metric.level == "source"]


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
    errors, total, card}, K for each metric, in the order of sources, then metrics. Raises CocktailError for an unknown
    metric, or one that needs more than signals.
    """
    cards = [_source_metric(name) for name in metrics]
    reference = np.atleast_2d(np.asarray(reference, float))
    k_sources = len(reference)
    text = [None] * k_sources if text is None else list(text)
    estimate = [np.asarray(e, float).reshape(-1) for e in estimate]
    if len(estimate) != k_sources:
        reason = f"wrong-count: {len(estimate)} estimates, expected {k_sources}"
        return [_failed(m, k, reason, recogniser) for k in range(k_sources) for m in cards]
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
            recogniser=recogniser,
        )
        pairs = dict(zip(usable, comparison.pairs, strict=True))
    return [
        _row(m, k, pairs[k], recogniser) if k in pairs else _failed(m, k, reasons[k], recogniser)
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
) -> None:
    """Score the estimates of one entry for one shard of scenes and write rows of store.SCORES to `out`.

    `mixtures`, `references`, `estimates`: Parquet files of store.MIXTURES, REFERENCES, ESTIMATES. `recogniser`: options
    for cocktail.recognition.create, or None. Every scene of `mixtures` has its rows, also where the method failed.
    """
    listener = None if recogniser is None else create(recogniser)
    truths = {row["scene"]: row for row in store.read_rows(references)}
    made = {row["scene"]: row for row in store.read_rows(estimates)}
    scenes = {row["scene"]: row for row in store.read_rows(mixtures)}

    def score(scene):
        with work():
            return _scene_rows(scenes[scene], truths[scene], made.get(scene), metrics, listener)

    rows = []
    with Worker(lambda: score) as worker:
        for scene, mixture in scenes.items():
            try:
                found = worker(scene, limit_s=SCENE_LIMIT_S)
            except CallFailed as error:
                found = _all_failed(mixture, metrics, f"scoring-failed: {error}", listener)
            rows += [{"condition": condition, "scene": scene, "entry": entry, **row} for row in found]
    store.write_rows(out, rows, store.SCORES)


def _scene_rows(mixture, truth, made, metrics, recogniser):
    """Rows of one scene, without the columns that name it."""
    if made is None or made["status"] != "ok":
        reason = f"method-failed: {made['reason'] if made else 'no estimate in the shard'}"
        return _all_failed(mixture, metrics, reason, recogniser)
    of_source = [name for name in metrics if _metric(name).level == "source"]
    of_scene = [METRICS[name] for name in metrics if METRICS[name].level == "scene"]
    reference = scored_reference(truth)
    return score_signals(
        reference=reference,
        estimate=[store.unpack(cell)[0] for cell in made["estimate"]],
        fs=mixture["fs"],
        interference=store.unpack(mixture["mixture"])[0] - reference.sum(0),
        text=truth["text"],
        metrics=of_source,
        recogniser=recogniser,
    ) + [_row(m, None, made, recogniser) for m in of_scene]


def _all_failed(mixture, metrics, reason, recogniser):
    """Rows of a scene in which nothing could be scored."""
    talkers = range(mixture["n_sources"])
    levels = {"source": talkers, "scene": (None,)}
    return [_failed(_metric(m), k, reason, recogniser) for m in metrics for k in levels[_metric(m).level]]


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


def _row(metric, source, given, recogniser):
    """The row of one metric on a Pair, or on a row of ESTIMATES."""
    try:
        value = metric.compute(given)
    except Unscorable as reason:
        return _failed(metric, source, str(reason), recogniser)
    except Exception as error:  # a metric's failure costs its own row, never the shard
        return _failed(metric, source, f"metric-failed: {type(error).__name__}: {error}", recogniser)
    counts = {"errors": value.errors, "total": value.total} if isinstance(value, Counts) else {}
    value = 100 * value.rate if isinstance(value, Counts) else float(value)
    if not np.isfinite(value):
        return _failed(metric, source, "metric-failed: the value is not finite", recogniser)
    return _blank(metric, source, recogniser) | {"value": value, "status": "ok"} | counts


def _failed(metric, source, reason, recogniser):
    return _blank(metric, source, recogniser) | {"status": "failed", "reason": reason}


def _blank(metric, source, recogniser):
    helper = recogniser.card if recogniser is not None and metric.pooled else None
    columns = {"value": None, "status": None, "reason": None, "errors": None, "total": None}
    return {"source": source, "metric": metric.name, **columns, "card": metric.digest_with(helper)}


def _metric(name) -> Metric:
    if name not in METRICS:
        raise CocktailError(f"no metric {name!r}; there are {', '.join(METRICS)}")
    return METRICS[name]


def _source_metric(name) -> Metric:
    metric = _metric(name)
    if metric.level != "source":
        raise CocktailError(f"metric {name!r} is no property of a signal: it comes with the estimates of a run")
    return metric
