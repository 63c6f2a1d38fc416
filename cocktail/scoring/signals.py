"""Scores of signals: one row per talker and metric, whatever happens.

A metric that cannot be computed leaves a row with its reason, and what one metric raises costs its own row alone.
"""

from collections.abc import Sequence

import numpy as np

from cocktail.errors import CocktailError
from cocktail.metrics.catalogue import METRICS
from cocktail.metrics.metric import Comparison, defect, stacked
from cocktail.metrics.si_sdr import CLAMP_DB, best_permutation, si_sdr_matrix
from cocktail.recognition.recogniser import Recogniser
from cocktail.scoring.rows import Judges, metric_named

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
    may have lengths of their own: a wrong one is said in its rows. Returns rows {source, estimate, metric, value,
    status, reason, errors, total, trials, card}, K for each metric, in the order of sources, then metrics. Raises
    CocktailError for an unknown metric, or one that needs more than signals.
    """
    for name in metrics:
        if metric_named(name).level != "source":
            raise CocktailError(f"metric {name!r} is no property of a signal: it comes with the estimates of a run")
    signals = {"reference": reference, "estimate": estimate, "fs": fs, "interference": interference, "text": text}
    return signal_rows(**signals, metrics=metrics, judges=Judges(recogniser))


def signal_rows(*, reference, estimate, fs, interference, text, metrics, judges: Judges) -> list[dict]:
    """Rows of the metrics of level `source` by their names, see score_signals."""
    cards = [METRICS[name] for name in metrics]
    reference = np.atleast_2d(np.asarray(reference, float))
    k_sources = len(reference)
    text = [None] * k_sources if text is None else list(text)
    estimate = [np.asarray(e, float).reshape(-1) for e in estimate]
    if len(estimate) != k_sources:
        reason = f"wrong-count: {len(estimate)} estimates, expected {k_sources}"
        return [judges.failed(m, k, reason) for k in range(k_sources) for m in cards]
    order, reasons = assign(reference, estimate)
    usable = [k for k in range(k_sources) if reasons[k] is None]
    pairs = {}
    if usable:
        others = [reference[k] for k in range(k_sources) if k not in usable and np.isfinite(reference[k]).all()]
        comparison = Comparison(
            reference=stacked([reference[k] for k in usable]),
            estimate=stacked([estimate[order[k]] for k in usable]),
            others=others if interference is None else [*others, np.asarray(interference, float)],
            fs=fs,
            text=[text[k] for k in usable],
            recogniser=judges.recogniser,
            scorers=judges.scorers,
        )
        pairs = dict(zip(usable, comparison.pairs, strict=True))
    return [
        (judges.row(m, k, pairs[k]) if k in pairs else judges.failed(m, k, reasons[k])) | {"estimate": order[k]}
        for k in range(k_sources)
        for m in cards
    ]


def assign(reference, estimate):
    """For each reference: which estimate it gets, and why that cannot be scored, or None."""
    k_sources = len(reference)
    defects = [[defect(reference=r, estimate=e) for e in estimate] for r in reference]
    scores = np.full((k_sources, k_sources), -CLAMP_DB)
    r_usable = [k for k in range(k_sources) if any(d is None for d in defects[k])]
    e_usable = [j for j in range(k_sources) if any(defects[k][j] is None for k in range(k_sources))]
    if r_usable and e_usable:
        usable = {"reference": [reference[k] for k in r_usable], "estimate": [estimate[j] for j in e_usable]}
        matrix = si_sdr_matrix(**{name: stacked(signals) for name, signals in usable.items()})
        scores[np.ix_(r_usable, e_usable)] = matrix
    order = best_permutation(scores)
    return order, [defects[k][j] for k, j in enumerate(order)]
