"""Deep unfolding of the multichannel GMM: every iteration has states and a step of its own, trained to separate.

S. Wisdom, J. R. Hershey, J. Le Roux and S. Watanabe, "Deep unfolding for multichannel source separation", ICASSP 2016;
J. R. Hershey, J. Le Roux and F. Weninger, "Deep unfolding: model-based inspiration of novel deep architectures",
arXiv:1409.2574, 2014. States start as those of the entry that this one `uses`. Before any training the two are one.

Deviations: those of `mcgmm`, whose states have no Markov random field. Nothing but the abstract of the paper was at
hand: the loss is minus the SNR of the talkers' signals under their best permutation, and how many layers there are, and
how they are trained, is not the paper's. Weights and variances are trained as logarithms by Adam. Besides, a layer
learns how far the channels go towards their update, which in reverberation leads away from the talkers.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.method import finite, require_rate
from cocktail.nets.network_method import NetworkMethod

VALID = 0.2
"""Scenes to validate on, relative to those to train on."""


@dataclass(frozen=True)
class McgmmUnfolded(NetworkMethod):
    """K talkers from D microphones."""

    task = "separate"
    paradigm = "separation"
    roles = {"states": "separate"}  # noqa: RUF012
    needs = frozenset({"array", "n_sources", "gpu"})
    iterations: int = 5
    """Layers, as many as the entry that is used iterates."""
    window: int = 1024
    """Samples of the STFT window, as that of the entry that is used."""
    hop: int = 256
    scenes: int = 500
    """Training scenes, each started once."""
    segment_s: float = 2.4
    """Length of a training scene."""
    epochs: int = 40
    steps: int = 60
    batch_size: int = 8
    learning_rate: float = 0.03

    @property
    def validation(self):
        """Scenes to validate on."""
        return max(round(VALID * self.scenes), 1)

    def facts(self, data, examples):
        return {"states": len(data.bases["states"]["weights"])}

    def network(self, fs, states=256):
        from cocktail.nets.unfolded_mcgmm import UnfoldedMcgmm

        return UnfoldedMcgmm(bins=self.window // 2 + 1, states=states, layers=self.iterations)

    def examples(self, data, stage):
        from cocktail.nets.unfolded_mcgmm import Scenes

        n_samples = round(stage.segment_s * data.fs)
        return Scenes(data.mixer.draw, n_samples, data.fs, self.window, self.hop).started(self.scenes)

    def collate(self, examples):
        """Side by side, for scenes of as many microphones."""
        from cocktail.nets.unfolded_mcgmm import collate

        return collate(examples)

    def initialise(self, network, data, examples, rng):
        import torch

        model = data.bases["states"]
        network.begin(*(torch.as_tensor(np.log(model[name])) for name in ("weights", "variances")))

    def objective(self, network, batch):
        from cocktail.nets.unfolded_mcgmm import loss

        return loss(network, batch, self.window, self.hop)

    def samples(self, mixture, view):
        """All microphones. Raises CocktailError where the rate is not that of the training."""
        require_rate(view.fs, view.model.fs)
        return finite(mixture)

    def output(self, network, samples, view):
        """(D, N) -> (K, N)."""
        import torch

        from cocktail import stft
        from cocktail.dsp.spatial import blind, directed_start, directions

        X, scale = blind.regular(stft.stft(samples, self.window, self.hop), view.rng)
        f_hz = directions.frequencies(self.window, view.fs)
        start = directed_start.start(X, view.array, f_hz, view.n_sources)
        images = network(*(torch.from_numpy(x).to(view.device) for x in start)).cpu().numpy().astype(complex)
        return stft.istft(images * scale, samples.shape[-1], self.window, self.hop)
