"""Covariances of the noise that several microphones hear, tracked by the probability that speech is present.

M. Souden, J. Chen, J. Benesty and S. Affes, "An integrated solution for online multichannel noise tracking and
reduction", IEEE Trans. ASLP 19(7), 2011, for covariances that are updated as far as speech is absent; T. Gerkmann and
R. C. Hendriks, "Unbiased MMSE-based noise power estimation with low complexity and low tracking delay", IEEE Trans.
Audio, Speech, Language Process. 20(4), 2012, for the probability: priors are even, the a priori SNR is fixed, and noise
that was held for long is learnt in spite of it. With one microphone the probability is that of the latter.
"""

import numpy as np

from cocktail.dsp.noise.mmse_spp import ALPHA_PRESENCE, HOP_S, PRESENCE_MAX, XI_H1
from cocktail.dsp.noise.start import START_UP_S
from cocktail.dsp.spatial import beamformers

LOADING = 1e-3
"""Of noise covariances, relative to their mean eigenvalue, before they are inverted."""
MEMORY_S = 0.7
"""Time constant of the covariances."""


def present(psi: np.ndarray, n_mics: int) -> np.ndarray:
    """Posterior probability that speech is present, from psi = y^H Phi^-1 y with the covariance Phi of the noise.

    With speech the covariance is (1 + xi) Phi; priors are even.
    """
    return 1 / (1 + np.exp(n_mics * np.log1p(XI_H1) - psi * XI_H1 / (1 + XI_H1)))


def noise_covariances(X: np.ndarray, hop_s: float, memory_s: float = MEMORY_S) -> tuple[np.ndarray, np.ndarray]:
    """Covariances (F, T, D, D) of the noise in X (D, F, T), frames every `hop_s`, and where speech is, (F, T).

    They begin with the mean of the first frames, which are taken for noise. Digital silence tells nothing. A frame
    depends on no later one.
    """
    y = np.ascontiguousarray(X.transpose(2, 1, 0))  # (T, F, D)
    n_frames, n_bins, n_mics = y.shape
    alpha, alpha_p = np.exp(-hop_s / memory_s), ALPHA_PRESENCE ** (hop_s / HOP_S)
    begin = max(1, round(START_UP_S / hop_s))
    noise, p = np.empty((n_frames, n_bins, n_mics, n_mics), complex), np.zeros((n_frames, n_bins))
    estimate, held, heard = np.zeros((n_bins, n_mics, n_mics), complex), np.full(n_bins, 0.5), 0
    for t in range(n_frames):
        noise[t] = estimate
        if not y[t].any():
            continue
        heard += 1
        outer = y[t, :, :, None] * y[t, :, None, :].conj()
        if heard > begin:
            p[t] = present(beamformers.quadratic(y[t, :, None], beamformers.loaded(estimate, LOADING))[:, 0], n_mics)
            held = alpha_p * held + (1 - alpha_p) * p[t]
            p[t] = np.where(held > PRESENCE_MAX, np.minimum(p[t], PRESENCE_MAX), p[t])
            estimate = estimate + ((1 - alpha) * (1 - p[t]))[:, None, None] * (outer - estimate)
        else:
            estimate = estimate + (outer - estimate) / heard
        noise[t] = estimate
    return noise.swapaxes(0, 1), p.T
