"""Source-filter dynamical system: spectra that follow from each other, times a smooth one that changes slowly.

U. Simsekli, J. Le Roux and J. R. Hershey, "Non-negative source-filter dynamical system for speech enhancement", ICASSP
2014. Excitations start as the speech of the entry that this one `uses`, whose noise it takes.

Deviations: those of `nds`. Filters are Hann windows side by side, each of which follows from itself, where the paper
learns them as well; a frame has no gain of its own.
"""

from dataclasses import dataclass

from cocktail.dsp.nmf.enhancer import STRETCH, NmfEnhancer


@dataclass(frozen=True)
class SfNds(NmfEnhancer):
    """Excitations and their transitions."""

    roles = {"bases": "enhance"}  # noqa: RUF012
    call_only = (*NmfEnhancer.call_only, "speech_sparsity")
    iterations_fit: int = 12
    filters: int = 8
    shapes: tuple[float, float] = (0.3, 1000.0)
    """alpha of the innovations of excitations and noise, and of filters."""
    speech_sparsity: float = 7.0
    """mu of speech on a scene; that of noise is `sparsity`. With filters, excitations fit more."""

    def learn(self, data, rng):
        """speech (F, R), speech-transitions (R, R + 1)."""
        from cocktail.dsp.nmf import source_filter

        (recordings,) = self.recordings(data.speech(), self.frames_fit, rng, STRETCH).values()
        voice = source_filter.dynamical_voice(data.bases["bases"], self.filters, self.shapes, "cpu")
        (bases, transitions), _ = source_filter.adapt(recordings, voice, **self.training)
        return {"speech": bases, "speech-transitions": transitions}

    def models(self, spectrograms, views):
        """Scene by scene."""
        from cocktail.dsp.nmf import source_filter

        noise = (views[0].bases["bases"][name] for name in ("noise", "noise-transitions"))
        voice = source_filter.dynamical_voice(views[0].model, self.filters, self.shapes, views[0].device)
        options = {"mu": (self.speech_sparsity, self.sparsity), "divergence": self.divergence}
        return source_filter.separate_all(spectrograms, voice, *noise, iterations=self.iterations, **options)
