"""Training a network to tell bona fide speech from attacks, on features of labelled trials."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from cocktail.errors import CocktailError
from cocktail.training.loop.loop import Schedule, train


@dataclass(frozen=True)
class Trials:
    """Features (F, T) of the trials of a split, T differing, by class."""

    bona_fide: list[np.ndarray]
    attacks: list[np.ndarray]

    def __post_init__(self):
        if not self.bona_fide or not self.attacks:
            raise CocktailError("a detector needs trials of bona fide speech and of attacks: give it more `trials`")

    def draw(self, generator: np.random.Generator, n_frames: int) -> dict[str, np.ndarray]:
        """{"features": (F, n_frames), "label": ()}: a stretch of a trial; both classes are as likely."""
        label = int(generator.integers(2))
        chosen = self.bona_fide if label else self.attacks
        features = repeated(chosen[generator.integers(len(chosen))], n_frames)
        start = generator.integers(features.shape[1] - n_frames + 1)
        return {"features": features[:, start : start + n_frames], "label": np.array(label, np.float32)}


def learn(
    network: torch.nn.Module, trials: dict[str, Trials], n_frames: int, schedule: Schedule, *, folder, seed, device
) -> None:
    """Train on stretches of `n_frames` frames of `trials` {"train": ..., "valid": ...}."""

    def examples(generator, split):
        return trials[split].draw(generator, n_frames)

    def loss(network, batch):
        return binary_cross_entropy_with_logits(network(batch["features"]), batch["label"])

    train(network, loss, examples, schedule, folder=folder, seed=seed, device=device)


def repeated(features: np.ndarray, n_frames: int) -> np.ndarray:
    """(F, T) -> (F, at least n_frames): over and over again, if it is shorter."""
    return np.tile(features, max(-(-n_frames // features.shape[1]), 1))


def score(network: torch.nn.Module, features: np.ndarray, shortest: int, device: str = "cpu") -> float:
    """Logit of bona fide of features (F, T), repeated up to the `shortest` length that the network takes."""
    with torch.no_grad():
        return network(torch.from_numpy(repeated(features, shortest))[None].to(device)).item()
