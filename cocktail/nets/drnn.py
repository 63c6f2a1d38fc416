"""A deep recurrent network whose two outputs share the mixture out between speech and noise.

P.-S. Huang, M. Kim, M. Hasegawa-Johnson and P. Smaragdis, "Deep learning for monaural speech separation", ICASSP 2014,
and "Joint optimization of masks and deep recurrent neural networks for monaural source separation", IEEE/ACM TASLP
23(12), 2015.

Shapes: spectrograms (B, F, T), `lengths` (B,) frames that count.
"""

import torch
from torch import nn

from cocktail.nets.losses import weighted_mean
from cocktail.nets.mask_training import spectra, weights
from cocktail.nets.masks import BINS, MELS, LogMel

EPSILON = 1e-6
"""Added to both outputs, so that two zeros share the mixture evenly."""


class Drnn(nn.Module):
    """Three layers of rectifiers, the second of which sees its own last frame, and a masking layer."""

    def __init__(self, *, units: int, context: int, fs: int):
        """`context`: frames on either side that the first layer sees."""
        super().__init__()
        self.fs = fs
        self.features = LogMel(fs, running=False)
        self.first = nn.Conv1d(MELS, units, 2 * context + 1, padding=context)
        self.second = nn.RNN(units, units, nonlinearity="relu", batch_first=True)
        self.third = nn.Linear(units, units)
        self.output = nn.Linear(units, 2 * BINS)

    def forward(self, magnitude, lengths=None):
        """Mixture's magnitudes (B, F, T) of any level -> shares (B, 2, F, T) of speech and noise, one in all."""
        x = self.first(self.features(magnitude, lengths).mT).mT.relu()
        x = self.third(self.second(x)[0]).relu()
        y = self.output(x).relu().unflatten(-1, (2, BINS)).permute(0, 2, 3, 1) + EPSILON
        return y / y.sum(1, keepdim=True)  # 2015, equation (5)


def loss(network: Drnn, batch: dict[str, torch.Tensor], gamma: float) -> torch.Tensor:
    """Squared errors of both magnitudes, less `gamma` times their distances from the other source: 2014, equation (8).

    The mixture's power is 1.
    """
    mixture, target, _, lengths = spectra(batch)
    shared = network(mixture.abs(), lengths) * mixture.abs()[:, None]
    truth = torch.stack([target, mixture - target], 1).abs()
    error = (shared - truth).square() - gamma * (shared - truth.flip(1)).square()
    weight = weights(mixture, lengths)
    return weighted_mean(error.sum(1), weight)
