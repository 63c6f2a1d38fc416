"""A Bayesian classifier of units in time and frequency: Gaussian mixtures of their amplitude modulation.

G. Kim, Y. Lu, Y. Hu and P. C. Loizou, "An algorithm that improves speech intelligibility in noise for normal-hearing
listeners", JASA 126(3), 2009: 25 bands, 45 features of a unit, and for each band a mixture of 256 Gaussians of the
units of speech and another of the others; the likelier one, with its share in training as its prior, decides.

Deviations: bands are those of a gammatone bank, up to 7.5 kHz; covariances are diagonal; the local criterion is 0 dB in
all bands and not -8 or -16; classes are not divided further by their local ratio; units of noise are attenuated by
20 dB and not removed. See cocktail/dsp/auditory/ for features and bands.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.auditory.classifier import UnitClassifier

CLASSES = ("noise", "speech")
LEAST = 0.01
"""Least variance of a feature, whose variance over all units is 1."""


@dataclass(frozen=True)
class GmmMask(UnitClassifier):
    """One talker."""

    effort = ("scenes", "components", "iterations_fit")
    bands: int = 25
    components: int = 256
    iterations_fit: int = 10

    def learn(self, train, valid, rng):
        from cocktail.dsp.statistical import gmm

        arrays = {}
        for name, of in zip(CLASSES, (~train.labels, train.labels), strict=True):
            X = np.ascontiguousarray(train.features[of].T, np.float32)
            if X.shape[1] < 2:
                X = np.ascontiguousarray(train.features.T, np.float32)
            mixture, _ = gmm.learn(X, min(self.components, X.shape[1] // 2), self.iterations_fit, rng, LEAST)
            arrays |= {f"{name}-{part}": x for part, x in vars(mixture).items()}
        return arrays | {"prior": np.clip(train.labels.mean(), 0.001, 0.999)}

    def decide(self, band, units):
        from cocktail.dsp.statistical.gmm import Gmm

        X = units.T.astype(np.float32)
        noise, speech = (
            Gmm(*(band[f"{name}-{part}"] for part in ("weights", "means", "variances"))).log_likelihood(X)
            for name in CLASSES
        )
        return speech + np.log(band["prior"]) > noise + np.log(1 - band["prior"])
