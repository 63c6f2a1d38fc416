"""Training of networks: examples made on the fly, the best epoch kept, resumable.

Imports torch, NumPy and SciPy alone, and modules of `cocktail` that do the same.
"""

from cocktail.training.batches import pad
from cocktail.training.loop import Schedule, train
from cocktail.training.weights import load_weights, save_weights

__all__ = ["Schedule", "load_weights", "pad", "save_weights", "train"]
