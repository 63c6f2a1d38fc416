"""The multichannel GMM unfolded into a network: iterations are layers, each with trained states and a step of its own.

J. R. Hershey, J. Le Roux and F. Weninger, "Deep unfolding: model-based inspiration of novel deep architectures",
arXiv:1409.2574, 2014; S. Wisdom, J. R. Hershey, J. Le Roux and S. Watanabe, "Deep unfolding for multichannel source
separation", ICASSP 2016.

Shapes: y (B, F, T, D) mixtures of unit power, channels (B, F, D, K) and powers (B, F, T, K) that a scene starts from
(cocktail/dsp/spatial/directed_start.py), sources (B, K, N).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from cocktail import stft
from cocktail.dsp.spatial import blind, directed_start, directions, multichannel_gmm
from cocktail.method import TrainingMixture
from cocktail.nets import waveforms
from cocktail.rng import rng

Example = dict[str, np.ndarray]


class UnfoldedMcgmm(nn.Module):
    """Mixtures and what they start from -> talkers at microphone 1."""

    def __init__(self, *, bins: int, states: int, layers: int):
        super().__init__()
        self.log_weights = nn.Parameter(torch.zeros(layers, states))
        """log pi; whatever is common to all states means nothing."""
        self.log_variances = nn.Parameter(torch.zeros(layers, states, bins))
        """log v."""
        self.steps = nn.Parameter(torch.ones(layers))
        """Of the channels towards least squares."""

    @torch.no_grad()
    def begin(self, log_weights: torch.Tensor, log_variances: torch.Tensor) -> None:
        """Every layer starts with the same states, (S,) and (S, F)."""
        self.log_weights.copy_(log_weights.expand_as(self.log_weights))
        self.log_variances.copy_(log_variances.expand_as(self.log_variances))

    def forward(self, y: torch.Tensor, channels: torch.Tensor, powers: torch.Tensor) -> torch.Tensor:
        """-> (B, K, F, T)."""
        states = map(multichannel_gmm.States, self.log_weights, self.log_variances)
        layers = list(map(multichannel_gmm.Layer, states, self.steps))
        return multichannel_gmm.separate(y, channels, powers, layers).images


def loss(network: UnfoldedMcgmm, batch: dict[str, torch.Tensor], window: int, hop: int) -> torch.Tensor:
    """Minus the SNR of the talkers in dB under the best permutation, the mean over scenes; see `collate`."""
    total = 0.0
    for k in batch["n_sources"].unique().tolist():  # no talker is made up where another scene has more
        alike = batch["n_sources"] == k
        images = network(batch["y"][alike], *(batch[name][alike][..., :k] for name in ("channels", "powers")))
        reference = batch["sources"][alike][:, :k]
        estimate = stft.istft(images, reference.shape[-1], window, hop)
        total = total + alike.sum() * waveforms.loss(estimate, reference, waveforms.snr)
    return total / len(batch["n_sources"])


@dataclass(frozen=True)
class Started:
    """Training scenes that are started once and for all, and ones to validate on that are drawn when they are asked
    for."""

    train: list[Example]
    begun: Callable[[np.random.Generator, str], Example]

    def __call__(self, generator: np.random.Generator, split: str) -> Example:
        """One example."""
        if split != "train":
            return self.begun(generator, split)
        return self.train[generator.integers(len(self.train))]


@dataclass(frozen=True)
class Scenes:
    """Scenes of a mixer, cut to `n_samples` at a random place, shorter ones followed by zeros."""

    draw: Callable[[np.random.Generator, str], TrainingMixture]
    n_samples: int
    fs: int
    window: int
    hop: int

    def __call__(self, generator: np.random.Generator, split: str) -> Example:
        """A scene as `directed_start.Start` has it, with `sources` (K, N) at its level."""
        scene = self.draw(generator, split)
        first = int(generator.integers(max(scene.mixture.shape[-1] - self.n_samples, 0) + 1))
        mixture, sources = (self._cut(x, first) for x in (scene.mixture, scene.sources))
        X, scale = blind.regular(stft.stft(mixture, self.window, self.hop), generator)
        f_hz = directions.frequencies(self.window, self.fs)
        start = directed_start.start(X, scene.array, f_hz, len(sources))
        return start._asdict() | {"sources": (sources / (scale or 1.0)).astype(np.float32)}

    def started(self, count: int) -> Started:
        """`count` of them to train on."""
        numbers = range(count)
        return Started([self(rng(number, role="scene of unfolded MCGMM"), "train") for number in numbers], self)

    def _cut(self, x, first):
        x = np.asarray(x[:, first : first + self.n_samples], float)
        return np.pad(x, ((0, 0), (0, self.n_samples - x.shape[-1])))


def collate(examples: list[Example]) -> dict[str, torch.Tensor]:
    """Side by side, spare talkers being zero; `n_sources` (B,) says how many there are."""
    counts = [len(example["sources"]) for example in examples]
    most = max(counts)
    batch = {"y": np.stack([example["y"] for example in examples])}
    for name, axis in (("channels", -1), ("powers", -1), ("sources", 0)):
        arrays = (example[name] for example in examples)
        batch[name] = np.stack([_padded(x, most, axis) for x in arrays])
    return {name: torch.from_numpy(x) for name, x in batch.items()} | {"n_sources": torch.tensor(counts)}


def _padded(x, length, axis):
    """Followed by zeros along an axis."""
    widths = [(0, 0)] * x.ndim
    widths[axis] = (0, length - x.shape[axis])
    return np.pad(x, widths)
