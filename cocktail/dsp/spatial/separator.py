"""What methods share that separate talkers bin by bin: the STFT at full rank, and signals at microphone 1."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cocktail import stft
from cocktail.dsp.spatial import blind, directions
from cocktail.method import Method, finite


@dataclass(frozen=True)
class ArraySeparator(Method):
    """Base of plugins that find K talkers with D microphones. A dither at -60 dB keeps every covariance regular."""

    task = "separate"
    needs = frozenset({"array", "n_sources"})
    determined: ClassVar[bool] = False
    """Whether there must be as many microphones as talkers."""
    window: int = 1024
    """Samples of the STFT window."""
    hop: int = 256

    def images(self, X: np.ndarray, f_hz: np.ndarray, view) -> np.ndarray:
        """Regular mixture X (D, F, T) of unit power, bins at f_hz (F,) -> talkers at microphone 1 (K, F, T)."""
        raise NotImplementedError

    def __call__(self, mixture, view):
        """mixture (D, N) -> (K, N) at microphone 1."""
        mixture = finite(mixture)
        X, scale = blind.regular(stft.stft(mixture, self.window, self.hop), view.rng)
        images = self.images(X, directions.frequencies(self.window, view.fs), view)
        return stft.istft(images * scale, mixture.shape[-1], self.window, self.hop)

    def skip(self, info):
        """Fewer microphones than talkers, where that matters."""
        if self.determined and info.channels < info.n_sources:
            return f"needs as many microphones as talkers ({info.n_sources}), there are {info.channels}"
        return None
