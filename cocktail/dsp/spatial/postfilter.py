"""What a beamformer's output still needs: gains of one channel, by the power of the noise that the beam lets through.

I. Cohen and B. Berdugo, "Speech enhancement for non-stationary noise environments", Signal Processing 81(11), 2001: the
log-spectral amplitude where speech is present, a constant attenuation where it is absent, a geometric mean between.
"""

import numpy as np

from cocktail.dsp.noise.gains import a_posteriori_snr, decision_directed, mmse_lsa


def residual(w: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Power of the noise after a beamformer: weights (..., D), covariances (..., D, D) -> w^H noise w (...)."""
    return np.maximum(np.sum(w.conj() * (noise @ w[..., None])[..., 0], -1).real, 0)


def gain(power: np.ndarray, noise: np.ndarray, presence: np.ndarray, *, alpha: float, xi_min: float, floor: float):
    """Gains (..., F, T) of a beam's power, of the noise in it, and of the probability of speech, each (..., F, T).

    `alpha` is the weight of the last frame in the a priori SNR, `xi_min` its least value; `floor` the gain, an
    amplitude, where there is no speech.
    """
    gamma = a_posteriori_snr(power, noise)
    xi = decision_directed(gamma, gain=mmse_lsa, alpha=alpha, xi_min=xi_min)
    return mmse_lsa(xi, gamma) ** presence * floor ** (1 - presence)
