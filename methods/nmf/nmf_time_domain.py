"""Time-domain NMF: signals that add up to the mixture, with spectrograms of low rank, in place of masks.

H. Kameoka, "Multi-resolution signal decomposition with time-domain spectrogram factorization", ICASSP 2015; with the
Kullback-Leibler divergence as in Kagami, Kameoka and Yukawa, ICASSP 2017. Bases are those of the entry that this one
`uses`, and so is the start: sparse NMF's activations and its shares of the mixture.

Deviations: one signal of speech and one of noise, each with all its bases. The papers have a signal for each basis,
which costs 1.4 to 4 dB SDR here with the Euclidean distance. Few iterations: bases of speech and of noise can explain
the same sounds, so that signals and models drift to whatever the models can say (gain on six development scenes: 3.5 dB
SDR at the start, 3.51 after two iterations, 3.46 after five, 2.8 after forty). See cocktail/dsp/nmf/time_domain.py for
the updates.
"""

from dataclasses import dataclass

import numpy as np

from cocktail import stft
from cocktail.dsp.nmf.enhancer import FLOOR
from cocktail.method import Method, finite


@dataclass(frozen=True)
class NmfTimeDomain(Method):
    """One talker, one channel (microphone 1)."""

    paradigm = "source-model"
    roles = {"bases": "enhance"}  # noqa: RUF012
    sparsity: float = 5.0
    """mu, of the start and of the signals."""
    iterations_start: int = 25
    iterations: int = 3
    window: int = 1024
    """Samples of the STFT window, as that of the entry that is used."""
    hop: int = 256

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N)."""
        import torch

        from cocktail.dsp.nmf import models, time_domain

        W = [torch.as_tensor(view.bases["bases"][name]) for name in ("speech", "noise")]
        y = finite(mixture)[0]
        scale = np.abs(stft.stft(y, self.window, self.hop)).mean() or 1.0
        y = torch.as_tensor(y / scale, dtype=torch.float32)
        V = stft.stft(y, self.window, self.hop).abs() + FLOOR
        options = {"mu": self.sparsity, "divergence": "kl", "iterations": self.iterations_start}
        H = models.activations(V, torch.cat(W, dim=1), **options).split([w.shape[1] for w in W])
        options = {"mu": self.sparsity, "iterations": self.iterations, "size": self.window, "hop": self.hop}
        x, _ = time_domain.separate(y, W, H, **options)
        return scale * x[:1].numpy().astype(float)
