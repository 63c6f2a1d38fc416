"""Scenes of an array in which a talker, who is noise, comes from a planted direction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

FS = 16000
N_SAMPLES = 4000


def arriving(sound: np.ndarray, delays, gains=None) -> np.ndarray:
    """(N,) -> (D, N): at each microphone as many samples later, and times its gain."""
    gains = np.ones(len(delays)) if gains is None else gains
    return np.stack([gain * np.roll(sound, delay) for delay, gain in zip(delays, gains, strict=True)])


@dataclass(frozen=True)
class Planted:
    """A mixer, and training data, of scenes that `images` (generator) makes: talker (D, N) and noise (D, N)."""

    images: Callable
    array: np.ndarray = field(default_factory=lambda: np.zeros((1, 3)))
    fs: int = FS
    device: str = "cpu"
    start: None = None

    @property
    def mixer(self):
        return self

    def augmented(self, names):
        return self

    def draw(self, generator, split):
        talker, noise = (x.astype(np.float32) for x in self.images(generator))
        return SimpleNamespace(mixture=talker + noise, sources=talker[:1], array=self.array)
