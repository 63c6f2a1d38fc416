"""Deep clustering: a network that embeds every band of every frame, and the affinity loss that trains it.

J. R. Hershey, Z. Chen, J. Le Roux and S. Watanabe, "Deep clustering: discriminative embeddings for segmentation and
separation", ICASSP 2016. Y. Isik, J. Le Roux, Z. Chen, S. Watanabe and J. R. Hershey, "Single-channel multi-speaker
separation using deep clustering", Interspeech 2016, for regularisation and the order of the training.

Shapes: B scenes, N samples, F bins, T frames, G bands, K talkers, E embedding dimensions, P points to cluster.
"""

import numpy as np
import torch
from torch import nn

from cocktail.nets.bands import Bands, features, level_db
from cocktail.nets.kmeans import kmeans, nearest
from cocktail.nets.trunks import blstm

SILENCE_DB = -40.0
"""Bands quieter than this, relative to the loudest of the mixture, count neither in the loss nor in k-means."""
POINTS = 8192
"""Most points that k-means looks at on a scene; more would not move the centres."""


class EmbeddingNetwork(nn.Module):
    """Bidirectional LSTM layers, then an embedding of unit length for every band of every frame."""

    def __init__(
        self, *, fs: int, shift_ms: float = 8.0, layers: int = 4, units: int = 300, dimensions: int = 40,
        dropout: float = 0.5,
    ):  # fmt: skip
        """`units`: in each direction. The defaults are those of Isik et al."""
        super().__init__()
        self.config = {
            "fs": fs, "shift_ms": shift_ms, "layers": layers, "units": units, "dimensions": dimensions,
            "dropout": dropout,
        }  # fmt: skip
        """What makes the same network again, for a network that builds on it."""
        self.bands = Bands(fs, shift_ms)
        self.recurrent = blstm(self.bands.count, units, layers, dropout)
        self.output = nn.Linear(2 * units, self.bands.count * dimensions)

    def forward(self, power: torch.Tensor, frames: slice = slice(None)) -> torch.Tensor:
        """Powers (B, T, G) of the mixture -> embeddings (B, T, G, E) of the frames asked for."""
        return nn.functional.normalize(self.embed(self.recurrent(features(power))[0][:, frames]), dim=-1)

    def embed(self, hidden: torch.Tensor) -> torch.Tensor:
        """Outputs of the recurrent layers (B, T, H) -> embeddings (B, T, G, E) of any length."""
        return torch.tanh(self.output(hidden)).unflatten(-1, (self.bands.count, -1))


def active(power: torch.Tensor) -> torch.Tensor:
    """Powers (..., T, G) of the mixture -> which bands are not silent, of the same shape.

    Where k-means follows, the STFT is the CPU's on every device: a band whose level rounds to the other side of the
    threshold would change everything that is drawn.
    """
    return level_db(power) > SILENCE_DB


def dominance(powers: torch.Tensor) -> torch.Tensor:
    """Powers (..., K, T, G) of the talkers -> Y (..., T, G, K): 1 for the loudest of each band, 0 for the others.

    Where all are silent, none is the loudest.
    """
    return ((powers >= powers.amax(-3, keepdim=True)) & (powers > 0)).to(powers.dtype).movedim(-3, -1)


def affinity_loss(V: torch.Tensor, Y: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weighted mean of (V V' - Y Y')^2 over all pairs of points: (..., P, E), (..., P, K), (..., P) -> (...).

    |V V' - Y Y'|^2 = |V'V|^2 - 2 |V'Y|^2 + |Y'Y|^2 (Hershey et al., section 2): matrices of E x E, E x K and K x K, the
    P x P affinities are never formed.
    """
    share = (weights / weights.sum(-1, keepdim=True).clamp_min(1)).sqrt()[..., None]
    V, Y = V * share, Y * share
    return _square(V, V) - 2 * _square(V, Y) + _square(Y, Y)


def _square(A, B):
    return ((A.transpose(-1, -2) @ B) ** 2).sum((-1, -2))


def loss(network: EmbeddingNetwork, batch: dict[str, torch.Tensor], every: int = 1) -> torch.Tensor:
    """Affinity loss of a batch with `mixture` (B, N) and `sources` (B, K, N), absent talkers being zero.

    Bands in which nobody speaks count as little as silent ones.

    `every`: embed and compare every so many frames only, from a random one on; the recurrent layers see all. Frames
    overlap, so that most of what their neighbours would add is known, and the output layer is most of the work.
    """
    bands = network.bands
    start = int(torch.randint(every, ())) if network.training else 0
    frames = slice(start, None, every)
    power = bands.power(bands.stft(batch["mixture"]))
    Y = dominance(bands.power(bands.stft(batch["sources"]))[:, :, frames])
    weights = (active(power)[:, frames] * Y.amax(-1)).flatten(1)
    return affinity_loss(network(power, frames).flatten(1, 2), Y.flatten(1, 2), weights).mean()


@torch.no_grad()
def centres(
    V: torch.Tensor, counted: torch.Tensor, n_sources: int, generator: np.random.Generator, *, most=POINTS, **how
) -> torch.Tensor:
    """Embeddings (B, T, G, E) and which of them count (B, T, G) -> k-means centres of each scene (B, K, E).

    `most` points are looked at, drawn from those that count; `how` goes to `kmeans`.
    """
    chosen = []
    for scene in counted.flatten(1).cpu().numpy():
        candidates = np.flatnonzero(scene) if scene.sum() >= n_sources else np.arange(scene.size)
        chosen.append(np.resize(generator.permutation(candidates), most))  # repeats them where there are fewer
    index = torch.as_tensor(np.stack(chosen), device=V.device)
    points = torch.take_along_dim(V.flatten(1, 2), index[..., None], dim=1)
    return kmeans(points, n_sources, generator, **how)


@torch.no_grad()
def separate(
    network: EmbeddingNetwork, mixture: torch.Tensor, n_sources: int, generator: np.random.Generator
) -> torch.Tensor:
    """Binary masks from the clusters: mixture (N,) -> talkers (K, N)."""
    X = network.bands.stft(mixture.cpu()).to(mixture.device)  # see `active`
    power = network.bands.power(X)
    V = network(power[None])
    talker = nearest(V.flatten(1, 2), centres(V, active(power)[None], n_sources, generator))[0].view(power.shape)
    masks = nn.functional.one_hot(talker, n_sources).movedim(-1, 0).to(mixture.dtype)
    return network.bands.istft(network.bands.spread(masks) * X, mixture.shape[-1])
