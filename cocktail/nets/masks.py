"""A network that looks at a mixture and says how much of each bin is speech.

F. Weninger, J. R. Hershey, J. Le Roux and B. Schuller, "Discriminatively trained recurrent neural networks for
single-channel speech separation", GlobalSIP 2014: 100 log-mel filters in, zero mean and unit variance, Gaussian noise
of deviation 0.1 added in training; a sigmoid mask out; mel-domain masks to begin with.

Shapes: spectrograms (B, F, T), features of G mel filters (B, T, G), `lengths` (B,) frames that count.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from cocktail import stft
from cocktail.dsp.blocks import SIGNALS
from cocktail.dsp.mel import filterbank
from cocktail.errors import CocktailError
from cocktail.method import require_rate
from cocktail.nets.losses import expand, ideal_ratio_mask
from cocktail.nets.trunks import Recurrent, Spliced

MELS = 100
BINS = stft.SIZE // 2 + 1
INPUT_NOISE = 0.1
"""Standard deviation of the noise on normalised features."""
FLOOR = 1e-3
"""Added to mel magnitudes of a mixture of unit level: 60 dB below it, nothing is heard."""


class LogMel(nn.Module):
    """Magnitudes (B, F, T) -> normalised log-mel features (B, T, G), whatever the mixture's level."""

    def __init__(self, fs: float, running: bool, centred: bool = False):
        """`running`: the level is that of the mixture so far, so that no frame depends on later ones.

        `centred`: each filter's mean over the mixture, or over what has been heard of it, is taken off: what a
        microphone's response adds, and the colour of a steady noise.
        """
        super().__init__()
        self.running, self.centred = running, centred
        filters = torch.as_tensor(filterbank(MELS, fs, stft.SIZE), dtype=torch.float32)
        self.register_buffer("filters", filters, persistent=False)
        self.register_buffer("mean", torch.zeros(MELS))
        self.register_buffer("deviation", torch.ones(MELS))

    def set_statistics(self, magnitudes) -> None:
        """Mean and deviation of the filters' logarithms over many spectrograms, (B, F, T) each."""
        logs = torch.cat([self.logarithms(magnitude).flatten(0, 1) for magnitude in magnitudes])
        self.mean.copy_(logs.mean(0))
        self.deviation.copy_(logs.std(0).clamp_min(1e-3))

    def require_same(self, other: "LogMel", whose: str) -> None:
        """Raise CocktailError where `other`, which are those of `whose`, are made in another way."""
        for name in ("running", "centred"):
            own, given = (getattr(features, name) for features in (self, other))
            if own != given:
                raise CocktailError(
                    f"start: features of {whose} are {'' if given else 'not '}{name}, those of this network "
                    f"are {'' if own else 'not '}{name}; they must be made alike"
                )

    def logarithms(self, magnitude, lengths=None):
        """log of the filters' outputs of a mixture of unit level, (B, T, G); without their means where centred."""
        level = (running_level if self.running else overall_level)(magnitude, lengths)
        logs = torch.log(self.filters @ (magnitude / level) + FLOOR).mT
        return logs - self._means(logs, magnitude, lengths) if self.centred else logs

    def _means(self, logs, magnitude, lengths):
        """Of each filter, over the frames that count (B, 1, G), or up to each frame (B, T, G)."""
        if self.running:
            return logs.cumsum(1) / torch.arange(1, logs.shape[1] + 1, device=logs.device)[:, None]
        if lengths is None:
            return logs.mean(1, keepdim=True)
        counted = inside(lengths, magnitude)[..., None]
        return (logs * counted).sum(1, keepdim=True) / counted.sum(1, keepdim=True)

    def forward(self, magnitude, lengths=None):
        """(B, F, T) -> (B, T, G); 0 from `lengths` on."""
        features = (self.logarithms(magnitude, lengths) - self.mean) / self.deviation
        if self.training:
            features = features + INPUT_NOISE * torch.randn_like(features)
        return features if lengths is None else features * inside(lengths, magnitude)[..., None]


