"""SpeakerBeam: a mask network whose hidden layer is scaled by what an auxiliary network hears in an enrolment.

K. Zmolikova, M. Delcroix, K. Kinoshita, T. Ochiai, T. Nakatani, L. Burget and J. Cernocky, "SpeakerBeam: speaker aware
neural network for target speaker extraction in speech mixtures", IEEE JSTSP 13(4), 2019.

Shapes: B scenes, N samples, T frames, G bands, H hidden units.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from cocktail.nets import segments
from cocktail.nets.bands import Bands, features
from cocktail.nets.permutations import amplitudes, level, separation_loss
from cocktail.nets.trunks import blstm


@dataclass(frozen=True)
class Enrolled(segments.Segments):
    """Segments with the voice of their first talker."""

    n_enrolment: int
    """Samples of an enrolment, cut at a random place; a shorter one is repeated."""

    def __call__(self, generator: np.random.Generator, split: str) -> dict[str, np.ndarray]:
        """{mixture (N,), sources (K, N), enrolment (n_enrolment,)}."""
        scene = self.draw(generator, split)
        voice = scene.enrolment
        start = int(generator.integers(max(len(voice) - self.n_enrolment, 0) + 1))
        return self.cut(scene, generator) | {"enrolment": np.resize(voice[start:], self.n_enrolment)}


def collate(examples: list[dict[str, np.ndarray]]) -> dict[str, torch.Tensor]:
    """As cocktail.nets.segments.collate, and `enrolment` (B, N')."""
    voices = np.stack([example["enrolment"] for example in examples]).astype(np.float32)
    return segments.collate(examples) | {"enrolment": torch.from_numpy(voices)}


class SpeakerBeam(nn.Module):
    """Bidirectional LSTM layers, after the first of which every unit is scaled for the talker who is asked for."""

    def __init__(self, *, fs: int, shift_ms: float, layers: int, units: int, auxiliary: int, dropout: float):
        """`units`: in each direction; `auxiliary`: units of the two hidden layers that look at the enrolment."""
        super().__init__()
        self.bands = Bands(fs, shift_ms)
        self.first = blstm(self.bands.count, units, 1, 0.0)
        self.others = blstm(2 * units, units, layers - 1, dropout)
        self.output = nn.Linear(2 * units, self.bands.count)
        self.auxiliary = nn.Sequential(
            nn.Linear(self.bands.count, auxiliary), nn.ReLU(),
            nn.Linear(auxiliary, auxiliary), nn.ReLU(),
            nn.Linear(auxiliary, 2 * units),
        )  # fmt: skip
        nn.init.ones_(self.auxiliary[-1].bias)  # to begin with, about no adaptation

    def voice(self, power: torch.Tensor) -> torch.Tensor:
        """Powers (B, T', G) of enrolments -> factors of the hidden units (B, H): the mean over frames."""
        return self.auxiliary(features(power)).mean(1)

    def forward(self, power: torch.Tensor, factors: torch.Tensor) -> torch.Tensor:
        """Powers (B, T, G) of mixtures and factors (B, H) -> masks (B, T, G) of who is asked for."""
        hidden = factors[:, None] * self.first(features(power))[0]
        return torch.sigmoid(self.output(self.others(hidden)[0]))


def loss(network: SpeakerBeam, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Phase-sensitive error of the first of the `sources` (B, K, N), whose voice `enrolment` (B, N') is."""
    bands = network.bands
    X, S = bands.stft(batch["mixture"]), bands.stft(batch["sources"][:, :1])
    mixture = level(bands, X)
    factors = network.voice(bands.power(bands.stft(batch["enrolment"])))
    estimate = (network(mixture**2, factors) * mixture)[:, None]
    reference = amplitudes(bands, talkers=S, mixture=X, phase=True)
    return separation_loss(estimate=estimate, reference=reference, mixture=mixture)


@torch.no_grad()
def extract(network: SpeakerBeam, mixture: torch.Tensor, enrolment: torch.Tensor) -> torch.Tensor:
    """mixture (N,), the voice (N',) of one of its talkers -> that talker (N,)."""
    bands = network.bands
    X = bands.stft(mixture)
    mask = network(bands.power(X)[None], network.voice(bands.power(bands.stft(enrolment))[None]))[0]
    return bands.istft(bands.spread(mask) * X, mixture.shape[-1])
