"""Light convolutional network on a log power spectrum: a spoofing detector.

G. Lavrentyeva et al., "STC antispoofing systems for the ASVspoof2019 challenge", Interspeech 2019.
Deviations: see cocktail/nets/lcnn.py for the network and cocktail/dsp/cepstra.py for the spectrum, which is that of 20
ms in bands rather than of 108 ms in 863 bins. It trains on stretches of the trials, bona fide ones as often as attacks.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cocktail import audio
from cocktail.dsp import cepstra
from cocktail.method import LearnedMethod, Workload, finite

FRAMES_PER_S = 100


@dataclass(frozen=True)
class Countermeasure:
    """A trained detector. It accepts scores from `threshold` on: there the errors in validation are equal."""

    network: Any
    threshold: float
    fs: int


@dataclass(frozen=True)
class Lcnn(LearnedMethod):
    """One channel (microphone 1); the score is the logit of bona fide speech."""

    task = "detect"
    paradigm = "annotated-source-model"
    needs = frozenset({"gpu"})
    bands: int = 128
    """Of equal width, up to half the rate."""
    width: float = 1.0
    """Factor on the paper's channels."""
    dropout: float = 0.75
    trials: int = 4000
    """Rendered for training; a quarter as many for validation."""
    segment_s: float = 2.0
    """Length of training examples."""
    epochs: int = 60
    """Most epochs."""
    steps: int = 100
    batch_size: int = 32
    learning_rate: float = 1e-3

    def fit(self, data, rng, folder):
        """Learn from labelled trials; leaves weights.pt and threshold.npz."""
        from cocktail.nets.detection import learn
        from cocktail.training.loop.loop import Schedule
        from cocktail.training.loop.weights import save_weights

        n_valid, seed = max(self.trials // 4, 16), int(rng.integers(2**31))
        trials = {"train": self._trials(data, "train", self.trials), "valid": self._trials(data, "valid", n_valid)}
        network = self._network(seed)
        schedule = Schedule(self.epochs, self.steps, self.batch_size, self.learning_rate, valid=n_valid)
        n_frames = round(FRAMES_PER_S * self.segment_s)
        learn(network, trials, n_frames, schedule, folder=folder, seed=seed, device=data.device)
        save_weights(network, folder)
        np.savez(folder / "threshold.npz", threshold=self._threshold(network.cpu(), trials["valid"]), fs=data.fs)

    def workload(self):
        """Seconds of trials, all epochs together; multiplications of its convolutions."""
        seconds = self.epochs * self.steps * self.batch_size * self.segment_s
        return Workload(seconds, self.bands * self.width**2, self.epochs)

    def load(self, folder):
        """A Countermeasure, on the CPU."""
        from cocktail.training.loop.weights import load_weights

        with np.load(folder / "threshold.npz", allow_pickle=False) as saved:
            return Countermeasure(load_weights(self._network(), folder), float(saved["threshold"]), int(saved["fs"]))

    def size(self, model):
        """Weights of the network."""
        from cocktail.nets.saved import n_parameters

        return n_parameters(model.network)

    def __call__(self, mixture, view):
        """mixture (D, N) -> score, higher = bona fide."""
        samples = audio.resample(finite(mixture)[0], view.fs, view.model.fs)
        return self._score(view.model.network.to(view.device), self._features(samples, view.model.fs), view.device)

    def _network(self, seed=0):
        """Untrained, its weights drawn by `seed`."""
        from cocktail.nets.lcnn import LightCnn
        from cocktail.nets.saved import seeded

        return seeded(LightCnn, seed, n_features=self.bands, width=self.width, dropout=self.dropout)

    def _threshold(self, network, trials):
        """Where errors on both classes of trials are equal."""
        from cocktail.metrics.detection import eer_threshold

        features = [*trials.bona_fide, *trials.attacks]
        return eer_threshold(
            [self._score(network, x) for x in features], np.arange(len(features)) < len(trials.bona_fide)
        )

    def _score(self, network, features, device="cpu"):
        from cocktail.nets.detection import score
        from cocktail.nets.lcnn import SHORTEST

        return score(network, features, SHORTEST, device)

    def _features(self, samples, fs):
        return cepstra.log_bands(samples, fs, self.bands).astype(np.float32)

    def _trials(self, data, split, n):
        """Features of labelled trials by class (cocktail.nets.detection.Trials)."""
        from cocktail.nets.detection import Trials

        found = {True: [], False: []}
        for trial in data.trials(split, n):
            found[trial.label == "bonafide"].append(self._features(trial.samples, data.fs))
        return Trials(found[True], found[False])
