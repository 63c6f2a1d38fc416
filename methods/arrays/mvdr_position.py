"""MVDR towards a talker whose position is known, with the noise of the time before it speaks.

J. Barker, R. Marxer, E. Vincent and S. Watanabe, "The third 'CHiME' speech separation and recognition challenge:
dataset, task and baselines", ASRU 2015: the baseline, whose beam is steered by SRP-PHAT and whose noise covariance is
that of 400 to 800 ms before the utterance. Here the true position is known: what `strongly guided` methods could have.

Deviations: the noise covariance is that of the first 400 ms of the scene, with `loading` of its mean eigenvalue on the
diagonal: the direct path is not all that comes from a talker in a room, and few frames tell little of the noise.
"""

from dataclasses import dataclass

from cocktail import stft
from cocktail.dsp.spatial import beamformers, directions
from cocktail.method import Method, finite


@dataclass(frozen=True)
class MvdrPosition(Method):
    """One talker, one filter per bin for the whole scene."""

    needs = frozenset({"array", "position"})
    lead_s: float = 0.4
    """The beginning of a scene that is taken for noise."""
    loading: float = 0.1

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N) at microphone 1."""
        X = stft.stft(finite(mixture))
        a = directions.steering_to(view.array, view.position, directions.frequencies(stft.SIZE, view.fs))
        noise = beamformers.covariance(X[..., : max(round(self.lead_s * view.fs / stft.HOP), 1)])
        w = beamformers.mvdr(a[..., :, None] * a[..., None, :].conj(), beamformers.loaded(noise, self.loading))
        return stft.istft(beamformers.apply(w, X), mixture.shape[-1])[None]
