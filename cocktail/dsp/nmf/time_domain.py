"""Time-domain factorisation in torch: signals that add up to a mixture, each with a spectrogram of low rank.

H. Kameoka, "Multi-resolution signal decomposition with time-domain spectrogram factorization", ICASSP 2015; with the
Kullback-Leibler divergence as in H. Kagami, H. Kameoka and M. Yukawa, "A majorization-minimization algorithm with
projected gradient updates for time-domain spectrogram factorization", ICASSP 2017. A spectrogram's own phases make a
signal, so signals are what is estimated, and no phase is taken from the mixture. Objective:

    sum_k KL(|STFT(x_k)| | W_k H_k) + mu sum H,    sum_k x_k = mixture.

Shapes: K signals x (K, N); bases W_k (F, B_k), activations H_k (B_k, T), one array a signal; bins of the mean and of
half the sampling rate count half, so that distances are those over the whole circle.

Deviations: a signal belongs to a source, with all its bases, where the papers' belongs to one basis. Signals take a
step along a descent direction, halved until the objective falls, where the 2017 paper majorises it. Bases stay.
"""

import torch

from cocktail.stft import istft, stft

FLOOR = 1e-5
"""Added to every model, whose mixture has a mean magnitude of 1."""
LEAST = 1e-8
"""Least magnitude of a bin in a logarithm."""
HALVINGS = 6
"""Times that a step is halved before the signals stay as they are."""


def objective(A, W, H, mu: float) -> float:
    """The sum above, of magnitudes A (K, F, T)."""
    return _divergence(A, _models(W, H)) + mu * sum(float(h.sum()) for h in H)


def signals(x, X, models, *, size: int, hop: int):
    """One step of the signals x, with STFTs X (K, F, T), towards models (K, F, T): x and X afterwards.

    The divergence does not rise, and the sum of the signals stays as it is. Along -log(|X| / model), as far as the
    magnitude itself: a Newton step of the divergence. What that leaves of the mixture is shared out by magnitude.
    """
    A = X.abs().clamp_min(LEAST)
    before = _divergence(X.abs(), models)
    towards = X * (1 - torch.log(A / models)).clamp(0, 3)
    towards = towards + A / A.sum(0) * (X.sum(0) - towards.sum(0))
    direction = istft(towards, x.shape[-1], size, hop) - x
    step = stft(direction, size, hop)
    for halving in range(HALVINGS):
        tried = X + step / 2**halving
        if _divergence(tried.abs(), models) < before:
            return x + direction / 2**halving, tried
    return x, X


def activations(A, W, H, mu: float):
    """One update of activations from magnitudes A (K, F, T); the objective does not rise."""
    bins = _bins(A)[:, None]
    return [
        h * (w.mT @ (bins * a / (w @ h + FLOOR))) / (w.mT @ bins + mu).clamp_min(LEAST)
        for a, w, h in zip(A, W, H, strict=True)
    ]


def separate(mixture, W, H, *, mu: float, iterations: int, size: int, hop: int):
    """Signals (K, N) from the mixture (N,) of mean magnitude 1, and the objective's history.

    They begin as the shares of their models in the mixture. Each iteration moves the signals, then the activations.
    """
    models = _models(W, H)
    x = istft(models / models.sum(0) * stft(mixture, size, hop), len(mixture), size, hop)
    history = []
    X = stft(x, size, hop)
    for _ in range(iterations):
        x, X = signals(x, X, models, size=size, hop=hop)
        H = activations(X.abs(), W, H, mu)
        models = _models(W, H)
        history.append(objective(X.abs(), W, H, mu))
    return x, history


def _models(W, H):
    return torch.stack([w @ h for w, h in zip(W, H, strict=True)]) + FLOOR


def _divergence(A, models) -> float:
    return float((_bins(A)[:, None] * (torch.xlogy(A, A.clamp_min(LEAST) / models) - A + models)).sum())


def _bins(A):
    bins = torch.ones(A.shape[-2], dtype=A.dtype)
    bins[[0, -1]] = 0.5
    return bins
