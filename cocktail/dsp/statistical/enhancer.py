"""What plugins share that learn gains: analyse microphone 1, apply them, synthesise."""

from dataclasses import dataclass

import numpy as np

from cocktail.method import LearnedMethod, View, finite, require_rate
from cocktail.stft import framing, istft, stft


@dataclass(frozen=True)
class GainEnhancer(LearnedMethod):
    """Base of the plugins, one mixture channel (microphone 1). Their models say the rate that they work at, `fs`."""

    def gains(self, samples: np.ndarray, Y: np.ndarray, view: View) -> np.ndarray:
        """Gains (F, T) of a mixture (N,) and its STFT (F, T); neither is silent."""
        raise NotImplementedError

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N). Raises CocktailError at another rate than that of the training."""
        require_rate(view.fs, view.model.fs)
        samples = finite(mixture)[0]
        size, hop = framing(view.fs)
        Y = stft(samples, size, hop)
        if not Y.any():
            return np.zeros((1, len(samples)))
        return istft(self.gains(samples, Y, view) * Y, len(samples), size, hop)[None]
