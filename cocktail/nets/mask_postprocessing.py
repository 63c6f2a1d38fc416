"""What is done to a mask before it is applied: the means of spectral subtraction, for masks of networks.

M. Berouti, R. Schwartz and J. Makhoul, "Enhancement of speech corrupted by acoustic noise", ICASSP 1979, for the over-
subtraction, where what a mask takes away is taken away more than once, and the floor, which hides what that leaves.
"""

import math

import torch
from torch.nn import functional


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


def smoothed(mask: torch.Tensor, factor: float) -> torch.Tensor:
    """m'(t) = factor m'(t - 1) + (1 - factor) m(t), as if all was like the first frame before it; cut at -60 dB."""
    n_taps = math.ceil(math.log(1e-3) / math.log(factor)) + 1
    taps = factor ** torch.arange(n_taps - 1, -1, -1, dtype=mask.dtype, device=mask.device)
    rows = functional.pad(mask.flatten(0, -2)[:, None], (n_taps - 1, 0), mode="replicate")
    return functional.conv1d(rows, (taps / taps.sum())[None, None]).reshape(mask.shape)
