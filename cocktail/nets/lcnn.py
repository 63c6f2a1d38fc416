"""Light convolutional network of a spoofing detector.

G. Lavrentyeva, S. Novoselov, A. Tseren, M. Volkova, A. Gorlanov and A. Kozlov, "STC antispoofing systems for the
ASVspoof2019 challenge", Interspeech 2019; the max-feature-map is that of X. Wu, R. He, Z. Sun and T. Tan, "A
light CNN for deep face representation with noisy labels", IEEE TIFS 13(11), 2018.

Deviations: after the last convolution the features are averaged over time, so that recordings of any length have a
score; the paper cuts and repeats them to one length. Features are standardised one by one. Cross-entropy in place of
the angular margin softmax.
"""

import torch
from torch import nn

DROPOUT = 0.75

# The paper's layers: kernel, channels before the max-feature-map, what follows.
LAYERS = (
    (5, 64, "pool"),
    (1, 64, "norm"),
    (3, 96, "pool norm"),
    (1, 96, "norm"),
    (3, 128, "pool"),
    (1, 128, "norm"),
    (3, 64, "norm"),
    (1, 64, "norm"),
    (3, 64, "pool"),
)
HIDDEN = 160


class MaxFeatureMap(nn.Module):
    """(B, 2 C, ...) -> (B, C, ...): the larger of two halves of the channels."""

    def forward(self, x):
        first, second = x.chunk(2, dim=1)
        return first + torch.relu(second - first)  # their maximum; its gradient is cheaper than torch.maximum's


class LightCnn(nn.Module):
    """Features (B, F, T) -> (B,) logit of bona fide. `width` multiplies all channels."""

    shortest = 16
    """Frames: four times halved, one is left."""

    def __init__(self, n_features: int, width: float = 1.0, dropout: float = DROPOUT):
        super().__init__()
        layers: list[nn.Module] = []
        inputs, rows = 1, n_features
        for kernel, channels, after in LAYERS:
            outputs = max(round(width * channels / 2), 1)
            layers += [nn.Conv2d(inputs, 2 * outputs, kernel, padding=kernel // 2), MaxFeatureMap()]
            if "pool" in after:
                layers.append(nn.MaxPool2d(2))
                rows //= 2
            if "norm" in after:
                layers.append(nn.BatchNorm2d(outputs))
            inputs = outputs
        hidden = max(round(width * HIDDEN / 2), 1)
        self.normalisation = nn.BatchNorm1d(n_features, affine=False)
        self.convolutions = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(inputs * rows, 2 * hidden),
            MaxFeatureMap(),
            nn.BatchNorm1d(hidden),
            nn.Linear(hidden, 1),
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        maps = self.convolutions(self.normalisation(features)[:, None])
        return self.classifier(maps.mean(dim=-1).flatten(1)).squeeze(-1)
