"""A generator that changes spoofed speech so that a detector takes it for bona fide, and a verifier for the same voice.

A. Gomez-Alanis, J. A. Gonzalez-Lopez and A. M. Peinado, "GANBA: generative adversarial network for biometric
anti-spoofing", Applied Sciences 12(3):1454, 2022. Deviations: see methods/speech/ganba.py.

Shapes: B sounds, N samples, F bins, T frames.
"""

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from cocktail import stft
from cocktail.dsp.cepstra import normalised
from cocktail.errors import CocktailError
from cocktail.nets.detection import Detector, Trials, stretch
from cocktail.plugins.bases import DifferentiableDetector, DifferentiableEmbedder

KERNEL = 5
"""Frames that a convolution sees."""
FLOOR = 1e-3
"""Added to a magnitude over the level, before the logarithm."""


class Generator(nn.Module):
    """Sounds (B, N) -> (B, N): in each bin of the STFT, louder or softer by `bound_db` at most, in the same phase."""

    def __init__(self, fs: int, *, channels: int, layers: int, bound_db: float):
        """`layers` convolutions over time with `channels` each, before one that gives the gains."""
        super().__init__()
        self.fs, self.bound_db, self.framing = fs, bound_db, stft.framing(fs)
        bins = self.framing[0] // 2 + 1
        sizes = [bins, *[channels] * layers]
        hidden = [
            part for a, b in itertools.pairwise(sizes) for part in (nn.Conv1d(a, b, KERNEL, padding="same"), nn.ReLU())
        ]
        self.layers = nn.Sequential(*hidden, nn.Conv1d(sizes[-1], bins, KERNEL, padding="same"), nn.Tanh())

    def gain_db(self, Y: torch.Tensor) -> torch.Tensor:
        """STFT (B, F, T) -> gains in dB, (B, F, T)."""
        level = Y.abs().square().mean((1, 2), keepdim=True).sqrt().clamp_min(torch.finfo(torch.float32).tiny)
        heard = (Y.abs() / level + FLOOR).log()
        return self.bound_db * self.layers(heard - heard.mean((1, 2), keepdim=True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        Y = stft.stft(x, *self.framing)
        return stft.istft(10 ** (self.gain_db(Y) / 20) * Y, x.shape[-1], *self.framing)


@dataclass(frozen=True)
class Victims:
    """Who is attacked: trained models, which do not change."""

    detector: DifferentiableDetector
    verifier: DifferentiableEmbedder

    @classmethod
    def of(cls, bases: Mapping[str, Any], device: str) -> "Victims":
        """The models in the roles `detector` and `verifier`. Raises CocktailError for one without gradients."""
        for role, protocol in (("detector", DifferentiableDetector), ("verifier", DifferentiableEmbedder)):
            if not isinstance(bases[role], protocol):
                raise CocktailError(f"the {role} that it uses has no gradients to attack it by; use lcnn and xvector")
        models = [bases[role].to(device).eval().requires_grad_(False) for role in ("detector", "verifier")]
        return cls(*models)


def attack_loss(
    detector: DifferentiableDetector,
    verifier: DifferentiableEmbedder,
    spoofs: torch.Tensor,
    attacked: torch.Tensor,
    weight: float,
) -> torch.Tensor:
    """How far `attacked` (B, N) are from passing: cross-entropy of the detector against bona fide, and `weight` times
    one minus the cosine of the verifier's embeddings of them and of the `spoofs` (B, N) that they were made of.
    """
    logits = detector.logits(attacked)
    with torch.no_grad():
        voice = verifier.embeddings(spoofs, spoofs)
    same = functional.cosine_similarity(verifier.embeddings(attacked, spoofs), voice)
    return functional.softplus(-logits).mean() + weight * (1 - same).mean()


def hardening_loss(network: Detector, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Cross-entropy of a detector with a `generator`, on sounds `bona_fide` and `spoofs`, (B, N) each, and on the
    latter after the generator's attack. Both classes count the same.
    """
    with torch.no_grad():
        attacked = network.generator(batch["spoofs"])
    logits = network.logits(torch.cat([batch["bona_fide"], batch["spoofs"], attacked]))
    accepted, rejected = logits.split([len(attacked), 2 * len(attacked)])
    return (functional.softplus(-accepted).mean() + functional.softplus(rejected).mean()) / 2


@contextlib.contextmanager
def fixed(network: nn.Module) -> Iterator[None]:
    """Hold a network in evaluation mode for the block."""
    training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(training)


@dataclass(frozen=True)
class Sounds:
    """Stretches of `n_samples` of a split's trials, at power 1: of attacks, and of bona fide speech if asked for."""

    trials: dict[str, Trials]
    n_samples: int
    bona_fide: bool

    @classmethod
    def of(cls, data, numbers: Mapping[str, int], seconds: float, *, bona_fide: bool) -> "Sounds":
        """So many of a training's trials of each split, without the silence at their ends."""
        trials = {
            split: Trials.of(data.trials(split, n), lambda x: normalised(x, data.fs).astype(np.float32))
            for split, n in numbers.items()
        }
        return cls(trials, round(seconds * data.fs), bona_fide)

    def __call__(self, generator: np.random.Generator, split: str) -> dict[str, np.ndarray]:
        """{"spoofs": (n_samples,)}, and "bona_fide" of the same shape if that is asked for."""
        trials = self.trials[split]
        chosen = {"spoofs": trials.attacks} | ({"bona_fide": trials.bona_fide} if self.bona_fide else {})
        return {name: stretch(sounds, generator, self.n_samples) for name, sounds in chosen.items()}
