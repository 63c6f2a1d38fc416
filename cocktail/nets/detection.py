"""What networks that tell bona fide speech from attacks are trained on: stretches of labelled trials."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch

from cocktail.errors import CocktailError
from cocktail.metrics.detection import eer_threshold
from cocktail.tasks import BONA_FIDE


@dataclass(frozen=True)
class Trials:
    """Features (F, T) of the trials of a split, T differing, by class."""

    bona_fide: list[np.ndarray]
    attacks: list[np.ndarray]

    def __post_init__(self):
        if not self.bona_fide or not self.attacks:
            raise CocktailError("a detector needs trials of bona fide speech and of attacks: give it more `trials`")

    @classmethod
    def of(cls, recordings: Iterable, features: Callable[[np.ndarray], np.ndarray]) -> "Trials":
        """Labelled cocktail.method.Recording, `features` of whose samples are kept."""
        by_class = {True: [], False: []}
        for trial in recordings:
            by_class[trial.label == BONA_FIDE].append(features(trial.samples))
        return cls(by_class[True], by_class[False])

    def draw(self, generator: np.random.Generator, n_frames: int) -> dict[str, np.ndarray]:
        """{"features": (F, n_frames), "label": ()}: a stretch of a trial; both classes are as likely."""
        label = int(generator.integers(2))
        chosen = self.bona_fide if label else self.attacks
        features = repeated(chosen[generator.integers(len(chosen))], n_frames)
        start = generator.integers(features.shape[1] - n_frames + 1)
        return {"features": features[:, start : start + n_frames], "label": np.array(label, np.float32)}

    def threshold(self, score: Callable[[np.ndarray], float]) -> float:
        """Where the errors on both classes are equal."""
        features = [*self.bona_fide, *self.attacks]
        return eer_threshold([score(x) for x in features], np.arange(len(features)) < len(self.bona_fide))


@dataclass(frozen=True)
class Examples:
    """Stretches of `n_frames` frames of the trials of each split."""

    trials: dict[str, Trials]
    n_frames: int

    def __call__(self, generator: np.random.Generator, split: str) -> dict[str, np.ndarray]:
        return self.trials[split].draw(generator, self.n_frames)


def repeated(features: np.ndarray, n_frames: int) -> np.ndarray:
    """(F, T) -> (F, at least n_frames): over and over again, if it is shorter."""
    return np.tile(features, max(math.ceil(n_frames / features.shape[1]), 1))


def score(network: torch.nn.Module, features: np.ndarray, shortest: int) -> float:
    """Logit of bona fide of features (F, T), repeated up to the `shortest` length that the network takes."""
    device = next(network.parameters()).device
    with torch.no_grad():
        return network(torch.from_numpy(repeated(features, shortest))[None].to(device)).item()
