"""Multichannel GMM: a mixture of speech spectra ties the bins of every talker together, EM learns how they are heard.

H. Attias, "New EM algorithms for source separation and deconvolution with a microphone array", ICASSP 2003;
J. R. Hershey, J. Le Roux and F. Weninger, "Deep unfolding: model-based inspiration of novel deep architectures",
arXiv:1409.2574, 2014; S. Wisdom, J. R. Hershey, J. Le Roux and S. Watanabe, "Deep unfolding for multichannel source
separation", ICASSP 2016.

Deviations: those of cocktail/dsp/spatial/multichannel_gmm.py. Channels and states start from what directional clusters
around the directions of SRP-PHAT tell of them. One mixture for all talkers, of utterances brought to one level; numbers
of states and of iterations are not the papers'. Channels of rank 1 in windows of 64 ms fall short of a room: their
updates raise the bound and lower the SNR, by 0.9 dB in five iterations on `two-talkers-array`, where those of the
states change nothing. A full covariance of the noise in place of its power hardly helps.
"""

from dataclasses import dataclass

import numpy as np

from cocktail import stft
from cocktail.dsp.spatial import directed_start
from cocktail.dsp.spatial.separator import ArraySeparator
from cocktail.method import LearnedMethod, require_rate


@dataclass(frozen=True)
class Mcgmm(ArraySeparator, LearnedMethod):
    """K talkers from D microphones."""

    effort = ("frames_fit", "iterations_fit", "components")
    call_only = ("iterations",)
    components: int = 256
    """States of a talker."""
    frames_fit: int = 40000
    iterations_fit: int = 20
    iterations: int = 5
    """Of EM on a scene."""

    def fit(self, data, rng, folder):
        """Learn the mixture of speech; leave mixture.npz."""
        from cocktail.dsp.nmf.frames import Reservoir
        from cocktail.dsp.statistical.power_mixture import learn

        sample = Reservoir(self.frames_fit, rng)
        for recording in data.speech():
            P = np.abs(stft.stft(recording.samples, self.window, self.hop)) ** 2
            sample.add((P / (P.mean() or 1.0)).astype(np.float32))
        P = sample.columns()
        mixture, _ = learn(P, min(self.components, P.shape[1] // 2), self.iterations_fit, rng)
        np.savez(folder / "mixture.npz", fs=data.fs, **vars(mixture))

    def load(self, folder):
        """What `fit` left: {fs, weights (S,), variances (S, F)}."""
        with np.load(folder / "mixture.npz", allow_pickle=False) as saved:
            return dict(saved)

    def size(self, model):
        """Weights and variances."""
        return model["weights"].size + model["variances"].size

    def images(self, X, f_hz, view):
        """(D, F, T) -> (K, F, T). Raises CocktailError at another rate than that of the training."""
        import torch

        from cocktail.dsp.spatial import multichannel_gmm

        require_rate(view.fs, int(view.model["fs"]))
        start = directed_start.start(X, view.array, f_hz, view.n_sources)
        logs = (torch.as_tensor(np.log(view.model[name])).float() for name in ("weights", "variances"))
        layers = [multichannel_gmm.Layer(multichannel_gmm.States(*logs))] * self.iterations
        return multichannel_gmm.separate(*map(torch.from_numpy, start), layers).images.numpy().astype(complex)
