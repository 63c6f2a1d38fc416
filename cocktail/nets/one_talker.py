"""The base class of networks that learn to find one talker in a mixture, frame by frame."""

from dataclasses import dataclass

from cocktail.nets.separation import SeparationNetwork

STATISTICS = 200
"""Training mixtures from which the mean and deviation of the features are taken."""


@dataclass(frozen=True)
class OneTalkerNetwork(SeparationNetwork):
    """A plugin gives `network`, with `features` (cocktail.nets.masks.LogMel), `objective` and `separate`.

    A batch of its training is {mixture (B, N), target (B, N), frames (B,)}: segments of `segment_s`, shorter ones
    followed by zeros, and how many frames of each count.
    """

    segment_s: float = 4.0

    def examples(self, data, stage):
        from cocktail.nets.mask_training import Cut

        return Cut(data.mixer.augmented(self.augment).draw, round(stage.segment_s * data.fs))

    def collate(self, examples):
        from cocktail.training.loop.batches import stack

        return stack(examples)

    def initialise(self, network, data, examples, rng):
        from cocktail.nets.mask_training import set_statistics

        set_statistics(network, examples, STATISTICS, rng)
