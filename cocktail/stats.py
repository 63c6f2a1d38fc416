"""Statistics of leaderboards: pooled figures, paired bootstrap, ranks and tie groups.

Every figure of a board is a ratio of sums over scenes: a mean is sum(value) / sum(1), a pooled error rate is
sum(100 errors) / sum(words). So one resampling serves both, and an error rate cannot be averaged by mistake.

Intervals are percentile intervals of the paired bootstrap (B. Efron and R. Tibshirani, An Introduction to the
Bootstrap, 1993, chapters 6 and 13): scenes are drawn with replacement, the same ones for every entry, so that the
interval of a difference profits from what the entries have in common. With few scenes a percentile interval is a little
narrow: it holds about 93 % instead of 95 % at 24 scenes of Gaussian scores.

Axes: R resamples, S scenes, E entries.
"""

from dataclasses import dataclass

import numpy as np

LEVEL = 0.95
RESAMPLES = 1000
DIGITS = 9
"""Figures that agree in so many significant digits are equal, whatever the order of summation was."""


@dataclass(frozen=True)
class Cells:
    """Scores of one metric in one condition, as the parts of a ratio. Both parts are 0 where nothing was finished."""

    numerator: np.ndarray
    """(S, E)"""
    denominator: np.ndarray
    """(S, E)"""
    finished: np.ndarray
    """(S, E) bool."""

    def on(self, scenes: np.ndarray) -> "Cells":
        """The same on a subset, (S,) bool, of the scenes."""
        return Cells(self.numerator[scenes], self.denominator[scenes], self.finished[scenes])


def resample(n_scenes: int, resamples: int, generator: np.random.Generator) -> np.ndarray:
    """(R, S): how often each scene is drawn in each resample; every row adds up to S."""
    return generator.multinomial(n_scenes, np.full(n_scenes, 1 / n_scenes), size=resamples).astype(float)


def figures(cells: Cells, weights: np.ndarray | None = None) -> np.ndarray:
    """Figure of each entry, (E,); with `weights` (R, S), in each resample, (R, E). NaN where there is nothing."""
    if weights is None:
        weights = np.ones(len(cells.numerator))
    numerator, denominator = weights @ cells.numerator, weights @ cells.denominator
    return np.divide(numerator, denominator, out=np.full_like(numerator, np.nan), where=denominator > 0)


def interval(samples: np.ndarray, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Percentile interval over the first axis of `samples` (R, ...). NaN where no resample has a figure."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    undefined = np.isnan(samples)
    if not undefined.any():
        low, high = np.quantile(samples, tails, axis=0)
        return low, high
    empty = undefined.all(axis=0)
    low, high = np.nanquantile(np.where(empty, 0.0, samples), tails, axis=0)
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def rankable(finished: np.ndarray) -> np.ndarray:
    """(E,) bool: entries that finished at least half of the scenes that anybody finished, and at least one."""
    possible = finished.any(axis=1).sum()
    done = finished.sum(axis=0)
    return (done > 0) & (2 * done >= possible)


def rank(values: np.ndarray, higher_is_better: bool) -> np.ndarray:
    """Competition ranks, (E,) int from 1: equal figures share the better rank, and the next one is left out."""
    signed = -rounded(values) if higher_is_better else rounded(values)
    return 1 + (signed[None, :] < signed[:, None]).sum(axis=1)


def tie_groups(values: np.ndarray, samples: np.ndarray, higher_is_better: bool, level: float = LEVEL) -> np.ndarray:
    """Groups of entries that cannot be told apart, (E,) int from 1, the best group first.

    From the best figure down, an entry joins the current group while the paired bootstrap interval of its difference
    from the group's best entry holds 0; the first one that does not opens the next group. The intervals are not
    corrected for the number of comparisons. `values` (E,) and `samples` (R, E) of the same entries.
    """
    order = np.argsort(-rounded(values) if higher_is_better else rounded(values), kind="stable")
    groups = np.empty(len(values), int)
    group, best = 0, None
    for entry in order:
        if best is None or not _tied(samples[:, best], samples[:, entry], level):
            group, best = group + 1, entry
        groups[entry] = group
    return groups


def rounded(values: np.ndarray, digits: int = DIGITS) -> np.ndarray:
    """`values` at so many significant digits."""
    values = np.asarray(values, float)
    return np.array([float(f"{x:.{digits - 1}e}") for x in values.flat]).reshape(values.shape)


def _tied(best, other, level):
    low, high = interval(best - other, level)
    rounding = 10.0**-DIGITS * np.nanmax(np.abs(best), initial=0.0)
    return not (low > rounding or high < -rounding)
