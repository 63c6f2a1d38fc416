"""A rectangular room with equal walls, and how its sound decays.

Replacing the sum over image sources by an integral over distance and direction gives the expected energy of the image-
source method in closed form (E. A. Lehmann and A. M. Johansson, "Prediction of energy decay in room impulse responses
simulated with an image-source model", J. Acoust. Soc. Am. 124(1), 2008). The images at distance d = ct in direction u
have crossed d q(u) walls, q(u) = sum_i |u_i| / L_i, and lie 1 / V apart, so that with amplitudes 1 / d the energy per
second is

    e(t) = 4 pi c / V < exp(-a c t q(u)) >_u,   a = -ln(1 - absorption).

It depends on a and t through their product alone. One curve per room size hence gives the absorption for any wanted T60
without iteration. Sabine's and Eyring's formulas miss by up to a quarter: they replace q by its mean, and the decay of
a shoebox is no single exponential, as sound along its longest side meets the fewest walls. T60 means T30 here, twice
the time of the fall from -5 to -35 dB, by a least-squares line (ISO 3382-2).

Deviations: the average over directions is computed by quadrature rather than by the paper's approximations.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.acoustics import SOUND_SPEED

_NODES = 12
_FADED = 14.0
"""Nepers of energy: 60 dB is 13.8."""


@dataclass(frozen=True)
class Shoebox:
    """`size`: length, width, height in metres. `absorption`: share of energy that each wall takes, 0 to 1."""

    size: tuple[float, float, float]
    absorption: float

    @classmethod
    def with_t60(cls, size, t60_s: float) -> "Shoebox":
        """The room of this size whose T30 is `t60_s` seconds."""
        size = tuple(float(side) for side in size)
        x = np.linspace(0, _FADED * max(size), 600)
        level = 10 * np.log10(_remaining(size, x))
        level -= level[0]
        fit = (level <= -5) & (level >= -35)
        a = -60 / np.polyfit(x[fit], level[fit], 1)[0] / (SOUND_SPEED * t60_s)
        return cls(size, float(1 - np.exp(-a)))

    @property
    def volume(self) -> float:
        """Cubic metres."""
        return float(np.prod(self.size))

    def energy(self, time: np.ndarray) -> np.ndarray:
        """Expected energy of an impulse response per second, (N,) at `time` (N,) seconds after the sound's emission."""
        q, weight = _crossings(self.size)
        x = self._a * SOUND_SPEED * np.asarray(time)
        return 4 * np.pi * SOUND_SPEED / self.volume * (np.exp(-x[:, None] * q) @ weight)

    def offset(self, time: np.ndarray) -> np.ndarray:
        """Expected sum of an impulse response per second, (N,): all images are positive, so that it is not zero."""
        q, weight = _crossings(self.size)
        time = np.asarray(time)
        x = self._a * SOUND_SPEED * time
        return 4 * np.pi * SOUND_SPEED**2 * time / self.volume * (np.exp(-x[:, None] * q / 2) @ weight)

    def duration(self) -> float:
        """Seconds until 60 dB of the energy have gone."""
        x = np.linspace(0, _FADED * max(self.size), 600)
        remaining = _remaining(self.size, x)
        return float(np.interp(-np.log(1e-6 * remaining[0]), -np.log(remaining), x) / (self._a * SOUND_SPEED))

    @property
    def _a(self):
        return -np.log1p(-self.absorption)


def _crossings(size):
    """Walls crossed per metre, (nodes,), over the directions of an octant, and the weight of each direction."""
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    node, weight = (node + 1) / 2, weight / 2
    up, around = node[:, None], np.pi / 2 * node[None, :]
    across = np.sqrt(1 - up**2)
    q = across * np.cos(around) / size[0] + across * np.sin(around) / size[1] + up / size[2]
    return q.ravel(), np.outer(weight, weight).ravel()


def _remaining(size, x):
    """Energy still to come at x = a c t, up to a factor: <exp(-x q) / q>."""
    q, weight = _crossings(size)
    return np.exp(-x[:, None] * q) @ (weight / q)
