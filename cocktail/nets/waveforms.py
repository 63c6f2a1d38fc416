"""What networks that return waveforms are trained for: SI-SDR or SNR of every talker, under the best permutation.

SI-SDR: J. Le Roux, S. Wisdom, H. Erdogan and J. R. Hershey, "SDR - half-baked or well done?", ICASSP 2019. As the loss
of a network, over the permutations of a whole utterance: Y. Luo and N. Mesgarani, "Conv-TasNet: surpassing ideal
time-frequency magnitude masking for speech separation", IEEE/ACM TASLP 27(8), 2019.

Shapes: B scenes, K talkers, N samples.
"""

import torch

from cocktail.errors import CocktailError
from cocktail.nets.permutations import permutation_free

SMALLEST = 1e-8
"""Added to ratios of powers: what is 80 dB below counts no more."""


def si_sdr(*, estimate: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """Signals (..., N) -> dB (...), whatever the scale and the mean of either.

    With the correlation rho of the two, |a s|^2 / |a s - e|^2 for the best a is rho^2 / (1 - rho^2).
    """
    e, s = (x - x.mean(-1, keepdim=True) for x in (estimate, reference))
    tiny = torch.finfo(e.dtype).tiny
    rho2 = (e * s).sum(-1) ** 2 / (e.square().sum(-1) * s.square().sum(-1)).clamp_min(tiny)
    return 10 * torch.log10((rho2 + SMALLEST) / ((1 - rho2).clamp_min(0) + SMALLEST))


def snr(*, estimate: torch.Tensor, reference: torch.Tensor, most_db: float = 80.0) -> torch.Tensor:
    """10 log10 |s|^2 / (|s - e|^2 + tau |s|^2) of signals (..., N), (...), at most `most_db`; tau = 10^(-most_db / 10).

    S. Wisdom, E. Tzinis, H. Erdogan, R. J. Weiss, K. Wilson and J. R. Hershey, "Unsupervised sound separation using
    mixture invariant training", NeurIPS 2020, Eq. (3): the soft threshold keeps what is solved from ruling a batch.
    """
    power = reference.square().sum(-1).clamp_min(torch.finfo(reference.dtype).tiny)
    error = (reference - estimate).square().sum(-1) / power
    return -10 * torch.log10(error + 10 ** (-most_db / 10))


def loss(estimate: torch.Tensor, reference: torch.Tensor, measure=si_sdr) -> torch.Tensor:
    """Minus the `measure` in dB, under the best permutation: (B, K, N), (B, K, N) -> the mean over all talkers.

    A talker who is silent throughout has no SI-SDR and counts nothing, and any estimate may stand for it. Raises
    CocktailError where there are not as many talkers as estimates.
    """
    if estimate.shape[1] != reference.shape[1]:
        raise CocktailError(f"{reference.shape[1]} talkers, but the network has {estimate.shape[1]} outputs")
    speaks = reference.square().sum(-1) > 0  # (B, K)
    pairwise = -measure(estimate=estimate[:, :, None], reference=reference[:, None])
    pairwise = torch.where(speaks[:, None], pairwise, 0.0)
    return permutation_free(pairwise).sum() / speaks.sum().clamp_min(1)


def levelled(estimate: torch.Tensor, mixture: torch.Tensor) -> torch.Tensor:
    """Estimates (..., K, N) of zero mean, scaled each to where it is nearest to the mixture (..., N).

    SI-SDR leaves the mean and the scale of an estimate open. As the sounds of a scene are uncorrelated, <y, s> = |s|^2:
    an estimate that is right but for its scale gets that of the talker.
    """
    estimate = estimate - estimate.mean(-1, keepdim=True)
    power = estimate.square().sum(-1, keepdim=True).clamp_min(torch.finfo(estimate.dtype).tiny)
    return (estimate * mixture.unsqueeze(-2)).sum(-1, keepdim=True) / power * estimate
