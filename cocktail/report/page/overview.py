"""Which method to use: places and normalised gains of entries by purpose, condition by condition.

A purpose has one metric in a condition, the first of PURPOSES that was measured there. `rank` is the board's.
`gain` runs from `unprocessed`, 0, to the best oracle, 1 (data.bounds). The errors are standard errors over scenes, from
resamples as the boards draw them; the page combines them over conditions, whose scenes are independent, by whatever
weights its reader gives.

Axes: R resamples, S scenes, E entries.
"""

import math
import warnings
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cocktail.boards import statistics
from cocktail.boards.cells import higher_is_better, tabulate, weights_of
from cocktail.boards.scores import BASELINE
from cocktail.rng import rng

PURPOSES = {
    "quality": ("pesq_wb", "pesq_nb"),
    "words": ("wer", "wer_ctc"),
    "voices": ("eer_asv", "eer_cm"),
    "signal": ("si_sdr",),
}
"""Purpose -> its metrics, the preferred one first."""
TITLES = {
    "quality": "Heard quality",
    "words": "Words: speech recognition",
    "voices": "Voices: verification and spoofs",
    "signal": "Signal fidelity",
}
RESAMPLES = 200
"""A standard error takes fewer than an interval's ends."""
CENTRAL = 0.6827
"""Share of a Gaussian within one standard error: errors are read off there, as ratios of figures have heavy tails."""


def content(standings: Mapping[str, dict]) -> dict:
    """What `data.js` holds: the purposes that any condition serves, and by condition what `standings` found."""
    served = {purpose for of_condition in standings.values() for purpose in of_condition}
    return {
        "purposes": [{"name": name, "title": TITLES[name]} for name in PURPOSES if name in served],
        "standings": dict(standings),
    }


def standings(
    scores: pa.Table, board: list[dict], bounds: Mapping, *, seed: int, speakers: Mapping[str, str | None]
) -> dict:
    """Purpose -> {metric, entries: {entry: [rank, its error, gain, its error]}} of one condition; null is unknown.

    `scores`: its rows of tables.SCORES; `board`: its rows of the leaderboard; `bounds`: metric -> data.bounds of it.
    """
    condition = scores["condition"][0].as_py()
    measured = {row["metric"] for row in board if row["value"] is not None}
    chosen = {name: metric for name, metrics in PURPOSES.items() if (metric := _first(metrics, measured))}
    part = scores.filter(pc.is_in(scores["metric"], pa.array(list(chosen.values()), pa.string())))
    if not len(part):
        return {}
    entries, scenes, _, cells = tabulate(part, {scene: speaker for scene, speaker in speakers.items() if speaker})
    weights = statistics.resample(len(scenes), RESAMPLES, rng(seed, condition, role="standard errors"))
    by_purpose = {}
    for purpose, metric in chosen.items():
        drawn = weights_of(cells[metric], weights, rng(seed, condition, role="standard errors of speakers"))
        ranks = {row["entry"]: row["rank"] for row in board if row["metric"] == metric}
        rows = _Standing(cells[metric], drawn, entries, metric).rows(ranks, bounds.get(metric))
        by_purpose[purpose] = {"metric": metric, "entries": rows}
    return by_purpose


def _first(metrics, measured):
    return next((metric for metric in metrics if metric in measured), None)


class _Standing:
    """The entries of a condition by one metric."""

    def __init__(self, cells, drawn, entries, metric):
        self._cells, self._drawn, self._entries = cells, drawn, entries
        self._sign = -1 if higher_is_better(metric) else 1
        self._values, self._samples = statistics.figures(cells), statistics.figures(cells, drawn)

    def rows(self, ranks, bound):
        """Entry -> [rank, its error, gain, its error], of those with a figure. `bound`: of data.bounds, or None."""
        place_errors = self._place_errors([name for name in self._entries if ranks.get(name) is not None])
        by_entry = {}
        for e, name in enumerate(self._entries):
            gain, error = self._gain(e, bound)
            rank = ranks.get(name)
            if not np.isnan(self._values[e]):
                by_entry[name] = [rank, place_errors.get(name), gain, error]
        return by_entry

    def _place_errors(self, ranked):
        """Entry -> standard error of its rank, on the scenes that all ranked entries finished."""
        chosen = np.isin(self._entries, ranked)
        common = self._cells.finished[:, chosen].all(axis=1)
        if not ranked or not common.any():
            return {}
        cells = self._cells.on(common).of(chosen)
        samples = self._sign * statistics.figures(cells, self._drawn[:, common])
        places = 1 + (samples[:, None, :] < samples[:, :, None]).sum(axis=2)
        n = cells.drawn
        return {name: _spread(places[:, i].astype(float), n[i]) for i, name in enumerate(ranked)}

    def _gain(self, e, bound):
        if bound is None or np.isnan(self._values[e]):
            return None, None
        zero, one = (self._entries.index(name) for name in (BASELINE, bound[2]))
        span = self._values[one] - self._values[zero]
        spans = self._samples[:, one] - self._samples[:, zero]
        with warnings.catch_warnings(action="ignore"):  # a resample in which the oracle gains nothing has no gain
            samples = np.where(spans * span > 0, (self._samples[:, e] - self._samples[:, zero]) / spans, np.nan)
        return float((self._values[e] - self._values[zero]) / span), _spread(samples, self._cells.drawn[e])


def _spread(samples, drawn):
    """Standard error of a figure from its resamples (R,); None for so few draws that boards give no interval."""
    samples = samples[~np.isnan(samples)]
    if drawn < statistics.MIN_DRAWN or len(samples) < RESAMPLES // 2:
        return None
    low, high = np.quantile(samples, [(1 - CENTRAL) / 2, (1 + CENTRAL) / 2])
    return float((high - low) / 2 * math.sqrt(drawn / (drawn - 1)))
