"""Spectral clustering of units in time and frequency, the widths and weights of its cues learnt from mixtures.

F. R. Bach and M. I. Jordan, "Learning spectral clustering, with application to speech separation", JMLR 7, 2006. Their
cost of a known partition, that each voiced unit is of the loudest talker, is in
cocktail/dsp/statistical/learnt_cuts.py; cues and clustering are those of `spectral-clustering`.

Deviations: those of these files; learning starts from widths and weights set by hand, and sees a few units of each
mixture.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.auditory.clustering import CueClustering
from cocktail.method import LearnedMethod


@dataclass(frozen=True)
class SpectralClusteringLearnt(CueClustering, LearnedMethod):
    """Talkers that are apart in pitch, one channel (microphone 1)."""

    paradigm = "separation"
    effort = ("scenes",)
    call_only = ("landmarks",)
    scenes: int = 40
    """Training scenes."""
    points: int = 150
    """Voiced units taken from each."""
    sparsity: float = 0.01
    """Penalty on each cue, where J of a scene is between 0 and the number of its talkers."""
    iterations: int = 40
    near: tuple[float, ...] = (0.15, 4.0, 1.5, 3.0)
    """Widths at the start: seconds, bandwidths, slopes in dB a frame, slow and fast."""
    alike: tuple[float, ...] = (0.08, 2.0, 2.0, 2.0, 2.0)
    """Octaves, timbre."""
    nearness: float = 0.1
    """Weight of the former at the start, where that of the latter is 1."""

    def fit(self, data, rng, folder):
        """Learn widths and weights; leave affinity.npz."""
        from cocktail.dsp.statistical import learnt_cuts

        examples = [x for _ in range(self.scenes) if (x := self._example(data.mixer.draw(rng, "train"), data.fs, rng))]
        if not examples:
            raise ValueError(f"{self.scenes} training scenes: in none of them are all talkers voiced")
        widths, weights = [np.array(self.near), np.array(self.alike)], [self.nearness, 1.0]
        (near, alike), weights, _ = learnt_cuts.learn(
            examples, widths, weights, sparsity=self.sparsity, iterations=self.iterations
        )
        np.savez(folder / "affinity.npz", near=near, alike=alike, weights=weights)

    def load(self, folder):
        """Widths `near` (4,) and `alike` (5,), and `weights` (2,)."""
        with np.load(folder / "affinity.npz", allow_pickle=False) as saved:
            return dict(saved)

    def size(self, model):
        """Widths and weights."""
        return sum(x.size for x in model.values())

    def affinity(self, view):
        """Widths and weights as they were learnt."""
        return [view.model["near"], view.model["alike"]], list(view.model["weights"])

    def _example(self, scene, fs, rng):
        """Features and loudest talkers of some voiced units; None where a talker has none."""
        from cocktail.dsp.auditory import clustering

        mixture = scene.mixture.astype(float)
        if not mixture.any():
            return None
        voiced, features = clustering.points(self.units(mixture, fs))
        talker = clustering.loudest(scene.sources.astype(float), fs, self.centres(fs))[voiced]
        at = rng.permutation(len(talker))[: self.points]
        if len(np.unique(talker[at])) < len(scene.sources):
            return None
        return [x[at] for x in features], talker[at]
