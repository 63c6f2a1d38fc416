"""Recursive EM: a network's mask is the prior of speech presence, a spatial model learnt frame by frame the likelihood.

J. M. Martin-Donas, J. Jensen, Z.-H. Tan, A. M. Gomez and A. M. Peinado, "Online multichannel speech enhancement based
on recursive EM and DNN-based speech presence estimation", IEEE/ACM Trans. ASLP 28, 2020: the posterior of presence and
of the speech, which is MVDR with a Kalman postfilter, then the talker's transfer functions and the noise's covariances
by maximum likelihood, in every frame. The output is the mean of the speech, masked by the probability of its presence.

Deviations: those of cocktail/dsp/spatial/recursive_em.py. The mask is that of the entry that this one `uses`, a causal
network for the phase-sensitive spectrum; it is taken for a probability, and tells the power of the speech before each
frame as well. The paper trains one of its own on CHiME-4. Constants are not the paper's, which were not at hand, but
chosen on validation scenes of `tablet`.
"""

from dataclasses import dataclass

import numpy as np

from cocktail import stft
from cocktail.dsp.spatial import recursive_em
from cocktail.method import Method, finite
from cocktail.plugins.bases import median_mask


@dataclass(frozen=True)
class Rem(Method):
    """One talker, several microphones, one STFT window of latency."""

    paradigm = "separation"
    roles = {"base": "enhance"}  # noqa: RUF012
    needs = frozenset({"gpu"})
    causal = True
    forgetting: float = 0.995
    """Weight of a frame relative to the next one; 1 forgets nothing."""
    certainty: float = 0.02
    """The prior stays this far from 0 and from 1."""
    iterations: int = 2
    """Of EM in every frame."""
    kalman: bool = True
    """Whether the postfilter predicts the speech from the frame before; otherwise it is Wiener's."""
    gain_floor_db: float = -20.0
    """Gain where there is no speech."""

    def skip(self, info):
        """One microphone has no direction."""
        return "needs several microphones" if info.channels < 2 else None

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N) at microphone 1."""
        mixture = finite(mixture)
        X = stft.stft(mixture)
        mask = median_mask(view, mixture)
        prior = np.clip(mask, self.certainty, 1 - self.certainty)
        track = recursive_em.follow(
            X, prior, (mask * np.abs(X[0])) ** 2, hop_s=stft.HOP / view.fs, forgetting=self.forgetting,
            iterations=self.iterations, predict=self.kalman,
        )  # fmt: skip
        floor = 10 ** (self.gain_floor_db / 20)
        Y = track.presence * track.speech + (1 - track.presence) * floor * X[0]
        return stft.istft(Y, mixture.shape[-1])[None]
