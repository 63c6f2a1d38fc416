"""Curves of the page: scores against what was drawn for the scenes, and detection error trade-offs."""

from statistics import NormalDist

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cocktail.boards.strata import by_stratum
from cocktail.errors import CocktailError
from cocktail.metrics.detection import operating_points
from cocktail.tasks import BONA_FIDE

BY = ("snr_db", "t60_s", "distance_m", "level_db")
METRICS = ("si_sdr", "sdr", "pesq_wb", "stoi", "wer", "wer_ctc")
POINTS = 60
"""Of a detection error trade-off, at most."""
RATES = (0.001, 0.999)
"""Rates are drawn between these: beyond them the axis, a normal deviate, runs to infinity."""
DETECTION = {"eer_cm": ("cm", (BONA_FIDE,)), "eer_asv": ("asv", ("target",))}
"""Metric -> kind of its trials, and the labels that are to be accepted; `asv` trials of spoofs are left out."""


def strata_curves(scores: pa.Table, scenes: pa.Table, *, seed: int, resamples: int) -> dict:
    """Metric -> by -> {strata, n, entries: {entry: [[value, low, high] or None per stratum]}}, of one condition."""
    curves: dict = {}
    for metric in METRICS:
        for by in BY:
            try:
                rows = by_stratum(scores, scenes, metric=metric, by=by, seed=seed, resamples=resamples)
            except CocktailError:
                continue  # not drawn here, or not measured
            strata = {row["stratum"]: row["n_total"] for row in rows if row["n_total"]}
            cells = {(row["entry"], row["stratum"]): row for row in rows}
            entries = {
                entry: [_band(cells[entry, name]) for name in strata]
                for entry in sorted({row["entry"] for row in rows})
            }
            curve = {"strata": list(strata), "n": list(strata.values()), "entries": entries}
            curves.setdefault(metric, {})[by] = curve
    return curves


def _band(row):
    return None if row["value"] is None else [row["value"], row["ci_low"], row["ci_high"]]


def det_curves(scores: pa.Table) -> dict:
    """Metric -> entry -> {miss, false_alarm, n: [to be accepted, others]}, rates as normal deviates, in a condition."""
    curves: dict = {}
    for metric, (kind, accepted) in DETECTION.items():
        rows = scores.filter(pc.and_(pc.equal(scores["metric"], metric), pc.is_valid(scores["trials"])))
        for entry in sorted(pc.unique(rows["entry"]).to_pylist()):
            trials = pc.list_flatten(rows.filter(pc.equal(rows["entry"], entry))["trials"]).combine_chunks()
            curve = _det(trials, kind, accepted)
            if curve is not None:
                curves.setdefault(metric, {})[entry] = curve
    return curves


def _det(trials, kind, accepted):
    kinds, labels, scores = (trials.field(name).to_numpy(zero_copy_only=False) for name in ("kind", "label", "score"))
    used = (kinds == kind) & ((labels != "spoof") | (kind != "asv"))
    positive = np.isin(labels[used].astype(str), accepted)
    if not positive.any() or positive.all():
        return None
    miss, false_alarm, _ = operating_points(scores[used], positive)
    chosen = np.unique(np.linspace(0, len(miss) - 1, POINTS).astype(int))
    corners = {
        name: [round(NormalDist().inv_cdf(float(np.clip(rate, *RATES))), 4) for rate in rates[chosen]]
        for name, rates in (("miss", miss), ("false_alarm", false_alarm))
    }
    return corners | {"n": [int(positive.sum()), int((~positive).sum())]}
