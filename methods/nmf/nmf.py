"""Sparse non-negative matrix factorisation with bases learnt from isolated speech and noise.

J. Le Roux, F. J. Weninger and J. R. Hershey, "Sparse NMF - half-baked or well done?", MERL TR2015-023, 2015. Semi-
supervised, with the noise learnt on the scene: P. Smaragdis, B. Raj and M. Shashanka, "Supervised and semi-supervised
separation of sounds from single-channel mixtures", ICA 2007.

Magnitudes of the STFT under Kullback-Leibler, powers under Itakura-Saito; every recording and every scene is scaled to
unit mean. The estimate is the Wiener-like share of the speech model in the mixture.

Deviations: see cocktail/dsp/nmf/updates.py for the updates. Noise bases are learnt per kind of noise and put side by
side, so that loud kinds do not crowd out the others. A window of 64 ms at 16 kHz, long for speech, resolves pitch.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cocktail import stft
from cocktail.dsp.nmf import frames
from cocktail.method import LearnedMethod, finite

FLOOR = 1e-5
"""Added to every spectrogram, whose mean is 1: keeps logarithms and ratios finite, is not heard."""

SILENT = 1e-3
"""Training leaves out frames below this share of their recording's mean."""


@dataclass(frozen=True)
class Nmf(LearnedMethod):
    """One model of speech, one of noise, one mixture channel (microphone 1)."""

    needs = frozenset({"gpu"})
    effort = ("frames_fit", "iterations_fit", "speech_bases")
    divergence: Literal["kl", "is"] = "kl"
    """`kl` on magnitudes or `is` on powers."""
    noise: Literal["trained", "scene"] = "trained"
    """`trained`: noise bases from isolated train noise; `scene`: learnt on each scene beside the fixed speech bases."""
    speech_bases: int = 100
    noise_bases: int = 40
    """Per kind of train noise, or on the scene."""
    context: int = 1
    """Frames stacked into one column, odd; every second one is taken."""
    sparsity_fit: float = 10.0
    """mu in training."""
    sparsity: float = 5.0
    """mu on a scene."""
    iterations: int = 25
    iterations_fit: int = 40
    frames_fit: int = 10000
    """Frames of speech to learn from; of each kind of noise a quarter of that."""
    window: int = 1024
    """Samples of the STFT window."""
    hop: int = 256

    def fit(self, data, rng, folder):
        """Learn the bases from isolated speech and, unless the scene is to teach it, noise; leave bases.npz."""
        bases = {"speech": self._learn(data.speech(), self.speech_bases, self.frames_fit, rng)}
        if self.noise == "trained":
            bases["noise"] = self._learn(data.noise(), self.noise_bases, self.frames_fit // 4, rng)
        np.savez(folder / "bases.npz", **bases)

    def load(self, folder):
        """The bases, {name: (F, R) float32}."""
        with np.load(folder / "bases.npz", allow_pickle=False) as bases:
            return dict(bases)

    def size(self, model):
        """Entries of all bases."""
        return sum(basis.size for basis in model.values())

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N)."""
        return self.batch([mixture], [view])[0]

    def batch(self, mixtures, views):
        """All scenes at once: the frames of all side by side or, where each learns its noise, in padded stacks."""
        if not mixtures:
            return []
        spectra = [stft.stft(finite(mixture)[0], self.window, self.hop) for mixture in mixtures]
        columns = [self._columns(Y) for Y in spectra]
        found = self._models(columns, views)
        return [
            stft.istft(self._mask(*model) * Y, mixture.shape[-1], self.window, self.hop)[None]
            for model, Y, mixture in zip(found, spectra, mixtures, strict=True)
        ]

    def _columns(self, Y):
        """STFT (F, T) -> columns (context F, T) of its magnitudes or powers, float32, mean 1."""
        V = np.abs(Y) ** (1 if self.divergence == "kl" else 2)
        return frames.stack(V / (V.mean() or 1.0), self.context).astype(np.float32) + np.float32(FLOOR)

    def _mask(self, speech, noise):
        """Share of speech in the model, (context F, T) each -> (F, T)."""
        speech, noise = frames.unstack(speech, self.context), frames.unstack(noise, self.context)
        return speech / (speech + noise)

    def _models(self, columns, views):
        """[(speech, noise)] of every scene, each (context F, T)."""
        from cocktail.dsp.nmf import models

        bases, how = views[0].model, (self.sparsity, self.divergence, self.iterations, views[0].device)
        if self.noise == "trained":
            return models.supervised(columns, bases["speech"], bases["noise"], *how)
        rngs = [view.rng for view in views]
        return models.semi_supervised(columns, bases["speech"], self.noise_bases, *how, rngs)

    def _learn(self, recordings, n_bases, n_frames, rng):
        """Bases of a stream of recordings, (context F, R): `n_bases` for each kind, side by side."""
        from cocktail.dsp.nmf import models

        kinds = {}
        for recording in recordings:
            V = self._columns(stft.stft(recording.samples, self.window, self.hop))
            sample = kinds.setdefault(recording.kind, frames.Reservoir(n_frames, rng))
            sample.add(V[:, V.sum(0) > SILENT * V.sum(0).mean()])
        how = (n_bases, self.sparsity_fit, self.divergence, self.iterations_fit, rng)
        return np.concatenate([models.learn(kinds[kind].columns(), *how) for kind in sorted(kinds)], axis=1)
