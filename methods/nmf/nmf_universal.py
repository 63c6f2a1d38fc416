"""NMF with a universal speech model: bases of many speakers, of whom few may be active on a scene.

D. L. Sun and G. J. Mysore, "Universal speech models for speaker independent single channel source separation", ICASSP
2013: ten bases for each training speaker, the block-sparse penalty lambda sum_g log(epsilon + |H_g|_1) over speakers g,
noise learnt on the scene.

Deviations: bases have unit Euclidean norm, as in the rest of the family, and lambda is relative to the sum of the
scaled spectrogram, so that it means the same on long and short scenes; the paper's figure belongs to its own scale. The
bases of noise start from the scene's mean spectrum.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.nmf.enhancer import NmfEnhancer


@dataclass(frozen=True)
class NmfUniversal(NmfEnhancer):
    """Bases of every train speaker; `sparsity` is not used."""

    paradigm = "annotated-source-model"
    iterations: int = 50
    sparsity_fit: float = 0.3
    speaker_bases: int = 10
    noise_bases: int = 5
    """Learnt on the scene."""
    block_sparsity: float = 0.001
    """lambda, as a share of the sum of the scene's spectrogram."""

    def learn(self, data, rng):
        """speech (F, G R): the bases of one speaker after those of another."""
        from cocktail.dsp.nmf import models

        speakers = self.columns(data.speech(), self.frames_fit // 10, rng, group="speaker")
        bases = [models.learn(V, self.speaker_bases, rng, **self.training) for V in speakers.values()]
        return {"speech": np.concatenate(bases, axis=1)}

    def models(self, spectrograms, views):
        """Scene by scene."""
        from cocktail.dsp.nmf import models

        options = {"block": self.speaker_bases, "n_noise": self.noise_bases, "share": self.block_sparsity}
        options |= {"divergence": self.divergence, "iterations": self.iterations}
        return [
            models.block_sparse(V, view.model["speech"], view.rng, device=view.device, **options)
            for V, view in zip(spectrograms, views, strict=True)
        ]
