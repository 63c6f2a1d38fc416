"""Two sounds in log power: their posterior under the log-sum interaction, by a vector Taylor series.

P. J. Moreno, B. Raj and R. M. Stern, "A vector Taylor series approach for environment-independent speech recognition",
ICASSP 1996; B. J. Frey, L. Deng, A. Acero and T. Kristjansson, "ALGONQUIN: Iterating Laplace's method to remove
multiple types of acoustic distortion for robust speech recognition", Eurospeech 2001. Speech x is a Gaussian mixture,
noise n one Gaussian, and in every band y = log(exp x + exp n) + e, where e has variance `psi`: the cross term that
phases leave. For each component of the mixture the sum is linearised around the posterior mean that the last iteration
gave, from the prior means on. With diagonal covariances that is a Kalman update of two scalars in each band.

Deviations: components are weighted by the likelihood of the linearised model, as in the vector Taylor series, and not
by Algonquin's variational bound. The noise, and the level of speech, are learnt on the scene by EM over those
posteriors.
"""

from dataclasses import dataclass, replace

import numpy as np

from cocktail.dsp.statistical.gmm import Gmm

CHUNK = 32
"""Frames at a time: bounds memory, not results."""
NOISE_VARIANCE = (0.05, 4.0)
"""Bounds of the noise's variance, in squared nepers of power; that of the log power of one bin of Gaussian noise is
pi^2 / 6."""


@dataclass(frozen=True)
class Scene:
    """What is known of the noise of a scene, and of the level of its speech."""

    mean: np.ndarray
    """(B,) log power of the noise."""
    variance: np.ndarray
    """(B,)."""
    level: float = 0.0
    """Added to the means of speech."""


@dataclass(frozen=True)
class Posterior:
    """Posterior means, and the sums that EM needs."""

    speech: np.ndarray
    """(B, T)."""
    noise: np.ndarray
    """(B, T)."""
    log_likelihood: float
    """Mean over frames, of the linearised model."""
    noise_square: np.ndarray
    """(B,): mean over frames of the noise's second moment around the mean of the Scene."""
    level_step: float
    """What the level of speech is too low by."""


def linearised(y, mu, sigma2, nu, tau2, psi: float, iterations: int):
    """Posterior of one band by iterated linearisation; all arguments broadcast.

    y: observed log power; mu, sigma2: mean and variance of speech; nu, tau2: of noise. Returns the posterior mean of
    speech and of noise, the posterior variance of noise, and the log-likelihood.
    """
    x, n = mu, nu
    for _ in range(iterations):
        g = 1 / (1 + np.exp(np.clip(n - x, -60, 60)))  # d y / d x; d y / d n = 1 - g
        error = y - (np.logaddexp(x, n) + g * (mu - x) + (1 - g) * (nu - n))
        s = g**2 * sigma2 + (1 - g) ** 2 * tau2 + psi
        x, n = mu + g * sigma2 / s * error, nu + (1 - g) * tau2 / s * error
    return x, n, tau2 - ((1 - g) * tau2) ** 2 / s, -0.5 * (np.log(2 * np.pi * s) + error**2 / s)


def infer(Y: np.ndarray, speech: Gmm, scene: Scene, *, psi: float, iterations: int) -> Posterior:
    """Posterior of log powers Y (B, T)."""
    mu = (speech.means + scene.level)[:, :, None].astype(np.float32)
    sigma2 = speech.variances[:, :, None].astype(np.float32)
    nu, tau2 = (x[:, None].astype(np.float32) for x in (scene.mean, scene.variance))
    x, n = np.empty_like(Y), np.empty_like(Y)
    likelihood, square, pull, stiffness = 0.0, np.zeros(len(Y)), 0.0, 0.0
    for start in range(0, Y.shape[1], CHUNK):
        at = slice(start, start + CHUNK)
        xc, nc, variance, joint = linearised(Y[:, at].astype(np.float32), mu, sigma2, nu, tau2, psi, iterations)
        joint = joint.sum(1) + np.log(speech.weights)[:, None]
        largest = joint.max(0)
        share = np.exp(joint - largest)
        likelihood += np.sum(largest + np.log(share.sum(0)), dtype=float)
        share = (share / share.sum(0)).astype(np.float32)
        x[:, at], n[:, at] = np.einsum("ct,cbt->bt", share, xc), np.einsum("ct,cbt->bt", share, nc)
        square += np.einsum("ct,cbt->b", share, (nc - nu) ** 2 + variance)
        pull += float(np.einsum("ct,cbt->", share, (xc - mu) / sigma2))
        stiffness += float(np.einsum("ct,cb->", share, 1 / sigma2[..., 0]))
    frames = Y.shape[1]
    return Posterior(x, n, likelihood / frames, square / frames, pull / stiffness)


def step(scene: Scene, posterior: Posterior) -> Scene:
    """The M-step: the noise and the level of speech that follow from a posterior."""
    mean = posterior.noise.mean(1)
    variance = posterior.noise_square - (mean - scene.mean) ** 2
    return replace(
        scene, mean=mean, variance=np.clip(variance, *NOISE_VARIANCE), level=scene.level + posterior.level_step
    )
