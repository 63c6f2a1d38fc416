"""What trains the x-vector network: heads that tell the train speakers apart, and examples of their voices.

D. Snyder, D. Garcia-Romero, G. Sell, D. Povey and S. Khudanpur, "X-vectors: robust DNN embeddings for speaker
recognition", ICASSP 2018. Large-margin head: H. Wang et al., "CosFace: large margin cosine loss for deep face
recognition", CVPR 2018, which is the AM-softmax of F. Wang, J. Cheng, W. Liu and H. Liu, IEEE Signal Processing Letters
25(7), 2018 (s = 30, m = 0.35). Fixed prototypes: cocktail/nets/thomson.py.

Deviations: see methods/speech/xvector.py.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.signal import fftconvolve, resample_poly
from torch import nn
from torch.nn import functional

from cocktail import levels
from cocktail.audio import resample
from cocktail.nets import xvector
from cocktail.nets.thomson import thomson
from cocktail.nets.xvector import XVectorNetwork

SPEEDS = ((1, 1), (9, 10), (11, 10))
"""Times as fast: each makes another speaker of a speaker (the recipe of Kaldi for VoxCeleb)."""
SNR_DB = (0.0, 20.0)
REVERBERATION_S = (0.1, 0.5)
DIRECT_DB = (-3.0, 9.0)
NOISY, REVERBERANT = 0.6, 0.3
"""Shares of the examples."""
PIECE_S = 3.0
"""Longer utterances are cut into parts of about this length."""
COHORT_PARTS = 4
"""Of each speaker, that stand for them in the cohort of score normalisation."""
HELD_OUT = 8
"""One part of so many of each speaker is for validation, and at least one of two."""


class Speakers(nn.Module):
    """The network with a head that tells the train speakers apart; gives logits (B, C).

    `head`: `softmax` (normalisation, rectifier, a hidden layer and an affine one, as Snyder et al.), `lmcl` (cosines to
    learnt prototypes) or `thomson` (to fixed ones), the cosine of the right speaker less by `margin`, times `scale`.
    """

    def __init__(self, network: XVectorNetwork, *, classes: int, head: str, scale: float, margin: float):
        super().__init__()
        self.network, self.scale, self.margin = network, scale, margin
        width = network.segment.out_features
        self.hidden = None
        if head == "softmax":
            self.hidden = nn.Sequential(
                nn.ReLU(), nn.BatchNorm1d(width), nn.Linear(width, width), nn.ReLU(), nn.BatchNorm1d(width),
                nn.Linear(width, classes),
            )  # fmt: skip
        elif head == "lmcl":
            self.prototypes = nn.Parameter(torch.randn(classes, width))
        else:
            self.register_buffer("prototypes", torch.zeros(classes, width))
        self.register_buffer("cohort", torch.zeros(classes // len(SPEEDS), width))

    def meet(self, voices: Sequence[Sequence[np.ndarray]], fs: int) -> None:
        """Keep as `cohort` the mean of embeddings of unit length, at unit length, of parts of each train speaker."""
        for k, parts in enumerate(voices):
            with torch.no_grad():
                embeddings = [torch.as_tensor(self.network.embed(part, fs)) for part in parts[:COHORT_PARTS]]
            mean = functional.normalize(torch.stack(embeddings)).mean(dim=0)
            self.cohort[k] = functional.normalize(mean, dim=0)

    def spread_prototypes(self, rng: np.random.Generator) -> None:
        """Place fixed prototypes as far from each other as they go; other heads have none."""
        if self.hidden is None and not self.prototypes.requires_grad:
            self.prototypes.copy_(torch.as_tensor(thomson(*self.prototypes.shape, rng)))

    def embed(self, samples: np.ndarray, fs: int) -> np.ndarray:
        """(N,) at `fs` Hz -> its embedding (E,), by a network that was loaded."""
        return self.network.embed(resample(samples, fs, self.fs), self.fs)

    def embeddings(self, samples: torch.Tensor, heard: torch.Tensor) -> torch.Tensor:
        """(B, N) at the rate of training -> embeddings (B, E), with gradients, of where `heard` (B, N) has speech."""
        return self.network(xvector.differentiable(samples, heard, self.fs, self.network.bands))

    def forward(self, x: torch.Tensor, speaker: torch.Tensor) -> torch.Tensor:
        embedding = self.network(x)
        if self.hidden is not None:
            return self.hidden(embedding)
        cosine = functional.normalize(embedding) @ functional.normalize(self.prototypes).T
        return self.scale * (cosine - self.margin * functional.one_hot(speaker, len(self.prototypes)))


def loss(model: Speakers, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Cross entropy of the train speakers."""
    return functional.cross_entropy(model(batch["features"], batch["speaker"]), batch["speaker"])


