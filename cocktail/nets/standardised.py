"""Features of zero mean and unit variance over the training mixtures."""

from collections.abc import Iterable

import torch
from torch import nn

from cocktail.nets.masks import INPUT_NOISE, inside


class Standardised(nn.Module):
    """Features (B, T, I) -> the same, standardised; in training with noise of deviation INPUT_NOISE."""

    def __init__(self, inputs: int):
        super().__init__()
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("deviation", torch.ones(inputs))

    def set_statistics(self, features: Iterable[torch.Tensor]) -> None:
        """Mean and deviation of each feature over many signals, (T, I) each."""
        found = torch.cat(list(features))
        self.mean.copy_(found.mean(0))
        self.deviation.copy_(found.std(0).clamp_min(1e-3))

    def forward(self, features: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """0 from `lengths` (B,) on."""
        features = (features - self.mean) / self.deviation
        if self.training:
            features = features + INPUT_NOISE * torch.randn_like(features)
        return features if lengths is None else features * inside(lengths, features.mT)[..., None]
