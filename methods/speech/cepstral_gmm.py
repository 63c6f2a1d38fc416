"""Gaussian mixtures of cepstra, in linear frequency or of a constant-Q transform: the baselines of ASVspoof 2019.

M. Todisco et al., "ASVspoof 2019: future horizons in spoofed and fake audio detection", Interspeech 2019: one mixture
of 512 components of bona fide speech and one of attacks; the score is the mean log-likelihood ratio of the frames.
Deviations: see cocktail/dsp/cepstra.py for the features. Variances and features are in single precision.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocktail import audio
from cocktail.dsp import cepstra
from cocktail.errors import CocktailError
from cocktail.method import LearnedMethod, finite
from cocktail.tasks import BONA_FIDE

CLASSES = (BONA_FIDE, "spoof")


@dataclass(frozen=True)
class Countermeasure:
    """Mixtures of both classes. It accepts scores from `threshold` on: there the errors in validation are equal."""

    bonafide: object
    spoof: object
    threshold: float
    fs: int

    def score(self, features: np.ndarray) -> float:
        """Mean log-likelihood ratio of features (F, T), higher = bona fide."""
        return float(np.mean(self.bonafide.log_likelihood(features) - self.spoof.log_likelihood(features)))


@dataclass(frozen=True)
class CepstralGmm(LearnedMethod):
    """One channel (microphone 1)."""

    task = "detect"
    paradigm = "annotated-source-model"
    effort = ("trials", "iterations", "components")
    least = {"coefficients": 1, "components": 1, "iterations": 1, "trials": 2}  # noqa: RUF012
    features: Literal["lfcc", "cqcc"] = "lfcc"
    coefficients: int = 20
    """Besides their differences; of LFCC as many as filters."""
    components: int = 512
    iterations: int = 10
    trials: int = 4000
    """Rendered for training; a quarter as many for the threshold."""

    def fit(self, data, rng, folder):
        """Learn from labelled trials; leave mixtures.npz."""
        from cocktail.dsp.statistical.gmm import learn
        from cocktail.metrics.detection import eer_threshold

        mixtures = {}
        for name, features in self._by_class(data, "train", self.trials).items():
            X = np.concatenate(features, axis=1)
            mixtures[name] = learn(X, min(self.components, X.shape[1] // 2), self.iterations, rng)[0]
        model = Countermeasure(**mixtures, threshold=0.0, fs=data.fs)
        valid = self._by_class(data, "valid", max(self.trials // 4, 16))
        scores = [[model.score(features) for features in valid[name]] for name in CLASSES]
        threshold = eer_threshold(np.concatenate(scores), np.arange(sum(map(len, scores))) < len(scores[0]))
        arrays = {f"{name}_{part}": x for name, mixture in mixtures.items() for part, x in vars(mixture).items()}
        np.savez(folder / "mixtures.npz", threshold=threshold, fs=data.fs, **arrays)

    def load(self, folder):
        """A Countermeasure."""
        from cocktail.dsp.statistical.gmm import Gmm

        with np.load(folder / "mixtures.npz", allow_pickle=False) as saved:
            parts = {name: [saved[f"{name}_{part}"] for part in ("weights", "means", "variances")] for name in CLASSES}
            threshold, fs = float(saved["threshold"]), int(saved["fs"])
        return Countermeasure(*(Gmm(*parts[name]) for name in CLASSES), threshold, fs)

    def size(self, model):
        """Weights, means and variances of both mixtures."""
        return sum(x.size for mixture in (model.bonafide, model.spoof) for x in vars(mixture).values())

    def __call__(self, mixture, view):
        """mixture (D, N) -> score, higher = bona fide."""
        samples = audio.resample(finite(mixture)[0], view.fs, view.model.fs)
        return view.model.score(self._features(samples, view.model.fs))

    def _features(self, samples, fs):
        features = {"lfcc": cepstra.lfcc, "cqcc": cepstra.cqcc}[self.features]
        return features(samples, fs, self.coefficients).astype(np.float32)

    def _by_class(self, data, split, n):
        """{class: features of its trials}."""
        by_class = {name: [] for name in CLASSES}
        for trial in data.trials(split, n):
            by_class[BONA_FIDE if trial.label == BONA_FIDE else "spoof"].append(self._features(trial.samples, data.fs))
        for name, features in by_class.items():
            if not features:
                what = f"no trial of the class '{name}' in the {split} split"
                raise CocktailError(f"{what}: give it more `trials`, or conditions with both classes")
        return by_class
