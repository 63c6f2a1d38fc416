"""Non-negative dynamical system: NMF of powers whose activations follow from those of the frame before.

C. Fevotte, J. Le Roux and J. R. Hershey, "Non-negative dynamical system with application to speech and audio", ICASSP
2013. One system of speech, one of each kind of noise, learnt from isolated sound; on a mixture they run side by side,
with block-diagonal transitions.

Deviations: see cocktail/dsp/nmf/dynamical.py for the updates. The noise is learnt beforehand from each kind of train
noise and then stays, where the paper adapts a model to a noise it does not know; transitions have no sparsity.
"""

from dataclasses import dataclass
from typing import Literal

from cocktail.dsp.nmf.enhancer import NmfEnhancer


@dataclass(frozen=True)
class Nds(NmfEnhancer):
    """Bases and transitions of speech, and of each kind of noise; has no sparsity."""

    divergence: Literal["is"] = "is"
    iterations: int = 200
    iterations_fit: int = 100
    speech_bases: int = 100
    noise_bases: int = 8
    """Per kind of train noise."""
    shape: float = 2.0
    """alpha of the innovations: their relative variance is its inverse."""

    def learn(self, data, rng):
        """speech, noise (F, R); speech-transitions, noise-transitions (R, R)."""
        from cocktail.dsp.nmf import models

        found = {}
        for name, recordings, n_bases, n_frames in (
            ("speech", data.speech(), self.speech_bases, self.frames_fit),
            ("noise", data.noise(), self.noise_bases, self.frames_fit // 4),
        ):
            kinds = self.recordings(recordings, n_frames, rng).values()
            parts = [models.learn_dynamical(kind, n_bases, self.shape, self.iterations_fit, rng) for kind in kinds]
            found[name], found[f"{name}-transitions"] = models.side_by_side(parts)
        return found

    def models(self, spectrograms, views):
        """Scene by scene."""
        from cocktail.dsp.nmf import models

        bases, how = views[0].model, (self.shape, self.iterations, views[0].device)
        speech, noise = ((bases[name], bases[f"{name}-transitions"]) for name in ("speech", "noise"))
        return [models.supervised_dynamical(V, speech, noise, *how) for V in spectrograms]
