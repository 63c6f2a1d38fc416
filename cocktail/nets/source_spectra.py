"""A network that says the spectra of the talker and of all else, and the costs that it is trained for.

A. A. Nugraha, A. Liutkus and E. Vincent, "Multichannel audio source separation with deep neural networks", IEEE/ACM
Trans. Audio, Speech, Language Process. 24(9), 2016. Magnitudes of a frame and its neighbours, decorrelated by principal
components and standardised, go through layers of rectifiers; out come the square roots of the powers of both sources.
A. Liutkus, D. FitzGerald and R. Badeau, "Cauchy nonnegative matrix factorization", WASPAA 2015, for one of the costs.

Deviations: the output is a softplus and no rectifier, so that every cost has a gradient everywhere. The scale of the
Cauchy cost is such that the best estimate is the truth; it is then half of the truth in the paper on Cauchy NMF.

Shapes: B examples, J spectra in (the beam, or both sources), F bins, T frames, P components.
"""

import itertools

import torch
from torch import nn

DELTA = 1e-5
"""Added to powers in ratios and logarithms; the mean power of a mixture is 1."""

FLAT = 1e-6
"""Least variance of a principal component that is brought to 1, relative to that of the first."""


class SpectraNetwork(nn.Module):
    """Magnitudes (B, J, F, T) -> magnitudes (B, 2, F, T) of the talker and of all else."""

    def __init__(self, *, bins: int, spectra: int, context: int, components: int, layers: int, units: int):
        """`context`: neighbours on either side of a frame; `layers` of `units` rectifiers are hidden."""
        super().__init__()
        self.bins, self.context = bins, context
        self.register_buffer("components", torch.zeros(components, spectra * bins, 2 * context + 1))
        self.register_buffer("offset", torch.zeros(components))
        sizes = [components, *[units] * layers]
        hidden = [nn.Sequential(nn.Linear(*pair), nn.ReLU()) for pair in itertools.pairwise(sizes)]
        self.layers = nn.Sequential(*hidden, nn.Linear(sizes[-1], 2 * bins), nn.Softplus())

    def forward(self, magnitude: torch.Tensor) -> torch.Tensor:
        """Beyond the ends, frames are zero."""
        return self.layers(self.features(magnitude)).mT.unflatten(1, (2, self.bins))

    def features(self, magnitude: torch.Tensor) -> torch.Tensor:
        """(B, J, F, T) -> (B, T, P) of zero mean and unit variance."""
        # A projection of spliced frames is a convolution over time, which need not copy every frame.
        projected = nn.functional.conv1d(magnitude.flatten(1, 2), self.components, padding=self.context)
        return projected.mT - self.offset

    @torch.no_grad()
    def set_statistics(self, magnitudes: list[torch.Tensor]) -> None:
        """Principal components of many magnitudes (J, F, T), in double precision."""
        width = 2 * self.context + 1
        padded = [nn.functional.pad(x.double().flatten(0, 1), (self.context, self.context)) for x in magnitudes]
        spliced = torch.cat([x.unfold(1, width, 1).transpose(0, 1).flatten(1) for x in padded])  # (frames, J F width)
        mean = spliced.mean(0)
        values, vectors = torch.linalg.eigh((spliced - mean).T @ (spliced - mean) / len(spliced))
        values, vectors = values.flip(0)[: len(self.offset)], vectors.flip(1)[:, : len(self.offset)]
        least = (FLAT * values[0]).clamp_min(torch.finfo(values.dtype).tiny)
        whiten = (vectors / values.maximum(least).sqrt()).T
        self.components.copy_(whiten.unflatten(1, (-1, width)))
        self.offset.copy_(whiten @ mean)


def cost(name: str, *, estimate, target, mixture, along) -> torch.Tensor:
    """The mean over all bins, scalar; 0 where the estimate is the truth, but for `phase-sensitive`.

    estimate, target (B, 2, F, T): square roots of powers v and z. For `phase-sensitive`, mixture (B, F, T) >= 0 and
    `along` (B, 2, F, T), the parts of both sources in phase with it.
    """
    if name == "mse":
        return ((target - estimate) ** 2).mean()
    if name == "phase-sensitive":  # |m x - s|^2, but for a constant; m the Wiener gain
        v = estimate**2
        gain = v / (v.sum(1, keepdim=True) + DELTA)
        return ((gain * mixture[:, None] - along) ** 2).mean()
    z, v = target**2 + DELTA, estimate**2 + DELTA
    if name == "is":
        return (z / v - (z / v).log() - 1).mean()
    if name == "kl":  # of magnitudes
        return (z.sqrt() * (z / v).log() / 2 - z.sqrt() + v.sqrt()).mean()
    if name == "cauchy":
        return (1.5 * ((2 * z + v) / (3 * z)).log() + 0.5 * (z / v).log()).mean()
    raise ValueError(f"unknown cost {name!r}")
