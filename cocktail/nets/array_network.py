"""The base class of networks that learn to find one talker in what all microphones of one array hear."""

from dataclasses import dataclass

from cocktail.method import finite, require_rate
from cocktail.nets.one_talker import OneTalkerNetwork
from cocktail.stft import HOP, SIZE

STATISTICS = 50
"""Training mixtures by which features are standardised; those of many microphones take long to make."""


@dataclass(frozen=True)
class ArrayNetwork(OneTalkerNetwork):
    """A plugin gives `network`, with `set_statistics` of mixtures (D, N), `objective` and `separate`.

    A batch of its training is {mixture (B, D, N), target (B, N), frames (B,)}, the target as it is at microphone 1. The
    array is that of the conditions that the entry's row says to train on (`train_on`).
    """

    needs = frozenset({"array", "gpu"})
    microphones: int = 6
    """Of the array."""

    def skip(self, info):
        """What was learnt of one array is of no use for another."""
        return None if info.channels == self.microphones else f"has learnt to hear with {self.microphones} microphones"

    def samples(self, mixture, view):
        """All microphones. Raises CocktailError where the rate is not that of the training."""
        require_rate(view.fs, view.model.fs)
        return finite(mixture)

    def initialise(self, network, data, examples, rng):
        import torch

        drawn = (examples(rng, "train") for _ in range(STATISTICS))
        heard = (x["mixture"][:, : HOP * int(x["frames"]) - SIZE + HOP] for x in drawn)
        network.set_statistics([torch.from_numpy(mixture).float() for mixture in heard])
