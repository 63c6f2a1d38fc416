"""Detection costs at the best threshold and at the one that a cost function asks for, and the cost of log-odds.

DCF: A. Martin and M. Przybocki, "The NIST 1999 speaker recognition evaluation: an overview", Digital Signal Processing
10, 2000; that of spoofing detection is of X. Wang et al., "ASVspoof 5: crowdsourced speech data, deepfakes, and
adversarial attacks at scale", ASVspoof workshop 2024. C_llr: N. Brümmer and J. du Preez, "Application-independent
evaluation of speaker detection", Computer Speech and Language 20, 2006.
Deviations: none.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.metrics.detection import checked, operating_points, plain


@dataclass(frozen=True)
class Costs:
    """What errors cost, and how often trials are positive."""

    p_positive: float
    miss: float
    false_alarm: float

    def of(self, miss: np.ndarray, false_alarm: np.ndarray) -> np.ndarray:
        """Cost of error rates; 1 is that of the better of a detector that accepts and one that rejects everything."""
        misses, false_alarms = self.p_positive * self.miss, (1 - self.p_positive) * self.false_alarm
        return (misses * miss + false_alarms * false_alarm) / min(misses, false_alarms)

    @property
    def threshold(self) -> float:
        """The log-likelihood ratio from which on it costs least to accept."""
        return float(np.log((1 - self.p_positive) * self.false_alarm / (self.p_positive * self.miss)))


VOXSRC = Costs(p_positive=0.05, miss=1.0, false_alarm=1.0)
"""Of speaker verification: VoxCeleb Speaker Recognition Challenges."""
ASVSPOOF_5 = Costs(p_positive=0.95, miss=1.0, false_alarm=10.0)
"""Of spoofing detection, bona fide speech being positive: track 1 of ASVspoof 5."""


def min_dcf(scores, labels, weights=None, *, costs: Costs) -> float | np.ndarray:
    """Least cost over the threshold. Arguments and errors as in detection.operating_points."""
    miss, false_alarm, _ = operating_points(scores, labels, weights)
    return plain(costs.of(miss, false_alarm).min(axis=-1))


def actual_dcf(llr, labels, weights=None, *, costs: Costs) -> float | np.ndarray:
    """Cost at the threshold that the costs ask for, of scores (N,) taken for natural log-likelihood ratios.

    labels (N,), true = positive; with `weights` (..., N), of each weighting (...,), NaN where a class has no weight.
    Errors as in detection.operating_points.
    """
    labels = np.asarray(labels, bool)
    accepted = checked(llr, (labels, ~labels)) >= costs.threshold
    return plain(costs.of(_mean(~accepted, labels, weights), _mean(accepted, ~labels, weights)))


def cllr(llr, labels, weights=None) -> float | np.ndarray:
    """Bits that are lost where scores (N,) are taken for natural log-likelihood ratios; 1 is to know nothing.

    Arguments and errors as in `actual_dcf`.
    """
    labels = np.asarray(labels, bool)
    llr = checked(llr, (labels, ~labels))
    bits = [np.logaddexp(0, sign * llr) / np.log(2) for sign in (-1, 1)]
    return plain((_mean(bits[0], labels, weights) + _mean(bits[1], ~labels, weights)) / 2)


def _mean(values, chosen, weights):
    """Weighted mean (...,) of values (N,) of some trials."""
    weights = np.ones(len(values)) if weights is None else np.asarray(weights, float)
    total = weights[..., chosen].sum(-1)
    return (weights[..., chosen] @ np.asarray(values, float)[chosen]) / np.where(total > 0, total, np.nan)
