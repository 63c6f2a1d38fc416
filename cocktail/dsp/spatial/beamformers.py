"""Beamformers from spatial covariances: MVDR, multichannel Wiener filter and generalised eigenvector (max-SNR).

M. Souden, J. Benesty and S. Affes, "On optimal frequency-domain multichannel linear filtering for noise reduction",
IEEE Trans. ASLP 18(2), 2010; E. Warsitz and R. Haeb-Umbach, "Blind acoustic beamforming based on generalized
eigenvalue decomposition", IEEE Trans. ASLP 15(5), 2007.

Weights are (..., F, D), covariances (..., F, D, D); the output is w^H x. Microphone 1 (index 0) is the reference.

On a target of rank 1 the three differ by a complex gain per bin and have one output SNR, the largest there is. On a
target of full rank the eigenvector has the largest; `mwf` with rank=1 then equals `mvdr` in SNR, and the Wiener filter
of full rank trades SNR for the least mean square error: neither above nor below MVDR in general.

Deviations: noise covariances get `LOADING` of their mean eigenvalue on the diagonal, so that silence stays finite.
"""

import numpy as np

LOADING = 1e-9
"""Diagonal loading, relative to trace / D: far below any sensor noise, far above rounding."""


def covariance(X: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Spatial covariance: X (D, F, T), weight (F, T) or None for the plain mean over frames -> (F, D, D)."""
    weight = np.ones(X.shape[1:]) if weight is None else weight
    total = np.maximum(weight.sum(-1), np.finfo(float).tiny)
    Xf = X.swapaxes(0, 1)  # (F, D, T)
    return (Xf * weight[:, None]) @ Xf.conj().swapaxes(-1, -2) / total[:, None, None]


def loaded(phi: np.ndarray, loading: float = LOADING) -> np.ndarray:
    """`phi` (..., D, D) with that share of its mean eigenvalue on the diagonal; the identity where it is zero."""
    n_mics = phi.shape[-1]
    level = np.trace(phi, axis1=-2, axis2=-1).real / n_mics
    level = np.where(level > 0, loading * level, 1.0)
    return phi + level[..., None, None] * np.eye(n_mics)


def quadratic(x: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """x^H phi^-1 x > 0: vectors (..., T, D), regular covariances (..., D, D) -> (..., T)."""
    white = np.linalg.inv(np.linalg.cholesky(phi)) @ x.swapaxes(-1, -2)
    return np.maximum((white.real**2 + white.imag**2).sum(-2), np.finfo(float).tiny)


def rank_one(phi: np.ndarray) -> np.ndarray:
    """The nearest matrix of rank 1: (..., D, D) -> lambda_1 v_1 v_1^H."""
    values, vectors = np.linalg.eigh(phi)
    v = vectors[..., -1]
    return values[..., -1, None, None] * v[..., :, None] * v[..., None, :].conj()


def rank_one_in(noise: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The nearest matrix of rank 1 to target - noise where noise is white: both (..., D, D) -> (..., D, D).

    For a `target` estimated in noise, such as by a mask: as much of `noise` as leaked in falls away, and what is left
    is the principal component (covariance whitening: S. Markovich, S. Gannot and I. Cohen, "Multichannel eigenspace
    beamforming in a reverberant noisy environment with multiple interfering speech signals", IEEE Trans. ASLP 17(6),
    2009). Zero where the target is above the noise in no direction.
    """
    lower, values, vectors = whitened(target, noise)
    direction = lower @ vectors[..., -1:]
    power = np.maximum(values[..., -1] - 1, 0)[..., None, None]
    return power * (direction @ direction.conj().swapaxes(-1, -2))


def mvdr(target: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Least noise power under w^H a = 1, with a the relative transfer function of the target's principal component.

    Souden's parametric filter with mu = 0 on the target's rank-1 part: it never divides by a's first element, which may
    be near zero.
    """
    return _parametric(rank_one(target), noise, 0.0)


def towards(a: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Least noise power at a response of 1 to a talker with the transfer functions a (..., D), of any scale.

    MVDR with the talker's covariance a a^H; noise (..., D, D) -> (..., D). Zero where a is.
    """
    across = np.linalg.solve(loaded(noise), a[..., None])[..., 0]
    power = np.sum(a.conj() * across, -1, keepdims=True).real
    return across * a[..., :1].conj() / np.where(power > 0, power, 1.0)


def mwf(target: np.ndarray, noise: np.ndarray, *, mu: float = 1.0, rank: int | None = None) -> np.ndarray:
    """Speech-distortion-weighted multichannel Wiener filter; mu weighs noise reduction against distortion.

    rank=1: Souden's parametric filter on the target's principal component, which is MVDR as mu -> 0. rank=None: the
    target as it is, w = (target + mu noise)^-1 target u; with mu = 1 the linear filter of least mean square error.
    """
    if rank == 1:
        return _parametric(rank_one(target), noise, mu)
    return np.linalg.solve(target + mu * loaded(noise), target[..., :, :1])[..., 0]


def gev(target: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Largest output SNR per bin, with blind analytic normalisation and the phase of microphone 1.

    Both after Warsitz and Haeb-Umbach. The phase makes the target's response at microphone 1 real and positive: the
    eigenvector has none of its own.
    """
    lower, _, vectors = whitened(target, noise)
    w = np.linalg.solve(lower.conj().swapaxes(-1, -2), vectors[..., -1:])  # (..., D, 1)
    n_mics = noise.shape[-1]
    pw = loaded(noise) @ w
    gain = np.sqrt(_power(pw, pw) / n_mics) / np.maximum(_power(w, pw), np.finfo(float).tiny)
    response = (w.conj().swapaxes(-1, -2) @ target[..., :, :1])[..., 0, 0]
    size = np.abs(response)
    phase = np.where(size > 0, response / np.where(size > 0, size, 1.0), 1.0)
    return (w[..., 0]) * (gain * phase)[..., None]


def whitened(target: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cholesky factor L of the noise, eigenvalues (ascending) and eigenvectors of L^-1 target L^-H."""
    lower = np.linalg.cholesky(loaded(noise))
    half = np.linalg.solve(lower, target)
    white = np.linalg.solve(lower, half.conj().swapaxes(-1, -2))
    return lower, *np.linalg.eigh((white + white.conj().swapaxes(-1, -2)) / 2)


def apply(w: np.ndarray, X: np.ndarray) -> np.ndarray:
    """w^H x: weights (..., F, D) on X (D, F, T) -> (..., F, T)."""
    return (w.conj()[..., None, :] @ X.swapaxes(0, 1))[..., 0, :]


def _parametric(target, noise, mu):
    """noise^-1 target u / (mu + trace(noise^-1 target)); zero where there is no target."""
    ratio = np.linalg.solve(loaded(noise), target)
    gain = mu + np.trace(ratio, axis1=-2, axis2=-1).real
    return ratio[..., :, 0] / np.where(gain > 0, gain, 1.0)[..., None]


def _power(a, b):
    return (a.conj().swapaxes(-1, -2) @ b)[..., 0, 0].real
