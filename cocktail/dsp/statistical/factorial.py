"""Factorial hidden Markov models of a mixture whose every bin belongs to its loudest talker.

S. T. Roweis, "Factorial models and refiltering for speech separation and denoising", Eurospeech 2003; S. J. Rennie,
J. R. Hershey and P. A. Olsen, "Single-channel multitalker speech recognition", IEEE Signal Processing Magazine 27(6),
2010; variational inference between masks and states: S. J. Rennie, J. R. Hershey and P. A. Olsen, "Variational loopy
belief propagation for multi-talker speech recognition", Interspeech 2009.

K talkers, each a Markov chain of V states whose frames are of one of C Gaussians; y (F, T) is the log power of the
mixture. The max model: y = max_k x_k in every bin, so that with p the density and Phi the distribution function of a
talker's bin given its Gaussian,

    p(y | c_1 .. c_K) = sum_k p(y | c_k) prod_{j != k} Phi(y | c_j),

the sum over who is the loudest, the mask d. Exact inference goes over pairs of states. The variational posterior
q(d) prod_k q_k(states) makes the talkers independent: the work grows with K and C, not with C^K, and the log-likelihood
of talker k's Gaussians is linear in the mask. Its local optima are many, and it starts from loopy belief propagation,
in which a talker's Gaussians meet the others' average density in every bin, and whose log-likelihoods count more from
round to round.

Deviations: a bin's density, over its distribution function, has a floor, so that a bin that is too loud for all talkers
cannot decide a frame. Variational chains keep their own Markov structure and are not factorised over time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cocktail.dsp.statistical import hmm

RATIO_FLOOR = -30.0
"""Least log of density over distribution function."""
GROUP = 16
"""Factors multiplied between two logarithms: their product stays above 1e-300."""
SMALLEST = np.float32(1e-30)
"""Least average density."""
BLOCK = 24
"""Frames whose forward variables exact inference keeps at a time; of the others it keeps every BLOCK-th."""


@dataclass(frozen=True)
class Talker:
    """A chain whose states share Gaussians."""

    means: np.ndarray
    """(C, F)."""
    variances: np.ndarray
    """(C, F)."""
    emission: np.ndarray
    """(V, C): p(Gaussian | state)."""
    chain: hmm.Chain


@dataclass(frozen=True)
class Heard:
    """What the bins say of each Gaussian of a talker."""

    density: np.ndarray
    """(T, C, F): log p(y | c)."""
    below: np.ndarray
    """(T, C, F): log Phi(y | c)."""


def hear(talker: Talker, y: np.ndarray) -> Heard:
    """Of log powers y (F, T); float32."""
    import torch

    deviation = np.sqrt(talker.variances).astype(np.float32)
    z = (y.T[:, None] - talker.means).astype(np.float32) / deviation
    below = torch.special.log_ndtr(torch.as_tensor(z)).numpy()
    density = -0.5 * z**2 - np.log(deviation * np.float32(np.sqrt(2 * np.pi)))
    return Heard(np.maximum(density, below + np.float32(RATIO_FLOOR)), below)


def pair_likelihood(first: Heard, second: Heard, t: int) -> np.ndarray:
    """log p(y_t | c_1, c_2), (C_1, C_2)."""
    r1, r2 = (np.exp((heard.density[t] - heard.below[t]).astype(float)).T.copy() for heard in (first, second))
    total = first.below[t].sum(1, dtype=float)[:, None] + second.below[t].sum(1, dtype=float)
    product, term = np.ones_like(total), np.empty_like(total)
    for f in range(len(r1)):
        np.add(r1[f][:, None], r2[f], out=term)
        product *= term
        if f % GROUP == GROUP - 1:
            total += np.log(product)
            product[:] = 1
    return total + np.log(product)


@dataclass(frozen=True)
class Inference:
    """Posteriors of a mixture."""

    masks: np.ndarray
    """(K, F, T): probability that a talker is the loudest, sum 1."""
    states: list[np.ndarray]
    """(V, T) for each talker."""
    bounds: list[float]
    """The log-likelihood if exact; its lower bound after each iteration if not."""


def exact(talkers: Sequence[Talker], y: np.ndarray, pairs: int = 40) -> Inference:
    """Two talkers, over all pairs of states; masks over the `pairs` likeliest pairs of Gaussians of each frame."""
    first, second = talkers
    heard = [hear(talker, y) for talker in talkers]
    E1, E2 = (talker.emission.astype(np.float32) for talker in talkers)
    masks = np.empty((2, *y.shape))
    states = [np.empty((len(talker.emission), y.shape[1])) for talker in talkers]

    local = [_relative(pair_likelihood(*heard, t)) for t in range(y.shape[1])]

    def each(t, ahead_of_frame, B):
        """`ahead_of_frame` (V_1, V_2): joint posterior over p(y_t | states)."""
        joint = ahead_of_frame * (E1 @ B @ E2.T)
        joint /= joint.sum()
        states[0][:, t], states[1][:, t] = joint.sum(1), joint.sum(0)
        gaussians = (E1.T @ ahead_of_frame @ E2) * B
        best = np.argpartition(gaussians, -min(pairs, gaussians.size), axis=None)[-pairs:]
        c1, c2 = np.unravel_index(best, gaussians.shape)
        weight = gaussians[c1, c2] / gaussians[c1, c2].sum()
        r1, r2 = (h.density[t, c] - h.below[t, c] for h, c in zip(heard, (c1, c2), strict=True))
        masks[0, :, t] = weight @ (1 / (1 + np.exp(np.clip(r2 - r1, -60, 60))))

    likelihood = _sweep((first.chain, second.chain), lambda B: E1 @ B @ E2.T, local, each)
    masks[1] = 1 - masks[0]
    return Inference(masks, states, [likelihood])


def _relative(L):
    """Likelihoods relative to the largest, and the logarithm of that one."""
    largest = L.max()
    return np.exp(L - largest).astype(np.float32), largest


def _sweep(chains, spread: Callable, local: list, each: Callable) -> float:
    """Forward and backward over pairs of states; calls `each` from the last frame to the first.

    `local`: of each frame, the likelihoods of pairs of Gaussians and the logarithm of their scale; `spread` makes those
    of pairs of states of them.
    """
    from scipy.sparse import csr_array

    n_frames = len(local)

    A1, A2 = (csr_array(chain.transition.astype(np.float32)) for chain in chains)
    A1T, A2T = A1.T.tocsr(), A2.T.tocsr()

    def forward(alpha):
        return A1T @ (A2T @ alpha.T).T  # A1^T alpha A2

    def backward(beta):
        return A1 @ (A2 @ beta.T).T

    def advance(reached, t):
        """Forward variable of frame t and the logarithm of its scale."""
        B, largest = local[t]
        alpha = reached * spread(B)
        scale = float(alpha.sum(dtype=float))
        if not scale > 0:
            raise ValueError(f"no pair of paths explains frame {t}")
        return alpha / np.float32(scale), np.log(scale) + largest

    reached = np.outer(chains[0].initial, chains[1].initial).astype(np.float32)
    starts, likelihood = {}, 0.0
    for t in range(n_frames):
        if t % BLOCK == 0:
            starts[t] = reached
        alpha, log_scale = advance(reached, t)
        likelihood += log_scale
        reached = forward(alpha)
    beta = np.outer(chains[0].final, chains[1].final).astype(np.float32)
    likelihood += float(np.log(np.sum(alpha * beta, dtype=float)))
    for start in sorted(starts, reverse=True):
        reached, block = starts[start], []
        for t in range(start, min(start + BLOCK, n_frames)):
            block.append((t, reached))
            reached = forward(advance(reached, t)[0])
        for t, before in reversed(block):
            each(t, before * beta, local[t][0])
            beta = backward(spread(local[t][0]) * beta)
            beta /= beta.max()
    return likelihood


def variational(talkers: Sequence[Talker], y: np.ndarray, iterations: int, beliefs: int) -> Inference:
    """Any number of talkers, by coordinate ascent on the bound after `beliefs` rounds of belief propagation."""
    heard = [hear(talker, y) for talker in talkers]
    linear = [(np.exp(h.density), np.exp(h.below)) for h in heard]
    averages = []
    for talker, bins in zip(talkers, linear, strict=True):
        use = talker.emission.mean(0)
        averages.append(_average(bins, np.tile(use[:, None] / use.sum(), y.shape[1]).astype(np.float32)))
    for i in range(beliefs):
        warmth = (i + 1) / beliefs
        averages = [
            _average(bins, _posterior(talker, warmth * _message(bins, averages[:k] + averages[k + 1 :]))[1])
            for k, (talker, bins) in enumerate(zip(talkers, linear, strict=True))
        ]
    masks = _masks([np.log(p) for p, _ in averages], [np.log(below) for _, below in averages])[0]
    bounds = []
    for _ in range(iterations):
        divergence, densities, belows, states = 0.0, [], [], []
        for talker, h, mask in zip(talkers, heard, masks, strict=True):
            L = given_mask(h, mask)
            of_talker, gaussians, log_z = _posterior(talker, L)
            divergence += float(np.sum(gaussians * L, dtype=float)) - log_z
            states.append(of_talker)
            densities.append(_over_gaussians(gaussians, h.density))
            belows.append(_over_gaussians(gaussians, h.below))
        masks, evidence = _masks(densities, belows)
        bounds.append(evidence - divergence)
    return Inference(masks, states, bounds)


def given_mask(heard: Heard, mask: np.ndarray) -> np.ndarray:
    """Expected log-likelihood (C, T) of a talker's Gaussians under its mask (F, T)."""
    m = np.ascontiguousarray(mask.T)[..., None]
    return (heard.density @ m + heard.below @ (1 - m))[..., 0].T


