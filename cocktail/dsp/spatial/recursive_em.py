"""Recursive expectation maximisation of a talker in noise: presence, speech and spatial model, frame by frame.

J. M. Martin-Donas, J. Jensen, Z.-H. Tan, A. M. Gomez and A. M. Peinado, "Online multichannel speech enhancement based
on recursive EM and DNN-based speech presence estimation", IEEE/ACM Trans. ASLP 28, 2020.

In every bin the microphones hear y = n, or y = d s + n where speech is present, with n ~ N(0, Phi). What is known of s
before a frame is N(m, P): a Kalman filter's prediction from the frame before, where s over the root of its power is
autoregressive, or m = 0. Where speech is absent, s is not heard, and what was predicted of it stays; between the two,
mean and variance are those of the mixture. The E-step tells the posterior of presence and of s, the M-step d and Phi;
the statistics that it needs are sums over frames, and forget.

Deviations: the paper's abstract and structure were at hand, not its equations; these are the model's own. The
coefficient of the prediction leaves out how far two frames err together, and is smaller for it.

Shapes: independent dimensions lead, microphones last.
"""

from dataclasses import dataclass, replace

import numpy as np

from cocktail.dsp.noise.start import START_UP_S
from cocktail.dsp.spatial import beamformers

LOADING = 1e-3
"""Of the noise covariance, relative to its mean eigenvalue, before it is inverted."""
LARGEST = 50.0
"""Of a log likelihood ratio."""
SLOWEST = 0.95
"""Largest |c| of the prediction c s / sqrt(E[|s|^2]) for the next frame."""


@dataclass(frozen=True)
class Model:
    """What the M-step tells."""

    transfer: np.ndarray
    """d (..., D): from s to the microphones, of any scale."""
    noise: np.ndarray
    """Phi (..., D, D)."""


@dataclass(frozen=True)
class Posterior:
    """What the E-step tells of a frame."""

    presence: np.ndarray
    """(...): probability of speech."""
    speech: np.ndarray
    """(...): mean of s if speech is present."""
    variance: np.ndarray
    """(...): of s if speech is present."""


@dataclass(frozen=True)
class Statistics:
    """Sums over frames, of which the M-step is a function."""

    count: np.ndarray | float
    """Frames."""
    yy: np.ndarray
    """(..., D, D): y y^H."""
    ys: np.ndarray
    """(..., D): presence times y E[s]^*."""
    ss: np.ndarray
    """(...): presence times E[|s|^2]."""

    def after(self, frame: "Statistics", forgetting: float) -> "Statistics":
        """With one frame more, older ones counting less."""
        pairs = zip(vars(self).values(), vars(frame).values(), strict=True)
        return Statistics(*(forgetting * old + new for old, new in pairs))


@dataclass(frozen=True)
class Track:
    """A scene, frame by frame."""

    presence: np.ndarray
    """(F, T): posterior probability of speech."""
    speech: np.ndarray
    """(F, T): at microphone 1, if speech is present."""
    model: Model
    """After the last frame."""


def beam(y: np.ndarray, model: Model) -> tuple[np.ndarray, np.ndarray]:
    """MVDR: y (..., D) -> s plus residual noise (...), and the power of that noise (...)."""
    phi = beamformers.loaded(model.noise, LOADING)
    across = np.linalg.solve(phi, model.transfer[..., None])[..., 0]
    precision = np.maximum(np.sum(model.transfer.conj() * across, -1).real, np.finfo(float).tiny)
    return np.sum(across.conj() * y, -1) / precision, 1 / precision


def expect(y: np.ndarray, model: Model, prior: np.ndarray, mean: np.ndarray, power: np.ndarray) -> Posterior:
    """E-step: y (..., D), prior probability of speech (...), mean m and variance P of s before the frame (...).

    The output of MVDR holds all that y tells of s, and the ratio of the likelihoods.
    """
    z, residual = beam(y, model)
    odds = np.log(prior) - np.log1p(-prior) + np.clip(_ratio(z, residual, mean, power), -LARGEST, LARGEST)
    presence = 1 / (1 + np.exp(-odds))
    kalman = power / (power + residual)
    return Posterior(presence, mean + kalman * (z - mean), kalman * residual)


def log_likelihood(y: np.ndarray, model: Model, prior: np.ndarray, mean: np.ndarray, power: np.ndarray) -> np.ndarray:
    """(...): log p(y) of the frames that `expect` is given, but for a constant."""
    phi = beamformers.loaded(model.noise, LOADING)
    absent = -beamformers.quadratic(y[..., None, :], phi)[..., 0] - np.linalg.slogdet(phi)[1]
    ratio = _ratio(*beam(y, model), mean, power)
    return absent + np.logaddexp(np.log1p(-prior), np.log(prior) + ratio)


def _ratio(z, residual, mean, power):
    """Log likelihood of the beam z with speech in it, less that without."""
    total = power + residual
    return np.abs(z) ** 2 / residual - np.abs(z - mean) ** 2 / total - np.log(total / residual)


