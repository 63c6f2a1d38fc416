"""A Gaussian mixture of the log spectra of speech, noise that is one Gaussian, and a vector Taylor series between them.

T. Kristjansson, J. Hershey and H. Attias, "Single microphone source separation using high resolution signal
reconstruction", ICASSP 2004; B. J. Frey, L. Deng, A. Acero and T. Kristjansson, "ALGONQUIN: Iterating Laplace's method
to remove multiple types of acoustic distortion for robust speech recognition", Eurospeech 2001. Each is the mean of its
log power given that of the mixture; the gain of a band is the Wiener-like share of speech in the two.

Deviations: see cocktail/dsp/statistical/vts.py. Log powers are those of mel bands, in which phases matter less than
in single bins, and a bin's gain is the mean of those of its bands. The noise is learnt on the scene, from a start by
minimum statistics; variances of the mixture are diagonal.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.statistical.enhancer import GainEnhancer
from cocktail.stft import framing, stft

FLOOR = 1e-6
"""Added to band powers, relative to their mean over the recording: -60 dB."""


@dataclass(frozen=True)
class Speech:
    """What is known of speech."""

    mixture: object
    """cocktail.dsp.statistical.gmm.Gmm of log powers in bands, whose mean power is 1."""
    fs: int


@dataclass(frozen=True)
class GmmVts(GainEnhancer):
    """One talker."""

    effort = ("frames_fit", "iterations_fit", "components")
    call_only = ("psi", "iterations", "rounds")
    components: int = 256
    bands: int = 100
    frames_fit: int = 40000
    iterations_fit: int = 15
    psi: float = 0.5
    """Variance of the observation around the log-sum, in squared nepers of power."""
    iterations: int = 3
    """Of the expansion point."""
    rounds: int = 4
    """Of EM over the noise and the level of speech."""

    def fit(self, data, rng, folder):
        """Learn the mixture of speech; leave mixture.npz."""
        from cocktail.dsp.nmf.frames import Reservoir
        from cocktail.dsp.statistical.gmm import learn

        sample = Reservoir(self.frames_fit, rng)
        for recording in data.speech():
            sample.add(self._log_power(np.abs(stft(recording.samples, *framing(data.fs))) ** 2, data.fs))
        X = sample.columns()
        mixture, _ = learn(X, min(self.components, X.shape[1] // 2), self.iterations_fit, rng)
        np.savez(folder / "mixture.npz", fs=data.fs, **vars(mixture))

    def load(self, folder):
        """A Speech."""
        from cocktail.dsp.statistical.gmm import Gmm

        with np.load(folder / "mixture.npz", allow_pickle=False) as saved:
            mixture = Gmm(*(saved[name] for name in ("weights", "means", "variances")))
            return Speech(mixture, int(saved["fs"]))

    def size(self, model):
        """Weights, means and variances."""
        return sum(x.size for x in vars(model.mixture).values())

    def gains(self, samples, Y, view):
        from cocktail.dsp.noise.trackers import noise_psd
        from cocktail.dsp.statistical import vts

        power = np.abs(Y) ** 2
        options = {"tracker": "minimum-statistics", "fs": view.fs, "size": framing(view.fs)[0]}
        noise = noise_psd(power, **options, hop=framing(view.fs)[1], n_samples=len(samples))
        filters = self._filters(view.fs)
        V = filters @ power
        scale = V.mean()
        L = np.log(V / scale + FLOOR)
        N = filters @ noise.mean(1) / scale
        speech_share = max(1 - N.mean(), 0.05)  # of the power, for the mixture of speech has power 1
        scene = vts.Scene(np.log(N + FLOOR), np.full(len(N), np.pi**2 / 6), float(np.log(speech_share)))
        for _ in range(self.rounds):
            posterior = vts.infer(L, view.model.mixture, scene, psi=self.psi, iterations=self.iterations)
            scene = vts.step(scene, posterior)
        gain = 1 / (1 + np.exp(posterior.noise - posterior.speech))
        return filters.T @ gain / np.maximum(filters.sum(0), 1e-9)[:, None]

    def _log_power(self, power, fs):
        """Power (F, T) of a recording -> log powers in bands (B, T), float32."""
        V = self._filters(fs) @ power
        return np.log(V / (V.mean() or 1.0) + FLOOR).astype(np.float32)

    def _filters(self, fs):
        from cocktail.dsp.mel import filterbank

        filters = filterbank(self.bands, fs, framing(fs)[0])
        return filters / filters.sum(1, keepdims=True)
