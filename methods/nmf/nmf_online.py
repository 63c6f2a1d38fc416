"""Online NMF: bases of speech are known, those of noise and all activations follow the signal frame by frame.

Z. Duan, G. J. Mysore and P. Smaragdis, "Online PLCA for real-time semi-supervised source separation", LVA/ICA 2012, and
"Speech enhancement by online non-negative spectrogram decomposition in non-stationary noise environments", Interspeech
2012.

Deviations: see cocktail/dsp/nmf/online.py. The floor of the spectrogram follows the mean of what has been heard; the
divergence and the penalty do not depend on the level.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocktail.dsp.nmf.enhancer import FLOOR, NmfEnhancer


@dataclass(frozen=True)
class NmfOnline(NmfEnhancer):
    """Bases of speech from isolated speech; noise is learnt on the scene."""

    needs = frozenset()
    causal = True
    divergence: Literal["kl"] = "kl"
    sparsity_fit: float = 0.3
    sparsity: float = 1.0
    iterations: int = 20
    """For each frame."""
    speech_bases: int = 100
    noise_bases: int = 3
    buffer: int = 300
    """Frames that the noise is estimated on: 2.4 s at 16 kHz."""
    window: int = 512
    """Samples of the STFT window, half that of the entries that need not be causal: its length is the delay."""
    hop: int = 128

    def learn(self, data, rng):
        """speech (F, R)."""
        from cocktail.dsp.nmf import models

        (V,) = self.columns(data.speech(), self.frames_fit, rng).values()
        return {"speech": models.learn(V, self.speech_bases, rng, **self.training)}

    def mixture_spectrogram(self, Y):
        """Magnitudes, with a floor that depends on no later frame."""
        V = np.abs(Y)
        heard = np.cumsum(V.mean(0)) / np.arange(1, V.shape[1] + 1)
        return (V + FLOOR * heard + np.finfo(np.float32).tiny).astype(np.float32)

    def models(self, spectrograms, views):
        """Scene by scene."""
        from cocktail.dsp.nmf.online import separate

        options = {"mu": self.sparsity, "iterations": self.iterations, "buffer": self.buffer}
        return [
            separate(V, view.model["speech"], self.noise_bases, view.rng, **options)
            for V, view in zip(spectrograms, views, strict=True)
        ]
