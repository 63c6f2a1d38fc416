"""Beamformers from covariances that a mask network estimates: MVDR, multichannel Wiener and GEV.

J. Heymann, L. Drude and R. Haeb-Umbach, "Neural network based spectral mask estimation for acoustic beamforming",
ICASSP 2016; J. Heymann, L. Drude, A. Chinaev and R. Haeb-Umbach, "BLSTM supported GEV beamformer front-end for the 3rd
CHiME challenge", ASRU 2015 (masks of all channels pooled by their median; GEV with blind analytic normalisation). The
network is that of the entry that this one `uses`; the noise's mask is 1 minus the talker's.

Deviations: the network gives one mask, not one each for speech and noise. Covariances are those of the masked signals,
that is, weighed by the squared masks where the papers weigh by the masks: this keeps apart better what such a mask
mixes, but each covariance is divided by the sum of its own squared masks, so that the ratio of the two, on which the
Wiener filter's trade between noise and distortion rests, is not that of the powers. For MVDR and the Wiener filter, the
talker's covariance is the rank-1 part that rises above the noise (covariance whitening), since the mask lets noise
through.
"""

from dataclasses import dataclass
from typing import Literal

from cocktail import stft
from cocktail.dsp.spatial import beamformers
from cocktail.method import Method, finite
from cocktail.plugins.bases import median_mask


@dataclass(frozen=True)
class MaskBeamformer(Method):
    """One talker, one filter per bin for the whole scene."""

    paradigm = "separation"
    roles = {"base": "enhance"}  # noqa: RUF012
    needs = frozenset({"gpu"})
    beamformer: Literal["mvdr", "mwf", "gev"] = "mvdr"
    mu: float = 1.0
    """Weight of noise reduction in the Wiener filter; 0 gives MVDR."""

    def skip(self, info):
        """One microphone has no direction."""
        return "needs several microphones" if info.channels < 2 else None

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N) at microphone 1."""
        mixture = finite(mixture)
        X = stft.stft(mixture)
        w = self._weights(X, median_mask(view, mixture))
        return stft.istft(beamformers.apply(w, X), mixture.shape[-1])[None]

    def _weights(self, X, mask):
        """X (D, F, T), mask of the talker (F, T) -> (F, D)."""
        talker, noise = (beamformers.covariance(X, share**2) for share in (mask, 1 - mask))  # of the masked signals
        if self.beamformer == "gev":
            return beamformers.gev(talker, noise)
        talker = beamformers.rank_one_in(noise, talker)
        if self.beamformer == "mvdr":
            return beamformers.mvdr(talker, noise)
        return beamformers.mwf(talker, noise, mu=self.mu, rank=1)
