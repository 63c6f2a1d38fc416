"""A start for NMF with several microphones: what the full-rank model finds of every talker, factorised.

Both papers say that their algorithms need a good start: Ozerov and Fevotte begin with what another separation found.
"""

import numpy as np

from cocktail.dsp.spatial import blind, full_rank

UPDATES = 60
"""Of the factorisation."""


def found(X: np.ndarray, array: np.ndarray, f_hz: np.ndarray, n_sources: int) -> full_rank.Fit:
    """Talkers in X (D, F, T) of unit power, from directions that SRP-PHAT finds."""
    return full_rank.fit(X, blind.talker_covariances(X, array, f_hz, n_sources))


def factorised(powers: np.ndarray, components: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Powers (..., F, T) by Itakura-Saito NMF from a random start: W (..., F, components), H (..., components, T)."""
    import torch

    from cocktail.dsp.nmf import updates

    V = torch.as_tensor(np.maximum(powers, full_rank.FLOOR))
    *others, n_bins, n_frames = V.shape
    W = torch.as_tensor(rng.uniform(0.5, 1.5, (*others, n_bins, components))) * V.mean(-1, keepdim=True)
    H = torch.as_tensor(rng.uniform(0.5, 1.5, (*others, components, n_frames)))
    W, H = updates.factorise(V, W, H, 0.0, "is", UPDATES)
    return W.numpy(), H.numpy()
