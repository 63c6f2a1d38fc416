"""Statistics of leaderboards: pooled figures, paired bootstrap, ranks, entries that are told apart.

Every figure of a board is a ratio of sums over scenes: a mean is sum(value) / sum(1), a pooled error rate is
sum(100 errors) / sum(words). So one resampling serves both, and an error rate cannot be averaged by mistake.

Equal error rates and detection costs are computed from all trials of the scenes (TrialCells). A trial counts as often
as its scene was drawn and, where it is set against the scene of another speaker, times how often that one was drawn.

Intervals are percentile intervals of the paired bootstrap (B. Efron and R. Tibshirani, An Introduction to the
Bootstrap, 1993, chapters 6 and 13): scenes are drawn with replacement, the same ones for every entry, so that the
interval of a difference profits from what the entries have in common. Where trials set scenes against each other,
speakers are drawn, with all their scenes: trials that share a voice are not independent. With few scenes a
plain percentile interval is too narrow, hence its percentiles are moved outwards (T. Hesterberg, "What teachers should
know about the bootstrap", The American Statistician 69(4), 2015, section 5.3). Fewer than MIN_DRAWN have no interval.
Resamples cannot see what did not happen: where no scene has an error, an error rate is 0 in each of them. Rates, and
areas under ROC curves, have exact intervals instead, for the number of independent trials that leave as much variance
(rates.py). Ranks by trials take MIN_TRIALS of each kind.

Two entries are told apart by the difference of their figures over its bootstrap standard error, against Student's t,
which is the paired t-test where a figure is a mean; of all pairs of a board, by S. Holm, "A simple sequentially
rejective multiple test procedure", Scandinavian Journal of Statistics 6(2), 1979. A percentile of some resamples could
not be so rare as hundreds of pairs ask for.

Axes: R resamples, S scenes, E entries, N trials, P hypotheses.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cocktail.boards import rates
from cocktail.metrics.metric import Unscorable
from cocktail.metrics.trials import Trials
from cocktail.tasks import BONA_FIDE

LEVEL = 0.95
RESAMPLES = 1000
MIN_DRAWN = 7
"""Scenes or speakers of an interval: means of resamples of fewer do not reach far enough out, wherever they are cut."""
MIN_TRIALS = 100
"""Independent trials of each kind, below which equal error rates and detection costs have no rank."""
TOO_FEW = f"fewer than {MIN_TRIALS} independent trials of each kind"
BLOCK = 2**21
"""Weights of trials that are in memory at a time."""
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
    rate: bool = False
    """Whether it is errors per trial, in %."""

    def on(self, scenes: np.ndarray) -> "Cells":
        """The same on a subset, (S,) bool, of the scenes."""
        return Cells(self.numerator[scenes], self.denominator[scenes], self.finished[scenes], self.rate)

    def of(self, entries: np.ndarray) -> "Cells":
        """The same of a subset, (E,) bool, of the entries."""
        return Cells(self.numerator[:, entries], self.denominator[:, entries], self.finished[:, entries], self.rate)

    @property
    def bounds(self) -> tuple[float, float]:
        """What figures cannot leave."""
        return (0.0 if self.rate else -np.inf), np.inf

    @property
    def drawn(self) -> np.ndarray:
        """(E,) how many independent draws a figure rests on: scenes that the entry finished."""
        return self.finished.sum(axis=0)

    @property
    def enough(self) -> np.ndarray:
        """(E,) bool: whether figures may be ranked and compared."""
        return np.ones(self.finished.shape[1], bool)

    def figures(self, weights: np.ndarray) -> np.ndarray:
        """See `figures`."""
        numerator, denominator = weights @ self.numerator, weights @ self.denominator
        return np.divide(numerator, denominator, out=np.full_like(numerator, np.nan), where=denominator > 0)

    def interval(self, samples: np.ndarray, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
        """Interval of each entry's figure, (E,), whose resamples are `samples` (R, E); see `interval`.

        Of rates the exact one, if no more than half of the trials are errors: insertions can make more errors than
        words.
        """
        low, high = interval(samples, self.drawn, level)
        if self.rate:
            ends = rates.clustered(self.numerator / 100, self.denominator, level)
            few = (self.drawn >= MIN_DRAWN) & (figures(self) <= 50)
            low, high = (np.where(few, 100 * exact, end) for exact, end in zip(ends, (low, high), strict=True))
        return low, high


@dataclass(frozen=True)
class TrialCells:
    """Trials of one metric in one condition, all entries one after the other."""

    trials: Trials
    entry: np.ndarray
    """(N,) whose trial it is; `scene` likewise in which scene."""
    scene: np.ndarray
    enrolment: np.ndarray
    """(N,) the scene that it is set against, -1 where there is none."""
    statistic: Callable[[Trials, np.ndarray], np.ndarray]
    """Trials and weights (R, N) -> figures (R,); raises Unscorable where the trials do not suffice."""
    finished: np.ndarray
    """(S, E) bool."""
    speaker: np.ndarray
    """(S,) int from 0, whose voice a scene is, for trials that set scenes against each other; otherwise one each."""
    whole: float | None = None
    """What a figure is a share of, 100 in %; None of costs."""
    share_of: tuple[str, ...] = ()
    """Labels of the trials that it is a share of; none for all."""
    across: bool = False
    """Whether enrolments are scenes of another condition: `enrolment` is then one of the same speaker."""

    @property
    def bounds(self) -> tuple[float, float]:
        """What figures cannot leave."""
        return (-np.inf, np.inf) if self.whole is None else (0.0, self.whole)

    @property
    def drawn(self) -> np.ndarray:
        """(E,) how many independent draws a figure rests on: speakers of the scenes that the entry finished."""
        return np.array([len(np.unique(self.speaker[finished])) for finished in self.finished.T], int)

    @property
    def enough(self) -> np.ndarray:
        """(E,) bool: whether figures may be ranked and compared: they rest on MIN_TRIALS of each kind."""
        return self.independent().min(axis=1) >= MIN_TRIALS

    def on(self, scenes: np.ndarray) -> "TrialCells":
        """The same on a subset, (S,) bool, of the scenes; trials set against another of its scenes are left out."""
        number = np.append(np.cumsum(scenes) - 1, -1)
        speaker = self.speaker[scenes]
        if self.across:
            cells = self.at(scenes[self.scene])
            first = np.full(self.speaker.max(initial=-1) + 2, -1)  # the last is for no speaker
            voices, places = np.unique(speaker, return_index=True)
            first[voices] = places
            enrolment = first[np.append(self.speaker, -1)[cells.enrolment]]
        else:
            cells = self.at(scenes[self.scene] & np.append(scenes, True)[self.enrolment])
            enrolment = number[cells.enrolment]
        return replace(
            cells, scene=number[cells.scene], enrolment=enrolment, finished=self.finished[scenes], speaker=speaker
        )

    def of(self, entries: np.ndarray) -> "TrialCells":
        """The same of a subset, (E,) bool, of the entries."""
        cells = self.at(entries[self.entry])
        return replace(cells, entry=(np.cumsum(entries) - 1)[cells.entry], finished=self.finished[:, entries])

    def at(self, kept: np.ndarray) -> "TrialCells":
        """The same with a subset, (N,) bool, of the trials."""
        parts = {name: getattr(self, name)[kept] for name in ("entry", "scene", "enrolment")}
        return replace(self, trials=self.trials.at(kept), **parts)

    def figures(self, weights: np.ndarray) -> np.ndarray:
        """See `figures`."""
        entries = range(self.finished.shape[1])
        return np.stack([self._figure(self.entry == e, np.atleast_2d(weights)) for e in entries], axis=-1).reshape(
            *weights.shape[:-1], len(entries)
        )

    def independent(self, units: np.ndarray | None = None) -> np.ndarray:
        """(E, kinds) scenes that have trials of a kind: target, nontarget, bona fide, spoof, as far as any has one.

        `units` (S,) int: instead, how many of these, such as speakers.
        """
        units = np.arange(len(self.finished)) if units is None else units
        names = ("target", "nontarget", BONA_FIDE)
        kind = sum(
            ((self.trials.label == name) * (i + 1) for i, name in enumerate(names)), 4 * (self.trials.kind == "cm")
        )
        kinds, kind = np.unique(kind, return_inverse=True)
        shape = (self.finished.shape[1], len(kinds), units.max(initial=0) + 1)
        seen = np.zeros(shape, bool)
        seen[self.entry, kind, units[self.scene]] = True
        return seen.sum(axis=2) if len(kinds) else np.zeros((self.finished.shape[1], 1), int)

    def interval(self, samples: np.ndarray, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
        """Interval of each entry's figure, (E,), whose resamples are `samples` (R, E); see `interval`.

        Of shares the exact one, for as many trials as have the variance of the resamples, at most one a scene that may
        count towards it. Costs of fewer than MIN_TRIALS trials have none, nor those that are the same in all resamples.
        """
        low, high = interval(samples, self.drawn, level)
        if self.whole is None:
            known = self.enough & (low < high)
            return tuple(np.where(known, end, np.nan) for end in (low, high))
        rate, samples = figures(self) / self.whole, samples / self.whole
        counted = self.at(np.isin(self.trials.label, self.share_of)) if self.share_of else self
        scenes, voices = (_pooled(counted.independent(units)) for units in (None, self.speaker))
        with warnings.catch_warnings(action="ignore"):  # all resamples without a figure: the interval is unknown, too
            spread = np.nanvar(samples, axis=0) * self.drawn / np.maximum(self.drawn - 1, 1)
        seen = np.divide(rate * (1 - rate), spread, out=scenes.copy(), where=(spread > 0) & (rate > 0) & (rate < 1))
        rarer = np.minimum(rate, 1 - rate)
        n = rates.blended(rates.effective(seen, scenes, self.drawn, level), voices, rarer * scenes)
        ends = rates.exact(rate, n, level)
        return tuple(np.where(np.isnan(low), np.nan, self.whole * end) for end in ends)

    def undefined(self, entry: int) -> str | None:
        """Why an entry has no figure, or None."""
        chosen = self.entry == entry
        try:
            self.statistic(self.trials.at(chosen), np.ones((1, np.count_nonzero(chosen))))
        except Unscorable as reason:
            return str(reason)
        return None

    def _figure(self, chosen, weights):
        """(R,) of one entry, in blocks of resamples that fit into memory."""
        trials, scene, enrolment = self.trials.at(chosen), self.scene[chosen], self.enrolment[chosen]
        # A trial of two speakers counts as often as both were drawn, one within a speaker as often as that one.
        alone = (enrolment < 0) | (self.speaker[scene] == self.speaker[enrolment])
        enrolment = np.where(alone, -1, enrolment)
        drawn = np.pad(weights, [(0, 0), (0, 1)], constant_values=1.0)  # the last column is for enrolment -1
        step = max(1, BLOCK // max(1, len(scene)))
        try:
            blocks = [
                self.statistic(trials, block[:, scene] * block[:, enrolment])
                for block in (drawn[i : i + step] for i in range(0, len(drawn), step))
            ]
        except Unscorable:
            return np.full(len(weights), np.nan)
        return np.concatenate(blocks)


def _pooled(kinds):
    """Trials of one kind that know a rate as well as so many (E, kinds) of several, each erring at that rate."""
    return kinds.shape[1] ** 2 / (1 / np.maximum(kinds, 1)).sum(axis=1)


def resample(n_scenes: int, resamples: int, generator: np.random.Generator) -> np.ndarray:
    """(R, S): how often each scene is drawn in each resample; every row adds up to S."""
    return generator.multinomial(n_scenes, np.full(n_scenes, 1 / n_scenes), size=resamples).astype(float)


def crossed(factors: list[np.ndarray], resamples: int, generator: np.random.Generator) -> tuple[np.ndarray, int]:
    """(R, S) weights of scenes whose `factors` are resampled, and how many independent draws figures rest on.

    Each factor is (S,) levels, such as kinds of noise or speakers; one with a single level is left as it is. The draws
    are the levels of the smallest factor, 1 where no factor has several.
    """
    weights, drawn = np.ones((resamples, len(factors[0]))), []
    for factor in factors:
        levels, level = np.unique(factor, return_inverse=True)
        if len(levels) > 1:
            weights *= resample(len(levels), resamples, generator)[:, level]
            drawn.append(len(levels))
    return weights, min(drawn, default=1)


def figures(cells: Cells | TrialCells, weights: np.ndarray | None = None) -> np.ndarray:
    """Figure of each entry, (E,); with `weights` (R, S), in each resample, (R, E). NaN where there is nothing."""
    return cells.figures(np.ones(len(cells.finished)) if weights is None else weights)


def interval(samples: np.ndarray, drawn: int | np.ndarray, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Percentile interval over the first axis of `samples` (R, ...).

    NaN where more resamples have no figure than the interval leaves out at an end: nobody knows where they belong.
    `drawn`: how many independent draws the figures rest on, one number or (...); NaN where they are fewer than
    MIN_DRAWN. The percentiles are those at which an interval of a mean of Gaussian numbers is as wide as Student's.
    """
    drawn = np.broadcast_to(drawn, samples.shape[1:])
    low, high = np.full(drawn.shape, np.nan), np.full(drawn.shape, np.nan)
    for n in np.unique(drawn[drawn >= MIN_DRAWN]):
        chosen = drawn == n
        low[chosen], high[chosen] = _percentiles(samples[:, chosen], _tail(int(n), level))
    return low, high


