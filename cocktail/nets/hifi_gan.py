"""HiFi-GAN: a generator that makes waveforms of mel spectrograms, the discriminators that it learns from, their losses.

J. Kong, J. Kim and J. Bae, "HiFi-GAN: generative adversarial networks for efficient and high fidelity speech
synthesis", NeurIPS 2020. Deviations: see methods/speech/hifi_gan.py.

Shapes: B sounds, C channels, G mel bands, T frames, N samples.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

from cocktail import stft
from cocktail.dsp.mel import filterbank
from cocktail.levels import power
from cocktail.nets.detection import stretch

BANDS = 80
FLOOR = 1e-5
"""Smallest output of a mel filter, before the logarithm."""
LEVEL = 0.08
"""Root mean square of the utterances that the generator makes: their peaks are mostly below 1, where tanh ends."""
UPSAMPLING = (8, 8, 2)
"""Factors of the transposed convolutions, together `stft.HOP`; their kernels are twice as long (k_u)."""
KERNELS = (3, 5, 7)
"""k_r, of the residual blocks, whose sum is taken."""
DILATIONS = ((1, 2), (2, 6), (3, 12))
"""D_r, of each block's convolutions."""
SLOPE = 0.1
"""Of the leaky rectifiers below zero."""
PERIODS = (2, 3, 5, 7, 11)
SCALES = 3
"""Discriminators of the waveform: as it is, and averaged over 2 and over 4 samples."""
FEATURES_WEIGHT = 2.0
"""lambda_fm, Eq. (5)."""
MEL_WEIGHT = 45.0
"""lambda_mel, Eq. (5)."""
DELAY = (stft.SIZE - stft.HOP) // 2
"""Samples that are made before the first one: then each frame's are those in the middle of its window."""


class LogMel(nn.Module):
    """Sounds (B, N) -> natural logarithms of their mel magnitudes, (B, G, T)."""

    def __init__(self, fs: int):
        super().__init__()
        filters = torch.as_tensor(filterbank(BANDS, fs, stft.SIZE), dtype=torch.float32)
        self.register_buffer("filters", filters, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (self.filters @ stft.stft(x).abs()).clamp_min(FLOOR).log()


class Residual(nn.Module):
    """Dilated convolutions, each added to what it was made of: (B, C, T) -> (B, C, T)."""

    def __init__(self, channels: int, kernel: int, dilations: Sequence[int]):
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel, dilation=dilation, padding="same") for dilation in dilations
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = x + layer(functional.leaky_relu(x, SLOPE))
        return x


