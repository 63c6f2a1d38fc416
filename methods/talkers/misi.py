"""Phases that suit the magnitudes of separated talkers: multiple input spectrogram inversion (MISI).

D. Gunawan and D. Sen, "Iterative phase estimation for the synthesis of separated sources from single-channel mixtures",
IEEE Signal Processing Letters 17(5), 2010. The magnitudes are those of the mixture under the masks of the entry that
this one `uses`, a network that is a SpectralSeparator; the first phases are the mixture's. The estimates' sum is the
mixture.

Deviations: none.
"""

from dataclasses import dataclass

from cocktail.method import Method, finite, require_rate
from cocktail.plugins.bases import offering


@dataclass(frozen=True)
class Misi(Method):
    """Any number of talkers who are all that is heard, one channel (microphone 1)."""

    task = "separate"
    paradigm = "separation"
    roles = {"base": "separate"}  # noqa: RUF012
    needs = frozenset({"n_sources", "gpu"})
    iterations: int = 5

    def __call__(self, mixture, view):
        """mixture (D, N) -> (K, N)."""
        import torch

        from cocktail.dsp.phase import misi

        model = offering(view.bases, "spectra", "dpcl-enhance").to(view.device)
        require_rate(view.fs, model.fs)
        samples = torch.as_tensor(finite(mixture[:1])[0], dtype=torch.float32, device=view.device)
        spectra = model.spectra(samples, view.n_sources, view.rng)
        how = {"iterations": self.iterations, "size": model.bands.window, "hop": model.bands.hop}
        return misi(spectra, samples, **how).double().cpu().numpy()