@dataclass(frozen=True)
class Examples:
    """Pieces of the train speakers' speech, each with its number, in noise and reverberation drawn anew."""

    voices: Sequence[Sequence[np.ndarray]]
    """Utterances, or parts of them, of each speaker, (N,) each."""
    noises: Sequence[np.ndarray]
    """Loops, see levels.loop."""
    fs: int
    frames: int
    """Length of a piece in features."""
    bands: int

    @property
    def classes(self) -> int:
        """Speakers, counting each speed as another one."""
        return len(SPEEDS) * len(self.voices)

    def __call__(self, generator: np.random.Generator, split: str) -> dict[str, np.ndarray]:
        speaker = int(generator.integers(self.classes))
        whose, speed = divmod(speaker, len(SPEEDS))
        kept, held_out = divided(self.voices[whose])
        chosen = held_out if split == "valid" else kept
        x = chosen[generator.integers(len(chosen))]
        numerator, denominator = SPEEDS[speed]
        x = resample_poly(x, denominator, numerator) if speed else x
        if generator.random() < REVERBERANT:
            x = reverberant(x, self.fs, generator)
        if generator.random() < NOISY and self.noises:
            x = x + noise_at(x, self.noises[generator.integers(len(self.noises))], self.fs, generator)
        features = xvector.features(x, self.fs, self.bands)
        if len(features) < self.frames:
            features = np.tile(features, (math.ceil(self.frames / len(features)), 1))
        start = generator.integers(len(features) - self.frames + 1)
        return {"features": features[start : start + self.frames], "speaker": np.int64(speaker)}


def voices(recordings: Iterable, fs: int) -> dict[str, list[np.ndarray]]:
    """Speaker -> `parts` of the utterances, of some cocktail.method.Recording."""
    by_speaker: dict[str, list] = {}
    for recording in recordings:
        by_speaker.setdefault(recording.speaker, []).extend(parts(np.asarray(recording.samples, np.float32), fs))
    return by_speaker


def parts(x: np.ndarray, fs: int) -> list[np.ndarray]:
    """(N,) in equal parts of about PIECE_S."""
    return np.array_split(x, max(1, round(len(x) / fs / PIECE_S)))


def divided(voice: Sequence[np.ndarray]) -> tuple[Sequence[np.ndarray], Sequence[np.ndarray]]:
    """A speaker's parts for training and for validation; a single one is for both."""
    held_out = voice[HELD_OUT - 1 :: HELD_OUT] or voice[-1:]
    last = min(HELD_OUT, len(voice)) - 1
    kept = [x for i, x in enumerate(voice) if i % HELD_OUT != last]
    return kept or voice, held_out


def reverberant(x: np.ndarray, fs: int, generator: np.random.Generator) -> np.ndarray:
    """(N,) with a tail of noise that decays by 60 dB within a reverberation time drawn from REVERBERATION_S."""
    t60_s, direct_db = generator.uniform(*REVERBERATION_S), generator.uniform(*DIRECT_DB)
    time = np.arange(round(t60_s * fs)) / fs
    tail = generator.standard_normal(len(time)) * 10 ** (-3 * time / t60_s)
    tail *= 10 ** (-direct_db / 20) / np.linalg.norm(tail)
    tail[0] += 1.0
    return fftconvolve(x, tail.astype(np.float32))[: len(x)]


def noise_at(x: np.ndarray, loop: np.ndarray, fs: int, generator: np.random.Generator) -> np.ndarray:
    """A stretch of noise as long as (N,), at an SNR drawn from SNR_DB over active speech."""
    noise = levels.wrapped(loop, int(generator.integers(len(loop))), len(x))
    ratio = levels.power(x, levels.active(x, fs)) / max(levels.power(noise), np.finfo(np.float32).tiny)
    return noise * np.sqrt(ratio * 10 ** (-generator.uniform(*SNR_DB) / 10))