class Upsampling(nn.Module):
    """(B, C, T) -> (B, C', `factor` T): a transposed convolution, and the sum of residual blocks on what it makes."""

    def __init__(self, channels: int, outputs: int, factor: int):
        super().__init__()
        self.up = nn.ConvTranspose1d(channels, outputs, 2 * factor, factor, padding=factor // 2)
        self.blocks = nn.ModuleList(
            Residual(outputs, kernel, dilations) for kernel, dilations in zip(KERNELS, DILATIONS, strict=True)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.up(functional.leaky_relu(x, SLOPE))
        return sum(block(x) for block in self.blocks)


class Generator(nn.Module):
    """Log-mel magnitudes (B, G, T) -> waveforms (B, T * stft.HOP) between -1 and 1."""

    def __init__(self, channels: int):
        """`channels` (h_u): before the first upsampling, each of which halves them."""
        super().__init__()
        sizes = [max(channels >> level, 2) for level in range(len(UPSAMPLING) + 1)]
        self.first = nn.Conv1d(BANDS, sizes[0], 7, padding="same")
        self.upsampling = nn.Sequential(
            *(Upsampling(a, b, factor) for a, b, factor in zip(sizes, sizes[1:], UPSAMPLING, strict=False))
        )
        self.last = nn.Conv1d(sizes[-1], 1, 7, padding="same")

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        hidden = functional.leaky_relu(self.upsampling(self.first(mel)), SLOPE)
        return self.last(hidden).tanh()[:, 0]


class Vocoder(nn.Module):
    """Sounds (B, N) -> (B, N): the waveforms that the generator makes of their mel spectrograms (copy synthesis)."""

    def __init__(self, fs: int, channels: int):
        super().__init__()
        self.fs, self.mel, self.generator = fs, LogMel(fs), Generator(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Of sounds at the level of the training."""
        return self.generator(self.mel(x))[:, DELAY : DELAY + x.shape[-1]]

    def copied(self, x: torch.Tensor) -> torch.Tensor:
        """Of sounds at any level, which the copies follow."""
        level = x.square().mean(-1, keepdim=True).sqrt() / LEVEL
        return level * self(x / level.clamp_min(torch.finfo(x.dtype).tiny))


class Judge(nn.Module):
    """Convolutions, a leaky rectifier behind each but the last, which decides: a sound -> what each makes of it."""

    def __init__(self, layers: Sequence[nn.Module]):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        found = []
        for layer in self.layers[:-1]:
            x = functional.leaky_relu(layer(x), SLOPE)
            found.append(x)
        return [*found, self.layers[-1](x)]


def period_judge(width: float) -> Judge:
    """For samples a period apart: (B, 1, N / period, period)."""
    sizes = [1, *(max(round(width * channels), 2) for channels in (32, 128, 512, 1024, 1024))]
    strides = (3, 3, 3, 3, 1)
    layers = [
        nn.Conv2d(a, b, (5, 1), (stride, 1), padding=(2, 0))
        for a, b, stride in zip(sizes, sizes[1:], strides, strict=False)
    ]
    layers.append(nn.Conv2d(sizes[-1], 1, (3, 1), padding=(1, 0)))
    return Judge([weight_norm(layer) for layer in layers])


def scale_judge(width: float, normalised=weight_norm) -> Judge:
    """For waveforms, (B, 1, N). `normalised`: weight or spectral normalisation."""
    groups = 16
    sizes = [groups * max(round(width * channels / groups), 1) for channels in (128, 128, 256, 512, 1024, 1024, 1024)]
    layers = [nn.Conv1d(1, sizes[0], 15, padding=7)]
    for k, (stride, shared) in enumerate(((2, 4), (2, groups), (4, groups), (4, groups), (1, groups))):
        layers.append(nn.Conv1d(sizes[k], sizes[k + 1], 41, stride, padding=20, groups=shared))
    layers += [nn.Conv1d(sizes[5], sizes[6], 5, padding=2), nn.Conv1d(sizes[6], 1, 3, padding=1)]
    return Judge([normalised(layer) for layer in layers])


class Discriminators(nn.Module):
    """Multi-period and multi-scale: waveforms (B, N) -> of each discriminator, what its layers make of them."""

    def __init__(self, width: float):
        """`width`: factor on the channels of all layers."""
        super().__init__()
        self.periods = nn.ModuleList(period_judge(width) for _ in PERIODS)
        self.scales = nn.ModuleList(scale_judge(width, weight_norm if k else spectral_norm) for k in range(SCALES))

    def forward(self, x: torch.Tensor) -> list[list[torch.Tensor]]:
        x = x[:, None]
        found = []
        for period, judge in zip(PERIODS, self.periods, strict=True):
            padded = functional.pad(x, (0, -x.shape[-1] % period), "reflect")
            found.append(judge(padded.unflatten(-1, (-1, period))))
        for judge in self.scales:
            found.append(judge(x))
            x = functional.avg_pool1d(x, 4, 2, padding=2)
        return found


def generator_loss(network: nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Eq. (5) of a Vocoder with `discriminators`, on {"sounds": (B, N)}.

    Least squares (Eq. 2), feature matching (Eq. 4) and the L1 distance of log-mel magnitudes (Eq. 3).
    """
    sounds = batch["sounds"]
    made = network(sounds)
    with torch.no_grad():
        wanted = network.discriminators(sounds)
    found = network.discriminators(made)
    adversarial = sum((layers[-1] - 1).square().mean() for layers in found)
    matching = sum(
        functional.l1_loss(a, b)
        for layers, others in zip(found, wanted, strict=True)
        for a, b in zip(layers, others, strict=True)
    )
    mel = functional.l1_loss(network.mel(made), network.mel(sounds))
    return adversarial + FEATURES_WEIGHT * matching + MEL_WEIGHT * mel


def discriminator_loss(network: nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Eq. (6), of the discriminators of a Vocoder, which stays as it is: 1 for speech, 0 for what was made of it."""
    sounds = batch["sounds"]
    with torch.no_grad():
        made = network(sounds)
    return sum(
        (real[-1] - 1).square().mean() + copy[-1].square().mean()
        for real, copy in zip(network.discriminators(sounds), network.discriminators(made), strict=True)
    )


@dataclass(frozen=True)
class Speech:
    """Stretches of `n_samples` of the utterances of each split, which are at LEVEL."""

    utterances: dict[str, list[np.ndarray]]
    n_samples: int

    @classmethod
    def of(cls, data, seconds: float) -> "Speech":
        """The isolated speech that a training may hear, but for what is silent."""
        utterances = {
            split: [at_level(x.samples) for x in data.speech(split) if x.samples.any()] for split in ("train", "valid")
        }
        return cls(utterances, round(seconds * data.fs))

    def __call__(self, generator: np.random.Generator, split: str) -> dict[str, np.ndarray]:
        return {"sounds": stretch(self.utterances[split], generator, self.n_samples)}


def at_level(x: np.ndarray) -> np.ndarray:
    """(N,) at LEVEL, in single precision."""
    return (LEVEL * x / np.sqrt(power(x))).astype(np.float32)
