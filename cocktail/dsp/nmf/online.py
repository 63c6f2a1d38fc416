"""Semi-supervised NMF as the signal goes: fixed bases of speech and bases of noise that adapt explain each frame.

Z. Duan, G. J. Mysore and P. Smaragdis, "Online PLCA for real-time semi-supervised source separation", LVA/ICA 2012, and
"Speech enhancement by online non-negative spectrogram decomposition in non-stationary noise environments", Interspeech
2012: for each frame, its activations and the adaptive bases are estimated together, the bases on the frame and a
buffer of past frames whose activations stay. The divergence is Kullback-Leibler's, of which PLCA is a scaled form.

Shapes: V (F, T) > 0, S (F, K) the fixed bases, N (F, R) the adaptive ones, all of unit norm.

Deviations: the papers adapt the speech to known noise; here, as in the semi-supervised entries, the speech is known and
the noise adapts. Every frame that is not silent adapts it, not only those that the known bases explain badly, and all
frames of the buffer count alike. The activations of speech have the sparse penalty mu |h|_1, as in the other entries.
"""

import numpy as np

TINY = 1e-12
SILENT = 1e-4
"""A frame below this share of the mean of those so far is silent: nothing is learnt from it."""


def separate(
    V: np.ndarray, S: np.ndarray, n_noise: int, rng: np.random.Generator, *, mu: float, iterations: int, buffer: int
) -> tuple[np.ndarray, np.ndarray]:
    """Models of speech and noise, (F, T) each. Column t depends on columns 0 ... t of V alone.

    `iterations` for each frame; `buffer`: frames that the bases of noise are estimated on, the newest among them.
    """
    means = V.mean(0)
    heard = means > SILENT * np.cumsum(means) / np.arange(1, len(means) + 1)
    heard &= means > np.finfo(V.dtype).tiny * len(V)
    speech, noise = np.zeros_like(V), V.copy()
    if not heard.any():
        return speech + TINY, noise + TINY
    level = means[np.argmax(heard)]  # of the first frame that is not silent
    V, first = V[:, heard] / level, V[:, [np.argmax(heard)]] / level
    N = (first + 1e-2) * (0.5 + rng.random((len(V), n_noise), np.float32))
    N = (N / np.linalg.norm(N, axis=0)).astype(V.dtype)
    voiced, rest = np.zeros_like(V), np.zeros_like(V)
    activations = np.zeros((n_noise, V.shape[1]), V.dtype)
    for t in range(V.shape[1]):
        recent = slice(max(t + 1 - buffer, 0), t + 1)
        N = explain(
            V[:, recent], S, N, mu=mu, iterations=iterations, speech=voiced[:, recent],
            activations=activations[:, recent],
        )  # fmt: skip
        rest[:, t] = N @ activations[:, t]
    speech[:, heard], noise[:, heard] = voiced * level, rest * level
    return speech + TINY * level, noise + TINY * level


def explain(V, S, N, *, mu: float, iterations: int, speech, activations):
    """Explain the last frame of a buffer V (F, T); returns the bases of noise after it.

    `speech` (F, T) is the model of speech in the buffer, `activations` (R, T) those of noise: the last columns are
    written, the activations before them only scaled with their bases, which have unit norm.
    """
    v, S_sums = V[:, -1], S.sum(0)
    n_bases = S.shape[1] + N.shape[1]
    h = np.full(S.shape[1], v.mean() * len(v) ** 0.5 / n_bases, V.dtype)
    activations[:, -1] = h[0]
    for _ in range(iterations):
        ratio = v / (S @ h + N @ activations[:, -1] + TINY)
        h = h * (S.T @ ratio) / (S_sums + mu)
        activations[:, -1] *= (N.T @ ratio) / N.sum(0)
        speech[:, -1] = S @ h
        ratio = V / (speech + N @ activations + TINY)
        total = activations.sum(1)
        N = np.where(total > TINY, N * (ratio @ activations.T) / (total + TINY) + TINY, N)
        norm = np.linalg.norm(N, axis=0)
        N, activations[:] = N / norm, activations * norm[:, None]
    return N
