"""Multichannel Gaussian mixture model (MCGMM): what talkers sound like is known, how they reach microphones is learnt.

H. Attias, "New EM algorithms for source separation and deconvolution with a microphone array", ICASSP 2003;
J. R. Hershey, J. Le Roux and F. Weninger, "Deep unfolding: model-based inspiration of novel deep architectures",
arXiv:1409.2574, 2014; S. Wisdom, J. R. Hershey, J. Le Roux and S. Watanabe, "Deep unfolding for multichannel source
separation", ICASSP 2016.

    y_ft = A_f x_ft + n_ft,  n ~ N(0, 1 / psi_f),  x_kft | s_kt ~ N(0, v_sf),  s_kt ~ pi

One state per talker and frame ties the bins together. Inference is variational: q(x) and q(s) of every talker are
independent, and each step of `iterate` is the best of its factor while the others stay, so that the bound never falls.

Deviations: states have no Markov random field. Nothing but the abstracts of the papers was at hand; the updates follow
from the model.

Shapes: observations y (..., F, T, D), talkers x (..., F, T, K), channels A (..., F, D, K), states q (..., T, K, S), all
of them tensors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

LEAST = 1e-4
"""Of the noise's power, over that of the mixture in a bin."""
START = 0.1
"""The noise's power at first, likewise."""


@dataclass(frozen=True)
class States:
    """The mixture that talkers are of."""

    log_weights: torch.Tensor
    """log pi (S,)."""
    log_variances: torch.Tensor
    """log v (S, F)."""


@dataclass(frozen=True)
class Layer:
    """An iteration."""

    states: States
    step: torch.Tensor | float = 1.0
    """How far channels go from where they are, 0, to least squares, 1."""


@dataclass(frozen=True)
class Scene:
    """What is believed of a scene."""

    channels: torch.Tensor
    """A."""
    precision: torch.Tensor
    """psi (..., F)."""
    states: torch.Tensor
    """q(s) (..., T, K, S)."""
    mean: torch.Tensor
    """Of x (..., F, T, K)."""
    covariance: torch.Tensor
    """Of x (..., F, T, K, K)."""

    @property
    def images(self) -> torch.Tensor:
        """Talkers at microphone 1, (..., K, F, T)."""
        return (self.channels[..., None, 0, :] * self.mean).movedim(-1, -3)


def separate(y: torch.Tensor, A: torch.Tensor, powers: torch.Tensor, layers: Sequence[Layer]) -> Scene:
    """From channels A and powers of the talkers (..., F, T, K) on.

    Layers are all alike, unless they were trained. y and powers have unit mean, as what the states were learnt from.
    """
    scene = begin(y, A, powers, layers[0].states)
    for layer in layers:
        scene = iterate(y, scene, layer)
    return scene


def begin(y: torch.Tensor, A: torch.Tensor, powers: torch.Tensor, states: States) -> Scene:
    """Talkers of states that these powers tell."""
    return _with_talkers(y, A, 1 / (START * _level(y)), posterior(powers, states), states)


def iterate(y: torch.Tensor, scene: Scene, layer: Layer) -> Scene:
    """A and psi, q(s), q(x), one after the other."""
    A, psi = channels(y, scene, layer.step)
    q = posterior(powers_of(scene.mean, scene.covariance), layer.states)
    return _with_talkers(y, A, psi, q, layer.states)


def _with_talkers(y, A, psi, q, states):
    precisions = q @ (-states.log_variances).exp()  # (..., T, K, F)
    return Scene(A, psi, q, *talkers(y, A, psi, precisions.movedim(-1, -3)))


def talkers(y, A, psi, prior):
    """q(x): mean (..., F, T, K) and covariance (..., F, T, K, K), under precisions `prior` (..., F, T, K)."""
    across = psi[..., None, None] * A.mH  # (..., F, K, D)
    precision = (across @ A)[..., None, :, :] + torch.diag_embed(prior).to(A.dtype)
    covariance = _inverse(precision)
    heard = y @ across.mT  # (..., F, T, K)
    return (covariance * heard[..., None, :]).sum(-1), covariance


def posterior(powers, states):
    """q(s) (..., T, K, S) of the powers of talkers (..., F, T, K)."""
    return torch.softmax(_joint(powers, states), -1)


def _joint(powers, states):
    constant = states.log_weights - states.log_variances.sum(-1)
    return constant - powers.movedim(-3, -1) @ (-states.log_variances).exp().mT


def channels(y, scene, step):
    """A, a step towards least squares on what is believed of x, and the precision of what is then left."""
    mean, covariance = scene.mean, scene.covariance
    yx = y.mT @ mean.conj()  # (..., F, D, K)
    xx = mean.mT @ mean.conj() + covariance.sum(-3)
    A = scene.channels + step * (torch.linalg.solve(xx.mT, yx.mT).mT - scene.channels)
    total = y.shape[-2] * y.shape[-1]
    left = (y.abs().square().sum((-2, -1)) + ((A @ xx - 2 * yx) * A.conj()).sum((-2, -1)).real) / total
    return A, 1 / torch.maximum(left, LEAST * _level(y))


def bound(y: torch.Tensor, scene: Scene, states: States) -> torch.Tensor:
    """Variational bound of log p(y), (...), but for a constant."""
    q, (T, D) = scene.states, y.shape[-2:]
    A, mean, covariance, psi = scene.channels, scene.mean, scene.covariance, scene.precision
    error = (y - mean @ A.mT).abs().square().sum((-2, -1))
    spread = ((A.mH @ A)[..., None, :, :] * covariance.mT).sum((-3, -2, -1)).real
    heard = (T * D * psi.log() - psi * (error + spread)).sum(-1)
    known = _joint(powers_of(mean, covariance), states)
    tiny = torch.finfo(q.dtype).tiny
    return (
        heard + torch.logdet(covariance).real.sum((-2, -1)) + (q * (known - q.clamp_min(tiny).log())).sum((-3, -2, -1))
    )


def powers_of(mean, covariance):
    """E[|x|^2] (..., F, T, K)."""
    return mean.abs().square() + covariance.diagonal(dim1=-2, dim2=-1).real


def _level(y):
    """Mean power of a bin (..., F); 1 where it is silent."""
    level = y.abs().square().mean((-2, -1))
    return torch.where(level > 0, level, torch.ones_like(level))


def _inverse(M):
    """Of positive definite matrices (..., K, K); those of two talkers in closed form, which is much faster."""
    if M.shape[-1] != 2:
        return torch.linalg.inv(M)
    a, b, c, d = M[..., 0, 0], M[..., 0, 1], M[..., 1, 0], M[..., 1, 1]
    rows = (torch.stack([d, -b], -1), torch.stack([-c, a], -1))
    return torch.stack(rows, -2) / (a * d - b * c)[..., None, None]
