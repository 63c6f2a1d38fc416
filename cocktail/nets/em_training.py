"""What the networks of DNN-EM learn from: training scenes as expectation maximisation with the earlier networks left
them.

A. A. Nugraha, A. Liutkus and E. Vincent, "Multichannel audio source separation with deep neural networks", IEEE/ACM
Trans. Audio, Speech, Language Process. 24(9), 2016: the first network sees the delay-and-sum output of the mixture,
each later one the square roots of the powers that the posterior tells after the one before it. The truth is the same
for all: the delay-and-sum outputs of the source images, by the filter of the mixture.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from cocktail import stft
from cocktail.dsp.blocks import SCENES_EM
from cocktail.dsp.spatial import beamformers, dnn_em, stacks
from cocktail.method import TrainingMixture
from cocktail.rng import rng

VALID = 0.1
"""Scenes to validate on, relative to those to train on."""

Spectra = dict[str, np.ndarray]
"""Of a scene, float32: `inputs` (J, F, T); `target` (2, F, T) square roots of the sources' powers; `mixture` (F, T) and
`along` (2, F, T): magnitudes of the beam, and the parts of both sources that are in phase with it.
"""


@dataclass(frozen=True)
class Excerpts:
    """Excerpts of `frames` frames of these scenes, at random places; shorter scenes are followed by zeros."""

    scenes: dict[str, list[Spectra]]
    """Split -> scenes."""
    frames: int

    def __call__(self, generator: np.random.Generator, split: str) -> Spectra:
        """One example."""
        scene = self.scenes[split][generator.integers(len(self.scenes[split]))]
        n_frames = scene["mixture"].shape[-1]
        first = int(generator.integers(max(n_frames - self.frames, 0) + 1))
        missing = max(self.frames - n_frames, 0)
        cut = {name: x[..., first : first + self.frames] for name, x in scene.items()}
        return {name: np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, missing)]) for name, x in cut.items()}


def excerpts(
    draw: Callable[[np.random.Generator, str], TrainingMixture],
    after: Callable[[stacks.Stack], torch.Tensor],
    *,
    scenes: int,
    frames: int,
    fs: float,
    device: str,
) -> Excerpts:
    """From `scenes` training mixtures with their images, and a tenth as many to validate on.

    `after` (stack) -> (B, J, F, T): what the network in training is given of these scenes.
    """
    counts = {"train": scenes, "valid": max(round(VALID * scenes), 1)}
    return Excerpts({split: list(_spectra(draw, after, split, n, fs, device)) for split, n in counts.items()}, frames)


def _spectra(draw, after, split, count, fs, device) -> Iterator[Spectra]:
    size = SCENES_EM[device]
    for first in range(0, count, size):
        numbers = range(first, min(first + size, count))
        drawn = [draw(rng(number, split, role="scene of DNN-EM"), split) for number in numbers]
        for channels in sorted({len(scene.mixture) for scene in drawn}):
            yield from _of_stack([x for x in drawn if len(x.mixture) == channels], after, fs, device)


def _of_stack(drawn: Sequence[TrainingMixture], after, fs, device):
    """Spectra of scenes with the same number of microphones."""
    stack = stacks.stack([x.mixture for x in drawn], [x.array for x in drawn], fs, device)
    inputs = after(stack).float().cpu().numpy()
    for b, scene in enumerate(drawn):
        n = int(stack.frames[b])
        mixture = stack.beams[b, :, :n]
        image = stft.stft(scene.images[0].astype(float) / stack.scale[b])
        talker = beamformers.apply(stack.weights[b], image)
        both = np.stack([talker, mixture - talker])
        magnitude = np.abs(mixture)
        along = (both * mixture.conj()).real / np.maximum(magnitude, np.finfo(float).tiny)
        found = {"inputs": inputs[b, ..., :n], "target": np.abs(both), "mixture": magnitude, "along": along}
        yield {name: x.astype(np.float32) for name, x in found.items()}


def given(stack: stacks.Stack, networks: Sequence[torch.nn.Module], *, updates: int, weighted: bool) -> torch.Tensor:
    """(B, J, F, T): what the network after `networks` is given; the beam's magnitudes if it is the first."""
    start = torch.as_tensor(np.abs(stack.beams)[:, None], dtype=torch.float32, device=stack.x.device)
    if not networks:
        return start
    with torch.no_grad():
        counts = [updates] * len(networks)
        return dnn_em.alternate(stack.x, start, stack.present, networks, counts, weighted=weighted).powers.sqrt()
