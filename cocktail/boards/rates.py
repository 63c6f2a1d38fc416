"""Exact intervals of rates of clustered trials, which hold where no or few errors were seen.

E. L. Korn and B. I. Graubard, "Confidence intervals for proportions with small expected number of positive counts
estimated from survey data", Survey Methodology 24(2), 1998: the interval of C. J. Clopper and E. S. Pearson, Biometrika
26(4), 1934, for as many independent trials as have the variance that clusters leave, with Student's t for the few
clusters. Deviations: the design effect is at least 1, and is drawn towards that of clusters which err wholly or not at
all, as if PRIOR further clusters with errors had been seen: of one or two clusters with errors, nobody can tell how
they cluster.

Axes: S clusters (scenes, speakers), E entries. Rates are from 0 to 1.
"""

import numpy as np

PRIOR = 0.5


def clustered(errors: np.ndarray, trials: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Interval (E,) of the rate of errors, from their number in each cluster (S, E) and that of trials (S, E).

    A cluster without trials does not count. NaN where fewer than two have any.
    """
    clusters, total = (trials > 0).sum(axis=0), trials.sum(axis=0)
    known = clusters > 1
    total = np.where(known, total, np.nan)
    rate = errors.sum(axis=0) / total
    variance = ((errors - rate * trials) ** 2).sum(axis=0) / total**2 * clusters / np.maximum(clusters - 1, 1)
    independent = rate * (1 - rate) / total
    seen = np.divide(total * independent, variance, out=total.copy(), where=variance > 0)
    whole = total**2 / (trials**2).sum(axis=0)
    mixed = np.minimum((errors > 0).sum(axis=0), (errors < trials).sum(axis=0))
    n = np.minimum(blended(seen, whole, mixed), total)
    return exact(rate, effective(n, total, clusters, level), level)


def blended(seen: np.ndarray, whole: np.ndarray, witnesses: np.ndarray) -> np.ndarray:
    """The equivalent number of independent trials: `seen` by the variance between clusters, of which `witnesses` err.

    `whole`: as many as there would be if clusters erred wholly or not at all.
    """
    return (witnesses + PRIOR) / (witnesses / seen + PRIOR / whole)


def effective(n: np.ndarray, limit: np.ndarray, clusters: np.ndarray, level: float) -> np.ndarray:
    """The equivalent of `n` trials whose variance is estimated from so few `clusters`; at most `limit`."""
    from scipy.special import ndtri, stdtrit

    tail = (1 - level) / 2
    return np.minimum(n * (ndtri(tail) / stdtrit(np.maximum(clusters - 1, 1), tail)) ** 2, limit)


def exact(rate: np.ndarray, n: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """The interval of Clopper and Pearson for a `rate` of `n` independent trials, which need not be whole numbers."""
    from scipy.special import betaincinv

    tail, hits = (1 - level) / 2, rate * n
    low, high = np.zeros_like(rate), np.ones_like(rate)
    some, not_all = hits > 1e-9, n - hits > 1e-9
    low[some] = betaincinv(hits[some], (n - hits)[some] + 1, tail)
    high[not_all] = betaincinv(hits[not_all] + 1, (n - hits)[not_all], 1 - tail)
    unknown = np.isnan(hits)
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)
