"""AASIST: a spoofing detector on the raw waveform, by graph attention over frequencies and times.

J. Jung et al., "AASIST: audio anti-spoofing using integrated spectro-temporal graph attention networks", ICASSP 2022,
and its light form with fewer channels.
Deviations: see cocktail/nets/aasist.py. The ends of a recording where nobody speaks are cut off and its level is set,
as for the other detectors. It trains on stretches of the trials, bona fide ones as often as attacks, in place of
weights of the classes; the learning rate falls from epoch to epoch rather than from update to update; without weight
decay and averaging of weights.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.nets.detector import DetectorMethod


@dataclass(frozen=True)
class Aasist(DetectorMethod):
    """One channel (microphone 1); the score is the logit of bona fide speech."""

    light: bool = False
    dropout: float = 0.5
    """Before the output; the rates in the graphs keep their proportions to it."""
    segment_s: float = 4.0
    epochs: int = 100
    steps: int = 1000
    batch_size: int = 24
    learning_rate: float = 1e-4
    cosine = True
    decay: float = 0.05
    trials: int = 25000

    def classifier(self, fs):
        from cocktail.nets import aasist

        return aasist.Aasist(fs, aasist.LIGHT if self.light else aasist.PAPER, self.width, self.dropout)

    def features(self, samples, fs):
        from cocktail.dsp.cepstra import normalised

        return normalised(samples, fs).astype(np.float32)

    def frames_per_s(self, fs):
        return fs

    def differentiable(self, samples, fs):
        from cocktail.nets.log_bands import at_unit_power

        return at_unit_power(samples)
