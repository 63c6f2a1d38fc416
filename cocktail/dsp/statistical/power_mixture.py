"""Mixtures of zero-mean complex Gaussians with diagonal covariances, of STFT frames; their powers are all it takes.

H. Attias, "New EM algorithms for source separation and deconvolution with a microphone array", ICASSP 2003.

    log p(x, s) = log pi_s - sum_f (log v_sf + |x_f|^2 / v_sf), but for a constant
"""

from dataclasses import dataclass

import numpy as np

FLOOR = 1e-5
"""Of variances, over the mean power of all frames and bins."""


@dataclass(frozen=True)
class PowerMixture:
    """S states of F bins."""

    weights: np.ndarray
    """(S,), sum 1."""
    variances: np.ndarray
    """(S, F)."""

    def joint(self, P: np.ndarray) -> np.ndarray:
        """log p(x, state) of the powers P (F, T) -> (S, T)."""
        return (np.log(self.weights) - np.log(self.variances).sum(1))[:, None] - (1 / self.variances) @ P


def learn(
    P: np.ndarray, n_states: int, iterations: int, rng: np.random.Generator
) -> tuple[PowerMixture, list[float]]:  # fmt: skip
    """A mixture of the powers P (F, T), and the mean log likelihood before every iteration of EM.

    It starts from frames drawn at random, each averaged with the mean at its level. Raises ValueError where T is below
    S.
    """
    if P.shape[1] < n_states:
        raise ValueError(f"{P.shape[1]} frames cannot teach {n_states} states")
    floor = FLOOR * P.mean()
    drawn = P[:, rng.choice(P.shape[1], n_states, replace=False)].T
    shape = P.mean(1) / P.mean()
    start = (drawn + drawn.mean(1, keepdims=True) * shape) / 2
    mixture = PowerMixture(np.full(n_states, 1 / n_states), np.maximum(start, floor))
    history = []
    for _ in range(iterations):
        joint = mixture.joint(P)
        peak = joint.max(0)
        share = np.exp(joint - peak)
        total = share.sum(0)
        history.append(float(np.mean(peak + np.log(total))))
        share /= total
        counts = share.sum(1)
        alive = counts > 1e-3  # a state that nothing belongs to stays where it is
        found = share @ P.T / np.where(alive, counts, 1.0)[:, None]
        variances = np.where(alive[:, None], np.maximum(found, floor), mixture.variances)
        weights = np.maximum(counts, 1e-3)
        mixture = PowerMixture(weights / weights.sum(), variances)
    return mixture, history
