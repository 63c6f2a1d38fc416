"""Deep attractor network: masks from how near embeddings are to a point that stands for each talker.

Z. Chen, Y. Luo and N. Mesgarani, "Deep attractor network for single-microphone speaker separation", ICASSP 2017.

Shapes: B scenes, N samples, K talkers, T frames, G bands, E embedding dimensions, P points.
"""

import numpy as np
import torch

from cocktail.nets.bands import features
from cocktail.nets.clustering import EmbeddingNetwork, active, centres, dominance
from cocktail.nets.permutations import amplitudes, level


class AttractorNetwork(EmbeddingNetwork):
    """Embeddings of any length, for their products with attractors say how sure a mask is."""

    def forward(self, power: torch.Tensor) -> torch.Tensor:
        """Powers (B, T, G) of the mixture -> embeddings (B, T, G, E)."""
        return self.embed(self.recurrent(features(power))[0])


def attractors(V: torch.Tensor, Y: torch.Tensor, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The mean embedding of every talker's points, and whether there are any: (B, K, E), (B, K).

    a_k = sum_p w_p y_pk v_p / sum_p w_p y_pk (Eq. (1) of the paper, with its threshold) for embeddings V (B, P, E),
    memberships Y (B, P, K) and weights (B, P), 0 for points that are too soft to count.
    """
    share = Y * weights[..., None]
    total = share.sum(1)
    return share.mT @ V / total.clamp_min(1)[..., None], total > 0


def masks(V: torch.Tensor, A: torch.Tensor, there: torch.Tensor | None = None) -> torch.Tensor:
    """softmax over talkers of the products of embeddings (B, T, G, E) and attractors (B, K, E) -> (B, K, T, G).

    Talkers who are not `there` (B, K) have masks of 0.
    """
    products = torch.einsum("btge,bke->bktg", V, A)
    if there is not None:
        products = products.masked_fill(~there[..., None, None], torch.finfo(V.dtype).min)
    return torch.softmax(products, dim=1)


def loss(network: AttractorNetwork, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Squared error of magnitudes under the masks of ideal attractors, relative to the mixture's power.

    `mixture` (B, N), `sources` (B, K, N), absent talkers being zero: they have no attractor and no mask.
    """
    bands = network.bands
    X, S = bands.stft(batch["mixture"]), bands.stft(batch["sources"])
    heard = level(bands, X)
    V, Y, counted = network(heard**2), dominance(bands.power(S)), active(heard**2).to(heard.dtype)
    estimate = masks(V, *attractors(V.flatten(1, 2), Y.flatten(1, 2), counted.flatten(1))) * heard[:, None]
    reference = amplitudes(bands, talkers=S, mixture=X, phase=False)
    error = (estimate - reference).square().flatten(1).sum(-1)
    return (error / heard.square().flatten(1).sum(-1).clamp_min(torch.finfo(error.dtype).tiny)).mean()


@torch.no_grad()
def separate(
    network: AttractorNetwork, mixture: torch.Tensor, n_sources: int, generator: np.random.Generator
) -> torch.Tensor:
    """Attractors where k-means finds the talkers: mixture (N,) -> talkers (K, N)."""
    X = network.bands.stft(mixture.cpu()).to(mixture.device)  # see clustering.active
    power = network.bands.power(X)[None]
    V = network(power)
    mask = masks(V, centres(V, active(power), n_sources, generator))[0]
    return network.bands.istft(network.bands.spread(mask) * X, mixture.shape[-1])