def statistics(y: np.ndarray, found: Posterior) -> Statistics:
    """Of frames y (..., D)."""
    p = found.presence
    return Statistics(
        np.ones(p.shape),
        y[..., :, None] * y[..., None, :].conj(),
        (p * found.speech.conj())[..., None] * y,
        p * (np.abs(found.speech) ** 2 + found.variance),
    )


def maximise(sums: Statistics) -> Model:
    """M-step: d by least squares on the speech, and the covariance of what it leaves."""
    d = _over(sums.ys, sums.ss[..., None])
    left = sums.yy - sums.ys[..., :, None] * d[..., None, :].conj()
    return Model(d, left / np.asarray(sums.count)[..., None, None])


def follow(
    X: np.ndarray, prior: np.ndarray, power: np.ndarray, *, hop_s: float, forgetting: float, iterations: int = 2,
    predict: bool = True,
) -> Track:  # fmt: skip
    """X (D, F, T), prior probabilities of speech in ]0, 1[ and its power at microphone 1, each (F, T) -> a Track.

    No frame depends on a later one. A frame counts `forgetting` times as much as the next; `iterations` are those of EM
    in each, `predict` says whether the frame before tells a mean. The first START_UP_S are taken for noise; digital
    silence tells nothing.
    """
    Y = np.ascontiguousarray(X.transpose(2, 1, 0))  # (T, F, D)
    begin, first = max(1, round(START_UP_S / hop_s)), []
    n_bins = Y.shape[1]
    known = np.zeros(n_bins, complex), np.ones(n_bins)  # mean and variance of s in the frame before, over its power
    along, before = np.zeros(n_bins, complex), np.zeros(n_bins)  # sums of which c is the ratio
    presence, speech = prior.copy(), np.zeros((n_bins, len(Y)), complex)
    sums, model = _maximised(_start(Y[:1], begin))
    for t, y in enumerate(Y):
        if not y.any():
            continue
        if len(first) < begin:
            first.append(y)
            sums, model = _maximised(_start(np.stack(first), begin))
        c = _shrunk(along, before) if predict else 0.0
        for _ in range(iterations):
            own = _over(power[:, t], np.abs(model.transfer[:, 0]) ** 2)
            predicted = c * known[0], 1 - np.abs(c) ** 2 * (1 - known[1])
            found = expect(y, model, prior[:, t], np.sqrt(own) * predicted[0], own * predicted[1])
            presence[:, t], speech[:, t] = found.presence, model.transfer[:, 0] * found.speech
            updated, model = _maximised(sums.after(statistics(y, found), forgetting))
        sums = updated
        heard, share = (_over(found.speech, np.sqrt(own)), _over(found.variance, own)), found.presence * (own > 0)
        along = forgetting * along + share * heard[0] * known[0].conj()
        before = forgetting * before + share * (np.abs(known[0]) ** 2 + known[1])
        known = _mixed(share, heard, predicted)
    return Track(presence, speech, model)


def _maximised(sums):
    """The sums and their model, in units of s in which |d|^2 = D: nothing else keeps d from falling frame by frame.

    As long as there was but silence, all microphones hear alike.
    """
    model = maximise(sums)
    size = np.linalg.norm(model.transfer, axis=-1) / np.sqrt(model.transfer.shape[-1])
    d = np.where(size[..., None] > 0, _over(model.transfer, size[..., None]), 1.0)
    return replace(sums, ys=sums.ys * size[..., None], ss=sums.ss * size**2), replace(model, transfer=d)


def _mixed(share, one, other):
    """Mean and variance of a mixture of two distributions, of which the first has that share."""
    mean = share * one[0] + (1 - share) * other[0]
    square = share * (np.abs(one[0]) ** 2 + one[1]) + (1 - share) * (np.abs(other[0]) ** 2 + other[1])
    return mean, square - np.abs(mean) ** 2


def _start(first, begin):
    """Statistics of the first frames (T, F, D) as noise, and of such power in one that all microphones hear alike.

    The fewer of `begin` frames there are, the more white the noise is taken to be.
    """
    n_frames, _, n_mics = first.shape
    outer = np.mean(first[..., :, None] * first[..., None, :].conj(), 0)
    level = np.trace(outer, axis1=-2, axis2=-1).real / n_mics
    white = level[:, None, None] * np.eye(n_mics)
    noise = white + n_frames / begin * (outer - white)
    alike = level[:, None] * np.ones(n_mics)
    yy = n_frames * noise + alike[..., None] * np.ones(n_mics)
    return Statistics(np.full(len(level), float(n_frames)), yy, alike.astype(complex), level)


def _over(x, level):
    """x / level; 0 where the level is."""
    there = level > 0
    return np.where(there, x / np.where(there, level, 1.0), 0.0)


def _shrunk(along, before):
    """c, of absolute value SLOWEST at most."""
    c = _over(along, before)
    return c * np.minimum(1.0, SLOWEST / np.maximum(np.abs(c), SLOWEST))
