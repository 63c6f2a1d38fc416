"""Clean utterances with the bins that hold most of their power: what a mask network can learn from without noise.

J. Heymann, L. Drude, A. Chinaev and R. Haeb-Umbach, "BLSTM supported GEV beamformer front-end for the 3rd CHiME
challenge", ASRU 2015.
"""

from dataclasses import dataclass

import numpy as np
import torch

from cocktail import stft
from cocktail.method import TrainingData
from cocktail.nets.losses import weighted_mean
from cocktail.nets.masks import MaskNetwork, inside


@dataclass(frozen=True)
class Utterances:
    """Excerpts of clean speech with their masks; shorter ones are followed by silence."""

    speech: dict[str, list[np.ndarray]]
    """Split -> utterances (N,)."""
    n_samples: int
    share: float
    """Of the power of a whole utterance that the bins of its mask have."""

    @classmethod
    def of(cls, data: TrainingData, n_samples: int, share: float) -> "Utterances":
        """Of all utterances."""
        splits = ("train", "valid")
        speech = {split: [recording.samples.astype(np.float32) for recording in data.speech(split)] for split in splits}
        return cls(speech, n_samples, share)

    def __call__(self, generator: np.random.Generator, split: str) -> dict[str, np.ndarray]:
        """{mixture (N,), mask (F, T) of 0 and 1, frames ()}: the first `frames` frames count."""
        utterances = self.speech[split]
        utterance = utterances[generator.integers(len(utterances))]
        mask = loudest(np.abs(stft.stft(utterance)) ** 2, self.share)
        first = stft.HOP * int(generator.integers(max(len(utterance) - self.n_samples, 0) // stft.HOP + 1))
        cut = utterance[first : first + self.n_samples]
        mask = mask[:, first // stft.HOP :][:, : stft.n_frames(len(cut))]
        missing = stft.n_frames(self.n_samples) - mask.shape[-1]
        return {
            "mixture": np.pad(cut, (0, self.n_samples - len(cut))),
            "mask": np.pad(mask, ((0, 0), (0, missing))).astype(np.float32),
            "frames": np.array(stft.n_frames(len(cut))),
        }


def loudest(power: np.ndarray, share: float) -> np.ndarray:
    """The fewest bins of power (F, T) that have this share of the sum: booleans (F, T)."""
    order = np.argsort(-power, axis=None)
    before = np.cumsum(power.flat[order]) - power.flat[order]
    chosen = np.zeros(power.size, bool)
    chosen[order] = before < share * power.sum()
    return chosen.reshape(power.shape)


def loss(network: MaskNetwork, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Binary cross-entropy over the bins of the frames that count."""
    magnitude, frames = stft.stft(batch["mixture"]).abs(), batch["frames"]
    error = torch.nn.functional.binary_cross_entropy(network(magnitude, frames), batch["mask"], reduction="none")
    return weighted_mean(error, inside(frames, magnitude)[:, None])
