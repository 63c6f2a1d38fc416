"""Segments of training mixtures with their talkers, and batches of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from cocktail.method import TrainingMixture


@dataclass(frozen=True)
class Segments:
    """Draws of a mixer, cut to `n_samples` at a random place; shorter ones are left as they are."""

    draw: Callable
    """(generator, split) -> TrainingMixture, see cocktail.method.Mixer."""
    n_samples: int

    def __call__(self, generator: np.random.Generator, split: str) -> dict[str, np.ndarray]:
        """{mixture (N,) or (D, N), sources (K, N)}."""
        return self.cut(self.draw(generator, split), generator)

    def cut(self, scene: TrainingMixture, generator: np.random.Generator) -> dict[str, np.ndarray]:
        """The same of a scene that was drawn."""
        start = int(generator.integers(max(scene.mixture.shape[-1] - self.n_samples, 0) + 1))
        cut = slice(start, start + self.n_samples)
        return {"mixture": scene.mixture[..., cut], "sources": scene.sources[:, cut]}


def collate(examples: list[dict[str, np.ndarray]]) -> dict[str, torch.Tensor]:
    """Side by side, short segments and missing talkers filled with zeros: mixture (B, N), sources (B, K, N).

    `n_sources` (B,) says how many talkers there are. Mixtures of D microphones each are (B, D, N).
    """
    n_samples = max(example["mixture"].shape[-1] for example in examples)
    n_sources = max(len(example["sources"]) for example in examples)
    mixture = torch.zeros(len(examples), *examples[0]["mixture"].shape[:-1], n_samples)
    sources = torch.zeros(len(examples), n_sources, n_samples)
    for b, example in enumerate(examples):
        k, n = example["sources"].shape
        mixture[b, ..., :n] = torch.from_numpy(np.array(example["mixture"], np.float32))
        sources[b, :k, :n] = torch.from_numpy(np.array(example["sources"], np.float32))
    count = torch.tensor([len(example["sources"]) for example in examples])
    return {"mixture": mixture, "sources": sources, "n_sources": count}
