"""What is done to a mask before it is applied: the means of spectral subtraction, for masks of networks; and its mean
with a gain of signal processing.

M. Berouti, R. Schwartz and J. Makhoul, "Enhancement of speech corrupted by acoustic noise", ICASSP 1979, for the over-
subtraction, where what a mask takes away is taken away more than once, and the floor, which hides what that leaves.
"""

import math

import numpy as np
import torch
from torch.nn import functional

from cocktail import stft
from cocktail.dsp.noise import spectral


def postprocess(
    mask: torch.Tensor, *, smoothing: float = 0.0, over_subtraction: float = 1.0, floor: float = 0.0,
    binary: bool = False,
) -> torch.Tensor:  # fmt: skip
    """Masks (..., F, T) between 0 and 1, in this order:

    averaged over time with the forgetting factor `smoothing` per frame; with 1 - m times `over_subtraction` taken away
    from 1; at least `floor`; 0 or 1, whichever is nearer.
    """
    if smoothing:
        mask = smoothed(mask, smoothing)
    if over_subtraction != 1:
        mask = 1 - over_subtraction * (1 - mask)
    if over_subtraction != 1 or floor:
        mask = mask.clamp_min(floor)
    return (mask > 0.5).to(mask) if binary else mask


def fused(mask: torch.Tensor, gains: torch.Tensor, share: float) -> torch.Tensor:
    """Their weighted geometric mean (..., F, T), the gains having `share` of the weight and being 1 at most."""
    return mask ** (1 - share) * gains.clamp_max(1) ** share


def lsa_gains(signals: list[np.ndarray], fs: float) -> torch.Tensor:
    """Gains of MMSE-LSA, as the entry `mmse-lsa` has them, of signals (N,) each: (B, F, T) of `stft`, 1 in padding."""
    framing = {"size": stft.SIZE, "hop": stft.HOP}
    found = [spectral.gains(stft.stft(x), fs, n_samples=len(x), **framing) for x in signals]
    frames = max(gains.shape[-1] for gains in found)
    padded = [np.pad(gains, ((0, 0), (0, frames - gains.shape[-1])), constant_values=1) for gains in found]
    return torch.from_numpy(np.stack(padded)).float()


def smoothed(mask: torch.Tensor, factor: float) -> torch.Tensor:
    """m'(t) = factor m'(t - 1) + (1 - factor) m(t), as if all was like the first frame before it; cut at -60 dB."""
    n_taps = math.ceil(math.log(1e-3) / math.log(factor)) + 1
    taps = factor ** torch.arange(n_taps - 1, -1, -1, dtype=mask.dtype, device=mask.device)
    rows = functional.pad(mask.flatten(0, -2)[:, None], (n_taps - 1, 0), mode="replicate")
    return functional.conv1d(rows, (taps / taps.sum())[None, None]).reshape(mask.shape)
