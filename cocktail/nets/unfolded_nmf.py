"""Sparse NMF unfolded into a network: the iterations are layers, whose bases may be trained for the separation.

J. Le Roux, J. R. Hershey and F. Weninger, "Deep NMF for speech separation", ICASSP 2015: K iterations that infer
activations, then one layer that reconstructs the speech by its Wiener-like share; the bases of the last C layers are
untied and trained. C = 1 trains those of the reconstruction alone, which is discriminative NMF: F. Weninger,
J. Le Roux, J. R. Hershey and S. Watanabe, "Discriminative NMF and its application to single-channel source separation",
Interspeech 2014.

Shapes: V (B, F, T) magnitudes of mean 1, bases (F, R) of unit norm, those of speech first.
"""

import torch
from torch import nn

from cocktail import stft
from cocktail.dsp.nmf import updates
from cocktail.dsp.nmf.enhancer import FLOOR

LEAST = 1e-8
"""Bases below this start from it: their logarithm is trained."""


class UnfoldedNmf(nn.Module):
    """Magnitudes of a mixture -> the share of speech in each bin."""

    def __init__(self, *, bins: int, speech: int, noise: int, iterations: int, trained: int, sparsity: float):
        """`speech`, `noise`: bases; `iterations`: updates of the activations; `trained`: layers at the end, C >= 1."""
        super().__init__()
        self.speech, self.fixed, self.sparsity = speech, iterations - (trained - 1), sparsity
        self.register_buffer("bases", torch.zeros(bins, speech + noise))
        self.layers = nn.Parameter(torch.zeros(trained, bins, speech + noise))
        """Logarithms of the bases of the trained layers, the reconstruction last."""

    @torch.no_grad()
    def begin(self, speech: torch.Tensor, noise: torch.Tensor) -> None:
        """Every layer starts with the bases of a sparse NMF, (F, R) of unit norm."""
        self.bases.copy_(torch.cat([speech, noise], dim=1))
        self.layers.copy_(self.bases.clamp_min(LEAST).log().expand_as(self.layers))

    def forward(self, V: torch.Tensor) -> torch.Tensor:
        """(B, F, T) -> (B, F, T) between 0 and 1."""
        n_bases = self.bases.shape[1]
        H = (V.mean(-2, keepdim=True) * V.shape[-2] ** 0.5 / n_bases).expand(-1, n_bases, -1)
        with torch.no_grad():
            for _ in range(self.fixed):
                H = updates.update_activations(V, self.bases, H, self.sparsity, "kl")
        *analysis, reconstruction = self.layers.exp()
        for bases in analysis:
            bases, _ = updates.normalised(bases)
            H = H * (bases.mT @ (V / (bases @ H))) / (bases.sum(0) + self.sparsity)[:, None]
        speech = reconstruction[:, : self.speech] @ H[:, : self.speech]
        noise = reconstruction[:, self.speech :] @ H[:, self.speech :]
        return speech / (speech + noise)


def magnitudes(mixture: torch.Tensor, window: int, hop: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Mixtures (B, N) -> their STFT (B, F, T), and its magnitudes scaled to mean 1 as NMF sees them."""
    Y = stft.stft(mixture, window, hop)
    mean = Y.abs().mean((-1, -2), keepdim=True)
    return Y, Y.abs() / mean.where(mean > 0, torch.ones_like(mean)) + FLOOR


def loss(network: UnfoldedNmf, batch: dict[str, torch.Tensor], window: int, hop: int) -> torch.Tensor:
    """Mean squared error of the speech's magnitudes, relative to the power of each mixture: the papers' D_2."""
    Y, V = magnitudes(batch["mixture"], window, hop)
    S = stft.stft(batch["sources"][:, 0], window, hop)
    error = (network(V) * Y.abs() - S.abs()).square().mean((-1, -2))
    return (error / Y.abs().square().mean((-1, -2)).clamp_min(torch.finfo(error.dtype).tiny)).mean()
