"""Losses between sets of talkers whose order means nothing.

M. Kolbaek, D. Yu, Z.-H. Tan and J. Jensen, "Multi-talker speech separation with utterance-level permutation invariant
training of deep recurrent neural networks", IEEE/ACM TASLP 25(10), 2017: one permutation for a whole utterance.

Shapes: B scenes, K talkers, F bins, T frames, G bands.
"""

import itertools

import numpy as np
import torch

from cocktail.errors import CocktailError
from cocktail.nets.bands import Bands

MOST_TRIED = 4
"""Talkers up to which all permutations are tried, on the device: fewer than it takes to look at them elsewhere."""


def permutation_free(pairwise: torch.Tensor) -> torch.Tensor:
    """Losses (B, K, K) of estimate i for talker j -> (B,), those of the best permutation summed.

    All K! are tried where that is quick; beyond, the Hungarian algorithm finds the same in K^3 steps.
    """
    k = pairwise.shape[-1]
    estimates = torch.arange(k, device=pairwise.device)
    if k > MOST_TRIED:
        return pairwise[torch.arange(len(pairwise), device=pairwise.device)[:, None], estimates, _best(pairwise)].sum(
            -1
        )
    orders = torch.tensor(list(itertools.permutations(range(k))), device=pairwise.device)
    return pairwise[:, estimates, orders].sum(-1).amin(-1)


def _best(pairwise):
    """(B, K): the talker of each estimate in the best permutation. Losses that are no numbers rank last."""
    from scipy.optimize import linear_sum_assignment

    worst = torch.finfo(pairwise.dtype).max
    losses = pairwise.detach().nan_to_num(nan=worst).cpu().double().numpy()
    orders = [linear_sum_assignment(scene)[1] for scene in losses]
    return torch.tensor(np.array(orders).reshape(pairwise.shape[:2]), device=pairwise.device)


def filled(sources: torch.Tensor, outputs: int) -> torch.Tensor:
    """Sources (B, K, N), and silence for spare outputs: (B, O, N).

    Raises CocktailError where there are more talkers than outputs.
    """
    spare = outputs - sources.shape[1]
    if spare < 0:
        raise CocktailError(f"{sources.shape[1]} talkers, but the network has {outputs} outputs")
    return torch.nn.functional.pad(sources, (0, 0, 0, spare))


def amplitudes(bands: Bands, *, talkers: torch.Tensor, mixture: torch.Tensor, phase: bool) -> torch.Tensor:
    """What a mask times `level(mixture)` should be: STFT (B, K, F, T), (B, F, T) -> (B, K, T, G).

    The talkers' magnitudes, or with `phase` what of them is in phase with the mixture, where that is positive (the
    non-negative phase-sensitive mask of Kolbaek et al.). In a band of one bin that is the magnitude itself; in wider
    ones the number whose distance is that of the bins under a common mask, but for a constant.
    """
    mixture = mixture[:, None]
    common = (talkers * mixture.conj()).real.clamp_min(0) if phase else talkers.abs() * mixture.abs()
    return bands.pool(common) / level(bands, mixture).clamp_min(torch.finfo(torch.float32).tiny)


def level(bands: Bands, X: torch.Tensor) -> torch.Tensor:
    """STFT (..., F, T) -> root of the power of its bands (..., T, G)."""
    return bands.power(X).sqrt()


def separation_loss(*, estimate: torch.Tensor, reference: torch.Tensor, mixture: torch.Tensor) -> torch.Tensor:
    """Squared error of amplitudes under the best permutation, relative to the mixture's power; mean over scenes.

    estimate and reference (B, K, T, G), mixture (B, T, G). The error of every pair, without forming all of them:
    |a - b|^2 = |a|^2 - 2 a'b + |b|^2.
    """
    a, b = estimate.flatten(2), reference.flatten(2)
    pairwise = (a**2).sum(-1)[:, :, None] - 2 * a @ b.mT + (b**2).sum(-1)[:, None, :]
    power = (mixture**2).flatten(1).sum(-1).clamp_min(torch.finfo(a.dtype).tiny)
    return (permutation_free(pairwise) / power).mean()
