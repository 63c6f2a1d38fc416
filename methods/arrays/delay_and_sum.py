"""Delay and sum, steered by SRP-PHAT.

J. H. DiBiase, H. F. Silverman and M. S. Brandstein, "Robust localization in reverberant rooms", in Microphone Arrays,
Springer 2001. One beam per talker, towards the strongest directions of the whole scene, aligned to microphone 1.

Deviations: see cocktail/dsp/spatial/directions.py. Where there is one talker, the beam goes to the strongest direction,
be it a loud point noise: a learning-free method cannot know better.
"""

from dataclasses import dataclass

from cocktail import stft
from cocktail.dsp.spatial import directions
from cocktail.method import Method, finite


@dataclass(frozen=True)
class DelayAndSum(Method):
    """K beams, in order of their power."""

    task = ("enhance", "separate")
    needs = frozenset({"array", "n_sources"})
    window: int = 512
    """Samples of the STFT window."""
    hop: int = 128

    def __call__(self, mixture, view):
        """mixture (D, N) -> (K, N) at microphone 1."""
        mixture = finite(mixture)
        X = stft.stft(mixture, self.window, self.hop)
        f_hz = directions.frequencies(self.window, view.fs)
        beams = directions.delay_and_sum(X, view.array, f_hz, view.n_sources)
        return stft.istft(beams, mixture.shape[-1], self.window, self.hop)
