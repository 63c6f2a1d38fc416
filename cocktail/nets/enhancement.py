"""A second network that repairs what deep clustering leaves, trained through the clustering.

Y. Isik, J. Le Roux, Z. Chen, S. Watanabe and J. R. Hershey, "Single-channel multi-speaker separation using deep
clustering", Interspeech 2016.

Shapes: B scenes, N samples, K talkers, F bins, T frames, G bands.
"""

import numpy as np
import torch
from torch import nn

from cocktail.nets.bands import features
from cocktail.nets.clustering import EmbeddingNetwork, active, centres
from cocktail.nets.kmeans import soft_assignment, soft_kmeans
from cocktail.nets.permutations import amplitudes, level, separation_loss
from cocktail.nets.trunks import blstm

ALPHA = 5.0
"""Hardness of the soft clusters; that of ESPnet's implementation of the paper."""
UNFOLDED = 2
"""Soft iterations that the gradient goes through, from where k-means ended."""

COARSE = {"most": 1024, "starts": 2, "iterations": 10}
"""The k-means of the loss, a quicker one."""


class EnhancementNetwork(nn.Module):
    """An embedding network, soft k-means, and layers that look at the mixture with each estimate in turn."""

    def __init__(self, *, embedding: dict, layers: int, units: int, dropout: float):
        """`embedding`: config of the EmbeddingNetwork; `units`: in each direction."""
        super().__init__()
        self.embedding = EmbeddingNetwork(**embedding)
        self.bands = self.embedding.bands
        self.recurrent = blstm(2 * self.bands.count, units, layers, dropout)
        self.output = nn.Linear(2 * units, self.bands.count)

    def train(self, mode: bool = True) -> "EnhancementNetwork":
        """As of any module, but a frozen first stage stays as it will be used, without dropout."""
        super().train(mode)
        if not any(parameter.requires_grad for parameter in self.embedding.parameters()):
            self.embedding.eval()
        return self

    def forward(self, power: torch.Tensor, n_sources: int, generator: np.random.Generator, **how) -> torch.Tensor:
        """Powers (B, T, G) of mixtures of K talkers -> masks (B, K, T, G), which sum to one over the talkers.

        `how`: of cocktail.nets.clustering.centres.
        """
        first = self.clusters(power, n_sources, generator, **how)
        mixture = features(power)[:, None].expand_as(first)
        estimates = features(first**2 * power[:, None], loudest=power[:, None])
        seen = torch.cat([mixture, estimates], dim=-1)  # (B, K, T, 2 G)
        z = self.output(self.recurrent(seen.flatten(0, 1))[0])
        return torch.softmax(z.unflatten(0, first.shape[:2]), dim=1)

    def clusters(self, power: torch.Tensor, n_sources: int, generator: np.random.Generator, **how) -> torch.Tensor:
        """Soft masks of the first stage, (B, T, G) -> (B, K, T, G)."""
        V, counted = self.embedding(power), active(power)
        start = centres(V, counted, n_sources, generator, **how)
        points, weights = V.flatten(1, 2), counted.flatten(1).to(V.dtype)
        mu = soft_kmeans(points, weights, start, alpha=ALPHA, iterations=UNFOLDED)
        return soft_assignment(points, mu, ALPHA).unflatten(1, V.shape[1:3]).movedim(-1, 1)

    @torch.no_grad()
    def spectra(self, mixture: torch.Tensor, n_sources: int, generator: np.random.Generator) -> torch.Tensor:
        """Mixture (N,) of K talkers -> its STFT under their masks (K, F, T)."""
        X = self.bands.stft(mixture.cpu()).to(mixture.device)  # see clustering.active
        return self.bands.spread(self(self.bands.power(X)[None], n_sources, generator)[0]) * X


def loss(network: EnhancementNetwork, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Permutation-free loss of magnitudes; `mixture` (B, N), `sources` (B, K, N), `n_sources` (B,)."""
    seed = int(torch.randint(2**31, ())) if network.training else 0
    generator = np.random.default_rng(seed)
    total = 0.0
    for k in batch["n_sources"].unique().tolist():
        of_k = batch["n_sources"] == k
        total = total + int(of_k.sum()) * _loss(network, batch["mixture"][of_k], batch["sources"][of_k, :k], generator)
    return total / len(batch["mixture"])


def _loss(network, mixture, sources, generator):
    X = network.bands.stft(mixture)
    heard = level(network.bands, X)
    estimate = network(heard**2, sources.shape[1], generator, **COARSE) * heard[:, None]
    reference = amplitudes(network.bands, talkers=network.bands.stft(sources), mixture=X, phase=False)
    return separation_loss(estimate=estimate, reference=reference, mixture=heard)


def separate(
    network: EnhancementNetwork, mixture: torch.Tensor, n_sources: int, generator: np.random.Generator
) -> torch.Tensor:
    """mixture (N,) -> talkers (K, N)."""
    return network.bands.istft(network.spectra(mixture, n_sources, generator), mixture.shape[-1])
