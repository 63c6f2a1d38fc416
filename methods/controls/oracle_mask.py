"""Oracle mask: the true mask, applied to microphone 1.

H. Erdogan, J. R. Hershey, S. Watanabe and J. Le Roux, "Phase-sensitive and recognition-boosted speech separation using
deep recurrent neural networks", ICASSP 2015, Table 1. The masks are in cocktail.dsp.masks, each with its paper.
Deviations: none. Noise is everything that is not the target, other talkers and late reverberation included.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocktail.dsp.masks import MASKS
from cocktail.method import Method
from cocktail.stft import framing, istft, stft


@dataclass(frozen=True)
class OracleMask(Method):
    """Upper bound of every method that estimates such a mask."""

    task = ("enhance", "separate")
    paradigm = "oracle"
    causal = True

    mask: Literal["ibm", "irm", "wiener", "iam", "psf", "cirm"] = "psf"
    truncate: bool = False
    """Bound the mask to [0, 1], as a network with a sigmoid at its output does."""

    def __call__(self, mixture, view):
        """mixture (D, N) -> (K, N)."""
        size, hop = framing(view.fs)
        target = stft(view.references.target, size, hop)
        noisy = stft(mixture[:1], size, hop)
        mask = MASKS[self.mask](target, noisy - target)
        if self.truncate:
            mask = np.clip(mask, 0, 1)
        return istft(mask * noisy, mixture.shape[-1], size, hop)
