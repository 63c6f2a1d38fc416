"""Full-rank spatial covariance model by expectation maximisation.

N. Q. K. Duong, E. Vincent and R. Gribonval, "Under-determined reverberant audio source separation using a full-rank
spatial covariance model", IEEE Trans. ASLP 18(7), 2010.

Deviations: the directions of the talkers are estimated by SRP-PHAT and each covariance starts as the paper's model of a
source in a room, direct path plus diffuse field, in place of hierarchical clustering per bin: utterances of two or
three seconds have too few frames to cluster, and a start that knows its direction needs no permutation solved later.
"""

from dataclasses import dataclass

from cocktail import stft
from cocktail.dsp.spatial import blind, directions, full_rank
from cocktail.method import Method, finite


@dataclass(frozen=True)
class FullRankEm(Method):
    """K talkers from D microphones; K may exceed D."""

    task = "separate"
    needs = frozenset({"array", "n_sources"})
    iterations: int = full_rank.ITERATIONS
    diffuse: float = blind.DIFFUSE
    """Share of the diffuse field in the initial covariances."""
    window: int = 2048
    """Samples of the STFT window."""
    hop: int = 512

    def __call__(self, mixture, view):
        """mixture (D, N) -> (K, N) at microphone 1."""
        mixture = finite(mixture)
        X = stft.stft(mixture, self.window, self.hop)
        f_hz = directions.frequencies(self.window, view.fs)
        towards = directions.directions_of_arrival(X, view.array, f_hz, view.n_sources)
        start = directions.room_covariance(view.array, towards, f_hz, self.diffuse)
        images = full_rank.fit(X, start, self.iterations).images
        return stft.istft(images, mixture.shape[-1], self.window, self.hop)
