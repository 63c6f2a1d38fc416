"""HiFi-GAN, a neural vocoder, as an attack: the claimed speaker's speech, made anew of its mel spectrogram.

J. Kong, J. Kim and J. Bae, "HiFi-GAN: generative adversarial networks for efficient and high fidelity speech
synthesis", NeurIPS 2020: its fastest generator (V3), multi-period and multi-scale discriminators, least-squares,
feature-matching and mel losses. It learns from isolated speech of the train split. A condition names the entry among
its `attacks`: the spoofs are then what it makes of genuine utterances (copy synthesis), a bound for a system that would
predict the same spectrograms from text.

Deviations: frames of 512 samples every 128, so that factors of upsampling are 8, 8 and 2; mel filters are the
project's, up to half the rate. No weight normalisation in the generator, whose residual blocks are summed as the paper
says, where its authors' program averages them. Adam without weight decay and with the project's momentum, gradients
clipped, the generator's turn before the discriminators'; its loss in validation, which is nearly that of the mel
spectrograms, says which epoch is kept. Of the discriminators, what the paper leaves open is as in its authors' program.
Classes of size below `paper` are toys: of speech they learn the spectrum, but little of its phases.
"""

from dataclasses import dataclass

from cocktail.nets.separation import SignalNetwork


@dataclass(frozen=True)
class HifiGan(SignalNetwork):
    """One utterance, microphone 1, as long as it was."""

    task = "attack"
    paradigm = "source-model"
    validation = 32
    least = {"discriminators": 1e-3}  # noqa: RUF012
    channels: int = 256
    """h_u, before the first upsampling."""
    discriminators: float = 1.0
    """Factor on the channels of the discriminators, as `width` is one on the generator's."""
    segment_s: float = 0.512
    """Length of a training example."""
    batch_size: int = 16
    epochs: int = 3100
    """The paper has 2.5 million updates."""
    steps: int = 800
    learning_rate: float = 2e-4
    decay: float = 0.05

    def network(self, fs):
        from cocktail.nets.hifi_gan import Vocoder

        return Vocoder(fs, self.scaled(self.channels))

    def examples(self, data, stage):
        from cocktail.nets.hifi_gan import Speech

        return Speech.of(data, stage.segment_s)

    def initialise(self, network, data, examples, rng):
        self._meet(network, int(rng.integers(2**31)))

    def _start(self, network, data):
        super()._start(network, data)
        self._meet(network, 0)

    def _meet(self, network, seed):
        """Put new discriminators beside the generator."""
        from cocktail.nets import saved
        from cocktail.nets.hifi_gan import Discriminators

        network.discriminators = saved.seeded(Discriminators, seed, width=self.discriminators)

    def updates(self, network):
        from cocktail.nets.hifi_gan import discriminator_loss, generator_loss
        from cocktail.training.loop.loop import Update

        return [
            Update("generator", network.generator, generator_loss),
            Update("discriminators", network.discriminators, discriminator_loss),
        ]

    def finish(self, network, examples):
        del network.discriminators

    def output(self, network, samples, view):
        import torch

        sound = torch.as_tensor(samples, dtype=torch.float32, device=view.device)
        return network.copied(sound[None]).double().cpu().numpy()
