"""Source-filter NMF: speech is a spectrum of the vocal cords times one of the vocal tract, beside learnt noise.

J.-L. Durrieu, G. Richard, B. David and C. Fevotte, "Source/filter model for unsupervised main melody extraction from
polyphonic audio signals", IEEE TASLP 18(3), 2010.

Deviations: see cocktail/dsp/nmf/source_filter.py. Filters are learnt from isolated speech, and bases of noise from each
kind of train noise, where the paper finds both on the recording.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.nmf.enhancer import NmfEnhancer


@dataclass(frozen=True)
class NmfSourceFilter(NmfEnhancer):
    """Combs and filters of speech, bases of noise."""

    call_only = (*NmfEnhancer.call_only, "speech_sparsity")
    iterations: int = 30
    filters: int = 40
    smooth_bases: int = 30
    """Of which filters are made."""
    noise_bases: int = 40
    """Per kind of train noise."""
    lowest_hz: float = 70.0
    highest_hz: float = 450.0
    per_octave: int = 48
    """Pitches."""
    speech_sparsity: float = 10.0
    """mu of speech on a scene; that of noise is `sparsity`. A comb and a filter fit more than bases of noise do."""

    def learn(self, data, rng):
        """excitations (F, P), filters (F, K), noise (F, R)."""
        from cocktail.dsp.nmf import models, source_filter

        pitches = source_filter.pitches(self.lowest_hz, self.highest_hz, self.per_octave)
        E = source_filter.excitations(pitches, data.fs, self.window, 1 if self.divergence == "kl" else 2)
        (V,) = self.columns(data.speech(), self.frames_fit, rng).values()
        options = {"divergence": self.divergence, "iterations": self.iterations_fit}
        filters, _ = source_filter.learn_filters(V, E, self.filters, self.smooth_bases, rng, **options)
        kinds = self.columns(data.noise(), self.frames_fit // 4, rng).values()
        noise = [models.learn(V, self.noise_bases, rng, **self.training) for V in kinds]
        return {"excitations": E, "filters": filters, "noise": np.concatenate(noise, axis=1)}

    def models(self, spectrograms, views):
        """Scene by scene."""
        from cocktail.dsp.nmf import source_filter

        E, F, N = (views[0].model[name] for name in ("excitations", "filters", "noise"))
        voice = source_filter.free_voice(E, F, views[0].device)
        options = {"mu": (self.speech_sparsity, self.sparsity), "divergence": self.divergence}
        return source_filter.separate_all(spectrograms, voice, N, iterations=self.iterations, **options)
