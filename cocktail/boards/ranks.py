"""Do two boards put the same entries in the same order? Ranks on both, Kendall's tau, and who overtakes whom.

M. G. Kendall, "The treatment of ties in ranking problems", Biometrika 33, 1945: tau-b. Its interval is that of the
bootstrap over the scenes of both boards, as every interval here (statistics.py). Where boards have nothing to do with
each other, it holds tau as often as it says. Figures of few scenes put pairs in order by chance, which brings tau and
its interval nearer to 0: above 0, orders agree; below 1 may be noise. That they differ is shown by an entry which
overtakes another: the boards have the two in opposite orders, and each of them tells the two apart
(statistics.told_apart).

Axes: R resamples, S scenes, E entries.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.boards import statistics
from cocktail.errors import CocktailError

MIN_ENTRIES = 3
"""Between two entries there is one pair: tau would be 1 or -1 whatever they are."""


@dataclass(frozen=True)
class Agreement:
    """Kendall's tau-b between the orders of E entries on two boards."""

    tau: float
    """NaN of fewer than MIN_ENTRIES entries, and where all entries of a side are equal."""
    ci_low: float
    ci_high: float
    """NaN where tau is, and where the figures rest on too few scenes."""
    n_entries: int

    def row(self) -> dict[str, float | None]:
        """`tau`, `tau_low` and `tau_high`; None where there is no number."""
        named = {"tau": self.tau, "tau_low": self.ci_low, "tau_high": self.ci_high}
        return {name: None if np.isnan(value) else value for name, value in named.items()}


def tau_b(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Kendall's tau-b of figures (..., E) and (..., E) of the same entries, (...); NaN where a side is all equal."""
    pairs = np.triu_indices(a.shape[-1], 1)
    signs = [np.sign(side[..., pairs[0]] - side[..., pairs[1]]) for side in map(statistics.rounded, (a, b))]
    untied = np.sqrt(np.abs(signs[0]).sum(-1) * np.abs(signs[1]).sum(-1))
    with np.errstate(invalid="ignore"):
        return np.where(untied > 0, (signs[0] * signs[1]).sum(-1) / untied, np.nan)


def agreement(
    *, a: np.ndarray, b: np.ndarray, samples_a: np.ndarray, samples_b: np.ndarray, drawn: int,
    level: float = statistics.LEVEL,
) -> Agreement:  # fmt: skip
    """Of the figures `a` and `b` (E,) of the same entries, and of these in each resample (R, E), where higher is better
    on both sides or on neither. `drawn`: independent draws that the figures of the smaller side rest on.
    """
    if len(a) < MIN_ENTRIES:
        return Agreement(np.nan, np.nan, np.nan, len(a))
    tau = float(tau_b(a, b))
    known = ~(np.isnan(samples_a).any(1) | np.isnan(samples_b).any(1))
    samples = np.where(known, tau_b(samples_a, samples_b), np.nan)
    low, high = statistics.interval(samples[:, None], drawn, level)
    return Agreement(tau, *(float(end[0]) if np.isfinite(tau) else np.nan for end in (low, high)), len(a))


class NoOrderError(CocktailError):
    """Entries cannot be ranked; the message is the reason."""


@dataclass(frozen=True)
class Order:
    """Figures of E entries on one board, from which it ranks them."""

    values: np.ndarray
    """(E,)"""
    samples: np.ndarray
    """(R, E): the same in each resample."""
    drawn: int
    """Independent draws that they rest on."""

    def ranks(self, higher_is_better: bool) -> np.ndarray:
        """(E,) int from 1."""
        return statistics.rank(self.values, higher_is_better)


def order(cells: statistics.Cells | statistics.TrialCells, weights: np.ndarray) -> Order:
    """The entries of `cells`, on the scenes that all of them finished; `weights` (R, S): the resamples.

    Raises NoOrderError where there are no such scenes, or they do not suffice for a figure.
    """
    common = cells.finished.all(axis=1)
    if not common.any():
        raise NoOrderError("no scene that all entries finished")
    shared = cells.on(common)
    values = statistics.figures(shared)
    if np.isnan(values).any():
        raise NoOrderError("not defined on the scenes that all entries finished")
    if not shared.enough.all():
        raise NoOrderError(statistics.TOO_FEW)
    return Order(values, statistics.figures(shared, weights[:, common]), int(shared.drawn.min()))


def overtaking(a: Order, b: Order, level: float = statistics.LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of entries, (E, E) bool, that both boards tell apart, symmetric; and those whose order is reversed."""
    apart = np.logical_and(*(statistics.told_apart(x.values, x.samples, x.drawn, level) for x in (a, b)))
    signs = [np.sign(x.values[:, None] - x.values[None, :]) for x in (a, b)]
    return apart, apart & (signs[0] != signs[1])
