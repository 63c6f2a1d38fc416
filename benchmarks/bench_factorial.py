"""Inference in factorial models: exact and variational, against brute force; one core.

Two talkers whose Gaussians and chains are drawn at random, and some frames of their mixture. Brute force sums over all
pairs of paths of the two chains, of which there are states^(2 frames): it runs where they are at most `MOST_PATHS`. The
last size is about that of `fhmm-max` on GRID, for 0.3 seconds of sound.
"""

import itertools
import time

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from cocktail.dsp.statistical import factorial, hmm

BINS = 257
MOST_PATHS = 10**6
SIZES = (
    # states and Gaussians of a talker, frames
    (2, 2, 2), (2, 4, 4), (3, 4, 5), (10, 16, 40), (50, 64, 40), (500, 256, 40),
)  # fmt: skip


def talker(rng, n_states, n_gaussians):
    """A talker drawn at random whose states have few successors, as phones' have."""
    A = 0.7 * np.eye(n_states) + 0.3 * np.roll(np.eye(n_states), 1, axis=1)
    chain = hmm.Chain(np.full(n_states, 1 / n_states), A, np.ones(n_states))
    means = 2 * rng.standard_normal((n_gaussians, BINS))
    emission = rng.dirichlet(np.full(n_gaussians, 0.2), n_states)
    return factorial.Talker(means, rng.uniform(0.3, 1.0, means.shape), emission, chain)


def mixture(rng, talkers, n_frames):
    """Log powers (F, T) of a mixture: of frames of random Gaussians, the louder one."""
    drawn = [t.means[rng.integers(len(t.means), size=n_frames)] for t in talkers]
    return np.max(drawn, axis=0).T + 0.5 * rng.standard_normal((BINS, n_frames))


def brute_force(talkers, y):
    """log p(y): the sum over all paths of both chains of what `factorial.pair_likelihood` says of Gaussians."""
    heard = [factorial.hear(t, y) for t in talkers]
    E1, E2 = (t.emission for t in talkers)
    local, largest = [], 0.0
    for t in range(y.shape[1]):
        L = factorial.pair_likelihood(*heard, t)
        local.append(np.log(E1 @ np.exp(L - L.max()) @ E2.T))
        largest += L.max()
    paths = [list(itertools.product(range(len(t.emission)), repeat=y.shape[1])) for t in talkers]
    steps = [[_log_prior(t.chain, path) for path in one] for t, one in zip(talkers, paths, strict=True)]
    total = -np.inf
    for first, prior in zip(paths[0], steps[0], strict=True):
        for second, other in zip(paths[1], steps[1], strict=True):
            said = sum(local[t][a, b] for t, (a, b) in enumerate(zip(first, second, strict=True)))
            total = np.logaddexp(total, prior + other + said)
    return total + largest


def _log_prior(chain, path):
    with np.errstate(divide="ignore"):
        return np.log(chain.initial[path[0]]) + sum(np.log(chain.transition[a, b]) for a, b in itertools.pairwise(path))


def seconds(call, *arguments):
    """Result and time."""
    start = time.perf_counter()
    result = call(*arguments)
    return result, time.perf_counter() - start


def main():
    """Print one line a size."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    print(f"factorial models: two talkers, {BINS} bins, one core; brute force runs up to {MOST_PATHS:.0e} paths")
    with threadpool_limits(1):
        factorial.exact([talker(rng, 2, 2)] * 2, np.zeros((BINS, 1)))  # loads what is loaded at first use
        for n_states, n_gaussians, n_frames in SIZES:
            talkers = [talker(rng, n_states, n_gaussians) for _ in range(2)]
            y = mixture(rng, talkers, n_frames)
            exact, fast = seconds(factorial.exact, talkers, y)
            _, faster = seconds(factorial.variational, talkers, y, 6, 10)
            line = f"{n_states} states, {n_gaussians} Gaussians, {n_frames} frames: exact {fast:.3g} s"
            if n_states ** (2 * n_frames) <= MOST_PATHS:
                log_p, slow = seconds(brute_force, talkers, y)
                line += f", brute force {slow:.3g} s ({slow / fast:.0f} x; log p {exact.bounds[0]:.6g} / {log_p:.6g})"
            else:
                line += f", brute force would have {n_states}^{2 * n_frames} paths"
            print(f"{line}; variational {faster:.3g} s")


if __name__ == "__main__":
    main()
