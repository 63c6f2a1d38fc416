"""Hidden Markov models: posteriors of the states, and the likeliest path.

L. R. Rabiner, "A tutorial on hidden Markov models and selected applications in speech recognition", Proc. IEEE 77(2),
1989, sections III.A and B, with forward and backward variables scaled in every frame; paths by posteriors: P.
Fariselli, P. L. Martelli and R. Casadio, "A new decoding algorithm for hidden Markov models improves the prediction of
the topology of all-beta membrane proteins", BMC Bioinformatics 6(S4), 2005.

S states, T frames. `likelihood` (S, T): log p(frame | state). `initial` (S,), `transition` (S, S) from row to column,
`final` (S,): probabilities; `final` weighs the states that the last frame may be in.
"""

from dataclasses import dataclass

import numpy as np

TINY = 1e-300


@dataclass(frozen=True)
class Chain:
    """A Markov chain."""

    initial: np.ndarray
    """(S,), sum 1."""
    transition: np.ndarray
    """(S, S), rows sum to 1."""
    final: np.ndarray
    """(S,), at most 1."""


def posteriors(likelihood: np.ndarray, chain: Chain) -> tuple[np.ndarray, float]:
    """p(state | all frames) (S, T), and log p(all frames). Raises ValueError where no path is possible."""
    _, alpha, beta, log_p = _passes(likelihood, chain)
    alpha *= beta
    return alpha / alpha.sum(axis=0), log_p


def expectations(likelihood: np.ndarray, chain: Chain) -> tuple[np.ndarray, np.ndarray, float]:
    """What `posteriors` returns, and between them how often a path goes from one state to another, (S, S).

    The latter is expected given all frames; the sum is T - 1.
    """
    B, alpha, beta, log_p = _passes(likelihood, chain)
    total = np.sum(alpha * beta, axis=0)
    counts = chain.transition * ((alpha / total)[:, :-1] @ (B * beta)[:, 1:].T)
    return alpha * beta / total, counts, log_p


def _passes(likelihood, chain):
    """p(frame | state) and forward and backward variables, (S, T) each and scaled in every frame; log p(all frames).

    Products of the latter two have one sum in all frames, as have those of a forward variable, a transition, and the
    first and the last in the frame after.
    """
    largest = likelihood.max(axis=0)
    B = np.exp(likelihood - largest)
    n_frames = B.shape[1]
    alpha, beta, scale = np.empty_like(B), np.empty_like(B), np.empty(n_frames)
    reached = chain.initial
    for t in range(n_frames):
        a = reached * B[:, t]
        scale[t] = a.sum()
        if not scale[t] > 0:
            raise ValueError(f"no path through the chain explains frame {t}")
        alpha[:, t] = a / scale[t]
        reached = alpha[:, t] @ chain.transition
    B /= scale
    ahead = chain.final
    end = alpha[:, -1] @ ahead
    if not end > 0:
        raise ValueError("no path through the chain ends in a final state")
    for t in range(n_frames - 1, -1, -1):
        beta[:, t] = ahead
        ahead = chain.transition @ (B[:, t] * ahead)
    return B, alpha, beta, float(np.sum(np.log(scale) + largest) + np.log(end))


def viterbi(likelihood: np.ndarray, chain: Chain) -> np.ndarray:
    """States (T,) of the likeliest path."""
    n_states, n_frames = likelihood.shape
    with np.errstate(divide="ignore"):  # what is impossible has the logarithm -inf
        initial, transition, final = (np.log(part) for part in (chain.initial, chain.transition.T, chain.final))
    best = initial + likelihood[:, 0]
    came = np.empty((n_frames, n_states), np.int32)
    rows = np.arange(n_states)
    for t in range(1, n_frames):
        score = transition + best  # to, from
        came[t] = score.argmax(axis=1)
        best = score[rows, came[t]] + likelihood[:, t]
    path = np.empty(n_frames, np.int32)
    path[-1] = np.argmax(best + final)
    for t in range(n_frames - 1, 0, -1):
        path[t - 1] = came[t, path[t]]
    return path


def decode(states: np.ndarray, chain: Chain) -> np.ndarray:
    """States (T,) of the possible path with the largest product of posteriors `states` (S, T).

    These have the probabilities of transitions in them: here it only matters which are possible.
    """
    possible = Chain(*((part > 0).astype(float) for part in (chain.initial, chain.transition, chain.final)))
    return viterbi(np.log(states + TINY), possible)
