"""Support vector machines that tell units of speech from others by their amplitude modulation and their periodicity.

K. Han and D. Wang, "A classification based approach to speech segregation", JASA 132(5), 2012: a machine with a
Gaussian kernel for each of 64 bands, on 15 modulations with their differences and on features of pitch; then a
threshold of each band is learnt anew, for the largest HIT minus FA.

Deviations: the pitch is that of the summary correlogram (cocktail/dsp/auditory/pitch.py), of which a band has two
features, the autocorrelations of its output and of its envelope at that lag, where the paper has six and one machine
for voiced and one for unvoiced frames. C is 1 and the kernel exp(-|x - y|^2 / D) for D features, neither of them found
by cross-validation. There is no auditory segmentation afterwards; units of noise are attenuated by 20 dB and not
removed. The local criterion is 0 dB.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.auditory.classifier import UnitClassifier

CHUNK = 2048
"""Units at a time: bounds memory, not results."""


@dataclass(frozen=True)
class SvmMask(UnitClassifier):
    """One talker."""

    effort = ("scenes", "bands", "units_fit")
    units_fit: int = 4000
    """Of each band."""

    def units(self, samples, fs):
        from cocktail.dsp.auditory import pitch

        periodic = pitch.features(samples, self._responses(fs), fs)[..., [0, 3]]
        return np.concatenate([super().units(samples, fs), periodic], axis=-1)

    def learn(self, train, valid, rng):
        units, labels = train.features, train.labels
        if labels.all() or not labels.any():
            empty = np.zeros((0, units.shape[1]))
            return {"vectors": empty, "weights": np.zeros(0), "threshold": np.array(-1.0 if labels.all() else 1.0)}
        from sklearn.svm import SVC

        chosen = rng.permutation(len(units))[: self.units_fit]
        if len(set(labels[chosen])) < 2:
            chosen = np.concatenate([chosen, [labels.argmax(), labels.argmin()]])
        machine = SVC(C=1.0, gamma=1 / units.shape[1]).fit(units[chosen], labels[chosen])
        band = {"vectors": machine.support_vectors_, "weights": machine.dual_coef_[0]}
        return band | {"threshold": best_threshold(_score(band, valid.features), valid.labels, -machine.intercept_[0])}

    def decide(self, band, units):
        return _score(band, units) > band["threshold"]


def _score(band, units):
    """Weighted kernels of units (n, D), without the machine's constant, (n,)."""
    vectors = band["vectors"]
    squares = np.sum(vectors**2, axis=1)
    scores = []
    for start in range(0, len(units), CHUNK):
        x = units[start : start + CHUNK]
        distance = np.sum(x**2, axis=1)[:, None] + squares - 2 * x @ vectors.T
        scores.append(np.exp(-distance / units.shape[1]) @ band["weights"])
    return np.concatenate(scores)


def best_threshold(scores: np.ndarray, labels: np.ndarray, otherwise: float) -> np.ndarray:
    """The threshold above which scores (n,) give the largest HIT minus FA; `otherwise` where labels are all one."""
    if labels.all() or not labels.any():
        return np.array(otherwise)
    order = np.argsort(-scores)
    hits, false_alarms = (np.cumsum(of[order]) / of.sum() for of in (labels, ~labels))
    best = np.argmax(hits - false_alarms)
    following = scores[order[min(best + 1, len(scores) - 1)]]
    return np.array((scores[order[best]] + following) / 2)
