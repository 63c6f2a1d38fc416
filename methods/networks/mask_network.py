"""A network estimates the mask of the speech: DNN, LSTM or bidirectional LSTM, trained for MA, MSA or PSA.

F. Weninger, J. R. Hershey, J. Le Roux and B. Schuller, "Discriminatively trained recurrent neural networks for
single-channel speech separation", GlobalSIP 2014; H. Erdogan, J. R. Hershey, S. Watanabe and J. Le Roux, "Phase-
sensitive and recognition-boosted speech separation using deep recurrent neural networks", ICASSP 2015. Training begins
with the mask of the mel filters (MA), then goes on with the mask of all bins and the loss of the entry. Widths are the
papers': 3 x 1024 rectifiers, 2 x 256 LSTM, 2 x 384 BLSTM cells, the latter in both directions together.

Deviations: every mixture is brought to one level, so that a mask depends on no gain; LSTM entries take the level of the
mixture so far, which keeps them causal. Adam on mixtures drawn afresh instead of gradient descent with momentum on a
fixed set. The DNN has rectifiers. The target of PSA is kept between 0 and |y|, which is what a sigmoid mask can reach.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cocktail.method import LearnedMethod, Workload, finite

STATISTICS = 200
"""Training mixtures from which the mean and deviation of the features are taken."""


@dataclass(frozen=True)
class MaskNetwork(LearnedMethod):
    """One network for all conditions that it was trained on, one channel (microphone 1)."""

    paradigm = "separation"
    needs = frozenset({"gpu"})
    cell: Literal["dnn", "lstm", "blstm"] = "blstm"
    loss: Literal["ma", "msa", "psa", "lsd", "ls"] = "psa"
    units: int = 384
    """A layer's cells or rectifiers; of both directions together."""
    layers: int = 2
    context: int = 7
    """Frames on either side that a DNN sees."""
    level: Literal["whole", "running"] = "whole"
    """Of the mixture, which its features are relative to: of the whole of it, or of what has been heard so far."""
    width: float = 1.0
    """Factor on `units`."""
    segment_s: float = 4.0
    """Length of training examples, cut from mixtures at random."""
    epochs_mel: int = 50
    """Most epochs with the mask of the mel filters."""
    epochs: int = 200
    """Most epochs with the loss of the entry."""
    steps: int = 500
    batch_size: int = 32
    learning_rate: float = 1e-3
    decay: float = 0.1
    """Learning rate of the last epoch over that of the first, with the loss of the entry."""
    augment: tuple[str, ...] = ()
    """Changes of the training speech, of cocktail.training.data.augment."""

    def fit(self, data, rng, folder):
        """Two stages of training; leaves weights.pt."""
        from cocktail.nets import mask_training
        from cocktail.training.loop.loop import Schedule
        from cocktail.training.loop.weights import save_weights

        start = Schedule(self.epochs_mel, self.steps, self.batch_size, self.learning_rate)
        then = replace(start, epochs=self.epochs, decay=self.decay)
        seed = int(rng.integers(2**31))
        cut = mask_training.Cut(data.mixer.augmented(self.augment).draw, round(self.segment_s * data.fs))
        network = self._network(seed)
        network.features.set_rate(data.fs)
        mask_training.set_statistics(network, cut, STATISTICS, rng)
        mask_training.fit(network, self.loss, cut, start, then, folder=folder, seed=seed, device=data.device)
        save_weights(network, folder)

    def workload(self):
        """Seconds of mixtures; multiplications of a frame in the hidden layers, and in a DNN's first."""
        epochs, units = self.epochs_mel + self.epochs, self.width * self.units
        seconds = epochs * self.steps * self.batch_size * self.segment_s
        layer = {"dnn": units**2, "lstm": 8 * units**2, "blstm": 6 * units**2}[self.cell]  # with an LSTM's four gates
        seen = 100 * (2 * self.context + 1) * units if self.cell == "dnn" else 0
        return Workload(seconds, seen + self.layers * layer, epochs)

    def load(self, folder):
        """cocktail.nets.masks.MaskModel."""
        from cocktail.nets.masks import MaskModel
        from cocktail.training.loop.weights import load_weights

        return MaskModel(load_weights(self._network(), folder))

    def size(self, model):
        """Weights of the network."""
        return model.size

    def _network(self, seed=0):
        """Untrained, its weights drawn by `seed`."""
        from cocktail.nets.masks import build
        from cocktail.nets.saved import seeded

        return seeded(
            build, seed, cell=self.cell, units=max(round(self.width * self.units), 2), layers=self.layers,
            context=self.context, running=self.level == "running",
        )  # fmt: skip

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N)."""
        return self.batch([mixture], [view])[0]

    def batch(self, mixtures, views):
        """All scenes at once, padded to the longest."""
        if not mixtures:
            return []
        lengths = [mixture.shape[-1] for mixture in mixtures]
        padded = np.zeros((len(mixtures), max(lengths)), np.float32)
        for row, mixture in zip(padded, mixtures, strict=True):
            row[: mixture.shape[-1]] = finite(mixture[:1])[0]
        estimates = views[0].model.enhance(padded, views[0].fs, views[0].device, lengths).cpu().numpy()
        return [estimate[None, :n].astype(float) for estimate, n in zip(estimates, lengths, strict=True)]
