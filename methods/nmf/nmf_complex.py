"""Complex NMF: components have phases and may cancel, so that magnitudes need not add up.

H. Kameoka, N. Ono, K. Kashino and S. Sagayama, "Complex NMF: A new sparse representation for acoustic signals", ICASSP
2009. Bases are those of the entry that this one `uses`.

Deviations: bases are learnt on magnitudes, from isolated speech and noise, and stay. Activations start as those that
sparse NMF finds for the magnitudes, phases as the mixture's with some chance added: from equal phases none would ever
move. The weight of the penalty is one figure where the mean magnitude is 1; in the paper it grows with the energy of
the recording. The estimate has its share of what the model leaves of the mixture. See cocktail/dsp/nmf/phases.py for
the updates.
"""

from dataclasses import dataclass

import numpy as np

from cocktail import stft
from cocktail.dsp.nmf.enhancer import FLOOR
from cocktail.method import Method, finite


@dataclass(frozen=True)
class NmfComplex(Method):
    """One talker, one channel (microphone 1)."""

    paradigm = "source-model"
    roles = {"bases": "enhance"}  # noqa: RUF012
    sparsity: float = 5.0
    """mu of the start."""
    iterations_start: int = 25
    weight: float = 5.0
    """lambda, of the penalty on activations where the mean magnitude is 1."""
    exponent: float = 1.2
    """p of the penalty, as in the paper."""
    iterations: int = 10
    spread: float = 0.5
    """Standard deviation of the first phases around the mixture's, in radians."""
    window: int = 1024
    """Samples of the STFT window, as that of the entry that is used."""
    hop: int = 256

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N)."""
        import torch

        from cocktail.dsp.nmf import models, phases

        speech, noise = (torch.as_tensor(view.bases["bases"][name]) for name in ("speech", "noise"))
        W = torch.cat([speech, noise], dim=1)
        Y = stft.stft(finite(mixture)[0], self.window, self.hop)
        scale = np.abs(Y).mean() or 1.0
        V = torch.as_tensor(np.abs(Y) / scale + FLOOR, dtype=torch.float32)
        U = models.activations(V, W, mu=self.sparsity, divergence="kl", iterations=self.iterations_start)
        pair = torch.as_tensor(np.stack([Y.real, Y.imag]) / scale, dtype=torch.float32)
        options = {"spread": self.spread, "weight": self.weight, "p": self.exponent, "iterations": self.iterations}
        pair, U = pair.mT.contiguous(), U.mT.contiguous()
        estimate = phases.separate(pair, W, U, speech.shape[1], view.rng, **options)
        real, imaginary = scale * estimate.mT.numpy().astype(float)
        return stft.istft(real + 1j * imaginary, mixture.shape[-1], self.window, self.hop)[None]
