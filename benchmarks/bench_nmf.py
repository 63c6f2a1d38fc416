"""Iterations of NMF a second, against scikit-learn's and against a plain loop in NumPy; one core.

All have the same matrices, start, rank and kind of update. "fixed bases" is what `nmf-sparse` and `nmf-sparse-is` do
with a shard of mixtures: activations alone. "both factors" is what their training does. Sparsity is off, as
scikit-learn's objective has no norm inside. scikit-learn and the loop compute in the double precision of their input,
the project in single; the objectives that they reach are printed, computed in double.
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
NAMES = {"kl": "kullback-leibler", "is": "itakura-saito"}
"""Divergence -> its name in scikit-learn."""


def problem(rng):
    """A matrix of speech-like dynamics that `BASES` bases nearly explain, and bases near the true ones."""
    truth = rng.gamma(0.3, 1.0, (BINS, BASES))
    V = truth @ rng.gamma(0.1, 1.0, (BASES, SCENES * FRAMES)) * rng.gamma(4.0, 0.25, (BINS, SCENES * FRAMES)) + 1e-5
    W = truth * rng.gamma(4.0, 0.25, truth.shape) + 1e-6
    W /= np.linalg.norm(W, axis=0)
    return V, W, np.full((BASES, V.shape[1]), np.sqrt(V.mean() / BASES))


def by_sklearn(V, W, H, divergence, both):
    """(W, H) by scikit-learn, whose matrices are frames x bins; activations of fixed bases start as in `problem`."""
    activations, bases, _ = non_negative_factorization(
        V.T.copy(), W=H.T.copy() if both else None, H=W.T.copy(), init="custom", n_components=BASES, solver="mu",
        beta_loss=NAMES[divergence], tol=0, max_iter=ITERATIONS, update_H=both,
    )  # fmt: skip
    return bases.T, activations.T


def by_numpy(V, W, H, divergence, both):
    """(W, H) by the multiplicative updates as papers write them."""
    for _ in range(ITERATIONS):
        model = W @ H
        if divergence == "kl":
            H = H * (W.T @ (V / model)) / W.sum(0)[:, None]
        else:
            H = H * np.sqrt((W.T @ (V / model**2)) / (W.T @ (1 / model)))
        if both:
            model = W @ H
            if divergence == "kl":
                W = W * ((V / model) @ H.T) / H.sum(1)
            else:
                W = W * np.sqrt(((V / model**2) @ H.T) / ((1 / model) @ H.T))
            norm = np.linalg.norm(W, axis=0)
            W, H = W / norm, H * norm[:, None]
    return W, H


def by_cocktail(V, W, H, divergence, both):
    """(W, H) by the project."""
    V, W, H = (torch.as_tensor(x, dtype=torch.float32) for x in (V, W, H))
    if both:
        return updates.factorise(V, W, H, 0.0, divergence, ITERATIONS)
    return W, updates.activations(V, W, H, 0.0, divergence, ITERATIONS)


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
    print(f"nmf: {BINS} x {V.shape[1]}, rank {BASES}, {ITERATIONS} iterations, one core")
    with threadpool_limits(1):
        for divergence in NAMES:
            for name, both in (("fixed bases", False), ("both factors", True)):
                results, times = zip(
                    *(seconds(call, V, W, H, divergence, both) for call in (by_cocktail, by_sklearn, by_numpy)),
                    strict=True,
                )
                rates = [ITERATIONS / taken for taken in times]
                factors = [[torch.as_tensor(x).double() for x in pair] for pair in results]
                values = [updates.objective(torch.as_tensor(V), *pair, 0.0, divergence) for pair in factors]
                print(
                    f"{divergence}, {name}: {rates[0]:.1f} iterations a second, {rates[0] / rates[1]:.1f} x "
                    f"scikit-learn's {rates[1]:.1f}, {rates[0] / rates[2]:.1f} x a NumPy loop's {rates[2]:.1f} "
                    f"(objectives {values[0]:.6g} / {values[1]:.6g} / {values[2]:.6g})"
                )


if __name__ == "__main__":
    main()
