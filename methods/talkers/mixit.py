"""Mixture invariant training: a Conv-TasNet that learns to separate from mixtures alone.

S. Wisdom, E. Tzinis, H. Erdogan, R. J. Weiss, K. Wilson and J. R. Hershey, "Unsupervised sound separation using mixture
invariant training", NeurIPS 2020. The network hears the sum of two mixtures, and its outputs are dealt out between the
two in the way that suits best: where talkers of both mixtures are unrelated, those of one are worth taking apart too.
Four outputs, for two mixtures of two talkers; SNR up to 30 dB; estimates add up to the mixture.

Deviations: 16 kHz; the network is that of conv_tasnet, where the paper has one with more connections between its
blocks. Windows are those of Conv-TasNet. Mixtures drawn afresh. The number of talkers is given, and the weakest outputs
are dropped.
"""

from dataclasses import dataclass

from cocktail.nets.conv_tasnet_method import ConvTasNetMethod


@dataclass(frozen=True)
class Mixit(ConvTasNetMethod):
    """Talkers from mixtures of them, one channel (microphone 1)."""

    task = "separate"
    paradigm = "mixture-only"
    needs = frozenset({"n_sources", "gpu"})
    causal = False  # which outputs are kept, the whole mixture tells
    outputs: int = 4
    """Talkers of two mixtures together."""

    def examples(self, data, stage):
        from cocktail.nets.mixit import Pairs

        return Pairs(data.mixer.augmented(self.augment).draw, round(stage.segment_s * data.fs))

    def collate(self, examples):
        from cocktail.training.loop.batches import stack

        return stack(examples)

    def objective(self, network, batch):
        from cocktail.nets.mixit import consistent, loss

        both = batch["mixtures"].sum(1)
        return loss(consistent(network(both), both), batch["mixtures"])

    def separate(self, network, mixture, view):
        from cocktail.nets.mixit import separate

        return separate(network, mixture, view.n_sources)

    def skip(self, info):
        """Two mixtures have twice the talkers of one."""
        return f"has {self.outputs} outputs for two mixtures" if 2 * info.n_sources > self.outputs else None
