"""OMLSA: optimally modified log-spectral amplitude with IMCRA noise tracking.

I. Cohen and B. Berdugo, "Speech enhancement for non-stationary noise environments", Signal Processing 81(11), 2001;
"Eq. (n)" refers to it, the constants are those of its Table 1 (16 kHz, 512 samples every 128). The noise tracker is
that of I. Cohen, "Noise spectrum estimation in adverse environments: improved minima controlled recursive averaging",
2003.
Deviations: the smoothed a priori SNR includes the present frame, as in Cohen's own program, where Eq. (23) ends with
the last one. Averages over frequency are cut at the edges of the spectrum, and their weights add up to one there, too.
Widths in bins and smoothing constants are kept as they are in Hz and seconds at other rates.

Cohen's program omlsa.m departs from the paper, and so from this: alpha is 0.95 and the least a priori SNR -18 dB; where
speech is unlikely on average, its local likelihood is put to the least one above 500 Hz; tones are removed; bins 0 to 2
and the last are zero, which alone gains 4 dB of SNR in wind.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocktail.dsp.noise.gains import a_posteriori_snr, decision_directed, mmse_lsa
from cocktail.dsp.noise.spectral import enhance, smoothing
from cocktail.dsp.noise.start import neighbours
from cocktail.method import Method

BETA = 0.7
"""Smoothing of the a priori SNR over time."""
LOCAL, GLOBAL = 1, 15
"""Bins on either side in the local and in the global average."""
ZETA_MIN, ZETA_MAX = 10**-1.0, 10**-0.5
"""Averaged a priori SNR under which speech is absent, and over which it is present; -10 and -5 dB."""
PEAK_MIN, PEAK_MAX = 1.0, 10.0
"""Bounds of the peak SNR of a frame, 0 and 10 dB."""
ABSENCE_MAX = 0.95


@dataclass(frozen=True)
class Omlsa(Method):
    """Log-spectral amplitude where there is speech, a constant attenuation where not, a geometric mean between."""

    causal = True

    tracker: Literal["minimum-statistics", "imcra", "mmse-spp"] = "imcra"
    alpha: float = 0.92
    """Weight of the last frame in the a priori SNR, with frames every 8 ms."""
    xi_min_db: float = -25.0
    """Least a priori SNR."""
    gain_floor_db: float = -25.0
    """Gain where there is no speech."""

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N)."""
        return enhance(mixture, view.fs, tracker=self.tracker, gain=self._gain)

    def _gain(self, power, noise, hop_s):
        gamma = a_posteriori_snr(power, noise)
        alpha, xi_min = smoothing(self.alpha, hop_s), 10 ** (self.xi_min_db / 10)
        xi = decision_directed(gamma, gain=mmse_lsa, alpha=alpha, xi_min=xi_min)
        p = presence(xi, gamma, absence(xi, hop_s))
        return mmse_lsa(xi, gamma) ** p * 10 ** (self.gain_floor_db / 20 * (1 - p))  # Eq. (16)


def presence(xi, gamma, q):
    """Posterior probability of speech (F, T) given its prior absence q, Eq. (9)."""
    return 1 / (1 + q / (1 - q) * (1 + xi) * np.exp(-xi * gamma / (1 + xi)))


def absence(xi, hop_s):
    """Prior probability of speech absence (F, T) of the a priori SNR (F, T), from its neighbourhood; Section 4."""
    zeta = _smooth_over_time(xi, smoothing(BETA, hop_s))  # Eq. (23)
    n_bins = len(xi)
    p_local = likelihood(neighbours(n_bins, LOCAL) @ zeta)  # Eqs. (24), (25)
    p_global = likelihood(neighbours(n_bins, GLOBAL) @ zeta)
    return np.minimum(1 - p_local * p_global * frame_likelihood(zeta.mean(0)), ABSENCE_MAX)  # Eq. (28)


def likelihood(zeta):
    """0 for an average SNR under ZETA_MIN, 1 over ZETA_MAX, logarithmic between, Eq. (25)."""
    return np.clip(np.log(zeta / ZETA_MIN) / np.log(ZETA_MAX / ZETA_MIN), 0, 1)


def frame_likelihood(zeta):
    """Likelihood (T,) of speech in the frame, of its mean SNR (T,): 1 at onsets, then relative to the peak, Fig. 2."""
    p = np.zeros_like(zeta)
    peak = PEAK_MIN
    for t in range(1, len(zeta)):
        if zeta[t] <= ZETA_MIN:
            continue
        if zeta[t] > zeta[t - 1]:
            peak = np.clip(zeta[t], PEAK_MIN, PEAK_MAX)
            p[t] = 1
        else:
            p[t] = likelihood(zeta[t] / peak)  # Eq. (27)
    return p


def _smooth_over_time(xi, beta):
    zeta = np.empty_like(xi)
    last = xi[:, 0]
    for t in range(xi.shape[1]):
        last = zeta[:, t] = beta * last + (1 - beta) * xi[:, t]
    return zeta
