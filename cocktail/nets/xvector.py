"""Features of a speaker's voice, and the time-delay network that embeds them, in NumPy.

An embedding costs milliseconds in NumPy and every job that scores estimates computes some, where importing torch alone
would cost a second. cocktail/nets/speaker.py trains the same network.
"""

from dataclasses import dataclass, fields
from functools import cache, cached_property

import numpy as np

from cocktail import stft
from cocktail.dsp.mel import filterbank

FLOOR_DB = 60.0
"""Bands are floored so far below the loudest: digital silence, which methods leave, says nothing of a voice."""
RANGE_DB = 30.0
"""Frames are speech within this of the loudest frame."""
CONTEXT = ((-2, -1, 0, 1, 2), (-2, 0, 2), (-3, 0, 3), (0,), (0,))
"""Frames that each layer of the x-vector sees, relative to its own: 15 in all."""
SPAN = sum(offsets[-1] - offsets[0] for offsets in CONTEXT) + 1
EPSILON = 1e-5
"""Added to a variance before its root."""


def features(x: np.ndarray, fs: int, bands: int) -> np.ndarray:
    """(N,) -> (T, bands) log-mel energies of the frames with speech, in nepers, each band's mean removed.

    Whatever the gain, the same. At least SPAN frames: a shorter signal is repeated.
    """
    size, hop = stft.framing(fs)
    power = np.square(np.abs(stft.stft(np.asarray(x, np.float32), size, hop)))
    energy = (_filters(bands, fs, size) @ power).T
    loudest = energy.max(initial=np.finfo(np.float32).tiny)
    frame = power.sum(0)
    energy = np.log(np.maximum(energy, loudest * 10 ** (-FLOOR_DB / 10)))[frame >= frame.max() * 10 ** (-RANGE_DB / 10)]
    if len(energy) < SPAN:
        energy = np.tile(energy, (-(-SPAN // len(energy)), 1))
    return energy - energy.mean(0)


@cache
def _filters(bands, fs, size):
    return filterbank(bands, fs, size).astype(np.float32)


@dataclass(frozen=True)
class Layer:
    """An affine map of some frames, rectifier and normalisation."""

    weight: np.ndarray
    """(offsets, C, C')"""
    bias: np.ndarray
    """(C',) `scale` and `shift` likewise: of the normalisation after the rectifier."""
    scale: np.ndarray
    shift: np.ndarray

    def __call__(self, x: np.ndarray, offsets: tuple[int, ...]) -> np.ndarray:
        """(T, C) -> (T', C'), shorter by the span of `offsets`."""
        length = len(x) - (offsets[-1] - offsets[0])
        y = sum(x[o - offsets[0] :][:length] @ w for o, w in zip(offsets, self.weight, strict=True)) + self.bias
        return y.clip(0) * self.scale + self.shift


LAYER = tuple(field.name for field in fields(Layer))


@dataclass(frozen=True)
class XVector:
    """The trained network up to the embedding."""

    frames: tuple[Layer, ...]
    weight: np.ndarray
    """(2, C, E): of the mean over all frames and of the deviation."""
    bias: np.ndarray
    """(E,)"""
    bands: int

    def __call__(self, x: np.ndarray, fs: int, device: str = "cpu") -> np.ndarray:
        """(N,) -> embedding (E,)."""
        found = features(x, fs, self.bands)
        if device == "cpu":
            return self._embedded(found)
        import torch

        if device not in self._moved:
            self._moved[device] = self._map(lambda array: torch.as_tensor(array, device=device))
        return self._moved[device]._embedded(torch.as_tensor(found, device=device)).cpu().numpy()

    @cached_property
    def _moved(self) -> dict[str, "XVector"]:
        """Device -> the same there."""
        return {}

    def _embedded(self, y):
        """Features (T, bands) -> embedding (E,); NumPy or torch, as the weights are."""
        for layer, offsets in zip(self.frames, CONTEXT, strict=True):
            y = layer(y, offsets)
        mean = y.mean(0)
        deviation = (((y - mean) ** 2).mean(0) + EPSILON) ** 0.5
        return mean @ self.weight[0] + deviation @ self.weight[1] + self.bias

    def _map(self, function) -> "XVector":
        frames = tuple(Layer(*map(function, vars(layer).values())) for layer in self.frames)
        return XVector(frames, function(self.weight), function(self.bias), self.bands)

    @property
    def size(self) -> int:
        """Learnt numbers."""
        return sum(x.size for x in self._arrays().values())

    def save(self, path) -> None:
        """Write it as .npz."""
        np.savez(path, bands=self.bands, **self._arrays())

    @classmethod
    def read(cls, path) -> "XVector":
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as found:
            frames = tuple(Layer(*(found[f"{i}.{name}"] for name in LAYER)) for i in range(len(CONTEXT)))
            return cls(frames, found["weight"], found["bias"], int(found["bands"]))

    def _arrays(self):
        named = {f"{i}.{name}": getattr(layer, name) for i, layer in enumerate(self.frames) for name in LAYER}
        return named | {"weight": self.weight, "bias": self.bias}
