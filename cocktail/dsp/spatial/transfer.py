"""Relative transfer functions (RTF) of a talker: tracked by an extended Kalman filter, or from covariances at once.

J. M. Martin-Donas, A. M. Peinado, I. Lopez-Espejo and A. Gomez, "Dual-channel speech enhancement based on extended
Kalman filter relative transfer function estimation", Applied Sciences 9(12) 2520, 2019; S. Markovich, S. Gannot and
I. Cohen, "Multichannel eigenspace beamforming in a reverberant noisy environment with multiple interfering speech
signals", IEEE Trans. ASLP 17(6), 2009 (covariance whitening).

Two microphones hear y1 = s + n1 and y2 = a s + n2. The RTF a of a bin is a complex random walk.

Deviation: the paper states its filter for real and imaginary parts; the complex one is the same where speech and noise
are circular. The filter is linearised where the noise at microphone 1 has its mean given y1, rather than 0: a
regressor with the noise still in it pulls a towards the coherence of the noise.
"""

import numpy as np

from cocktail.dsp.spatial import beamformers

TINY = np.finfo(float).tiny


def whitened(noisy: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Transfer functions (..., D) of unit norm, from covariances (..., D, D) of noisy speech and of its noise.

    Divided by its first element, one is the RTF; where microphone 1 hears next to nothing, that is not stable.
    """
    lower, _, vectors = beamformers.whitened(noisy, noise)
    a = (lower @ vectors[..., -1:])[..., 0]
    return a / np.linalg.norm(a, axis=-1, keepdims=True)


def tracked(
    X: np.ndarray, speech: np.ndarray, noise: np.ndarray, *, drift: float, start: complex = 1.0, spread: float = 1.0
) -> np.ndarray:
    """RTF (..., T) of microphone 2 to microphone 1; that of a frame depends on no later one.

    X (2, ..., T), power of speech at microphone 1 (..., T), covariances of the noise (..., T, 2, 2). `drift` is the
    variance that the RTF gains from frame to frame, `start` and `spread` its mean and variance before the first.
    """
    n11, n21 = noise[..., 0, 0].real, noise[..., 1, 0]
    total = speech + n11
    share = np.where(total > 0, speech / np.where(total > 0, total, 1.0), 0.0)
    s, s_variance = share * X[0], share * n11  # of the speech given y1
    coherent = np.where(n11 > 0, n21 / np.where(n11 > 0, n11, 1.0), 0.0)  # n2 = coherent n1 + rest
    rest = np.maximum(noise[..., 1, 1].real - np.abs(coherent) ** 2 * n11, 0)
    unexplained = X[1] - coherent * X[0]  # (a - coherent) s + rest, in the mean

    a, P = np.full(s.shape[:-1], start, complex), np.full(s.shape[:-1], spread)
    path = np.empty(s.shape, complex)
    for t in range(s.shape[-1]):
        P = P + drift
        beyond = a - coherent[..., t]
        innovation = unexplained[..., t] - beyond * s[..., t]
        size = np.abs(s[..., t]) ** 2 * P
        variance = size + np.abs(beyond) ** 2 * s_variance[..., t] + rest[..., t]
        trusted = size > TINY  # no speech, nothing to learn
        over = np.where(trusted, variance, 1.0)
        a = a + np.where(trusted, P * s[..., t].conj() * innovation / over, 0)
        P = P * np.where(trusted, 1 - size / over, 1.0)
        path[..., t] = a
    return path
