"""What a mask network is trained for: the distance between what its mask makes of a mixture and the target.

MA, mask approximation, and MSA, magnitude spectrum approximation: F. Weninger, J. R. Hershey, J. Le Roux and
B. Schuller, "Discriminatively trained recurrent neural networks for single-channel speech separation", GlobalSIP 2014.
PSA, phase-sensitive spectrum approximation: H. Erdogan, J. R. Hershey, S. Watanabe and J. Le Roux, "Phase-sensitive and
recognition-boosted speech separation using deep recurrent neural networks", ICASSP 2015. LSD, log-spectral distance.
LS, least squares in time: Y. Wang and D. Wang, "A deep neural network for time-domain signal reconstruction", ICASSP
2015. IBM, the binary mask as a class of each bin: Y. Wang and D. Wang, "Towards scaling up classification-based speech
separation", IEEE TASLP 21(7), 2013. cIRM, the compressed complex mask: D. S. Williamson, Y. Wang and D. Wang, "Complex
ratio masking for monaural speech separation", IEEE/ACM TASLP 24(3), 2016. Losses of waveforms are in waveforms.py, and
those that imitate a listener in pmsqe.py and stoi.py.

Shapes: mask (..., F, T) real; mixture and target (..., F, T) complex. `weight`, broadcast against them, says how much
each bin counts: 0 for what is padding. Every loss is the weighted mean over all bins, a scalar.
"""

from collections.abc import Callable

import torch
from torch.nn import functional

LOG_FLOOR = 1e-2
"""Added to magnitudes before logarithms, re a mixture of unit root-mean-square: what lies 40 dB below counts little."""
BOUND, STEEPNESS = 10.0, 0.1
"""Of compressed complex masks: K and C of Williamson et al."""


def ideal_ratio_mask(*, target: torch.Tensor, residual: torch.Tensor) -> torch.Tensor:
    """|s| / (|s| + |n|) of magnitudes, in any resolution of frequency; 0 where both are 0."""
    total = target + residual
    return target / total.clamp_min(torch.finfo(total.dtype).tiny)


def ma(*, mask, mixture, target, weight=None) -> torch.Tensor:
    """(m - |s| / (|s| + |n|))^2."""
    return weighted_mean((mask - ideal_ratio_mask(target=target.abs(), residual=(mixture - target).abs())) ** 2, weight)


def msa(*, mask, mixture, target, weight=None) -> torch.Tensor:
    """(m |y| - |s|)^2."""
    return weighted_mean((mask * mixture.abs() - target.abs()) ** 2, weight)


def psa(*, mask, mixture, target, weight=None, truncate: bool = True) -> torch.Tensor:
    """(m |y| - |s| cos theta)^2, theta the phase between s and y.

    `truncate` keeps |s| cos theta between 0 and |y|, which a mask between 0 and 1 can reach.
    """
    magnitude = mixture.abs()
    # |s| cos theta = Re(s conj(y)) / |y|
    wanted = (target * mixture.conj()).real / magnitude.clamp_min(torch.finfo(magnitude.dtype).tiny)
    if truncate:
        wanted = torch.minimum(wanted.clamp_min(0), magnitude)
    return weighted_mean((mask * magnitude - wanted) ** 2, weight)


def lsd(*, mask, mixture, target, weight=None) -> torch.Tensor:
    """(log(m |y|) - log |s|)^2, natural logarithms of magnitudes plus LOG_FLOOR."""
    estimate, reference = mask * mixture.abs() + LOG_FLOOR, target.abs() + LOG_FLOOR
    return weighted_mean((estimate.log() - reference.log()) ** 2, weight)


def ls(*, mask, mixture, target, inverse: Callable, weight=None) -> torch.Tensor:
    """Mean square of (the inverse transform of m y) - s over samples.

    `target` (..., N) is in time; `inverse` turns a spectrum (..., F, T) into samples (..., N), differentiably; `weight`
    is one of samples.
    """
    return weighted_mean((inverse(mask * mixture) - target) ** 2, weight)


def ibm(*, mask, mixture, target, weight=None) -> torch.Tensor:
    """Cross-entropy of the mask, as how probable it is that |s| > |n|, to whether it is so."""
    ideal = (target.abs() > (mixture - target).abs()).to(mask)
    return weighted_mean(functional.binary_cross_entropy(mask, ideal, reduction="none"), weight)


def cirm(*, compressed, mixture, target, weight=None) -> torch.Tensor:
    """|O - compress(s / y)|^2 of a compressed complex mask O; the mask of silence is 0."""
    power = mixture.abs().square()
    ideal = target * mixture.conj() / power.clamp_min(torch.finfo(power.dtype).tiny)
    error = compressed - compress(ideal)
    return weighted_mean(error.real**2 + error.imag**2, weight)


def compress(mask: torch.Tensor) -> torch.Tensor:
    """K (1 - exp(-C m)) / (1 + exp(-C m)) of real and imaginary part: between -K and K, about K C m / 2 near 0."""
    return torch.complex(*(BOUND * torch.tanh(STEEPNESS / 2 * part) for part in (mask.real, mask.imag)))


def expand(compressed: torch.Tensor) -> torch.Tensor:
    """The inverse of `compress`, -log((K - O) / (K + O)) / C, of parts that are kept 1e-3 K within its bounds."""
    most = 1 - 1e-3
    parts = (part.div(BOUND).clamp(-most, most) for part in (compressed.real, compressed.imag))
    return torch.complex(*(2 / STEEPNESS * torch.atanh(part) for part in parts))


def weighted_mean(values: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
    """Mean of `values`, each counted `weight` times."""
    if weight is None:
        return values.mean()
    weight = weight.expand_as(values)
    return (values * weight).sum() / weight.sum()
