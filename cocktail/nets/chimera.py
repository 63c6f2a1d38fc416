"""Chimera: one recurrent trunk, with a head that embeds as deep clustering does and one that makes masks.

Z.-Q. Wang, J. Le Roux and J. R. Hershey, "Alternative objective functions for deep clustering", ICASSP 2018.

Shapes: B scenes, N samples, K talkers, T frames, G bands, E embedding dimensions, P points, O outputs.
"""

import torch
from torch import nn

from cocktail.nets.bands import features
from cocktail.nets.clustering import EmbeddingNetwork, active, dominance
from cocktail.nets.permutations import amplitudes, filled, level, permutation_free

RIDGE = 1e-5
"""Added to the mean square of every dimension of the embeddings, whose matrix is inverted."""


class ChimeraNetwork(EmbeddingNetwork):
    """The network of deep clustering, and masks that share every bin out among the outputs."""

    def __init__(self, *, outputs: int, units: int, **embedding):
        """`units` and `embedding`: of the EmbeddingNetwork."""
        super().__init__(units=units, **embedding)
        self.outputs = outputs
        self.masks = nn.Linear(2 * units, outputs * self.bands.count)

    def forward(self, power: torch.Tensor) -> torch.Tensor:
        """Powers (B, T, G) of the mixture -> masks (B, O, T, G)."""
        return self.mask(self.recurrent(features(power))[0])

    def heads(self, power: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Powers (B, T, G) -> embeddings of unit length (B, T, G, E), masks (B, O, T, G)."""
        hidden = self.recurrent(features(power))[0]
        return nn.functional.normalize(self.embed(hidden), dim=-1), self.mask(hidden)

    def mask(self, hidden: torch.Tensor) -> torch.Tensor:
        """Outputs of the recurrent layers (B, T, H) -> masks (B, O, T, G)."""
        return torch.softmax(self.masks(hidden).unflatten(-1, (self.outputs, -1)), dim=-2).movedim(-2, 1)


def whitened_loss(V: torch.Tensor, Y: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The whitened k-means objective: (..., P, E), (..., P, K), (..., P) -> (...).

    E - tr((V'V)^-1 V'Y (Y'Y)^-1 Y'V), both sides with the root of the weights (L_DC,W of the paper): how far the
    whitened embeddings are from the means of their talkers, divided here by E. Absent talkers may be columns of zeros.
    """
    share = (weights / weights.sum(-1, keepdim=True).clamp_min(1)).sqrt()[..., None]
    V, Y = V * share, Y * share
    dimensions = V.shape[-1]
    covariance = V.mT @ V + RIDGE * torch.eye(dimensions, dtype=V.dtype, device=V.device)
    cross = V.mT @ Y  # (..., E, K)
    count = Y.square().sum(-2).clamp_min(torch.finfo(V.dtype).tiny)[..., None, :]  # Y'Y is diagonal
    return 1 - (torch.linalg.solve(covariance, cross) * cross / count).sum((-1, -2)) / dimensions


def mask_loss(masks: torch.Tensor, *, talkers: torch.Tensor, mixture: torch.Tensor) -> torch.Tensor:
    """Absolute error to the truncated phase-sensitive amplitudes under the best permutation, re the mixture's, (B,).

    masks (B, O, T, G), and (B, O, T, G), (B, T, G) amplitudes.
    """
    estimate = masks * mixture[:, None]
    reference = torch.minimum(talkers, mixture[:, None])
    pairwise = (estimate[:, :, None] - reference[:, None]).abs().sum((-1, -2))
    return permutation_free(pairwise) / mixture.sum((-1, -2)).clamp_min(torch.finfo(masks.dtype).tiny)


def loss(network: ChimeraNetwork, batch: dict[str, torch.Tensor], alpha: float) -> torch.Tensor:
    """`alpha` of the embeddings' loss and the rest of the masks'; `mixture` (B, N), `sources` (B, K, N).

    Spare outputs want silence. Raises CocktailError where there are more talkers than outputs.
    """
    bands = network.bands
    X, S = bands.stft(batch["mixture"]), bands.stft(filled(batch["sources"], network.outputs))
    mixture = level(bands, X)
    V, masks = network.heads(mixture**2)
    Y = dominance(bands.power(S))
    counted = active(mixture**2) * Y.amax(-1)  # where somebody speaks
    clusters = whitened_loss(V.flatten(1, 2), Y.flatten(1, 2), counted.flatten(1))
    talkers = amplitudes(bands, talkers=S, mixture=X, phase=True)
    return (alpha * clusters + (1 - alpha) * mask_loss(masks, talkers=talkers, mixture=mixture)).mean()
