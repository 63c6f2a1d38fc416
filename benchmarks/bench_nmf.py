"""Sparse NMF against scikit-learn's, KL: the same matrices, start, rank, iterations and kind of update; one core.

Two cases. "fixed bases" is what `nmf-sparse` does with a shard of mixtures: activations alone. "both factors" is what
its training does. Sparsity is off, as scikit-learn's objective has no norm inside. scikit-learn computes in the double
precision of its input, `nmf-sparse` in single; the objectives that both reach are printed, computed in double.
"""

import time

import numpy as np
import torch
from sklearn.decomposition import non_negative_factorization
from threadpoolctl import threadpool_limits

from cocktail.dsp.nmf import updates

BINS, BASES, ITERATIONS, REPEATS = 513, 460, 25, 3
"""Bins, bases and iterations of `nmf-sparse` on the embedded corpus: 100 bases for speech, 40 a kind of noise."""

SCENES, FRAMES = 12, 180


def problem(rng):
    """A matrix of speech-like dynamics that `BASES` bases nearly explain, and bases near the true ones."""
    truth = rng.gamma(0.3, 1.0, (BINS, BASES))
    V = truth @ rng.gamma(0.1, 1.0, (BASES, SCENES * FRAMES)) * rng.gamma(4.0, 0.25, (BINS, SCENES * FRAMES)) + 1e-5
    W = truth * rng.gamma(4.0, 0.25, truth.shape) + 1e-6
    W /= np.linalg.norm(W, axis=0)
    return V, W, np.full((BASES, V.shape[1]), np.sqrt(V.mean() / BASES))


def by_sklearn(V, W, H, both):
    """(W, H) by scikit-learn, whose matrices are frames x bins; activations of fixed bases start as in `problem`."""
    activations, bases, _ = non_negative_factorization(
        V.T.copy(), W=H.T.copy() if both else None, H=W.T.copy(), init="custom", n_components=BASES, solver="mu",
        beta_loss="kullback-leibler", tol=0, max_iter=ITERATIONS, update_H=both,
    )  # fmt: skip
    return bases.T, activations.T


def by_cocktail(V, W, H, both):
    """(W, H) by the project."""
    V, W, H = (torch.as_tensor(x, dtype=torch.float32) for x in (V, W, H))
    if both:
        return updates.factorise(V, W, H, 0.0, "kl", ITERATIONS)
    return W, updates.activations(V, W, H, 0.0, "kl", ITERATIONS)


def seconds(call, *arguments):
    """Result and shortest time of some repeats."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        result = call(*arguments)
        times.append(time.perf_counter() - start)
    return result, min(times)


def main():
    """Print one line a case."""
    V, W, H = problem(np.random.default_rng(0))
    torch.set_num_threads(1)
    with threadpool_limits(1):
        for name, both in (("fixed bases", False), ("both factors", True)):
            theirs, slow = seconds(by_sklearn, V, W, H, both)
            ours, fast = seconds(by_cocktail, V, W, H, both)
            values = [
                updates.objective(torch.as_tensor(V), *(torch.as_tensor(x).double() for x in result), 0.0, "kl")
                for result in (ours, theirs)
            ]
            print(
                f"nmf, {name}: {slow / fast:.1f}x faster than scikit-learn "
                f"(objective {values[0]:.6g} / {values[1]:.6g}, {BINS} x {V.shape[1]}, rank {BASES}, "
                f"{ITERATIONS} iterations, one core)"
            )


if __name__ == "__main__":
    main()
