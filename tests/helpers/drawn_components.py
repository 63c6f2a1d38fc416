"""Components of two sources to begin multichannel NMF with."""

import numpy as np


def drawn(X, components, seed=0):
    """Components (2, F, r) and (2, r, T) at random, as loud as X (D, F, T) of unit power."""
    rng = np.random.default_rng(seed)
    shapes = (2, X.shape[1], components), (2, components, X.shape[2])
    W, H = (rng.uniform(0.5, 1.5, shape) for shape in shapes)
    return W * np.mean(np.abs(X) ** 2, axis=(0, 2))[:, None] / np.mean(np.abs(X) ** 2), H / (2 * components)
