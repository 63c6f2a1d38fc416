"""The base class of plugins that train a network to tell bona fide speech from attacks.

A plugin gives the network and the features that it sees; the score is the logit of bona fide speech.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.errors import CocktailError
from cocktail.nets.network_method import NetworkMethod


@dataclass(frozen=True)
class DetectorMethod(NetworkMethod):
    """One channel (microphone 1). It trains on stretches of trials, bona fide ones as often as attacks."""

    task = "detect"
    paradigm = "annotated-source-model"
    trials: int = 4000
    """Rendered for training; a quarter as many for validation."""
    segment_s: float = 2.0
    """Length of a training example."""
    epochs: int = 60
    steps: int = 100
    decay: float = 1.0

    # What every plugin gives

    def classifier(self, fs: int):
        """The untrained network (torch.nn.Module): features (B, ..., T) -> logits of bona fide (B,).

        Its attribute `shortest` says how many frames it needs; the features of shorter sounds are repeated.
        """
        raise NotImplementedError

    def features(self, samples: np.ndarray, fs: int) -> np.ndarray:
        """(N,) at `fs` Hz -> what the network sees, (..., T) float32."""
        raise NotImplementedError

    def frames_per_s(self, fs: int) -> float:
        """Frames T of the features of a second."""
        return 100.0

    def differentiable(self, samples, fs: int):
        """`features` with gradients: a tensor (B, N) of sounds without silence at their ends -> (B, ..., T).

        A detector without them raises CocktailError: nobody can attack it by its gradients.
        """
        raise CocktailError(f"{type(self).__name__}: the detector's features have no gradients")

    # What they share

    @property
    def gradients(self):
        """Those who say what `differentiable` is have them."""
        return type(self).differentiable is not DetectorMethod.differentiable

    @property
    def validation(self):
        """Validation examples, and trials."""
        return max(self.trials // 4, 16)

    def network(self, fs):
        from cocktail.nets.detection import Detector

        return Detector(self.classifier(fs), self.features, self.differentiable)

    def examples(self, data, stage):
        """Raises CocktailError where they would be too short for the network."""
        import torch

        from cocktail.nets.detection import Examples, Trials

        n_frames = round(self.frames_per_s(data.fs) * stage.segment_s)
        with torch.device("meta"):
            shortest = self.classifier(data.fs).shortest
        if n_frames < shortest:
            raise CocktailError(f"segment_s: {stage.segment_s:g} s are {n_frames} frames; the network needs {shortest}")
        numbers = {"train": self.trials, "valid": self.validation}
        trials = {
            split: Trials.of(data.trials(split, n), lambda samples: self.features(samples, data.fs))
            for split, n in numbers.items()
        }
        return Examples(trials, n_frames)

    def objective(self, network, batch):
        from torch.nn.functional import binary_cross_entropy_with_logits

        return binary_cross_entropy_with_logits(network(batch["features"]), batch["label"])

    def finish(self, network, examples):
        network.threshold.fill_(examples.trials["valid"].threshold(network.score))

    def output(self, network, samples, view):
        return network.judge(samples, network.fs)
