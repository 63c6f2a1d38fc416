"""Gated recurrent convolutional network with a signal-to-noise mask: a spoofing detector for noise.

A. Gomez-Alanis, A. M. Peinado, J. A. Gonzalez and A. M. Gomez, "A gated recurrent convolutional neural network for
robust spoofing detection", IEEE/ACM TASLP 27(12), 2019.
Deviations: see cocktail/nets/grcnn.py. It trains on stretches of the trials, bona fide ones as often as attacks.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.nets.detector import DetectorMethod


@dataclass(frozen=True)
class Grcnn(DetectorMethod):
    """One channel (microphone 1); the score is the logit of bona fide speech."""

    least = {"bands": 16}  # noqa: RUF012 - four times halved, one is left
    bands: int = 128
    """Of equal width, up to half the rate."""
    mask: bool = True
    """Whether it sees where the noise is."""
    dropout: float = 0.5

    @property
    def gradients(self):
        """The mask has none."""
        return not self.mask

    def classifier(self, fs):
        from cocktail.nets.grcnn import Grcnn

        return Grcnn(1 + self.mask, self.bands, self.width, self.dropout)

    def features(self, samples, fs):
        from cocktail.nets.grcnn import bands_and_mask

        return bands_and_mask(samples, fs, self.bands)[: 1 + self.mask].astype(np.float32)

    def differentiable(self, samples, fs):
        from cocktail.nets.log_bands import log_bands

        return super().differentiable(samples, fs) if self.mask else log_bands(samples, fs, self.bands)[:, None]
