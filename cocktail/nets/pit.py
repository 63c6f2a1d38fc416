"""Utterance-level permutation-invariant training: a network with an output for every talker there may be.

M. Kolbaek, D. Yu, Z.-H. Tan and J. Jensen, "Multi-talker speech separation with utterance-level permutation invariant
training of deep recurrent neural networks", IEEE/ACM TASLP 25(10), 2017.

Shapes: B scenes, N samples, K talkers, F bins, T frames, G bands, O outputs.
"""

import torch
from torch import nn

from cocktail.nets.bands import Bands, features
from cocktail.nets.permutations import amplitudes, filled, level, separation_loss
from cocktail.nets.trunks import blstm


class PitNetwork(nn.Module):
    """Bidirectional LSTM layers, then a non-negative mask for each output."""

    def __init__(self, *, fs: int, shift_ms: float, outputs: int, layers: int, units: int, dropout: float):
        """`units`: in each direction."""
        super().__init__()
        self.bands, self.outputs = Bands(fs, shift_ms), outputs
        self.recurrent = blstm(self.bands.count, units, layers, dropout)
        self.output = nn.Linear(2 * units, outputs * self.bands.count)
        nn.init.constant_(self.output.bias, 1 / outputs)  # no rectifier starts switched off

    def forward(self, power: torch.Tensor) -> torch.Tensor:
        """Powers (B, T, G) of the mixture -> masks (B, O, T, G)."""
        hidden, _ = self.recurrent(features(power))
        return torch.relu(self.output(hidden)).unflatten(-1, (self.outputs, -1)).movedim(-2, 1)


def loss(network: PitNetwork, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Phase-sensitive, permutation-invariant loss; `mixture` (B, N), `sources` (B, K, N). Spare outputs: silence.

    Raises CocktailError where there are more talkers than outputs.
    """
    bands = network.bands
    X, talkers = bands.stft(batch["mixture"]), bands.stft(filled(batch["sources"], network.outputs))
    mixture = level(bands, X)
    estimate = network(mixture**2) * mixture[:, None]
    reference = amplitudes(bands, talkers=talkers, mixture=X, phase=True)
    return separation_loss(estimate=estimate, reference=reference, mixture=mixture)


@torch.no_grad()
def separate(network: nn.Module, mixture: torch.Tensor, n_sources: int) -> torch.Tensor:
    """mixture (N,) -> talkers (K, N): the K strongest outputs of a PitNetwork, or of another that makes such masks."""
    bands = network.bands
    X = bands.stft(mixture)
    power = bands.power(X)
    masks = network(power[None])[0]
    strongest = (masks**2 * power).sum((-1, -2)).topk(n_sources).indices.sort().values
    return bands.istft(bands.spread(masks[strongest]) * X, mixture.shape[-1])
