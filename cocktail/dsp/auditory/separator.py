"""What plugins share that share out units of a gammatone bank among talkers: analysis, gains of bins, synthesis."""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.auditory import correlogram, gammatone
from cocktail.dsp.auditory.classifier import NYQUIST_SHARE
from cocktail.method import Method, finite
from cocktail.stft import framing, istft, stft


@dataclass(frozen=True)
class UnitSeparator(Method):
    """Base of the plugins, one mixture channel (microphone 1). Estimates add up to the mixture where masks do to 1."""

    task = "separate"
    needs = frozenset({"n_sources"})
    bands: int = 64
    low_hz: float = 80.0
    high_hz: float = 7500.0
    """Centre of the highest band, at most NYQUIST_SHARE of half the rate."""

    def masks(self, units: correlogram.Units, view) -> np.ndarray:
        """How much of each unit is of each talker, (K, B, T)."""
        raise NotImplementedError

    def units(self, samples: np.ndarray, fs: float) -> correlogram.Units:
        """Those of a mixture (N,) that is not silent."""
        return correlogram.analyse(samples, fs, self.centres(fs))

    def centres(self, fs: float) -> np.ndarray:
        """(B,) Hz."""
        return gammatone.centres(self.bands, self.low_hz, min(self.high_hz, NYQUIST_SHARE * fs / 2))

    def __call__(self, mixture, view):
        """mixture (D, N) -> (K, N)."""
        samples = finite(mixture)[0]
        if not np.mean(samples**2):  # squares of less than 1e-160 are none
            return np.zeros((view.n_sources, len(samples)))
        size, hop = framing(view.fs)
        Y = stft(samples, size, hop)
        shares = gammatone.shares(gammatone.impulse_responses(self.centres(view.fs), view.fs), len(Y))
        return istft(shares @ self.masks(self.units(samples, view.fs), view) * Y, len(samples), size, hop)
