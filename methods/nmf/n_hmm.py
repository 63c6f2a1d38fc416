"""Non-negative hidden Markov model: a small dictionary for each state of speech, and one state at a time.

G. J. Mysore, P. Smaragdis and B. Raj, "Non-negative hidden Markov modeling of audio with application to source
separation", LVA/ICA 2010; G. J. Mysore and P. Smaragdis, "A non-negative approach to semi-supervised separation of
speech from noise with the use of temporal dynamics", ICASSP 2011: 40 states of 10 bases for speech.

Deviations: see cocktail/dsp/nmf/markov.py. Each kind of train noise is one state of the noise, which hardly ever
changes, where the paper learns one state on the scene. Silent frames are left out of the training: what follows a pause
is taken to follow what came before it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocktail.dsp.nmf.enhancer import STRETCH, NmfEnhancer

STAYS = 0.999
"""Probability that the kind of noise is that of the frame before."""


@dataclass(frozen=True)
class NHmm(NmfEnhancer):
    """Speech and noise, each with a chain; has no sparsity."""

    effort = ("frames_fit", "iterations_fit", "states")
    divergence: Literal["kl"] = "kl"
    iterations: int = 12
    iterations_fit: int = 15
    frames_fit: int = 6000
    """Frames of speech to learn from, and of each kind of noise."""
    states: int = 40
    speech_bases: int = 10
    """Of each state."""
    noise_bases: int = 20
    """Per kind of train noise."""

    def learn(self, data, rng):
        """speech (S, F, R) with initial (S,) and transition (S, S); noise (kinds, F, R)."""
        from cocktail.dsp.nmf import markov, models

        (speech,) = self.recordings(data.speech(), self.frames_fit, rng, STRETCH).values()
        speech = [V[:, heard] for V in speech if (heard := self.heard(V)).any()]
        W, chain, _ = markov.learn(speech, self.states, self.speech_bases, self.iterations_fit, rng)
        kinds = self.columns(data.noise(), self.frames_fit, rng).values()
        options = {"mu": 0.0, "divergence": "kl", "iterations": self.iterations_fit}
        noise = np.stack([models.learn(V, self.noise_bases, rng, **options) for V in kinds])
        return {"speech": W, "initial": chain.initial, "transition": chain.transition, "noise": noise}

    def models(self, spectrograms, views):
        """Scene by scene."""
        from cocktail.dsp.nmf import markov
        from cocktail.dsp.statistical.hmm import Chain

        bases = views[0].model
        n_states, n_kinds = len(bases["speech"]), len(bases["noise"])
        stays = STAYS * np.eye(n_kinds) + (1 - STAYS) / n_kinds
        noise = bases["noise"] / bases["noise"].sum(1, keepdims=True)
        chains = (
            Chain(bases["initial"], bases["transition"], np.ones(n_states)),
            Chain(np.full(n_kinds, 1 / n_kinds), stays, np.ones(n_kinds)),
        )
        systems = (bases["speech"], chains[0]), (noise, chains[1])
        options = {"iterations": self.iterations, "device": views[0].device}
        return [markov.separate(V, *systems, **options) for V in spectrograms]
