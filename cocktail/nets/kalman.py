"""A Kalman filter as a differentiable cell, and a network that predicts what it assumes of speech and noise.

E. Zavarehei and S. Vaseghi, "Speech enhancement in temporal DFT trajectories using Kalman filters", Interspeech 2005:
in every bin, the complex spectrum of the speech is autoregressive over frames, and noise is added to it. W. Xue,
G. Quan, C. Zhang, G. Ding, X. He and B. Zhou, "Neural Kalman filtering for speech enhancement", ICASSP 2021: the filter
is a part of a network that is trained through it.

Shapes: y (..., T) complex; coefficients (..., T, P) complex, of order P; variances (..., T) real. B scenes, F bins.
"""

import math

import torch
from torch import nn

from cocktail import stft
from cocktail.nets.losses import weighted_mean
from cocktail.nets.mask_training import spectra, weights
from cocktail.nets.masks import BINS, MELS, LogMel, running_level
from cocktail.nets.trunks import Recurrent

WIDEST = 10.0
"""Bound of the logarithms of variances, re the mixture's power so far."""

SILENCE = 1e-30
"""Power before the first sound: so little that it is forgotten at once, at any level."""

State = tuple[torch.Tensor, torch.Tensor]


def begin(y: torch.Tensor, order: int) -> State:
    """Before the first frame of y (..., T), silence is certain: the last values (..., P) and their covariance."""
    x = y.new_zeros(*y.shape[:-1], order)
    return x, x[..., None] * x[..., None, :]


def step(y, a, q, r, state: State) -> tuple[torch.Tensor, State]:
    """One frame of s_t = sum_p a_p s_(t - p) + w_t, y_t = s_t + v_t, w and v of the variances q >= 0 and r > 0.

    y, q, r (...), a (..., P), the state of the frame before -> the estimate of s_t (...), and the state.
    """
    x, V = state
    # prediction by the companion matrix A of a: x <- A x, V <- A V A^H + q
    x = torch.cat([(a * x).sum(-1, keepdim=True), x[..., :-1]], -1)
    crossed = (a[..., None] * V).sum(-2)  # a^T V, (..., P)
    corner = (crossed * a.conj()).sum(-1).real + q
    top = torch.cat([corner.to(V)[..., None], crossed[..., :-1]], -1)
    below = torch.cat([crossed[..., :-1, None].conj(), V[..., :-1, :-1]], -1)
    V = torch.cat([top[..., None, :], below], -2)
    # correction by the innovation, of variance V_00 + r
    gain = V[..., :, 0] / (corner + r)[..., None]
    x = x + gain * (y - x[..., 0])[..., None]
    V = V - gain[..., None] * V[..., :1, :]
    return x[..., 0], (x, V)


def filtered(y, a, q, r) -> torch.Tensor:
    """Estimates (..., T) of s from y (..., T), each from y up to its frame."""
    state, estimates = begin(y, a.shape[-1]), []
    frames = (part.unbind(axis) for part, axis in ((y, -1), (a, -2), (q, -1), (r, -1)))
    for frame in zip(*frames, strict=True):
        estimate, state = step(*frame, state)
        estimates.append(estimate)
    return torch.stack(estimates, -1)


class KalmanNetwork(nn.Module):
    """Features of the mixture so far -> LSTM layers -> coefficients and variances of every bin -> filtered spectrum."""

    def __init__(self, *, order: int, units: int, layers: int, fs: int):
        """`units` LSTM cells of a layer; `order` of the speech."""
        super().__init__()
        self.order, self.fs = order, fs
        self.features = LogMel(fs, running=True)
        self.trunk = Recurrent(MELS, units, layers, bidirectional=False)
        self.output = nn.Linear(self.trunk.width, (2 + 2 * order) * BINS)
        # A steady tone turns by this much in a bin from frame to frame; coefficients say how it departs from that.
        turn = 2 * math.pi * stft.HOP / stft.SIZE * torch.outer(torch.arange(BINS), torch.arange(1, order + 1))
        self.register_buffer("turn", torch.polar(torch.ones_like(turn), turn), persistent=False)

    def model(self, magnitude, lengths=None) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Magnitudes (B, F, T) -> a (B, F, T, P), q and r (B, F, T)."""
        found = self.output(self.trunk(self.features(magnitude, lengths), lengths))
        found = found.unflatten(-1, (-1, BINS)).permute(0, 3, 1, 2)  # (B, F, T, 2 + 2 P)
        logs, real, imaginary = found.split([2, self.order, self.order], -1)
        power = running_level(magnitude, lengths).square()
        power = torch.where(magnitude.cumsum(-1).amax(1, keepdim=True) > 0, power, SILENCE)
        q, r = (power * torch.exp(WIDEST * torch.tanh(x / WIDEST)) for x in logs.unbind(-1))
        a = torch.complex(torch.tanh(real), torch.tanh(imaginary)) / (math.sqrt(2) * self.order)
        return a * self.turn[:, None], q, r

    def forward(self, mixture, lengths=None) -> torch.Tensor:
        """Spectra (B, F, T) of mixtures of any level -> of the speech."""
        return filtered(mixture, *self.model(mixture.abs(), lengths))


def loss(network: KalmanNetwork, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Mean squared error of the complex spectrum, the mixture's power being 1."""
    mixture, target, _, lengths = spectra(batch)
    error = (network(mixture, lengths) - target).abs().square()
    return weighted_mean(error, weights(mixture, lengths))
