"""Light convolutional network on a log power spectrum: a spoofing detector.

G. Lavrentyeva et al., "STC antispoofing systems for the ASVspoof2019 challenge", Interspeech 2019.
Deviations: see cocktail/nets/lcnn.py for the network and cocktail/dsp/cepstra.py for the spectrum, which is that of 20
ms in bands rather than of 108 ms in 863 bins. It trains on stretches of the trials, bona fide ones as often as attacks.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.nets.detector import DetectorMethod


@dataclass(frozen=True)
class Lcnn(DetectorMethod):
    """One channel (microphone 1); the score is the logit of bona fide speech."""

    least = {"bands": 16}  # noqa: RUF012 - four times halved, one is left
    bands: int = 128
    """Of equal width, up to half the rate."""
    dropout: float = 0.75

    def classifier(self, fs):
        from cocktail.nets.lcnn import LightCnn

        return LightCnn(n_features=self.bands, width=self.width, dropout=self.dropout)

    def features(self, samples, fs):
        from cocktail.dsp.cepstra import log_bands

        return log_bands(samples, fs, self.bands).astype(np.float32)

    def differentiable(self, samples, fs):
        from cocktail.nets.log_bands import log_bands

        return log_bands(samples, fs, self.bands)
