"""The non-negative hidden Markov model: a dictionary for each state of a chain, of which one explains each frame.

G. J. Mysore, P. Smaragdis and B. Raj, "Non-negative hidden Markov modeling of audio with application to source
separation", LVA/ICA 2010: a frame v_t is a draw of sum_f v_ft quanta from sum_z P(f | z, q) P_t(z | q), the mixture of
the dictionary of its state q, by weights of its own; the states follow a Markov chain. With two sources the chains run
side by side, and a pair of states explains a frame with both of its dictionaries (N-FHMM).

Shapes: V (F, T) > 0, dictionaries W (S, F, R), weights H (S, R, T). Columns of a dictionary sum to 1, and so do the
weights of a frame. Likelihoods leave out what no parameter changes.

Deviations: quanta are whatever unit V has, as everywhere in PLCA, and decide how sure posteriors are; durations are
those of the chain. How many quanta a frame has says nothing about its state, where the paper has a Gaussian for each
state. The chain of two sources is one over all pairs of states (cocktail/dsp/statistical/hmm.py), which is exact.
"""

from collections.abc import Sequence

import numpy as np
import torch

from cocktail.dsp.nmf import updates
from cocktail.dsp.statistical import hmm

LEAST = 1e-8
"""Least probability of a bin given a column."""
PRIOR = 1.0
"""Transitions out of each state, spread evenly, and recordings that begin in it, before any is seen."""
BLOCK = 64
"""Frames at a time: bounds memory, not results."""


def weigh(V, W, iterations: int):
    """Weights (S, R, T) of each frame in each state by expectation and maximisation; none lowers a likelihood."""
    H = V.new_full((len(W), W.shape[2], V.shape[1]), 1 / W.shape[2])
    with updates.fast_products():
        for _ in range(iterations):
            H = H * (W.mT @ (V / (W @ H)))
            H = H / H.sum(1, keepdim=True)
    return H


def likelihood(V, W, H) -> np.ndarray:
    """log p(frame | state, its weights), (S, T), float64."""
    return torch.einsum("ft,sft->st", V, (W @ H).log_()).cpu().double().numpy()


def learn(
    recordings: Sequence[np.ndarray], n_states: int, n_bases: int, iterations: int, rng: np.random.Generator
) -> tuple[np.ndarray, hmm.Chain, list[float]]:
    """Dictionaries (S, F, R), chain, and the log-likelihood before each iteration, of spectrograms (F, T).

    Each dictionary starts as frames drawn from one cluster of k-means.
    """
    ends = np.cumsum([part.shape[1] for part in recordings])[:-1]
    V = torch.as_tensor(np.concatenate(recordings, axis=1))
    blocks = V.split(BLOCK, dim=1)
    W = _drawn(V, n_states, n_bases, rng)
    stays = 0.5 * np.eye(n_states) + 0.5 / n_states
    chain = hmm.Chain(np.full(n_states, 1 / n_states), stays, np.ones(n_states))
    weights, history = [weigh(block, W, 5) for block in blocks], []
    for _ in range(iterations):
        local = np.concatenate([likelihood(v, W, H) for v, H in zip(blocks, weights, strict=True)], axis=1)
        parts = np.split(local, ends, axis=1)
        states, counts, log_p = zip(*(hmm.expectations(part, chain) for part in parts), strict=True)
        history.append(sum(log_p))
        chain = _chain(states, counts)
        gamma = torch.as_tensor(np.concatenate(states, axis=1)).to(V).split(BLOCK, dim=1)
        total = torch.zeros_like(W)
        for b, (v, H) in enumerate(zip(blocks, weights, strict=True)):
            ratio = v / (W @ H)
            total += (ratio * gamma[b][:, None]) @ H.mT
            H = H * (W.mT @ ratio)
            weights[b] = H / H.sum(1, keepdim=True)
        W = W * total
        W = (W / W.sum(1, keepdim=True).clamp_min(LEAST)).clamp_min(LEAST)
        W = W / W.sum(1, keepdim=True)
    return W.numpy(), chain, history


def separate(
    V: np.ndarray, speech: tuple[np.ndarray, hmm.Chain], noise: tuple[np.ndarray, hmm.Chain], *, iterations: int,
    device: str,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Expected shares of speech and noise in a mixture V (F, T), sum 1, by dictionaries and chains that are fixed."""
    pairs = [(a, b) for a in range(len(speech[0])) for b in range(len(noise[0]))]
    W = torch.as_tensor(np.stack([np.hstack([speech[0][a], noise[0][b]]) for a, b in pairs]), device=device)
    blocks = torch.as_tensor(V, device=device).split(BLOCK, dim=1)
    weights = [weigh(block, W, iterations) for block in blocks]
    local = np.concatenate([likelihood(block, W, H) for block, H in zip(blocks, weights, strict=True)], axis=1)
    states, _ = hmm.posteriors(local, side_by_side(speech[1], noise[1]))
    gamma = torch.as_tensor(states, dtype=W.dtype, device=device).split(BLOCK, dim=1)
    k = speech[0].shape[2]
    share = torch.cat([
        torch.einsum("st,sft->ft", g, (W[..., :k] @ H[:, :k]) / (W @ H)) for g, H in zip(gamma, weights, strict=True)
    ], dim=1).clamp(LEAST, 1 - LEAST).cpu().numpy()  # fmt: skip
    return share, 1 - share


def side_by_side(first: hmm.Chain, second: hmm.Chain) -> hmm.Chain:
    """The chain over pairs of states of two chains, those of the second one varying faster."""
    return hmm.Chain(*(np.kron(getattr(first, x), getattr(second, x)) for x in ("initial", "transition", "final")))


def _chain(states, counts):
    """Of posteriors (S, T) and expected transitions (S, S) of recordings; each state counts a little everywhere."""
    initial = sum(part[:, 0] for part in states) + PRIOR
    transition = sum(counts) + PRIOR / len(initial)
    return hmm.Chain(initial / initial.sum(), transition / transition.sum(1, keepdims=True), np.ones(len(initial)))


def _drawn(V, n_states, n_bases, rng):
    """Dictionaries of frames (F, T) that k-means on the square roots of their spectra puts together, (S, F, R)."""
    X = (V / V.sum(0)).sqrt()
    centres = X[:, torch.as_tensor(rng.choice(X.shape[1], n_states, replace=X.shape[1] < n_states))]
    for _ in range(10):
        of = (centres.T @ X).argmax(0)
        sums = X @ torch.nn.functional.one_hot(of, n_states).to(X.dtype)
        centres = torch.where(sums.sum(0) > 0, sums, centres)
        centres = centres / torch.linalg.vector_norm(centres, dim=0)
    chosen = []
    for s in range(n_states):
        members = torch.nonzero(of == s)[:, 0]
        members = members if len(members) else torch.arange(V.shape[1])
        chosen.append(V[:, members[torch.as_tensor(rng.integers(len(members), size=n_bases))]])
    spread = torch.as_tensor(rng.random((n_states, len(V), n_bases)), dtype=V.dtype) * V.mean(1)[:, None]
    W = torch.stack(chosen)
    return 0.9 * W / W.sum(1, keepdim=True) + 0.1 * spread / spread.sum(1, keepdim=True)
