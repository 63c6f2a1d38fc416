"""Sparse non-negative matrix factorisation with bases learnt from isolated speech and noise.

J. Le Roux, F. J. Weninger and J. R. Hershey, "Sparse NMF - half-baked or well done?", MERL TR2015-023, 2015. Semi-
supervised, with the noise learnt on the scene: P. Smaragdis, B. Raj and M. Shashanka, "Supervised and semi-supervised
separation of sounds from single-channel mixtures", ICA 2007. Bases that are drawn and not learnt, of several frames:
J. F. Gemmeke, T. Virtanen and A. Hurmalainen, "Exemplar-based sparse representations for noise robust automatic speech
recognition", IEEE TASLP 19(7), 2011.

Deviations: see cocktail/dsp/nmf/updates.py for the updates and cocktail/dsp/nmf/enhancer.py for what spectrograms are.
Noise bases are learnt per kind of noise and put side by side, so that loud kinds do not crowd out the others. Exemplars
are stretches of STFT magnitudes rather than of mel energies, drawn evenly from the audible frames, and there are 1000
of speech and 200 of each noise where the paper has thousands.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocktail.dsp.nmf import frames
from cocktail.dsp.nmf.enhancer import NmfEnhancer, stacked


@dataclass(frozen=True)
class Nmf(NmfEnhancer):
    """One model of speech, one of noise."""

    effort = ("frames_fit", "iterations_fit", "speech_bases")
    noise: Literal["trained", "scene"] = "trained"
    """`trained`: noise bases from isolated train noise; `scene`: learnt on each scene beside the fixed speech bases."""
    bases: Literal["learnt", "exemplars"] = "learnt"
    """`exemplars`: frames of the training sound as they are."""
    speech_bases: int = 100
    noise_bases: int = 40
    """Per kind of train noise, or on the scene."""
    context: int = 1
    """Frames stacked into one column, odd; every second one is taken."""

    def learn(self, data, rng):
        """speech (context F, R) and, unless the scene is to teach it, noise."""
        bases = {"speech": self._bases(data.speech(), self.speech_bases, self.frames_fit, rng)}
        if self.noise == "trained":
            bases["noise"] = self._bases(data.noise(), self.noise_bases, self.frames_fit // 4, rng)
        return bases

    def _bases(self, recordings, n_bases, n_frames, rng):
        """`n_bases` for each kind, side by side."""
        from cocktail.dsp.nmf import models

        kinds = self.columns(recordings, n_frames, rng, self.context).values()
        if self.bases == "exemplars":
            return np.concatenate([models.exemplars(V, n_bases, rng) for V in kinds], axis=1)
        return np.concatenate([models.learn(V, n_bases, rng, **self.training) for V in kinds], axis=1)

    def models(self, spectrograms, views):
        """The frames of all scenes side by side or, where each learns its noise, in padded stacks."""
        from cocktail.dsp.nmf import models

        columns = [stacked(V, self.context) for V in spectrograms]
        bases = views[0].model
        options = {"mu": self.sparsity, "divergence": self.divergence, "iterations": self.iterations}
        options["device"] = views[0].device
        if self.noise == "trained":
            fitted = models.supervised(columns, bases["speech"], bases["noise"], **options)
        else:
            rngs = [view.rng for view in views]
            fitted = models.semi_supervised(columns, bases["speech"], self.noise_bases, rngs, **options)
        return [tuple(frames.unstack(part, self.context) for part in model) for model in fitted]
