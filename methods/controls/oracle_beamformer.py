"""Beamformers from the true covariances of a whole scene.

One of them is a bound: with `rank` None, the Wiener filter has the least squared error that any filter per bin which
stays the same for the whole scene can have. MVDR leaves the target untouched and GEV has the largest output SNR in each
bin, neither of which is the least error. None bounds methods that change with time: masks do better here.

MVDR and MWF: M. Souden, J. Benesty and S. Affes, "On optimal frequency-domain multichannel linear filtering for noise
reduction", IEEE Trans. ASLP 18(2), 2010. GEV: E. Warsitz and R. Haeb-Umbach, "Blind acoustic beamforming based on
generalized eigenvalue decomposition", IEEE Trans. ASLP 15(5), 2007.

The target of talker k is its image at every microphone; all else (other talkers, noise) is interference. Where the
reference is the early part, the target is that part of the image which is coherent with it, in each bin the
least-squares projection a d of the image on the reference d, and late reverberation joins the interference.

Deviations: none; see cocktail/dsp/spatial/beamformers.py for the normalisation and the loading.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocktail import stft
from cocktail.dsp.spatial import beamformers
from cocktail.method import Method, finite


@dataclass(frozen=True)
class OracleBeamformer(Method):
    """One filter per bin and talker for the whole scene."""

    task = ("enhance", "separate")
    paradigm = "oracle"
    needs = frozenset({"array"})
    beamformer: Literal["mvdr", "mwf", "gev"] = "mvdr"
    mu: float = 1.0
    """Weight of noise reduction in the Wiener filter."""
    rank: int | None = None
    """1: the Wiener filter of the target's principal component; None: of the target as it is."""
    window: int = 512
    """Samples of the STFT window."""
    hop: int = 128

    def __call__(self, mixture, view):
        """mixture (D, N) -> (K, N) at microphone 1."""
        mixture = finite(mixture)
        references = view.references
        Y = stft.stft(mixture, self.window, self.hop)
        outputs = []
        for target, image in zip(references.target, references.images, strict=True):
            S = self._target(target, image)
            w = self._weights(beamformers.covariance(S), beamformers.covariance(Y - S))
            outputs.append(beamformers.apply(w, Y))
        return stft.istft(np.stack(outputs), mixture.shape[-1], self.window, self.hop)

    def _target(self, target, image):
        """(N,) reference and (D, N) image -> STFT (D, F, T) of what is to be kept at every microphone."""
        if np.allclose(target, image[0], rtol=0, atol=1e-4 * np.abs(image[0]).max(initial=0)):
            return stft.stft(image, self.window, self.hop)
        d = stft.stft(target, self.window, self.hop)
        X = stft.stft(image, self.window, self.hop)
        power = np.maximum(np.sum(np.abs(d) ** 2, -1), np.finfo(float).tiny)
        a = np.sum(X * d.conj(), -1) / power  # (D, F)
        return a[..., None] * d

    def _weights(self, target, noise):
        if self.beamformer == "mvdr":
            return beamformers.mvdr(target, noise)
        if self.beamformer == "mwf":
            return beamformers.mwf(target, noise, mu=self.mu, rank=self.rank)
        return beamformers.gev(target, noise)
