"""Phases that suit the magnitudes of a mask network: Griffin-Lim after the mask.

D. W. Griffin and J. S. Lim, "Signal estimation from modified short-time Fourier transform", IEEE TASSP 32(2), 1984. The
magnitudes are those of the mixture under the mask of the entry that this one `uses`; the first phases are the
mixture's.

Deviations: 20 iterations by default; the paper's speech takes up to 100, whose later ones change little.
"""

from dataclasses import dataclass

from cocktail.method import Method, finite
from cocktail.plugins.bases import offering
from cocktail.stft import HOP, SIZE, stft


@dataclass(frozen=True)
class GriffinLim(Method):
    """One talker, one channel (microphone 1)."""

    paradigm = "separation"
    roles = {"base": "enhance"}  # noqa: RUF012
    needs = frozenset({"gpu"})
    iterations: int = 20

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N)."""
        import torch

        from cocktail.dsp.phase import griffin_lim

        samples = torch.as_tensor(finite(mixture[:1]), dtype=torch.float32, device=view.device)
        mask = offering(view.bases, "mask", "blstm-psa").mask(samples, view.fs, view.device)
        spectrum = mask * stft(samples)
        signal = griffin_lim(spectrum, samples.shape[-1], iterations=self.iterations, size=SIZE, hop=HOP)
        return signal.double().cpu().numpy()
