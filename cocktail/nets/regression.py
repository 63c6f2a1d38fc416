"""A network that maps the log spectrum of a mixture to that of the speech in it.

Y. Xu, J. Du, L.-R. Dai and C.-H. Lee, "A regression approach to speech enhancement based on deep neural networks",
IEEE/ACM TASLP 23(1), 2015. Input: normalised log spectra of a frame and its neighbours, and an estimate of the noise
from the first frames (noise-aware training). Output: the normalised log spectrum of the speech, linear. Estimates of
such a network vary less than speech does; their global variance is made that of speech (global variance equalisation).

Logarithms are natural ones of magnitudes, relative to a mixture of unit level. Shapes: B scenes, F bins, T frames, N
samples; `lengths` (B,) frames that count.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from cocktail import stft
from cocktail.nets.losses import weighted_mean
from cocktail.nets.mask_training import Cut, spectra, weights
from cocktail.nets.masks import BINS, FLOOR, inside, overall_level
from cocktail.nets.trunks import Spliced

NOISE_FRAMES = 12
"""Frames that the noise is estimated from: as long as the paper's first six."""
BEGIN = stft.SIZE // stft.HOP - 1
"""Frames before these, which reach into what was before the signal."""


class RegressionNetwork(nn.Module):
    """Layers of rectifiers on spliced log spectra and a noise estimate; a linear output.

    Means and deviations are those of the log spectra of mixtures, for the input, and of speech, for the output.
    `stretch` is the factor of the global variance equalisation; 1 does nothing.
    """

    def __init__(self, *, fs: int, units: int, layers: int, context: int, noise_aware: bool):
        super().__init__()
        self.fs, self.noise_aware = fs, noise_aware
        self.trunk = Spliced(2 * BINS if noise_aware else BINS, units, layers, context)
        self.output = nn.Linear(units, BINS)
        for name in ("mixture", "speech"):
            self.register_buffer(f"{name}_mean", torch.zeros(BINS))
            self.register_buffer(f"{name}_deviation", torch.ones(BINS))
        self.register_buffer("stretch", torch.ones(()))

    def forward(self, magnitude, lengths=None):
        """Mixture's magnitudes (B, F, T) of unit level -> normalised log spectrum of the speech (B, T, F)."""
        seen = (logarithms(magnitude) - self.mixture_mean) / self.mixture_deviation
        if self.noise_aware:
            noise = seen[:, BEGIN : BEGIN + NOISE_FRAMES].mean(1, keepdim=True)
            seen = torch.cat([seen, noise.expand_as(seen)], dim=-1)
        if lengths is not None:
            seen = seen * inside(lengths, magnitude)[..., None]
        return self.output(self.trunk(seen, lengths))

    def speech(self, magnitude):
        """Mixture's magnitudes (B, F, T) of any level -> those of the speech."""
        level = overall_level(magnitude)
        normalised = self.stretch * self(magnitude / level)
        logs = normalised * self.speech_deviation + self.speech_mean
        return level * (logs.exp() - FLOOR).clamp_min(0).mT


def logarithms(magnitude):
    """Magnitudes (B, F, T) -> logarithms (B, T, F) of what is FLOOR louder."""
    return torch.log(magnitude + FLOOR).mT


def loss(network: RegressionNetwork, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Squared error of the normalised log spectra, the mean over bins and frames that count."""
    mixture, target, _, lengths = spectra(batch)
    weight = weights(mixture, lengths)
    wanted = (logarithms(target.abs()) - network.speech_mean) / network.speech_deviation
    return weighted_mean((network(mixture.abs(), lengths) - wanted) ** 2, None if weight is None else weight.mT)


def set_statistics(network: RegressionNetwork, cut: Cut, n: int, rng: np.random.Generator) -> None:
    """Means and deviations of the log spectra of `n` training mixtures, and of the speech in them."""
    pairs = [_magnitudes(cut(rng, "train")) for _ in range(n)]
    for name, magnitudes in zip(("mixture", "speech"), zip(*pairs, strict=True), strict=True):
        logs = torch.cat([logarithms(magnitude)[0] for magnitude in magnitudes])
        getattr(network, f"{name}_mean").copy_(logs.mean(0))
        getattr(network, f"{name}_deviation").copy_(logs.std(0).clamp_min(1e-3))


@torch.no_grad()
def equalise_variance(network: RegressionNetwork, cut: Cut, n: int, rng: np.random.Generator) -> None:
    """Make the variance of the network's estimates, over all bins and frames of `n` mixtures, that of the speech."""
    estimated, wanted = [], []
    for mixture, speech in (_magnitudes(cut(rng, "train")) for _ in range(n)):
        estimated.append(network(mixture)[0])
        wanted.append((logarithms(speech)[0] - network.speech_mean) / network.speech_deviation)
    network.stretch.copy_(torch.cat(wanted).std() / torch.cat(estimated).std().clamp_min(1e-3))


def separate(network: RegressionNetwork, mixture: torch.Tensor) -> torch.Tensor:
    """Mixture (N,) -> speech (1, N), with the mixture's phases."""
    Y = stft.stft(mixture[None])
    magnitude = Y.abs()
    unit = Y / magnitude.clamp_min(torch.finfo(magnitude.dtype).tiny)
    return stft.istft(network.speech(magnitude) * unit, len(mixture))


def _magnitudes(example):
    """Of mixture and speech, (1, F, T) each, of the frames that count, relative to the mixture's level."""
    mixture, speech = (torch.from_numpy(example[name]).float()[None] for name in ("mixture", "target"))
    frames = int(example["frames"])
    Y, S = (stft.stft(x).abs()[..., :frames] for x in (mixture, speech))
    level = overall_level(Y)
    return Y / level, S / level
