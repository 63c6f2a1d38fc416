"""A network with one hidden layer for each band tells units of speech from others by their agreement with the pitch.

Z. Jin and D. Wang, "A supervised learning approach to monaural segregation of reverberant speech", IEEE TASLP 17(4),
2009: 128 bands, six features of a unit at the lag of the pitch, 20 hidden units. Training makes the SNR of what a mask
keeps large: the squared error of a unit's label counts as much as its power in the mixture.

Deviations: the pitch is that of the summary correlogram (cocktail/dsp/auditory/pitch.py), of which there is one in
every frame, voiced or not, where the paper tracks the target's. Weights are found by L-BFGS and not by gradient
descent. All scenes count the same, and every unit for a thousandth of the mean. There is no segmentation afterwards,
and no mask from onsets where there is no pitch; units of noise are attenuated by 20 dB and not removed.
"""

from dataclasses import dataclass

import numpy as np

from cocktail.dsp.auditory.classifier import UnitClassifier


@dataclass(frozen=True)
class MlpPitchMask(UnitClassifier):
    """One talker."""

    causal = True
    effort = ("scenes", "bands", "iterations_fit")
    bands: int = 128
    hidden: int = 20
    iterations_fit: int = 300
    """Of L-BFGS."""

    def units(self, samples, fs):
        from cocktail.dsp.auditory import pitch

        return pitch.features(samples, self._responses(fs), fs)

    def learn(self, train, valid, rng):
        from scipy.optimize import minimize

        D, H = train.features.shape[1], self.hidden
        start = rng.standard_normal((D + 2) * H + 1) / np.sqrt(D + 1)
        power = train.power + 1e-3 * train.power.mean() + np.finfo(float).tiny
        arguments = (train.features, train.labels, power / power.sum(), H)
        optimum = minimize(loss, start, arguments, "L-BFGS-B", jac=True, options={"maxiter": self.iterations_fit})
        return {"weights": optimum.x, "hidden": np.array(H)}

    def decide(self, band, units):
        return _output(band["weights"], units, int(band["hidden"]))[1] > 0.5


def loss(weights: np.ndarray, features: np.ndarray, labels: np.ndarray, power: np.ndarray, hidden: int):
    """Squared error of labels (n,), weighted by power (n,), and its gradient, from features (n, D)."""
    h, y = _output(weights, features, hidden)
    error = y - labels
    into_output = 2 * power * error * y * (1 - y)
    out = weights[-hidden - 1 : -1]
    into_hidden = into_output[:, None] * out * (1 - h**2)
    gradient = [(features.T @ into_hidden).ravel(), into_hidden.sum(0), into_output @ h, [into_output.sum()]]
    return np.sum(power * error**2), np.concatenate(gradient)


def _output(weights, features, hidden):
    """Hidden units (n, H) and output (n,) between 0 and 1; weights are a (D, H) matrix, H biases, H weights, a bias."""
    matrix, bias, out = np.split(weights[:-1], [-2 * hidden, -hidden])
    h = np.tanh(features @ matrix.reshape(-1, hidden) + bias)
    return h, 1 / (1 + np.exp(-np.clip(h @ out + weights[-1], -50, 50)))
