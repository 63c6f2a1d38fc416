"""Coughs are found, judged by three classifiers, and their scores fused.

M. R. Kamble et al., "PANACEA cough sound-based diagnosis of COVID-19 for the DiCOVA 2021 Challenge", Interspeech 2021:
gradient boosted trees on Teager energy cepstra; A. Muguli et al., "DiCOVA Challenge: dataset, task, and baseline system
for COVID-19 diagnosis using acoustics", Interspeech 2021: logistic regression of small weights, scores averaged over
the recording, AUC. Here both see the same functionals of each cough (cocktail/dsp/functionals.py); a light
convolutional network sees the log-mel spectrum of all coughs together. Coughs: cocktail/dsp/coughs.py. Fusion: logistic
regression of the three scores, learnt on the validation trials (N. Brümmer et al., "Fusion of heterogeneous speaker
recognition systems in the STBU submission for the NIST speaker recognition evaluation 2006", IEEE TASLP 15(7), 2007).

Deviations: scikit-learn's boosted trees in place of LightGBM; depths, rates and numbers of trees are the project's. The
scores are averaged over coughs, as log-odds. Nobody's health can be told by a model of synthesised coughs.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocktail.nets.detector import DetectorMethod
from cocktail.tasks import BONA_FIDE

SYSTEMS = ("logistic", "boosting", "network")
ARRAYS = "classifiers.npz"


@dataclass(frozen=True)
class CoughFusion(DetectorMethod):
    """One channel (microphone 1); the score is a logarithm of odds of the label that is looked for."""

    sounds = True
    least = {"bands": 16, "penalty": 1e-6, "trees": 1, "depth": 1, "rate": 1e-6, "share": 0.01}  # noqa: RUF012
    most = {"share": 1}  # noqa: RUF012
    call_only = ("system",)
    system: Literal["fusion", "logistic", "boosting", "network"] = "fusion"
    """Whose score a call returns."""
    bands: int = 64
    dropout: float = 0.75
    penalty: float = 0.01
    """Of the logistic regression: scikit-learn's C."""
    trees: int = 150
    depth: int = 3
    rate: float = 0.05
    share: float = 0.7
    """Of the coughs that a tree learns from."""

    def classifier(self, fs):
        from cocktail.nets.lcnn import LightCnn

        return LightCnn(n_features=self.bands, width=self.width, dropout=self.dropout)

    def features(self, samples, fs):
        from cocktail.dsp.coughs import segments
        from cocktail.dsp.functionals import log_mel

        coughs = np.concatenate([samples[each] for each in segments(samples, fs)])
        return log_mel(coughs, fs, self.bands).astype(np.float32)

    def fit(self, data, rng, folder):
        """Train the network; then learn the others on the train trials and the fusion on those of validation."""
        super().fit(data, rng, folder)
        train, valid = list(data.trials("train", self.trials)), list(data.trials("valid", self.validation))
        coughs = [_functionals(trial.samples, data.fs) for trial in train]
        positive = np.repeat([trial.label == BONA_FIDE for trial in train], list(map(len, coughs)))
        arrays = self._learn(np.concatenate(coughs), positive, int(rng.integers(2**31)))
        network = super().load(folder)
        scores = np.array([_scores(network, arrays, trial.samples, data.fs) for trial in valid])
        arrays |= _fusion(scores, np.array([trial.label == BONA_FIDE for trial in valid]))
        np.savez(folder / ARRAYS, **arrays)

    def load(self, folder):
        """The network, whose attribute `arrays` are the other classifiers and the fusion."""
        network = super().load(folder)
        with np.load(folder / ARRAYS, allow_pickle=False) as saved:
            network.arrays = dict(saved)
        return network

    def size(self, model):
        """Weights of the network, of the regression and of the fusion, and leaves of the trees."""
        learnt = ("weights", "intercept", "tree_value", "fusion_weights", "fusion_intercept")
        return super().size(model) + sum(model.arrays[name].size for name in learnt)

    def output(self, network, samples, view):
        scores = _scores(network, network.arrays, samples, network.fs)
        if self.system == "fusion":
            return float(scores @ network.arrays["fusion_weights"] + network.arrays["fusion_intercept"])
        return float(scores[SYSTEMS.index(self.system)])

    def _learn(self, X, positive, seed):
        """The regression and the trees, from functionals (n, D) of coughs."""
        from sklearn.linear_model import LogisticRegression

        from cocktail.dsp.statistical import boosted_trees

        mean, scale = X.mean(axis=0), np.maximum(X.std(axis=0), 1e-6)
        line = LogisticRegression(C=self.penalty, class_weight="balanced", max_iter=1000)
        line.fit((X - mean) / scale, positive)
        trees = boosted_trees.learn(
            X, positive, trees=self.trees, depth=self.depth, rate=self.rate, share=self.share, seed=seed
        )  # fmt: skip
        regression = {"mean": mean, "scale": scale, "weights": line.coef_[0], "intercept": line.intercept_}
        return regression | {f"tree_{name}": x for name, x in vars(trees).items()}


def _functionals(samples, fs):
    """(coughs, D)."""
    from cocktail.dsp.coughs import segments
    from cocktail.dsp.functionals import functionals

    return np.stack([functionals(samples[each], fs) for each in segments(samples, fs)])


def _scores(network, arrays, samples, fs):
    """(3,): log-odds of a recording (N,) by each of SYSTEMS."""
    from cocktail.dsp.statistical.boosted_trees import BoostedTrees

    X = _functionals(samples, fs)
    line = (X - arrays["mean"]) / arrays["scale"] @ arrays["weights"] + arrays["intercept"]
    trees = BoostedTrees(**{name: arrays[f"tree_{name}"] for name in BoostedTrees.__match_args__})
    return np.array([line.mean(), trees.score(X).mean(), network.judge(samples, fs)])


def _fusion(scores, positive):
    """Weights and intercept on scores (n, 3) as they are."""
    from sklearn.linear_model import LogisticRegression

    scale = np.maximum(scores.std(axis=0), 1e-6)
    line = LogisticRegression(class_weight="balanced").fit(scores / scale, positive)
    return {"fusion_weights": line.coef_[0] / scale, "fusion_intercept": line.intercept_[0]}
