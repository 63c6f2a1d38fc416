"""What a method that separates two talkers by one microphone must do with two voices that can be told apart."""

import numpy as np
from nmf_sounds import si_sdr

from cocktail.method import View
from cocktail.plugins.registry import Registry


def require_taken_apart(plugin: str, talkers: np.ndarray, fs: int, **granted) -> None:
    """Separate the sum of `talkers` (2, N): each gains more than 5 dB, and the estimates add up to the mixture."""
    mixture = talkers.sum(0)
    view = View(fs, np.random.default_rng(0), {"n_sources": 2} | granted)
    estimate = Registry().plugins[plugin].cls()(mixture[None], view)
    gains = [[si_sdr(x, e) - si_sdr(x, mixture) for e in estimate] for x in talkers]
    assert max(min(gains[0][0], gains[1][1]), min(gains[0][1], gains[1][0])) > 5
    np.testing.assert_allclose(estimate.sum(0), mixture, atol=1e-9)