class MaskNetwork(nn.Module):
    """Features, hidden layers, and a sigmoid output of one resolution: of the bins, or of the mel filters."""

    def __init__(self, features: LogMel, trunk: nn.Module, fs: int):
        super().__init__()
        self.features, self.trunk, self.fs = features, trunk, fs
        self.output = nn.Linear(trunk.width, BINS)

    def forward(self, magnitude, lengths=None):
        """Mixture's magnitudes (B, F, T) of any level -> mask (B, outputs, T) between 0 and 1."""
        return torch.sigmoid(self.output(self.trunk(self.features(magnitude, lengths), lengths))).mT

    @property
    def mel(self) -> bool:
        """Whether the mask is one of the mel filters."""
        return self.output.out_features == MELS

    def begin_mel(self) -> None:
        """A new output layer, whose mask is one of the mel filters."""
        self.output = nn.Linear(self.trunk.width, MELS)

    @torch.no_grad()
    def refine(self) -> None:
        """From a mask of the mel filters to one of the bins: each takes the mean of the filters that see it."""
        coarse = self.output
        seen = self.features.filters + 1e-6  # the outermost bins are hardly seen by any filter
        share = (seen / seen.sum(0)).T
        self.output = nn.Linear(self.trunk.width, BINS, device=share.device)
        self.output.weight.copy_(share @ coarse.weight)
        self.output.bias.copy_(share @ coarse.bias)

    def mel_mask(self, *, mixture, target):
        """The ideal ratio mask of the mel filters (B, G, T) for complex spectra (B, F, T)."""
        filters = self.features.filters
        return ideal_ratio_mask(target=filters @ target.abs(), residual=filters @ (mixture - target).abs())

    @torch.no_grad()
    def mask(self, mixture, fs: float, device: str = "cpu", lengths=None) -> torch.Tensor:
        """Masks of signals, each for itself: (..., N) samples of any level -> (..., F, T) float32 on `device`.

        `mixture` is an array or a tensor; F and T are those of `stft(mixture)`. `lengths` (...) says how many samples
        of each signal count. Raises CocktailError where `fs` is not the rate of the training.
        """
        samples = self._samples(mixture, fs, device)
        return self.mask_of(stft.stft(samples), None if lengths is None else stft.n_frames(np.asarray(lengths)))

    @torch.no_grad()
    def mask_of(self, spectrum: torch.Tensor, lengths=None) -> torch.Tensor:
        """The same for spectra (..., F, T), complex or magnitudes, on their device; `lengths` (...) in frames."""
        self.to(spectrum.device)
        flat = spectrum.abs().float().flatten(0, -3) if spectrum.ndim > 2 else spectrum.abs().float()[None]
        if lengths is not None:
            lengths = torch.as_tensor(lengths, device=spectrum.device).reshape(-1)
        group = SIGNALS[spectrum.device.type]
        parts = [
            self(flat[i : i + group], None if lengths is None else lengths[i : i + group])
            for i in range(0, len(flat), group)
        ]
        return torch.cat(parts).reshape(spectrum.shape)

    @torch.no_grad()
    def enhance(
        self, mixture, fs: float, device: str = "cpu", lengths=None, after: Callable = lambda mask: mask
    ) -> torch.Tensor:
        """The mask applied: (..., N) samples -> (..., N) samples on `device`; arguments as of `mask`.

        `after` turns masks (..., F, T) into those that are applied.
        """
        samples = self._samples(mixture, fs, device)
        spectrum = stft.stft(samples)
        frames = None if lengths is None else stft.n_frames(np.asarray(lengths))
        return stft.istft(after(self.mask_of(spectrum, frames)) * spectrum, samples.shape[-1])

    def _samples(self, mixture, fs, device):
        require_rate(fs, self.fs)
        return torch.as_tensor(mixture, device=device, dtype=torch.float32)


class ComplexMaskNetwork(MaskNetwork):
    """Features, hidden layers, and a linear output: real and imaginary parts of the compressed complex mask.

    D. S. Williamson, Y. Wang and D. Wang, "Complex ratio masking for monaural speech separation", IEEE/ACM TASLP 24(3),
    2016. Masks are complex (B, F, T), and bounded by the compression alone.
    """

    def __init__(self, features: LogMel, trunk: nn.Module, fs: int):
        super().__init__(features, trunk, fs)
        self.output = nn.Linear(trunk.width, 2 * BINS)

    def compressed(self, magnitude, lengths=None):
        """Mixture's magnitudes (B, F, T) -> compressed mask (B, F, T), complex."""
        output = self.output(self.trunk(self.features(magnitude, lengths), lengths)).mT
        return torch.complex(*output.chunk(2, dim=1))

    def mask(self, mixture, fs: float, device: str = "cpu", lengths=None):
        """Raises CocktailError: these masks are no share of the talker, which others could build on."""
        raise CocktailError("masks of the entry that it uses are complex; use one with real masks, as blstm-psa has")

    def forward(self, magnitude, lengths=None):
        """Mixture's magnitudes (B, F, T) -> mask (B, F, T), complex."""
        return expand(self.compressed(magnitude, lengths))


def build(
    *, fs: int, cell: str, units: int, layers: int, context: int, running: bool, centred: bool = False,
    complex: bool = False,
) -> MaskNetwork:  # fmt: skip
    """An untrained network. `cell`: `dnn` (splices `context` frames on either side), `lstm` or `blstm`.

    `running`, `centred`: see LogMel. `complex`: its masks turn phases as well.
    """
    if cell == "dnn":
        trunk = Spliced(MELS, units, layers, context)
    else:
        trunk = Recurrent(MELS, units, layers, bidirectional=cell == "blstm")
    return (ComplexMaskNetwork if complex else MaskNetwork)(LogMel(fs, running, centred), trunk, fs)


def inside(lengths, magnitude):
    """(B, T): 1 in the frames that count, 0 in padding."""
    return (torch.arange(magnitude.shape[-1], device=magnitude.device) < lengths[:, None]).to(magnitude)


def overall_level(magnitude, lengths=None):
    """Root-mean-square of magnitudes (B, F, T) over the frames that count, (B, 1, 1); 1 for silence."""
    power = magnitude.square().mean(1)
    if lengths is None:
        mean = power.mean(1)
    else:
        mean = (power * inside(lengths, magnitude)).sum(1) / lengths
    return _one_for_silence(mean.sqrt()[:, None, None])


def array_level(spectra, lengths=None):
    """That of spectra (B, D, F, T) over their microphones, (B, 1, 1, 1)."""
    return overall_level(spectra.abs().square().mean(1).sqrt(), lengths)[:, None]


def running_level(magnitude, lengths=None):
    """Root-mean-square of magnitudes (B, F, T) up to each frame, (B, 1, T); 1 while there was but silence."""
    frames = torch.arange(1, magnitude.shape[-1] + 1, device=magnitude.device)
    return _one_for_silence((magnitude.square().mean(1).cumsum(1) / frames).sqrt()[:, None])


def _one_for_silence(level):
    return torch.where(level > 0, level, 1.0)
