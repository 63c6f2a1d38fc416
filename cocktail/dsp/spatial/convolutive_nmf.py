"""NMF of convolutive mixtures: each source reaches the microphones by one transfer function, its power is an NMF.

A. Ozerov and C. Fevotte, "Multichannel nonnegative matrix factorization in convolutive mixtures for audio source
separation", IEEE TASLP 18(3), 2010, by EM. At each bin x = A_f s + b: s_j is Gaussian with the power P_j = sum_r w_fr
h_rt over the components r of source j, b Gaussian noise of power sigma_f in each channel.

Shapes: x (F, T, D), A (F, D, J), W (F, r), H (r, T), source (r,) the source that each component belongs to.
"""

from dataclasses import dataclass, replace

import numpy as np

LEAST = 1e-10
"""Least entry of W and H; the mean power of the mixture is 1."""

NOISE = (0.3, 0.1)
"""sigma at the first and the last iteration, of the mean power of the bin: what rooms leave of a transfer function."""


@dataclass(frozen=True)
class Model:
    """The parameters."""

    A: np.ndarray
    """(F, D, J)."""
    W: np.ndarray
    """(F, r)."""
    H: np.ndarray
    """(r, T)."""
    source: np.ndarray
    """(r,)."""

    @property
    def powers(self) -> np.ndarray:
        """P (J, F, T)."""
        members = (self.source == j for j in range(self.A.shape[-1]))
        return np.stack([self.W[:, own] @ self.H[own] for own in members])


@dataclass(frozen=True)
class Posterior:
    """What the E-step says of the sources."""

    mean: np.ndarray
    """(J, F, T): of s."""
    gain: np.ndarray
    """(J, F, T): how much of itself a source gets back, (G A)_jj."""
    second: np.ndarray
    """(F, J, J): mean over frames of s s^H."""
    likelihood: float
    """Log likelihood of the parameters, up to a constant."""


def posterior(x: np.ndarray, model: Model, sigma: np.ndarray) -> Posterior:
    """The E-step. sigma (F,)."""
    A, P = model.A, model.powers
    S = np.einsum("jft,fdj,fej->ftde", P, A, A.conj(), optimize=True) + sigma[:, None, None, None] * np.eye(A.shape[1])
    inverse = np.linalg.inv(S)
    G = np.einsum("jft,fdj,ftde->ftje", P, A.conj(), inverse, optimize=True)  # Wiener filters (F, T, J, D)
    mean = np.einsum("ftje,fte->jft", G, x)
    back = G @ A[:, None]  # (F, T, J, J)
    second = np.einsum("jft,kft->fjk", mean, mean.conj()) - np.einsum("ftjk,kft->fjk", back, P)
    second += np.einsum("jft,jk->fjk", P, np.eye(len(P)))
    second = (second + second.conj().swapaxes(-1, -2)) / 2
    energy = np.einsum("ftd,ftde,fte->ft", x.conj(), inverse, x, optimize=True).real
    likelihood = -float((energy + np.linalg.slogdet(S)[1]).sum())
    return Posterior(mean, np.einsum("ftjj->jft", back).real, second / x.shape[1], likelihood)


def update(x: np.ndarray, model: Model, sigma: np.ndarray) -> tuple[Model, float]:
    """One iteration of EM: the next parameters, and the log likelihood of those given."""
    expected, P = posterior(x, model, sigma), model.powers
    cross = np.einsum("ftd,jft->fdj", x, expected.mean.conj()) / x.shape[1]
    least = 1e-12 * np.trace(expected.second, axis1=-2, axis2=-1).real[:, None, None]  # a silent source has no inverse
    A = cross @ np.linalg.inv(expected.second + least * np.eye(len(P)))
    W, H = model.W.copy(), model.H.copy()
    for r, j in enumerate(model.source):
        p = model.W[:, r : r + 1] * model.H[r]
        share = p / np.maximum(P[j], np.finfo(float).tiny)
        u = share**2 * np.abs(expected.mean[j]) ** 2 + p * (1 - share * expected.gain[j])  # posterior power
        W[:, r] = np.mean(u / model.H[r], axis=1)
        H[r] = np.mean(u / np.maximum(W[:, r : r + 1], LEAST), axis=0)
    return _normalised(replace(model, A=A, W=np.maximum(W, LEAST), H=np.maximum(H, LEAST))), expected.likelihood


def _normalised(model):
    """Columns of A of squared norm D; their scale goes to W, then that of W to H. The likelihood stays."""
    scale = np.sqrt(np.mean(np.abs(model.A) ** 2, axis=1))  # (F, J)
    W = model.W * scale[:, model.source] ** 2
    total = W.sum(0)
    return replace(model, A=model.A / scale[:, None], W=W / total, H=model.H * total[:, None])


def separate(
    X: np.ndarray, A: np.ndarray, W: np.ndarray, H: np.ndarray, iterations: int, noise: tuple[float, float] = NOISE
) -> tuple[np.ndarray, np.ndarray]:
    """Images at microphone 1 from initial transfer functions and components, while the noise is annealed.

    X (D, F, T) of any scale, A (F, D, J), W (J, F, r) and H (J, r, T) for a mixture of unit power -> ((J, F, T), log
    likelihoods). The square root of the noise falls linearly.
    """
    n_sources, _, components = W.shape
    scale = np.sqrt(np.mean(np.abs(X) ** 2))
    if not scale > 0:
        return np.zeros((n_sources, *X.shape[1:]), complex), np.zeros(iterations)
    x = np.moveaxis(X / scale, 0, -1)
    level = np.mean(np.abs(x) ** 2, axis=(1, 2)) + LEAST
    W, H = np.maximum(np.concatenate(W, axis=-1), LEAST), np.maximum(np.concatenate(H), LEAST)
    model = _normalised(Model(A, W, H, np.repeat(np.arange(n_sources), components)))
    likelihoods = []
    for root in np.linspace(*np.sqrt(noise), iterations):
        model, likelihood = update(x, model, level * root**2)
        likelihoods.append(likelihood)
    expected = posterior(x, model, level * noise[-1])
    return np.moveaxis(model.A[:, 0], -1, 0)[..., None] * expected.mean * scale, np.array(likelihoods)
