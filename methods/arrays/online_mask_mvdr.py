"""MVDR that follows the scene: covariances from a causal network's mask, frame by frame, the latest counting most.

T. Higuchi, N. Ito, S. Araki, T. Yoshioka, M. Delcroix and T. Nakatani, "Online MVDR beamformer based on complex
Gaussian mixture model with spatial prior for noise robust ASR", IEEE/ACM Trans. ASLP 25(4), 2017, for the recursion,
with the mask of a network, that of the entry that this one `uses`, in place of the mixture model's.

Deviations: those of mask_beamformer. The filter is found anew every fourth frame and held in between. A frame counts
`forgetting` times as much as the next; the default remembers about four seconds.
"""

from dataclasses import dataclass

import numpy as np

from cocktail import stft
from cocktail.dsp.spatial import beamformers, recursive
from cocktail.method import Method, finite
from cocktail.plugins.bases import median_mask


@dataclass(frozen=True)
class OnlineMaskMvdr(Method):
    """One talker; a filter per bin that changes."""

    paradigm = "separation"
    roles = {"base": "enhance"}  # noqa: RUF012
    needs = frozenset({"array", "gpu"})
    causal = True
    forgetting: float = 0.998
    """Weight of a frame relative to the next one; 1 forgets nothing."""
    every: int = 4
    """Frames that share a filter."""

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N) at microphone 1."""
        mixture = finite(mixture)
        X = stft.stft(mixture)
        mask = median_mask(view, mixture)
        followed = (recursive.covariances(X, share**2, self.forgetting, self.every) for share in (mask, 1 - mask))
        Y = np.empty(X.shape[1:], complex)
        for i, (talker, noise) in enumerate(zip(*followed, strict=True)):
            frames = slice(i * self.every, (i + 1) * self.every)
            w = beamformers.mvdr(beamformers.rank_one_in(noise, talker), noise)
            Y[:, frames] = beamformers.apply(w, X[..., frames])
        return stft.istft(Y, mixture.shape[-1])[None]
