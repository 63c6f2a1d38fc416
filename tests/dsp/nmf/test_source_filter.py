"""Source-filter NMF: combs lie at multiples of their pitch, the objective never rises, a vowel's pitch is found."""

import numpy as np
import pytest
import torch

from cocktail.dsp.nmf import dynamical, source_filter, updates
from cocktail.stft import stft

FS, SIZE = 16000, 1024


def vowel(pitch_hz, formants_hz, seconds=0.4):
    """Pulses at a steady pitch through resonances, (N,)."""
    from scipy.signal import lfilter

    x = np.zeros(int(seconds * FS))
    x[np.arange(0, len(x) - 1, FS / pitch_hz).astype(int)] = 1
    for f in formants_hz:
        r = np.exp(-np.pi * 80 / FS)
        x = lfilter([1], [1, -2 * r * np.cos(2 * np.pi * f / FS), r**2], x)
    return lfilter([1, -0.9], [1], x)


def spectrogram(x):
    V = np.abs(stft(x, SIZE, SIZE // 4))
    return (V / V.mean() + 1e-5).astype(np.float32)


def test_combs_peak_at_multiples_of_their_pitch():
    E = source_filter.excitations(np.array([200.0, 310.0]), FS, SIZE, 1)
    assert E.shape == (SIZE // 2 + 1, 3)
    np.testing.assert_allclose(np.linalg.norm(E, axis=0), 1, rtol=1e-5)
    for column, pitch in enumerate((200.0, 310.0)):
        for harmonic in (1, 2, 5):
            at = round(harmonic * pitch * SIZE / FS)
            between = round((harmonic + 0.5) * pitch * SIZE / FS)
            assert E[at, column] > 10 * E[between, column]
    np.testing.assert_allclose(E[:, 2], E[0, 2])


def test_the_glottal_pulse_is_the_transform_of_its_waveform():
    """KLGLOTT88: the flow a t^2 - b t^3 in the open part of a period; its derivative's Fourier series by a sum."""
    n, quotient = 200000, source_filter.OPEN_QUOTIENT
    t = (np.arange(n) + 0.5) / n
    flow = np.where(t < quotient, 2 * t / quotient - 3 * (t / quotient) ** 2, 0.0)
    series = np.array([np.mean(flow * np.exp(-2j * np.pi * h * t)) for h in (1, 2, 3, 7)])
    found = source_filter.glottal(np.array([1, 2, 3, 7]))
    np.testing.assert_allclose(np.abs(found) / np.abs(found[0]), np.abs(series) / np.abs(series[0]), rtol=1e-3)


def test_windows_of_filters_add_up_to_a_constant():
    G = source_filter.smooth(257, 20)
    total = G.sum(1)[40:-40]
    np.testing.assert_allclose(total, total.mean(), rtol=1e-3)


@pytest.mark.parametrize("divergence", ["kl", "is"])
def test_learning_filters_never_raises_the_divergence(divergence):
    rng = np.random.default_rng(0)
    V = (rng.gamma(1.0, 1.0, (65, 30)) + 1e-3).astype(np.float64)
    E = rng.random((65, 6)) + 0.01
    F, history = source_filter.learn_filters(V, E, 4, 8, rng, divergence=divergence, iterations=20)
    assert np.all(np.diff(history) <= 1e-6 * abs(history[0]))
    np.testing.assert_allclose(F.mean(0), 1, rtol=1e-5)


@pytest.mark.parametrize("divergence", ["kl", "is"])
def test_the_objective_of_a_scene_never_rises(divergence):
    rng = np.random.default_rng(1)
    V, E, F, N = (torch.as_tensor(rng.gamma(1.0, 1.0, shape) + 1e-3) for shape in ((20, 15), (20, 5), (20, 3), (20, 2)))
    voice = source_filter.Voice(E, F)
    H_e, H_f, H_n = (torch.as_tensor(rng.random((n, 15)) + 0.1) for n in (5, 3, 2))
    mu, prior = 0.3, dynamical.Prior(None, 0.0, 0.3)

    def objective():
        cost = updates.distance(V, (E @ H_e) * (F @ H_f) + N @ H_n, divergence) + prior.cost(H_n)
        return cost + mu * float((H_e.sum(0) * H_f.sum(0)).sum())

    values = [objective()]
    for _ in range(15):
        H_e, H_f = voice.update(V, H_e, H_f, mu, divergence, plus=N @ H_n)
        values.append(objective())
        H_n = dynamical.update_activations(V, N, H_n, prior, divergence, plus=(E @ H_e) * (F @ H_f))
        values.append(objective())
    assert np.all(np.diff(values) <= 1e-9 * abs(values[0]))


@pytest.mark.parametrize("pitch_hz", [95.0, 140.0, 230.0])
def test_the_pitch_of_a_vowel_is_found(pitch_hz):
    pitches = source_filter.pitches(70.0, 450.0, 48)
    E = source_filter.excitations(pitches, FS, SIZE, 1)
    rng = np.random.default_rng(2)
    others = [vowel(f, formants) for f in (110.0, 170.0, 290.0) for formants in ((700, 1200), (300, 2200), (450, 900))]
    options = {"divergence": "kl", "iterations": 20}
    F, _ = source_filter.learn_filters(np.concatenate([spectrogram(x) for x in others], 1), E, 6, 30, rng, **options)
    V = torch.as_tensor(spectrogram(vowel(pitch_hz, (600, 1700))))
    voice = source_filter.Voice(torch.as_tensor(E), torch.as_tensor(F))
    N = torch.full((len(V), 1), len(V) ** -0.5)
    *_, H_e = source_filter.separate(V, voice, N, mu=1.0, mu_noise=0.0, divergence="kl", iterations=50)
    steady = H_e[:-1, 6:-6].sum(1)
    assert pitches[int(steady.argmax())] == pytest.approx(pitch_hz, rel=0.02)
