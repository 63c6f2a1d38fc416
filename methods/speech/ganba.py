"""GANBA, the attack: a network makes spoofed speech pass a spoofing detector, and keeps the voice for the verifier.

A. Gomez-Alanis, J. A. Gonzalez-Lopez and A. M. Peinado, "GANBA: generative adversarial network for biometric
anti-spoofing", Applied Sciences 12(3):1454, 2022. The generator is trained through both, the detector and the verifier
that the entry `uses`: white box where these are the systems that are tested, black box where they are others.

A condition names the attack as its `adversary`: then all its spoofed utterances go through the generator before its
scenes are made of them, and detectors meet them as they meet other attacks. Bona fide speech is not touched. Nobody
trains on attacked utterances but `lcnn-hardened`, by a generator of its own.

Deviations: the generator gives the gain of each bin of the STFT, within a bound in decibels, so that what it makes is
sound. It learns against a detector that does not change; in the training of the hardened detector both learn in turn.
In a black box, another detector and another verifier stand for the tested ones, which are not asked for answers. The
bound, the verifier's loss (one minus the cosine to the embedding before the attack), its weight, the network and its
sizes are our own.
"""

from dataclasses import dataclass

from cocktail.nets.separation import SignalNetwork


@dataclass(frozen=True)
class Ganba(SignalNetwork):
    """One spoofed utterance, microphone 1."""

    task = "attack"
    paradigm = "annotated-source-model"
    roles = {"detector": "detect", "verifier": "verify"}  # noqa: RUF012
    through = frozenset(roles)
    least = {"bound_db": 0, "segment_s": 0.2}  # noqa: RUF012
    bound_db: float = 6.0
    """Most that a bin is made louder or softer."""
    weight: float = 1.0
    """Of the verifier's loss beside the detector's."""
    channels: int = 512
    layers: int = 3
    trials: int = 4000
    """Rendered for training; a quarter as many for validation."""
    segment_s: float = 2.0
    """Length of a training example."""
    epochs: int = 40
    steps: int = 100
    learning_rate: float = 2e-4
    """Faster, all gains come to lie at the bound, where nothing is learnt any more."""

    @property
    def validation(self):
        """Validation examples, and trials."""
        return max(self.trials // 4, 16)

    def network(self, fs):
        from cocktail.nets.adversary import Generator

        return Generator(fs, channels=self.scaled(self.channels), layers=self.layers, bound_db=self.bound_db)

    def examples(self, data, stage):
        from cocktail.nets.adversary import Sounds

        numbers = {"train": self.trials, "valid": self.validation}
        return Sounds.of(data, numbers, stage.segment_s, bona_fide=False)

    def initialise(self, network, data, examples, rng):
        from cocktail.nets.adversary import Victims

        network.victims = Victims.of(data.bases, data.device)

    def _start(self, network, data):
        super()._start(network, data)
        self.initialise(network, data, None, None)

    def finish(self, network, examples):
        del network.victims

    def objective(self, network, batch):
        from cocktail.nets.adversary import attack_loss

        victims, spoofs = network.victims, batch["spoofs"]
        return attack_loss(victims.detector, victims.verifier, spoofs, network(spoofs), self.weight)

    def output(self, network, samples, view):
        import torch

        sound = torch.as_tensor(samples, dtype=torch.float32, device=view.device)
        return network(sound[None]).double().cpu().numpy()