def _masks(densities, belows):
    """Masks (K, F, T) of expected log p and log Phi, (F, T) of each talker, and the log-sum over masks."""
    score = np.stack(densities) - np.stack(belows)
    largest = score.max(0)
    share = np.exp(score - largest)
    evidence = np.sum(largest + np.log(share.sum(0)), dtype=float) + np.sum(belows, dtype=float)
    return (share / share.sum(0)).astype(np.float32), evidence


def _over_gaussians(gaussians, bins):
    """Mean over Gaussians (C, T) of what bins (T, C, F) say, (F, T)."""
    return (np.ascontiguousarray(gaussians.T)[:, None] @ bins)[:, 0].T


def _average(linear, gaussians):
    """Density and distribution function of each bin, (F, T) each, over Gaussians (C, T) that sum to 1."""
    return tuple(np.maximum(_over_gaussians(gaussians, bins), SMALLEST) for bins in linear)


def _message(linear, others):
    """log-likelihood (C, T) of a talker's Gaussians, given the bins' average densities of all others."""
    density, below = linear
    quieter = np.prod([b for _, b in others], axis=0)
    loudest = np.sum([p / b for p, b in others], axis=0) * quieter
    p = density * quieter.T[:, None]
    p += below * loudest.T[:, None]
    p += SMALLEST
    return np.log(p, out=p).sum(2).T


def _posterior(talker, L):
    """Posteriors of states (V, T) and Gaussians (C, T) whose log-likelihoods are L (C, T), and log p(all frames)."""
    L = L.astype(float)
    largest = L.max(0)
    B = np.exp(L - largest)
    emitted = talker.emission @ B
    states, log_z = hmm.posteriors(np.log(emitted + hmm.TINY), talker.chain)
    gaussians = B * (talker.emission.T @ (states / (emitted + hmm.TINY)))
    gaussians /= gaussians.sum(0)
    return states, gaussians.astype(np.float32), log_z + float(largest.sum())
