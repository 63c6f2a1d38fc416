"""Scenes of one array side by side, and their delay-and-sum beams: what expectation maximisation begins with.

Every scene has unit mean power in the STFT, over its microphones. Shorter ones are followed by zeros.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from cocktail import stft
from cocktail.dsp.blocks import SCENES_EM
from cocktail.dsp.spatial import beamformers, directions
from cocktail.method import finite


@dataclass(frozen=True)
class Stack:
    """B scenes at D microphones."""

    x: torch.Tensor
    """(B, F, D, T) complex64: the mixtures."""
    weights: np.ndarray
    """(B, F, D): of beams towards the strongest direction by SRP-PHAT, aligned to microphone 1."""
    beams: np.ndarray
    """(B, F, T) complex: these beams of the mixtures."""
    lengths: np.ndarray
    """(B,) samples of each."""
    scale: np.ndarray
    """(B,): what to multiply each by to have its own level again."""

    @property
    def frames(self) -> np.ndarray:
        """(B,) frames of each."""
        return stft.n_frames(self.lengths)

    @property
    def present(self) -> torch.Tensor:
        """(B, 1, 1, T): whether a scene has this frame."""
        there = np.arange(self.x.shape[-1]) < self.frames[:, None]
        return torch.as_tensor(there, device=self.x.device)[:, None, None]

    def signals(self, Y: torch.Tensor) -> list[np.ndarray]:
        """STFTs (B, F, T) -> a signal (1, N) of each scene, at its own length and level."""
        y = self.scale[:, None] * stft.istft(Y, self.lengths.max()).double().cpu().numpy()
        return [row[None, :n] for row, n in zip(y, self.lengths, strict=True)]


def stack(mixtures: Sequence[np.ndarray], arrays: Sequence[np.ndarray], fs: float, device: str) -> Stack:
    """Mixtures (D, N) with their arrays (D, 3). Raises ValueError where a sample is not finite."""
    lengths = np.array([mixture.shape[-1] for mixture in mixtures])
    padded = np.zeros((len(mixtures), len(mixtures[0]), lengths.max()))
    for row, mixture in zip(padded, mixtures, strict=True):
        row[:, : mixture.shape[-1]] = finite(mixture)
    power = np.sum(padded**2, (1, 2)) / lengths / padded.shape[1]
    scale = np.sqrt(np.where(power > 0, power, 1) * stft.SIZE / 2)  # the energy of the window is SIZE / 2
    X = stft.stft(padded / scale[:, None, None])
    weights = np.stack([_towards(*scene, fs) for scene in zip(X, arrays, strict=True)])
    beams = np.stack([beamformers.apply(*scene) for scene in zip(weights, X, strict=True)])
    x = torch.as_tensor(X.swapaxes(1, 2), dtype=torch.complex64, device=device)
    return Stack(x, weights, beams, lengths, scale)


def _towards(X, array, fs):
    """Weights (F, D) of delay and sum towards the strongest direction in X (D, F, T)."""
    f_hz = directions.frequencies(stft.SIZE, fs)
    direction = directions.directions_of_arrival(X, array, f_hz, 1)[0]
    return directions.steering(array, direction, f_hz) / len(array)


def portions(mixtures: Sequence[np.ndarray], arrays: Sequence[np.ndarray], fs: float, device: str) -> Iterator[Stack]:
    """Scenes in stacks, in order, as many together as the device likes."""
    size = SCENES_EM[device]
    for i in range(0, len(mixtures), size):
        yield stack(mixtures[i : i + size], arrays[i : i + size], fs, device)