def _tail(n: int, level: float) -> float:
    """Share of resamples below the interval of a figure that rests on `n` draws."""
    from scipy.special import ndtr, stdtrit

    return float(ndtr(math.sqrt(n / (n - 1)) * stdtrit(n - 1, (1 - level) / 2)))


def _percentiles(samples, tail):
    undefined = np.isnan(samples)
    if not undefined.any():
        return np.quantile(samples, [tail, 1 - tail], axis=0)
    unknown = undefined.mean(axis=0) > tail
    low, high = np.nanquantile(np.where(unknown, 0.0, samples), [tail, 1 - tail], axis=0)
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def rankable(finished: np.ndarray) -> np.ndarray:
    """(E,) bool: entries that finished at least half of the scenes that anybody finished, and at least one."""
    possible = finished.any(axis=1).sum()
    done = finished.sum(axis=0)
    return (done > 0) & (2 * done >= possible)


def rank(values: np.ndarray, higher_is_better: bool) -> np.ndarray:
    """Competition ranks, (E,) int from 1: equal figures share the better rank, and the next one is left out."""
    signed = -rounded(values) if higher_is_better else rounded(values)
    return 1 + (signed[None, :] < signed[:, None]).sum(axis=1)


def told_apart(values: np.ndarray, samples: np.ndarray, drawn: int, level: float = LEVEL) -> np.ndarray:
    """(E, E) bool, symmetric: pairs of entries that differ, by `differences` after `holm`.

    With a chance of at most 1 - level any two equal entries of a board do. `values` (E,) and `samples` (R, E) of the
    same entries, on the same `drawn` scenes or speakers.
    """
    p = differences(values, samples, drawn)
    pairs = np.triu_indices(len(values), 1)
    apart = np.zeros(p.shape, bool)
    apart[pairs] = holm(p[pairs]) <= 1 - level
    return apart | apart.T


