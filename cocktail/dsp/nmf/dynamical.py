"""The non-negative dynamical system: NMF whose activations follow from those of the frame before.

C. Fevotte, J. Le Roux and J. R. Hershey, "Non-negative dynamical system with application to speech and audio", ICASSP
2013. A spectrogram V has the expectation W H, with the noise that its divergence stands for: exponential for Itakura-
Saito on powers, Poisson for Kullback-Leibler on magnitudes. Activations evolve by multiplicative innovations,
h_n = (A h_{n-1} + b) * e_n, where e_n is gamma with shape and rate alpha, so that its mean is 1. The objective:

    C = D(V | W H) + mu |H|_1 + alpha sum_kn [h_kn / g_kn - log (h_kn / g_kn)],   g_n = A h_{n-1} + b

Every update minimises a majoriser (Jensen for convex terms, tangents for concave ones), so that C never rises. With A
the identity and b = 0 the penalty is the smoothness of C. Fevotte, "Majorization-minimization algorithm for smooth
Itakura-Saito nonnegative matrix factorization", ICASSP 2011.

Shapes: V (F, T), W (F, R), H (R, T), all above 0; transitions (R, R + 1) hold A and, as their last column, b. `follows`
(T - 1,) is 1 where frame n + 1 follows frame n, 0 where another recording begins; the first frame of each has a flat
prior over log h.

Deviations: b is not in the paper. Without it a component can only rise as fast as others let it, and the onset of a
sound out of silence costs alpha times the ratio of its power to that of the silence. C is the mode over log h; over h
itself, log h_kn has the weight alpha - 1, and C falls without limit as a component fades. The paper goes through the
frames in turn; here the even frames are updated together, then the odd ones. A frame's terms hold its neighbours alone,
so that this descends as well, and needs two products instead of T.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from cocktail.dsp.nmf import updates

TINY = 1e-12
"""Least activation and least transition: a model that was zero once would stay so."""


@dataclass(frozen=True)
class Prior:
    """What is expected of activations H (R, T)."""

    transitions: torch.Tensor | None
    """A and b, (R, R + 1); None where frames know nothing of each other."""
    alpha: float | torch.Tensor
    """Shape of the innovations; a number, or one for each row, (R, 1)."""
    mu: float | torch.Tensor = 0.0
    """Sparsity; a number, or one for each frame, (T,)."""
    follows: float | torch.Tensor = 1.0
    """(T - 1,)."""

    def expected(self, H):
        """g of every frame but the first, (R, T - 1)."""
        return self.transitions @ before(H)

    def cost(self, H) -> float:
        """The terms of the objective besides the divergence, in double precision."""
        H = H.double()
        sparsity = float((self.mu * H).sum())
        if self.transitions is None:
            return sparsity
        innovation = H[:, 1:] / (self.transitions.double() @ before(H))
        return sparsity + float((self.alpha * self.follows * (innovation - innovation.log())).sum())


def joined(recordings: Sequence[np.ndarray]):
    """Spectrograms one after the other, V (F, T), and `follows`."""
    V = torch.as_tensor(np.concatenate(recordings, axis=1))
    follows = V.new_ones(V.shape[1] - 1)
    follows[np.cumsum([part.shape[1] for part in recordings])[:-1] - 1] = 0
    return V, follows


def before(H):
    """What frames 1 ... T - 1 follow from: H (R, T) -> (R + 1, T - 1), the last row being 1."""
    return torch.cat([H[:, :-1], H.new_ones(1, H.shape[1] - 1)])


def objective(V, W, H, prior: Prior, divergence: str) -> float:
    """C, in double precision."""
    return updates.objective(V, W, H, 0.0, divergence) + prior.cost(H)


def update_activations(V, W, H, prior: Prior, divergence: str, *, times=None, plus=None):
    """One update of H, even frames first; the objective does not rise.

    `times`, `plus` (F, T): V is modelled by times * (W H) + plus, where H is one factor of a larger model; 1 and 0.
    """
    for first in (0, 1):
        part = slice(first, None, 2)
        up, down = _evidence(V, W, H, divergence, times, plus, part)
        p, q, bend = (x[:, part] for x in _innovations(H, prior))
        # The majoriser of an entry is p / h + q h - bend log h.
        old, q = H[:, part], q + down
        if divergence == "kl":
            bend = bend + old * up
            p = p * old**2
        else:
            p = (p + up) * old**2
        H = H.clone()
        H[:, part] = ((bend + (bend**2 + 4 * p * q).sqrt()) / (2 * q)).clamp_min(TINY)
    return H


def _evidence(V, W, H, divergence, times, plus, part):
    """What a unit of each activation adds to the model, weighed by V / model^2 or V / model, and by 1 / model or 1."""
    v, model = V[:, part], W @ H[:, part]
    times = None if times is None else times[:, part]
    if times is not None:
        model = model * times
    if plus is not None:
        model = model + plus[:, part]
    up, down = updates.evidence(v, model, divergence)
    if times is not None:
        up, down = up * times, down * times
    return W.mT @ up, W.mT @ down


def _innovations(H, prior):
    """p / h_old^2, q and bend of each entry, (R, T): what sparsity and the two innovations it takes part in add."""
    p, q, bend = torch.zeros_like(H), torch.zeros_like(H) + prior.mu, torch.zeros_like(H)
    if prior.transitions is None:
        return p, q, bend
    expected = 1 / prior.expected(H)
    weight = (prior.alpha * prior.follows * torch.ones_like(expected)) * expected
    A = prior.transitions[:, :-1]
    p[:, :-1] += A.mT @ (weight * H[:, 1:] * expected)  # what the next frame says of this one
    q[:, :-1] += A.mT @ weight
    q[:, 1:] += weight
    bend[:, 1:] += prior.alpha * prior.follows
    return p, q, bend


def update_bases(V, W, H, prior: Prior, divergence: str, *, times=None):
    """One update of W, its columns scaled to unit norm, and of H and the transitions by the inverse scale.

    The innovations stay under the scaling, and the objective does not rise. `times` as for `update_activations`.
    Returns (W, H, prior).
    """
    W, scaled = updates.update_bases(V, W, H, prior.mu, divergence, times=times)
    norm = scaled.sum(1) / H.sum(1)
    transitions = prior.transitions * norm[:, None] / torch.cat([norm, norm.new_ones(1)])
    return W, scaled, Prior(transitions.clamp_min(TINY), prior.alpha, prior.mu, prior.follows)


def update_transitions(H, prior: Prior) -> Prior:
    """One update of A and b; the objective does not rise."""
    past, expected = before(H), 1 / prior.expected(H)
    weight = prior.alpha * prior.follows * torch.ones_like(expected)
    up, down = (weight * H[:, 1:] * expected**2) @ past.mT, (weight * expected) @ past.mT
    transitions = (prior.transitions * (up / down.clamp_min(TINY)).sqrt()).clamp_min(TINY)
    return Prior(transitions, prior.alpha, prior.mu, prior.follows)
