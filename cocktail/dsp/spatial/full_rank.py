"""EM of the full-rank spatial covariance model, batched over bins.

N. Q. K. Duong, E. Vincent and R. Gribonval, "Under-determined reverberant audio source separation using a full-rank
spatial covariance model", IEEE Trans. ASLP 18(7), 2010. Source j has power v_j(f, t) and spatial covariance R_j(f);
the mixture is Gaussian with covariance sum_j v_j R_j.

Two sources are diagonalised together once per bin and iteration, R_1 = A L A^H and R_2 = A A^H, so that no matrix is
inverted per frame: the same numbers as `general_step`, many times faster. More sources take `general_step`.

Deviations: R_j has an inverse-Wishart prior of weight `PRIOR` (the M-step adds it to the diagonal), and v_j a floor, so
that neither becomes singular. EM then climbs likelihood + prior, the value that is returned; the prior's share is tiny.
"""

from dataclasses import dataclass

import numpy as np

ITERATIONS = 20
"""Of EM."""

PRIOR = 1e-6
"""Added to the diagonal of R_j, whose trace starts at D."""

FLOOR = 1e-10
"""Least power v_j; the mean power of the mixture is 1."""


@dataclass(frozen=True)
class Step:
    """What one pass over the data yields."""

    covariances: np.ndarray
    """(K, F, D, D): the next R_j."""
    powers: np.ndarray
    """(K, F, T): the next v_j."""
    first: np.ndarray
    """(K, F, T): posterior mean of the sources at microphone 1 under the old parameters."""
    objective: float
    """Log likelihood plus log prior of the old parameters, up to a constant."""


@dataclass(frozen=True)
class Fit:
    """What EM ends with."""

    covariances: np.ndarray
    """(K, F, D, D): R_j."""
    powers: np.ndarray
    """(K, F, T): v_j, where the mean power of the mixture is 1."""
    images: np.ndarray
    """(K, F, T): sources at microphone 1, as loud as in the mixture."""
    objective: np.ndarray
    """(iterations + 1,): of every step."""


def fit(X: np.ndarray, covariances: np.ndarray, iterations: int = ITERATIONS) -> Fit:
    """EM from initial spatial covariances (K, F, D, D) of trace D on X (D, F, T) of any scale."""
    n_mics = len(X)
    scale = np.sqrt(np.mean(np.abs(X) ** 2))
    if not scale > 0:
        powers = np.full((len(covariances), *X.shape[1:]), FLOOR)
        return Fit(covariances, powers, np.zeros(powers.shape, complex), np.zeros(iterations + 1))
    x = np.ascontiguousarray((X / scale).swapaxes(0, 1))  # (F, D, T)
    R = covariances + PRIOR * np.eye(n_mics)
    v = np.repeat(np.mean(np.abs(x) ** 2, axis=1)[None] / len(R), len(R), axis=0)
    v = np.maximum(v, FLOOR)
    step = joint_step if len(R) == 2 else general_step
    objective = []
    for _ in range(iterations + 1):
        result = step(x, R, v)
        objective.append(result.objective)
        R, v = result.covariances, result.powers
    return Fit(R, v, result.first * scale, np.array(objective))


def general_step(x: np.ndarray, R: np.ndarray, v: np.ndarray) -> Step:
    """One EM iteration for any number of sources: x (F, D, T), R (K, F, D, D), v (K, F, T)."""
    n_mics, n_frames = x.shape[1:]
    mixed = np.einsum("kft,kfde->ftde", v, R)  # covariance of the mixture
    inverse = np.linalg.inv(mixed)
    white = np.einsum("ftde,fet->ftd", inverse, x)
    likelihood = np.linalg.slogdet(mixed)[1] + np.einsum("fdt,ftd->ft", x.conj(), white).real
    covariances, powers, first = np.empty_like(R), np.empty_like(v), np.empty(v.shape, complex)
    for j in range(len(R)):
        prior = v[j, ..., None, None] * R[j][:, None]
        wiener = prior @ inverse  # E-step: Wiener filter
        image = np.einsum("ftde,fet->ftd", wiener, x)  # E-step: source image
        posterior = image[..., :, None] * image[..., None, :].conj() + prior - wiener @ prior  # E-step
        power = np.einsum("fde,fted->ft", np.linalg.inv(R[j]), posterior).real / n_mics  # M-step
        powers[j] = np.maximum(power, FLOOR)
        covariances[j] = np.einsum("ft,ftde->fde", 1 / powers[j], posterior) / n_frames  # M-step
        first[j] = image[..., 0]
    objective = -likelihood.sum() + _log_prior(R, n_frames)
    return Step(_regular(covariances), powers, first, objective)


def joint_step(x: np.ndarray, R: np.ndarray, v: np.ndarray) -> Step:
    """`general_step` for two sources, in the basis A that makes both covariances diagonal."""
    n_frames = x.shape[-1]
    lower = np.linalg.cholesky(R[1])
    half = np.linalg.solve(lower, R[0])
    values, vectors = np.linalg.eigh(np.linalg.solve(lower, half.conj().swapaxes(-1, -2)))
    A = lower @ vectors
    y = np.linalg.solve(A, x)
    diagonal = np.stack([np.maximum(values, PRIOR**2), np.ones_like(values)])  # (2, F, D)
    parts = v[:, :, None] * diagonal[..., None]  # (2, F, D, T)
    total = parts.sum(0)
    log_det = 2 * np.log(np.abs(np.linalg.det(A))).sum() * n_frames
    energy = y.real**2 + y.imag**2
    objective = -(log_det + np.log(total).sum() + (energy / total).sum()) + _log_prior(R, n_frames)
    covariances, powers, first = np.empty_like(R), np.empty_like(v), np.empty(v.shape, complex)
    for j in range(2):
        gain = parts[j] / total
        spread = (1 - gain) * parts[j]
        powers[j] = np.maximum(np.mean((gain**2 * energy + spread) / diagonal[j][..., None], axis=1), FLOOR)
        image = gain * y
        weight = 1 / powers[j][:, None]
        outer = (image * weight) @ image.conj().swapaxes(-1, -2)
        outer += (spread * weight).sum(-1)[:, :, None] * np.eye(x.shape[1])
        covariances[j] = A @ (outer / n_frames) @ A.conj().swapaxes(-1, -2)
        first[j] = (A[:, :1] @ image)[:, 0]
    return Step(_regular(covariances), powers, first, objective)


def _regular(R):
    """Hermitian, with the prior's share of the M-step."""
    return (R + R.conj().swapaxes(-1, -2)) / 2 + PRIOR * np.eye(R.shape[-1])


def _log_prior(R, n_frames):
    return -PRIOR * n_frames * np.trace(np.linalg.inv(R), axis1=-2, axis2=-1).real.sum()
