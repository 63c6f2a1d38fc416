"""A mask network that is told which state of speech a recogniser hears in every frame.

H. Erdogan, J. R. Hershey, S. Watanabe and J. Le Roux, "Phase-sensitive and recognition-boosted speech separation using
deep recurrent neural networks", ICASSP 2015: the mean feature vector of the state is appended to the features of the
mixture; what comes out is recognised anew.

Shapes: spectrograms (B, F, T), `states` (B, T) numbers of states, `lengths` (B,) frames that count.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from cocktail import stft
from cocktail.nets import losses, saved
from cocktail.nets.ctc import Ctc
from cocktail.nets.mask_training import spectra, weights
from cocktail.nets.masks import BINS, MELS, LogMel, MaskNetwork
from cocktail.nets.speech_states import SpeechStates, numbers
from cocktail.nets.trunks import Recurrent
from cocktail.rng import rng

FIRST_LAYER = "trunk.lstm.weight_ih_l0"
"""Of the weights that see the features; those of the other direction have a longer name."""


class StateAwareNetwork(nn.Module):
    """Features of the mixture and the mean vector of the state -> BLSTM layers -> sigmoid mask of all bins."""

    def __init__(self, *, states: list[str], units: int, layers: int, fs: int):
        """`states`: their names; `units` LSTM cells of a layer in both directions together."""
        super().__init__()
        self.index, self.fs = {name: i for i, name in enumerate(states)}, fs
        self.features = LogMel(fs, running=False)
        self.register_buffer("means", torch.zeros(len(states), MELS))
        self.trunk = Recurrent(2 * MELS, units, layers, bidirectional=True)
        self.output = nn.Linear(self.trunk.width, BINS)

    def forward(self, magnitude, states, lengths=None):
        """Mixture's magnitudes (B, F, T) of any level and states (B, T) -> mask (B, F, T) between 0 and 1.

        Behind the frames that count, states are 0.
        """
        features = torch.cat([self.features(magnitude, lengths), self.means[states]], -1)
        return torch.sigmoid(self.output(self.trunk(features, lengths))).mT

    @torch.no_grad()
    def begin(self, base: MaskNetwork, states: SpeechStates) -> None:
        """Start as `base`, to which states make no difference.

        Raises CocktailError where it has other sizes or features.
        """
        given, whose = base.state_dict(), "the enhancer that it uses"
        for name in given:
            if name.startswith(FIRST_LAYER):
                given[name] = torch.cat([given[name], given[name].new_zeros(len(given[name]), MELS)], 1)
        saved.take(self, given | {"means": self.means}, whose)
        self.features.require_same(base.features, whose)
        logs = torch.as_tensor(states.logs)
        self.means[1:] = ((logs - self.features.mean) / self.features.deviation)[1:]

    @torch.no_grad()
    def enhance(self, mixture: torch.Tensor, base: MaskNetwork, recogniser: Ctc, rounds: int) -> torch.Tensor:
        """mixture (N,) -> speech (N,): by `base`, then `rounds` times by what the recogniser hears in the last one."""
        estimate = base.enhance(mixture, self.fs, mixture.device)
        Y = stft.stft(mixture[None])
        for _ in range(rounds):
            states = numbers(self.index, recogniser, estimate.cpu().numpy(), self.fs)
            mask = self(Y.abs(), torch.as_tensor(states, device=Y.device)[None])
            estimate = stft.istft(mask * Y, len(mixture))[0]
        return estimate


@dataclass(frozen=True)
class HeardScenes:
    """Segments of training scenes, with the states that the recogniser heard in what `base` made of them."""

    draw: Callable
    """(generator, split) -> cocktail.method.TrainingMixture."""
    states: SpeechStates
    base: MaskNetwork
    recogniser: Ctc
    n_scenes: dict[str, int]
    """Split -> scenes, each of which is recognised once."""
    n_samples: int
    """Of a segment."""
    scenes: dict[str, list] = field(default_factory=dict)
    """Split -> (mixture (N,), target (N,), states (T,)) of each scene."""

    def __post_init__(self):
        index = {name: i for i, name in enumerate(self.states.names)}
        for split, n in self.n_scenes.items():
            self.scenes[split] = [self._heard(rng(0, split, i, role="heard scenes"), split, index) for i in range(n)]

    def _heard(self, generator, split, index):
        scene = self.draw(generator, split)
        estimate = self.base.enhance(scene.mixture, self.base.fs).numpy()
        return scene.mixture, scene.sources[0], numbers(index, self.recogniser, estimate, self.base.fs)

    def __call__(self, generator: np.random.Generator, split: str) -> dict[str, np.ndarray]:
        """{mixture, target (n_samples,), states (T,), frames ()}: the first `frames` frames count."""
        mixture, target, states = self.scenes[split][generator.integers(len(self.scenes[split]))]
        skipped = int(generator.integers(max(len(mixture) - self.n_samples, 0) // stft.HOP + 1))  # frames
        cut = np.stack([mixture, target])[:, skipped * stft.HOP :][:, : self.n_samples]
        frames, total = stft.n_frames(cut.shape[1]), stft.n_frames(self.n_samples)
        cut = np.pad(cut, ((0, 0), (0, self.n_samples - cut.shape[1])))
        states = np.pad(states[skipped : skipped + frames], (0, total - frames))
        return {"mixture": cut[0], "target": cut[1], "states": states, "frames": np.array(frames)}


def loss(network: StateAwareNetwork, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """PSA."""
    mixture, target, _, lengths = spectra(batch)
    mask = network(mixture.abs(), batch["states"], lengths)
    return losses.psa(mask=mask, mixture=mixture, target=target, weight=weights(mixture, lengths))
