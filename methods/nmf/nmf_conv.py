"""Convolutive NMF: speech and noise as sums of spectro-temporal templates.

P. Smaragdis, "Convolutive speech bases and their application to supervised speech separation", IEEE TASLP 15(1), 2007;
P. D. O'Grady and B. A. Pearlmutter, "Discovering speech phones using convolutive non-negative matrix factorisation with
a sparseness constraint", Neurocomputing 72(1-3), 2008.

Deviations: see cocktail/dsp/nmf/convolutive.py for the updates. Templates of noise are learnt per kind of noise and put
side by side.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocktail.dsp.nmf.enhancer import NmfEnhancer


@dataclass(frozen=True)
class NmfConv(NmfEnhancer):
    """Templates of speech, templates of noise."""

    divergence: Literal["kl"] = "kl"
    template_frames: int = 8
    """Frames of a template, P: 176 ms at 16 kHz."""
    speech_templates: int = 40
    noise_templates: int = 8
    """Per kind of train noise."""

    def learn(self, data, rng):
        """speech, noise: (P, F, R)."""
        return {
            "speech": self._templates(data.speech(), self.speech_templates, self.frames_fit, rng),
            "noise": self._templates(data.noise(), self.noise_templates, self.frames_fit // 4, rng),
        }

    def _templates(self, recordings, n_templates, n_frames, rng):
        """`n_templates` for each kind, side by side."""
        from cocktail.dsp.nmf import models

        options = {"mu": self.sparsity_fit, "iterations": self.iterations_fit}
        learnt = (
            models.learn_templates(kind, self.template_frames, n_templates, rng, **options)
            for kind in self.recordings(recordings, n_frames, rng).values()
        )
        return np.concatenate(list(learnt), axis=-1)

    def models(self, spectrograms, views):
        """Scene by scene."""
        from cocktail.dsp.nmf import models

        bases = views[0].model
        options = {"mu": self.sparsity, "iterations": self.iterations, "device": views[0].device}
        return [models.supervised_templates(V, bases["speech"], bases["noise"], **options) for V in spectrograms]