def differences(values: np.ndarray, samples: np.ndarray, drawn: int) -> np.ndarray:
    """(E, E) two-sided probability of so large a difference of two figures (E,) if there were none.

    `samples` (R, E): the figures in each resample, whose spread is the standard error. A difference of rounding has
    probability 1, and so has every one where fewer than two scenes or speakers were `drawn`.
    """
    n_entries = len(values)
    samples = samples[~np.isnan(samples).any(axis=1)]
    if drawn < 2 or len(samples) < 2:
        return np.ones((n_entries, n_entries))
    from scipy.special import stdtr

    p = np.ones((n_entries, n_entries))
    for e in range(n_entries):
        spread = (samples - samples[:, [e]]).std(axis=0)
        error = spread * math.sqrt(drawn / (drawn - 1))  # resampling knows the mean, and so underrates the variance
        difference = np.abs(values - values[e])
        rounding = 10.0**-DIGITS * np.maximum(np.abs(values), np.abs(values[e]))
        t = np.divide(difference, error, out=np.full(n_entries, np.inf), where=error > rounding)
        p[e] = np.where(difference > rounding, 2 * stdtr(drawn - 1, -t), 1.0)
    return p


def best_difference(
    values: tuple[np.ndarray, np.ndarray],
    samples: tuple[np.ndarray, np.ndarray],
    drawn: int,
    level: float = LEVEL,
) -> tuple[float, float]:
    """Interval of the best of A less the best of B, higher being better, from tests of single candidates.

    `values`: figures (A,) and (B,); `samples`: the same in each resample, (R, A) and (R, B); `drawn`: how many
    independent draws they rest on. Some a beats the best of B if it beats every b (R. L. Berger, "Multiparameter
    hypothesis testing and acceptance sampling", Technometrics 24(4), 1982), each at the same level; that some a does is
    tested by the first step of Holm's procedure over the A. The ends are those differences that these tests do not
    refuse, hence above 0 where the best of A is better. Of one against one it is the interval of the paired t-test.
    NaN where too many resamples have no figure or fewer than two were drawn.
    """
    defined = ~np.isnan(np.concatenate(samples, axis=1)).any(axis=1)
    if drawn < 2 or np.mean(~defined) > (1 - level) / 2:
        return np.nan, np.nan
    from scipy.special import stdtrit

    a, b = (sample[defined] for sample in samples)
    difference = values[0][:, None] - values[1]
    error = (a[:, :, None] - b[:, None, :]).std(axis=0) * math.sqrt(drawn / (drawn - 1))
    tails = ((1 - level) / 2 / len(figures) for figures in values)
    low, high = (
        difference + stdtrit(drawn - 1, tail) * error * sign for tail, sign in zip(tails, (1, -1), strict=True)
    )
    return float(low.min(axis=1).max()), float(high.max(axis=0).min())


def holm(p: np.ndarray) -> np.ndarray:
    """Probabilities (P,) of several hypotheses, adjusted: rejecting those up to a has a chance a of any false one."""
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted


def rounded(values: np.ndarray, digits: int = DIGITS) -> np.ndarray:
    """`values` at so many significant digits."""
    values = np.asarray(values, float)
    return np.array([float(f"{x:.{digits - 1}e}") for x in values.flat]).reshape(values.shape)
