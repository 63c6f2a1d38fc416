"""Source-filter NMF: speech is a spectrum of the vocal cords times one of the vocal tract.

J.-L. Durrieu, G. Richard, B. David and C. Fevotte, "Source/filter model for unsupervised main melody extraction from
polyphonic audio signals", IEEE TASLP 18(3), 2010: V is modelled by (F H_f) * (E H_e) + N H_n. The columns of E are
combs of the glottal source KLGLOTT88 with fixed pitches, and a flat one for what has none; those of F = G H_g are
smooth, as the columns of G overlap in frequency.
U. Simsekli, J. Le Roux and J. R. Hershey, "Non-negative source-filter dynamical system for speech enhancement", ICASSP
2014: H_e and H_f are each a dynamical system (cocktail/dsp/nmf/dynamical.py).

Shapes: V (F, T), a factor's bases (F, R) and activations (R, T). Columns of E have unit norm, those of F a mean of 1.

Deviations: a divergence of Kullback-Leibler on magnitudes may take the place of Itakura-Saito's on powers. Combs do not
chirp, a frame may have many at once, and activations have a sparse penalty in place of a melody that is tracked. Every
update minimises a majoriser, so that the objective never rises, where the paper's rules divide both parts of a
gradient.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from cocktail.dsp.nmf import dynamical, updates
from cocktail.stft import window

OPEN_QUOTIENT = 0.25
"""Of KLGLOTT88."""


def pitches(lowest_hz: float, highest_hz: float, per_octave: int) -> np.ndarray:
    """Evenly spaced on a logarithmic axis, both ends included as far as the step allows, (P,)."""
    n = int(np.floor(per_octave * np.log2(highest_hz / lowest_hz))) + 1
    return lowest_hz * 2 ** (np.arange(n) / per_octave)


def excitations(pitches_hz: np.ndarray, fs: float, size: int, power: int) -> np.ndarray:
    """Magnitude (`power` 1) or power (2) spectra of glottal pulses, and a flat one behind them: (size / 2 + 1, P + 1).

    Spectra are those of an STFT with a window of `size` samples; each has unit norm.
    """
    time = np.arange(size) / fs
    combs = []
    for pitch in pitches_hz:
        harmonics = np.arange(1, int(fs / 2 / pitch) + 1)
        pulses = glottal(harmonics) @ np.exp(2j * np.pi * pitch * harmonics[:, None] * time)
        combs.append(np.abs(np.fft.fft(pulses * window(size))[: size // 2 + 1]) ** power)
    E = np.stack([*combs, np.ones(size // 2 + 1)], axis=1) + 1e-9
    return (E / np.linalg.norm(E, axis=0)).astype(np.float32)


def glottal(harmonics: np.ndarray) -> np.ndarray:
    """Amplitudes of harmonics 1, 2, ... of the derivative of the glottal flow.

    D. H. Klatt and L. C. Klatt, "Analysis, synthesis, and perception of voice quality variations among female and male
    talkers", JASA 87(2), 1990, in closed form as in Durrieu et al., equation (4).
    """
    t = 2j * np.pi * OPEN_QUOTIENT * harmonics
    return (np.exp(-t) + 2 * (1 + 2 * np.exp(-t)) / t - 6 * (1 - np.exp(-t)) / t**2) / t


def smooth(n_bins: int, n_bases: int, overlap: float = 0.75) -> np.ndarray:
    """Hann windows side by side on the axis of frequency, each overlapping its neighbour by `overlap`: (F, n_bases)."""
    step = n_bins / (n_bases - 1)
    width = step / (1 - overlap)
    distance = (np.arange(n_bins)[:, None] - step * np.arange(n_bases)) / width
    return (np.where(np.abs(distance) < 0.5, np.cos(np.pi * distance) ** 2, 0) + 1e-9).astype(np.float32)


def learn_filters(
    V: np.ndarray, E: np.ndarray, n_filters: int, n_smooth: int, rng: np.random.Generator, *, divergence: str,
    iterations: int,
) -> tuple[np.ndarray, list[float]]:  # fmt: skip
    """Filters (F, n_filters), each with a mean of 1, of frames of speech (F, T), and the divergence as it falls."""
    V, E, G = (torch.as_tensor(np.asarray(x, V.dtype)) for x in (V, E, smooth(len(V), n_smooth)))
    H_g = torch.as_tensor(rng.random((n_smooth, n_filters)) + 0.1).to(V)
    H_f = torch.as_tensor((rng.random((n_filters, V.shape[1])) + 0.5) / n_filters).to(V)
    H_e = (V.mean(0) / E.shape[1]).expand(E.shape[1], -1)
    free, history = dynamical.Prior(None, 0.0), []
    with updates.fast_products():
        for _ in range(iterations):
            F = G @ H_g
            H_e = dynamical.update_activations(V, E, H_e, free, divergence, times=F @ H_f)
            cords = E @ H_e
            H_f = dynamical.update_activations(V, F, H_f, free, divergence, times=cords)
            L = cords * (F @ H_f)
            up, down = updates.evidence(V, L, divergence)
            ratio = (G.mT @ (cords * up) @ H_f.mT) / (G.mT @ (cords * down) @ H_f.mT).clamp_min(dynamical.TINY)
            H_g = (H_g * (ratio if divergence == "kl" else ratio.sqrt())).clamp_min(dynamical.TINY)
            mean = (G @ H_g).mean(0)
            H_g, H_f = H_g / mean, H_f * mean[:, None]
            history.append(updates.distance(V, cords * (G @ H_g @ H_f), divergence))
    return (G @ H_g).numpy(), history


@dataclass(frozen=True)
class Voice:
    """What is known of speech."""

    excitations: torch.Tensor
    """E, (F, P)."""
    filters: torch.Tensor
    """F, (F, K)."""
    excitation: dynamical.Prior = field(default_factory=lambda: dynamical.Prior(None, 0.0))
    """What is expected of H_e besides sparsity."""
    filtering: dynamical.Prior = field(default_factory=lambda: dynamical.Prior(None, 0.0))
    """Of H_f."""

    def update(self, V, H_e, H_f, mu: float, divergence: str, plus=None):
        """One update of H_e (P, T), then of H_f (K, T); returns both.

        The penalty mu sum_t |h_e|_1 |h_f|_1 does not depend on how a frame's gain is shared out between them.
        """
        E, F = self.excitations, self.filters
        prior = replace(self.excitation, mu=mu * H_f.sum(0))
        H_e = dynamical.update_activations(V, E, H_e, prior, divergence, times=F @ H_f, plus=plus)
        prior = replace(self.filtering, mu=mu * H_e.sum(0))
        return H_e, dynamical.update_activations(V, F, H_f, prior, divergence, times=E @ H_e, plus=plus)


def free_voice(E: np.ndarray, F: np.ndarray, device: str) -> Voice:
    """Excitations (F, P) and filters (F, K) whose frames know nothing of each other."""
    return Voice(*(torch.as_tensor(x, device=device) for x in (E, F)))


def dynamical_voice(model: Mapping[str, np.ndarray], n_filters: int, alphas: tuple[float, float], device: str) -> Voice:
    """The excitations `speech` (F, P) of a model, with `speech-transitions` (P, P + 1), and smooth filters that stay.

    alphas: shapes of the innovations of excitations and of filters.
    """
    E, A = (torch.as_tensor(model[name], device=device) for name in ("speech", "speech-transitions"))
    G = torch.as_tensor(smooth(len(E), n_filters), device=device)
    stays = torch.eye(n_filters, n_filters + 1, device=device).clamp_min(dynamical.TINY)
    return Voice(E, G / G.mean(0), dynamical.Prior(A, alphas[0]), dynamical.Prior(stays, alphas[1]))


def adapt(
    recordings: Sequence[np.ndarray], voice: Voice, *, mu: float, divergence: str, iterations: int
) -> tuple[tuple[np.ndarray, np.ndarray], list[float]]:
    """Excitations (F, P) and transitions (P, P + 1) of isolated speech (F, T), and the objective as it falls.

    They start as those of the voice; its filters and their transitions stay.
    """
    V, follows = dynamical.joined(recordings)
    excitation, filtering = (replace(prior, follows=follows) for prior in (voice.excitation, voice.filtering))
    voice = replace(voice, excitation=excitation, filtering=filtering)
    H_e, H_f = _even(V, voice)
    F, history = voice.filters, []
    with updates.fast_products():
        for _ in range(iterations):
            H_e, H_f = voice.update(V, H_e, H_f, mu, divergence)
            prior = replace(voice.excitation, mu=mu * H_f.sum(0))
            E, H_e, prior = dynamical.update_bases(V, voice.excitations, H_e, prior, divergence, times=F @ H_f)
            prior = dynamical.update_transitions(H_e, prior)
            voice = replace(voice, excitations=E, excitation=prior)
            cost = prior.cost(H_e) + voice.filtering.cost(H_f)
            history.append(updates.distance(V, (F @ H_f) * (E @ H_e), divergence) + cost)
    return (voice.excitations.numpy(), voice.excitation.transitions.numpy()), history


def separate(V, voice: Voice, N, noise: dynamical.Prior, *, mu: float, divergence: str, iterations: int):
    """Speech and noise models (F, T) of a mixture V (F, T), and the activations of the excitations (P, T).

    N (F, R): bases of noise of unit norm, `noise` what is expected of their activations; `mu` of speech.
    """
    E, F = voice.excitations, voice.filters
    H_e, H_f = _even(V / 2, voice)
    H_n = (V.mean(0) / (2 * N.mean() * N.shape[1])).expand(N.shape[1], -1)
    with updates.fast_products():
        for _ in range(iterations):
            H_e, H_f = voice.update(V, H_e, H_f, mu, divergence, plus=N @ H_n)
            speech = (F @ H_f) * (E @ H_e)
            H_n = dynamical.update_activations(V, N, H_n, noise, divergence, plus=speech)
    return speech, N @ H_n, H_e


def separate_all(
    spectrograms: Sequence[np.ndarray], voice: Voice, N: np.ndarray, A: np.ndarray | None = None, *,
    mu: tuple[float, float], divergence: str, iterations: int,
) -> list[tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """Speech and noise models (F, T) of mixtures (F, T), one after the other.

    N (F, R): bases of noise; with transitions A (R, R + 1) they have the innovations of the excitations. mu: of speech
    and of noise.
    """
    device = voice.excitations.device
    A = None if A is None else torch.as_tensor(A, device=device)
    prior = dynamical.Prior(A, voice.excitation.alpha, mu[1])
    options = {"mu": mu[0], "divergence": divergence, "iterations": iterations}
    found = []
    for V in spectrograms:
        V, bases = (torch.as_tensor(x, device=device) for x in (V, N))
        *parts, _ = separate(V, voice, bases, prior, **options)
        found.append(tuple(part.cpu().numpy() for part in parts))
    return found


def _even(V, voice):
    """Activations of excitations and filters, all alike, which make each column's mean."""
    E, F = voice.excitations, voice.filters
    H_e = (V.mean(0) / (E.mean() * E.shape[1])).expand(E.shape[1], -1)
    return H_e, V.new_full((F.shape[1], V.shape[1]), 1 / F.shape[1])
