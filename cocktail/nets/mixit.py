"""Mixture invariant training: a network takes sums of two mixtures apart, and never sees what these are made of.

S. Wisdom, E. Tzinis, H. Erdogan, R. J. Weiss, K. Wilson and J. R. Hershey, "Unsupervised sound separation using mixture
invariant training", NeurIPS 2020.

Shapes: B examples, N samples, O outputs, A assignments.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from cocktail.nets import waveforms

MOST_DB = 30.0
"""SNR at which a mixture counts as explained (section 3.3)."""


@dataclass(frozen=True)
class Pairs:
    """Segments of two mixtures that have nothing to do with each other."""

    draw: Callable
    """(generator, split) -> TrainingMixture, see cocktail.method.Mixer; only its mixture is read."""
    n_samples: int

    def __call__(self, generator: np.random.Generator, split: str) -> dict[str, np.ndarray]:
        """{mixtures (2, n_samples)}; what is shorter is followed by silence."""
        return {"mixtures": np.stack([self._segment(generator, split) for _ in range(2)])}

    def _segment(self, generator, split):
        mixture = self.draw(generator, split).mixture
        start = int(generator.integers(max(len(mixture) - self.n_samples, 0) + 1))
        segment = mixture[start : start + self.n_samples]
        return np.pad(segment, (0, self.n_samples - len(segment)))


def consistent(estimates: torch.Tensor, mixture: torch.Tensor) -> torch.Tensor:
    """Estimates (B, O, N) with a share each of what they lack to add up to the mixture (B, N).

    S. Wisdom et al., "Differentiable consistency constraints for improved deep speech enhancement", ICASSP 2019.
    """
    return estimates + (mixture - estimates.sum(1))[:, None] / estimates.shape[1]


def loss(estimates: torch.Tensor, mixtures: torch.Tensor) -> torch.Tensor:
    """Minus the SNR in dB of two mixtures (B, 2, N) that estimates (B, O, N) of their sum can be, mean over mixtures.

    Every estimate goes to one of them or to the other, in the way that suits best (Eq. (2)). A mixture that is silent
    counts nothing.
    """
    remixed = assigned(estimates, mixtures)
    speaks = mixtures.square().sum(-1) > 0
    ratio = waveforms.snr(estimate=remixed, reference=mixtures, most_db=MOST_DB)
    return -torch.where(speaks, ratio, 0.0).sum() / speaks.sum().clamp_min(1)


def assigned(estimates: torch.Tensor, mixtures: torch.Tensor) -> torch.Tensor:
    """Sums (B, 2, N) of the estimates that belong to each mixture, for the best of all assignments."""
    first = _assignments(estimates.shape[1], estimates.dtype, estimates.device)  # (A, O)
    both = torch.stack([first, 1 - first], dim=1)  # (A, 2, O)
    with torch.no_grad():
        # |x - a s|^2 = |x|^2 - 2 a c + a G a', with c = s x and G = s s': no sum of signals is formed.
        gram, cross = estimates @ estimates.mT, estimates @ mixtures.mT  # (B, O, O), (B, O, 2)
        power = mixtures.square().sum(-1)[:, None]  # (B, 1, 2)
        error = power - 2 * torch.einsum("aio,boi->bai", both, cross)
        error = error + torch.einsum("aio,bop,aip->bai", both, gram, both)
        relative = error.clamp_min(0) + 10 ** (-MOST_DB / 10) * power
        best = relative.clamp_min(torch.finfo(relative.dtype).tiny).log().sum(-1).argmin(1)  # (B,)
    return both[best] @ estimates


@functools.cache
def _assignments(outputs, dtype, device):
    """(2^O, O): which of the outputs belong to the first mixture."""
    return torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * outputs).view(-1, outputs).to(device, dtype)


@torch.no_grad()
def separate(network: torch.nn.Module, mixture: torch.Tensor, n_sources: int) -> torch.Tensor:
    """mixture (N,) -> talkers (K, N): the K strongest outputs."""
    estimates = consistent(network(mixture[None]), mixture[None])[0]
    return estimates[estimates.square().sum(-1).topk(n_sources).indices.sort().values]
