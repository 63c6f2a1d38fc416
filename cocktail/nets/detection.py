"""Networks that tell bona fide speech from attacks, and what they are trained on: stretches of labelled trials."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from cocktail.audio import resample
from cocktail.errors import CocktailError
from cocktail.metrics.detection import eer_threshold
from cocktail.tasks import BONA_FIDE


@dataclass(frozen=True)
class Trials:
    """Features (..., T) of the trials of a split, T differing, by class."""

    bona_fide: list[np.ndarray]
    attacks: list[np.ndarray]

    def __post_init__(self):
        if not self.bona_fide or not self.attacks:
            lacks = "a detector needs trials of bona fide speech and of attacks"
            raise CocktailError(f"{lacks}: give it more `trials`, or conditions with both")

    @classmethod
    def of(cls, recordings: Iterable, features: Callable[[np.ndarray], np.ndarray]) -> "Trials":
        """Labelled cocktail.method.Recording, `features` of whose samples are kept."""
        by_class = {True: [], False: []}
        for trial in recordings:
            by_class[trial.label == BONA_FIDE].append(features(trial.samples))
        return cls(by_class[True], by_class[False])

    def draw(self, generator: np.random.Generator, n_frames: int) -> dict[str, np.ndarray]:
        """{"features": (..., n_frames), "label": ()}: a stretch of a trial; both classes are as likely."""
        label = int(generator.integers(2))
        features = stretch(self.bona_fide if label else self.attacks, generator, n_frames)
        return {"features": features, "label": np.array(label, np.float32)}

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


class Detector(torch.nn.Module):
    """A network from features (B, ..., T) to logits of bona fide (B,), with the features of a sound.

    It accepts what scores `threshold` or more: there the errors in validation are equal. `differentiable`: the features
    of tensors (B, N), with gradients.
    """

    def __init__(
        self,
        classifier: torch.nn.Module,
        features: Callable[[np.ndarray, int], np.ndarray],
        differentiable: Callable[[torch.Tensor, int], torch.Tensor],
    ):
        super().__init__()
        self.classifier, self.features, self.differentiable = classifier, features, differentiable
        self.register_buffer("threshold", torch.zeros((), dtype=torch.float64))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.classifier(features)

    def logits(self, samples: torch.Tensor) -> torch.Tensor:
        """(B, N) at the rate of its training -> logits of bona fide (B,), with gradients."""
        return self(self.differentiable(samples, self.fs))

    def score(self, features: np.ndarray) -> float:
        """Logit of bona fide of features (..., T)."""
        given = torch.from_numpy(repeated(features, self.classifier.shortest))[None]
        with torch.no_grad():
            return self(given.to(self.threshold.device)).item()

    def judge(self, samples: np.ndarray, fs: int) -> float:
        """(N,) at `fs` Hz -> logit of bona fide, of a network that was loaded."""
        return self.score(self.features(resample(samples, fs, self.fs), self.fs))


def stretch(sounds: Sequence[np.ndarray], generator: np.random.Generator, n_frames: int) -> np.ndarray:
    """(..., n_frames) of one of some features, or sounds, (..., T)."""
    chosen = repeated(sounds[generator.integers(len(sounds))], n_frames)
    start = generator.integers(chosen.shape[-1] - n_frames + 1)
    return chosen[..., start : start + n_frames]


def repeated(features: np.ndarray, n_frames: int) -> np.ndarray:
    """(..., T) -> (..., at least n_frames): over and over again, if it is shorter."""
    return np.tile(features, max(math.ceil(n_frames / features.shape[-1]), 1))
