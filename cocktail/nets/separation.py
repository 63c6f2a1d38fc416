"""The base classes of networks that return signals, and of those that learn from mixtures with their sources."""

from dataclasses import dataclass

import numpy as np

from cocktail.method import finite, require_rate
from cocktail.nets.network_method import NetworkMethod


class SignalNetwork(NetworkMethod):
    """A network that returns signals: it works at the rate of its training alone, and nothing is resampled."""

    def samples(self, mixture, view):
        """Microphone 1. Raises CocktailError where the rate is not that of the training."""
        require_rate(view.fs, view.model.fs)
        return finite(mixture[:1])[0]


@dataclass(frozen=True)
class SeparationNetwork(SignalNetwork):
    """A plugin gives `network`, `objective` and `separate`.

    A batch of its training is {mixture (B, N), sources (B, K, N), n_sources (B,)}: segments of `segment_s`, shorter
    ones followed by zeros, as are scenes with fewer talkers.
    """

    paradigm = "separation"
    segment_s: float = 3.2
    """Length of a training example, cut from a mixture at random."""
    augment: tuple[str, ...] = ()
    """Changes of the training speech, of cocktail.training.data.augment."""

    def separate(self, network, mixture, view):
        """mixture (N,) -> estimates (K, N), float32 tensors on the device of the view."""
        raise NotImplementedError

    def examples(self, data, stage):
        """Segments of scenes that the mixer makes anew at every draw."""
        from cocktail.nets.segments import Segments

        return Segments(data.mixer.augmented(self.augment).draw, round(stage.segment_s * data.fs))

    def collate(self, examples):
        """Side by side, filled with zeros."""
        from cocktail.nets.segments import collate

        return collate(examples)

    def output(self, network, samples, view):
        """(N,) -> (K, N)."""
        import torch

        mixture = torch.as_tensor(np.asarray(samples, np.float32), device=view.device)
        return self.separate(network, mixture, view).double().cpu().numpy()
