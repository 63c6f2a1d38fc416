"""Non-negative dynamical system: sparse NMF whose activations follow from those of the frame before.

C. Fevotte, J. Le Roux and J. R. Hershey, "Non-negative dynamical system with application to speech and audio", ICASSP
2013. One system of speech, one of each kind of noise, learnt from isolated sound; on a mixture they run side by side,
with block-diagonal transitions.

Deviations: see cocktail/dsp/nmf/dynamical.py for the updates. Kullback-Leibler on magnitudes, as sparse as in
`nmf-sparse`. Systems learn from stretches of a second, pauses included, of as many recordings as there are. The noise
is learnt beforehand and then stays, where the paper adapts a model to a noise it does not know.
"""

from dataclasses import dataclass

from cocktail.dsp.nmf.enhancer import STRETCH, NmfEnhancer


@dataclass(frozen=True)
class Nds(NmfEnhancer):
    """Bases and transitions of speech, and of each kind of noise."""

    speech_bases: int = 100
    noise_bases: int = 40
    """Per kind of train noise."""
    shape: float = 0.3
    """alpha of the innovations: their relative variance is its inverse."""

    def learn(self, data, rng):
        """speech, noise (F, R); speech-transitions, noise-transitions (R, R + 1)."""
        from cocktail.dsp.nmf import models

        arrays = {}
        for name, recordings, n_bases, n_frames in (
            ("speech", data.speech(), self.speech_bases, self.frames_fit),
            ("noise", data.noise(), self.noise_bases, self.frames_fit // 4),
        ):
            kinds = self.recordings(recordings, n_frames, rng, STRETCH).values()
            parts = [models.learn_dynamical(kind, n_bases, rng, alpha=self.shape, **self.training) for kind in kinds]
            arrays[name], arrays[f"{name}-transitions"] = models.side_by_side(parts)
        return arrays

    def models(self, spectrograms, views):
        """Scene by scene."""
        from cocktail.dsp.nmf import models

        bases = views[0].model
        systems = [(bases[name], bases[f"{name}-transitions"]) for name in ("speech", "noise")]
        options = {"mu": self.sparsity, "divergence": self.divergence, "iterations": self.iterations}
        return [
            models.supervised_dynamical(V, *systems, alpha=self.shape, device=views[0].device, **options)
            for V in spectrograms
        ]
