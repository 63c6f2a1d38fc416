"""Checks of what a method returns, by task: a value that does not belong there raises CocktailError that says what it
is.
"""

import numbers
from typing import Any

import numpy as np

from cocktail.errors import CocktailError


def check_score(score: Any) -> float:
    """`score` if it is one finite number; raises CocktailError that says what it is."""
    if not isinstance(score, numbers.Real) or isinstance(score, bool) or not np.isfinite(score):
        raise CocktailError(f"returned {score!r}, expected one finite number, higher for bona fide speech")
    return float(score)


def check_embedding(embedding: Any) -> np.ndarray:
    """`embedding` if it is a finite vector that is not zero; raises CocktailError that says what it is."""
    if not isinstance(embedding, np.ndarray) or embedding.dtype.kind != "f" or embedding.ndim != 1:
        found = f"an array of {embedding.shape}" if isinstance(embedding, np.ndarray) else type(embedding).__name__
        raise CocktailError(f"returned {found}, expected a vector of floats, the talker's embedding")
    if not np.isfinite(embedding).all() or not embedding.any():
        raise CocktailError("returned an embedding that is zero or not finite")
    return embedding


def check_estimate(estimate: Any, n_sources: int, n_samples: int) -> np.ndarray:
    """`estimate` if it is a finite real array (n_sources, n_samples); raises CocktailError that says what it is."""
    if not isinstance(estimate, np.ndarray) or estimate.dtype.kind != "f":
        kind = f"an array of {estimate.dtype}" if isinstance(estimate, np.ndarray) else type(estimate).__name__
        raise CocktailError(f"returned {kind}, expected a NumPy array of floats")
    if estimate.shape != (n_sources, n_samples):
        raise CocktailError(f"returned shape {estimate.shape}, expected {(n_sources, n_samples)}")
    bad = np.count_nonzero(~np.isfinite(estimate))
    if bad:
        raise CocktailError(f"returned {bad} samples that are not finite")
    return estimate
