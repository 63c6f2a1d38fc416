"""A phone's two microphones: an extended Kalman filter tracks the relative transfer function, MVDR follows it.

J. M. Martin-Donas, A. M. Peinado, I. Lopez-Espejo and A. Gomez, "Dual-channel speech enhancement based on extended
Kalman filter relative transfer function estimation", Applied Sciences 9(12) 2520, 2019: speech presence tells the
covariances of the noise, the filter tracks in every bin how the talker reaches one microphone relative to the other,
MVDR is distortionless along it, and a postfilter by the probability of speech takes out more. With `rtf: fixed` there
is one RTF for the whole scene, by covariance whitening over all of its frames.

Deviations: those of cocktail/dsp/spatial/transfer.py and presence.py. Only the abstract and the structure of the paper
were at hand, not its constants: the probability of speech is the even-prior one of MMSE-SPP for several microphones,
without the paper's priors for close and far talk, and drift and memory were chosen on scenes of `tablet` and
`living-room`. Of more than two microphones the first and the last are used.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocktail import stft
from cocktail.dsp.noise.spectral import smoothing
from cocktail.dsp.spatial import beamformers, postfilter, presence, transfer
from cocktail.method import Method, finite


@dataclass(frozen=True)
class EkfRtf(Method):
    """One talker, two microphones."""

    rtf: Literal["tracked", "fixed"] = "tracked"
    drift: float = 0.1
    """Variance that an RTF gains in a second."""
    postfilter: bool = True
    alpha: float = 0.92
    """Weight of the last frame in the a priori SNR of the postfilter, with frames every 8 ms."""
    xi_min_db: float = -25.0
    """Least a priori SNR."""
    gain_floor_db: float = -15.0
    """Gain where there is no speech."""

    @property
    def causal(self):
        """A fixed RTF is found from the whole scene."""
        return self.rtf == "tracked"

    def skip(self, info):
        """One microphone has no RTF."""
        return "needs several microphones" if info.channels < 2 else None

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N) at microphone 1."""
        mixture = finite(mixture)
        size, hop = stft.framing(view.fs)
        X = stft.stft(mixture[[0, -1]], size, hop)
        noise, speech = presence.noise_covariances(X, hop / view.fs)
        w = beamformers.towards(self._transfer(X, noise, speech, hop / view.fs), noise)
        Z = np.einsum("ftd,dft->ft", w.conj(), X)
        if self.postfilter:
            Z = Z * self._gain(Z, postfilter.residual(w, noise), speech, hop / view.fs)
        return stft.istft(Z, mixture.shape[-1], size, hop)[None]

    def _transfer(self, X, noise, speech, hop_s):
        """Transfer functions (F, T, 2), or (F, 1, 2) where they are fixed."""
        if self.rtf == "fixed":
            noisy, alone = (beamformers.covariance(X, share) for share in (speech, 1 - speech))
            return transfer.whitened(noisy, alone)[:, None]
        power = speech * np.maximum(np.abs(X[0]) ** 2 - noise[..., 0, 0].real, 0)
        a = transfer.tracked(X, power, noise, drift=self.drift * hop_s)
        return np.stack([np.ones_like(a), a], -1)

    def _gain(self, Z, noise, speech, hop_s):
        alpha, xi_min = smoothing(self.alpha, hop_s), 10 ** (self.xi_min_db / 10)
        floor = 10 ** (self.gain_floor_db / 20)
        return postfilter.gain(np.abs(Z) ** 2, noise, speech, alpha=alpha, xi_min=xi_min, floor=floor)
