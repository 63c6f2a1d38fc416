"""A network that tells frames of speech from frames of noise, and estimates of both with which it agrees.

E. M. Grais, M. U. Sen and H. Erdogan, "Deep neural networks for single channel source separation", ICASSP 2014.

Shapes: F bins, T frames. Spectra x (2, T, F) of speech and of noise, their gains u (2, T, 1), the mixture y (T, F);
every frame begins with unit Euclidean norm.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from cocktail.dsp.nmf.enhancer import NmfEnhancer
from cocktail.errors import CocktailError
from cocktail.rng import rng

BLOCK = 512
"""Frames that are estimated together; they do not depend on each other."""
HISTORY = 10
"""Steps that L-BFGS remembers."""
INPUT_NOISE = 1.0
"""Standard deviation of what is added to bins in training, of the frame's root-mean-square."""


class Verifier(nn.Module):
    """Frames (..., F) of unit norm -> how much each is speech, and how much noise, (..., 2) between 0 and 1."""

    def __init__(self, *, bins: int, units: int, layers: int, fs: int):
        """`layers` of `units` each."""
        super().__init__()
        self.fs, self.scale = fs, bins**0.5
        sizes = [bins, *[units] * layers]
        hidden = [layer for pair in itertools.pairwise(sizes) for layer in (nn.Linear(*pair), nn.Tanh())]
        self.layers = nn.Sequential(*hidden, nn.Linear(units, 2), nn.Sigmoid())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        bins = self.scale * x
        return self.layers(bins + INPUT_NOISE * torch.randn_like(bins) if self.training else bins)

    def misfit(self, x: torch.Tensor) -> torch.Tensor:
        """x (2, T, F) -> (2, T): how far the first is from being called speech alone, and the second noise alone."""
        return (self(x) - torch.eye(2).to(x)[:, None]).square().sum(-1)


def loss(network: Verifier, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Mean misfit of `speech` and `noise`, (B, n, F) each."""
    return network.misfit(torch.stack([batch["speech"].flatten(0, 1), batch["noise"].flatten(0, 1)])).mean()


class Frames:
    """Draws as many frames of isolated speech as of isolated noise; spectra are those of NMF."""

    def __init__(self, data, n_frames: int, size: int):
        """`n_frames` of the speech and of each kind of noise to draw from, `size` in a draw.

        Raises CocktailError where a split has none.
        """
        self.size, self.drawn = size, {}
        for split in ("train", "valid"):
            generator = rng(0, split, role="frames")
            for name, recordings in (("speech", data.speech(split)), ("noise", data.noise(split))):
                kinds = [*NmfEnhancer().columns(recordings, n_frames, generator).values()]
                if not kinds:
                    raise CocktailError(f"the split '{split}' has no {name} to learn from")
                self.drawn[split, name] = unit(np.concatenate(kinds, axis=1).T.copy())  # in rows: they are drawn

    def __call__(self, generator: np.random.Generator, split: str) -> dict[str, np.ndarray]:
        """{speech (size, F), noise (size, F)}."""
        return {name: generator.choice(self.drawn[split, name], self.size) for name in ("speech", "noise")}


@dataclass(frozen=True)
class Energy:
    """What estimates are to make small: section 3 of the paper."""

    network: Verifier
    together: float
    """lambda, the weight of the difference between the mixture and the sum of both."""
    negative: float
    """beta, that of what is below zero."""

    def __call__(self, x: torch.Tensor, u: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Of each frame, (T,)."""
        fits = self.network.misfit(x).sum(0)
        rest = ((u * x).sum(0) - y).square().sum(-1)
        below = x.clamp(max=0).square().sum((0, -1)) + u.clamp(max=0).square().sum((0, -1))
        return fits + self.together * rest + self.negative * below

    def minimise(self, x: torch.Tensor, u: torch.Tensor, y: torch.Tensor, iterations: int) -> tuple:
        """x and u after steps of L-BFGS from where they are; the energy does not rise."""
        x, u = (value.clone().requires_grad_() for value in (x, u))
        optimiser = torch.optim.LBFGS([x, u], max_iter=iterations, history_size=HISTORY, line_search_fn="strong_wolfe")

        def closure():
            optimiser.zero_grad()
            energy = self(x, u, y).sum()
            energy.backward()
            return energy

        with torch.enable_grad():
            optimiser.step(closure)
        return x.detach(), u.detach()


def speech_share(energy: Energy, speech: torch.Tensor, noise: torch.Tensor, V: torch.Tensor, iterations: int):
    """From models of speech and noise (F, T) of a mixture V (F, T), all positive, the share of speech (F, T).

    What they start from are their shares of the mixture.
    """
    y = V.T
    norm = torch.linalg.vector_norm(y, dim=-1, keepdim=True)
    models = torch.stack([speech.T, noise.T])
    models = models / models.sum(0) * y / norm
    shares = []
    for first in range(0, len(y), BLOCK):
        part = slice(first, first + BLOCK)
        x, u = unit(models[:, part]), torch.linalg.vector_norm(models[:, part], dim=-1, keepdim=True)
        x, u = energy.minimise(x, u, y[part] / norm[part], iterations)
        found = (u * x).clamp_min(0)
        total = found.sum(0)
        shares.append(torch.where(total > 0, found[0] / total.clamp_min(torch.finfo(total.dtype).tiny), 0.5))
    return torch.cat(shares).T


def unit(frames):
    """Frames (..., F), an array or a tensor, scaled to unit Euclidean norm."""
    return frames / ((frames**2).sum(-1) ** 0.5)[..., None]
