"""A light convolutional network that learns in turn with a generator that attacks it: GANBA, the defence.

A. Gomez-Alanis, J. A. Gonzalez-Lopez and A. M. Peinado, "GANBA: generative adversarial network for biometric
anti-spoofing", Applied Sciences 12(3):1454, 2022: the detector is the discriminator. In every step it learns to tell
bona fide speech from spoofs as they are and from spoofs after the generator's attack, then the generator learns to pass
it and the verifier (`uses`). Both start from trained ones: from the detector that is to be hardened, and from the
generator that was trained against it.

Deviations: those of methods/speech/lcnn.py and methods/speech/ganba.py, whose sizes it has. Both classes count the
same. The epoch is kept in which the detector's loss in validation is least, against the generator as it is then.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.nets.detector import DetectorMethod


@dataclass(frozen=True)
class LcnnHardened(DetectorMethod):
    """One channel (microphone 1); the score is the logit of bona fide speech."""

    roles = {"detector": "detect", "verifier": "verify", "adversary": "attack"}  # noqa: RUF012
    through = frozenset({"detector", "verifier"})
    least = {"bands": 16, "segment_s": 0.2}  # noqa: RUF012 - four times halved, one is left
    bands: int = 128
    """Of equal width, up to half the rate; as the detector's."""
    dropout: float = 0.75
    weight: float = 1.0
    """Of the verifier's loss beside the detector's, for the generator."""

    def network(self, fs):
        network = super().network(fs)
        network.fs = fs
        return network

    def classifier(self, fs):
        from cocktail.nets.lcnn import LightCnn

        return LightCnn(n_features=self.bands, width=self.width, dropout=self.dropout)

    def features(self, samples, fs):
        from cocktail.dsp.cepstra import log_bands

        return log_bands(samples, fs, self.bands).astype(np.float32)

    def differentiable(self, samples, fs):
        from cocktail.nets.log_bands import log_bands

        return log_bands(samples, fs, self.bands)

    def examples(self, data, stage):
        from cocktail.nets.adversary import Sounds

        numbers = {"train": self.trials, "valid": self.validation}
        return Sounds.of(data, numbers, stage.segment_s, bona_fide=True)

    def initialise(self, network, data, examples, rng):
        from cocktail.nets import saved

        saved.take(network, data.bases["detector"].state_dict(), "the detector that it uses")
        self._meet(network, data)

    def _start(self, network, data):
        super()._start(network, data)
        self._meet(network, data)

    def _meet(self, network, data):
        """Put the generator beside the detector."""
        from cocktail.nets.adversary import Victims

        network.generator = data.bases["adversary"].requires_grad_(True)
        network.verifiers = (Victims.of(data.bases, data.device).verifier,)  # in a tuple: it is no part of the network

    def updates(self, network):
        from cocktail.nets.adversary import hardening_loss
        from cocktail.training.loop.loop import Update

        return [
            Update("detector", network.classifier, hardening_loss),
            Update("generator", network.generator, self._attack),
        ]

    def _attack(self, network, batch):
        from cocktail.nets.adversary import attack_loss, fixed

        spoofs = batch["spoofs"]
        with fixed(network.classifier):
            return attack_loss(network, network.verifiers[0], spoofs, network.generator(spoofs), self.weight)

    def finish(self, network, examples):
        del network.generator, network.verifiers
        network.threshold.fill_(examples.trials["valid"].threshold(lambda x: network.judge(x, network.fs)))
