"""System fusion: a network sees what many methods made of the mixture, and says which of them to trust where.

J. Le Roux, S. Watanabe and J. R. Hershey, "Ensemble learning for speech enhancement", WASPAA 2013; E. Vincent,
H. Erdogan and J. Le Roux, "Data-driven approaches to speech enhancement and separation", tutorial at Interspeech 2016,
last part, where nine NMFs, nine DNNs or all of them are fused. Members are the entries that the row `reads`.

Deviations: the network's output is not the mask itself but weights of the masks of the members, of silence and of the
mixture, which reach every mask between 0 and 1 and are even to begin with, as training scenes are few. The loss is PSA.
Sizes of the network and of the members are the project's own.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.nets.one_talker import STATISTICS
from cocktail.nets.separation import SignalNetwork


@dataclass(frozen=True)
class Fusion(SignalNetwork):
    """One talker, one channel (microphone 1)."""

    paradigm = "separation"
    units: int = 256
    """LSTM cells of a layer, of both directions together."""
    layers: int = 1
    segment_s: float = 4.0
    """Length of a training example, cut from a scene at random."""
    epochs: int = 50
    steps: int = 200

    def network(self, fs, members=tuple(range(9))):
        from cocktail.nets.fusion import FusionNetwork

        return FusionNetwork(members=members, units=self.scaled(self.units), layers=self.layers, fs=fs)

    def facts(self, data, examples):
        return {"members": examples.members}

    def examples(self, data, stage):
        from cocktail.nets.fusion import Scenes

        return Scenes(data, round(stage.segment_s * data.fs))

    def initialise(self, network, data, examples, rng):
        network.set_statistics(examples(rng, "train") for _ in range(STATISTICS))

    def objective(self, network, batch):
        from cocktail.nets.fusion import loss

        return loss(network, batch)

    def output(self, network, samples, view):
        import torch

        made = np.stack([samples, *(view.estimates[name][0] for name in network.members)])
        mixture, *estimates = torch.as_tensor(made.astype(np.float32), device=view.device)
        return network.enhance(mixture, torch.stack(estimates)).double().cpu().numpy()[None]
