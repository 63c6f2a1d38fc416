"""What NMF plugins share: a spectrogram is modelled as speech plus noise, and the share of speech is kept.

A plugin learns bases (`learn`) and fits a model of speech and one of noise to each mixture (`models`).

Magnitudes of the STFT under Kullback-Leibler, powers under Itakura-Saito; every recording and every scene is scaled to
unit mean. The estimate is the Wiener-like share of the speech model in the mixture. A window of 64 ms at 16 kHz, long
for speech, resolves pitch.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from cocktail import stft
from cocktail.dsp.nmf import frames
from cocktail.method import LearnedMethod, Recording, finite

FLOOR = 1e-5
"""Added to every spectrogram, whose mean is 1: keeps logarithms and ratios finite, is not heard."""

SILENT = 1e-3
"""Training leaves out frames below this share of their recording's mean, of magnitudes or of powers."""

STRETCH = 64
"""Frames that models of time learn from in a row, 1 s at 16 kHz: few whole recordings would not show all of a noise."""


def stacked(V: np.ndarray, context: int) -> np.ndarray:
    """Each frame with its neighbours, FLOOR past the ends: (F, T) -> (context F, T)."""
    return np.maximum(frames.stack(V, context), np.float32(FLOOR))


@dataclass(frozen=True)
class NmfEnhancer(LearnedMethod):
    """Base of the plugins, one mixture channel (microphone 1)."""

    needs: ClassVar[frozenset[str]] = frozenset({"gpu"})
    effort: ClassVar[tuple[str, ...]] = ("frames_fit", "iterations_fit")
    call_only: ClassVar[tuple[str, ...]] = ("sparsity", "iterations")
    divergence: Literal["kl", "is"] = "kl"
    """`kl` on magnitudes or `is` on powers."""
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

    def learn(self, data, rng) -> dict[str, np.ndarray]:
        """Bases by name, from a cocktail.method.TrainingData; what `load` will return."""
        raise NotImplementedError

    def models(self, spectrograms: list[np.ndarray], views) -> list[tuple[np.ndarray, np.ndarray]]:
        """(speech, noise), (F, T) each, of the mixtures' spectrograms (F, T); `views[0].model` holds the bases."""
        raise NotImplementedError

    @property
    def training(self) -> dict:
        """Options of cocktail.dsp.nmf.models.learn."""
        return {"mu": self.sparsity_fit, "divergence": self.divergence, "iterations": self.iterations_fit}

    def fit(self, data, rng, folder: Path) -> None:
        """Learn the bases; leave bases.npz."""
        np.savez(folder / "bases.npz", **self.learn(data, rng))

    def load(self, folder: Path) -> dict[str, np.ndarray]:
        """The bases by name, float32."""
        with np.load(folder / "bases.npz", allow_pickle=False) as bases:
            return dict(bases)

    def size(self, model) -> int:
        """Entries of all bases."""
        return sum(basis.size for basis in model.values())

    def __call__(self, mixture, view):
        """mixture (D, N) -> (1, N)."""
        return self.batch([mixture], [view])[0]

    def batch(self, mixtures, views):
        """mixtures (D, N) -> [(1, N)], those of different lengths together."""
        if not mixtures:
            return []
        spectra = [stft.stft(finite(mixture)[0], self.window, self.hop) for mixture in mixtures]
        models = self.models([self.mixture_spectrogram(Y) for Y in spectra], views)
        return [
            stft.istft(speech / (speech + noise) * Y, mixture.shape[-1], self.window, self.hop)[None]
            for (speech, noise), Y, mixture in zip(models, spectra, mixtures, strict=True)
        ]

    def spectrogram(self, Y: np.ndarray) -> np.ndarray:
        """STFT (F, T) -> its magnitudes or powers, float32, mean 1."""
        V = np.abs(Y) ** (1 if self.divergence == "kl" else 2)
        return (V / (V.mean() or 1.0)).astype(np.float32) + np.float32(FLOOR)

    def mixture_spectrogram(self, Y: np.ndarray) -> np.ndarray:
        """What `models` sees of a mixture's STFT (F, T)."""
        return self.spectrogram(Y)

    def training_spectrogram(self, recording: Recording) -> np.ndarray:
        """Of a training recording, (F, T)."""
        return self.spectrogram(stft.stft(recording.samples, self.window, self.hop))

    @staticmethod
    def heard(V: np.ndarray) -> np.ndarray:
        """Which frames of a training spectrogram, or of a stretch of one, (F, T) are not silent, (T,)."""
        return V.mean(0) > SILENT  # the recording has the mean 1

    def columns(
        self, recordings: Iterable[Recording], n_frames: int, rng, context: int = 1, group: str = "kind"
    ) -> dict[str, np.ndarray]:
        """Kind -> up to `n_frames` audible frames drawn from all its recordings, stacked: (context F, n).

        `group`: the field of a recording by which frames are kept apart, `kind` or `speaker`.
        """
        groups: dict[str, frames.Reservoir] = {}
        for recording in recordings:
            V = self.training_spectrogram(recording)
            sample = groups.setdefault(getattr(recording, group), frames.Reservoir(n_frames, rng))
            sample.add(stacked(V, context)[:, self.heard(V)])
        return {name: groups[name].columns() for name in sorted(groups)}

    def recordings(
        self, recordings: Iterable[Recording], n_frames: int, rng, stretch: int | None = None
    ) -> dict[str, list[np.ndarray]]:
        """Kind -> spectrograms (F, T) drawn from all of it, together about `n_frames` frames or a little more.

        They are of whole recordings, or of stretches of at most `stretch` frames each.
        """
        kinds: dict[str, frames.RecordingReservoir] = {}
        for recording in recordings:
            sample = kinds.setdefault(recording.kind, frames.RecordingReservoir(n_frames, rng))
            V = self.training_spectrogram(recording)
            for start in range(0, V.shape[1], stretch or V.shape[1]):
                sample.add(V[:, start : start + (stretch or V.shape[1])])
        return {kind: kinds[kind].recordings() for kind in sorted(kinds)}
