"""Features of a speaker's voice, and the time-delay network that embeds them, in NumPy.

An embedding costs milliseconds in NumPy and every job that scores estimates computes some, where importing torch alone
would cost a second. cocktail/nets/speaker.py trains the same network.
"""

from dataclasses import dataclass
from functools import cache

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
    """An affine map of some frames, then, unless it is the last, rectifier and normalisation."""

    weight: np.ndarray
    """(offsets, C, C')"""
    bias: np.ndarray
    """(C',) `scale` and `shift` likewise: of the normalisation after the rectifier."""
    scale: np.ndarray | None = None
    shift: np.ndarray | None = None

    def __call__(self, x: np.ndarray, offsets: tuple[int, ...] = (0,)) -> np.ndarray:
        """(T, C) -> (T', C'), shorter by the span of `offsets`."""
        length = len(x) - (offsets[-1] - offsets[0])
        y = sum(x[o - offsets[0] :][:length] @ w for o, w in zip(offsets, self.weight, strict=True)) + self.bias
        return y if self.scale is None else np.maximum(y, 0) * self.scale + self.shift


@dataclass(frozen=True)
class XVector:
    """The trained network up to the embedding."""

    frames: tuple[Layer, ...]
    segment: Layer
    bands: int

    def __call__(self, x: np.ndarray, fs: int) -> np.ndarray:
        """(N,) -> embedding (E,)."""
        y = features(x, fs, self.bands)
        for layer, offsets in zip(self.frames, CONTEXT, strict=True):
            y = layer(y, offsets)
        pooled = np.concatenate([y.mean(0), np.sqrt(y.var(0) + EPSILON)])
        return self.segment(pooled[None])[0]

    @property
    def size(self) -> int:
        """Learnt numbers."""
        layers = [*self.frames, self.segment]
        return sum(x.size for layer in layers for x in vars(layer).values() if x is not None)

    def save(self, path) -> None:
        """Write it as .npz."""
        named = {f"{i}.{key}": x for i, layer in enumerate([*self.frames, self.segment]) for key, x in _arrays(layer)}
        np.savez(path, bands=self.bands, **named)

    @classmethod
    def read(cls, path) -> "XVector":
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as found:
            layers = [
                Layer(**{key: found[f"{i}.{key}"] for key in vars(Layer(None, None)) if f"{i}.{key}" in found})
                for i in range(len(CONTEXT) + 1)
            ]
            return cls(tuple(layers[:-1]), layers[-1], int(found["bands"]))


def _arrays(layer):
    return [(key, x) for key, x in vars(layer).items() if x is not None]
