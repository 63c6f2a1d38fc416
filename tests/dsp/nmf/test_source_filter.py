"""Source-filter NMF: combs lie at multiples of their pitch, the objective never rises, a vowel's pitch is found."""

from dataclasses import replace

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


def system(n, alpha, rng):
    return dynamical.Prior(torch.as_tensor(rng.gamma(1.0, 1.0, (n, n + 1)) + 1e-3), alpha)


@pytest.mark.parametrize("alpha", [None, 2.0])
@pytest.mark.parametrize("divergence", ["kl", "is"])
def test_the_objective_of_a_scene_never_rises(divergence, alpha):
    rng = np.random.default_rng(1)
    V, E, F, N = (torch.as_tensor(rng.gamma(1.0, 1.0, shape) + 1e-3) for shape in ((20, 15), (20, 5), (20, 3), (20, 2)))
    voice = source_filter.Voice(E, F)
    if alpha:
        voice = source_filter.Voice(E, F, system(5, alpha, rng), system(3, 2 * alpha, rng))
    H_e, H_f, H_n = (torch.as_tensor(rng.random((n, 15)) + 0.1) for n in (5, 3, 2))
    mu, prior = 0.3, dynamical.Prior(None, 0.0, 0.3)

    def objective():
        cost = updates.distance(V, (E @ H_e) * (F @ H_f) + N @ H_n, divergence) + prior.cost(H_n)
        cost += voice.excitation.cost(H_e) + voice.filtering.cost(H_f)
        return cost + mu * float((H_e.sum(0) * H_f.sum(0)).sum())

    values = [objective()]
    for _ in range(15):
        H_e, H_f = voice.update(V, H_e, H_f, mu, divergence, plus=N @ H_n)
        values.append(objective())
        H_n = dynamical.update_activations(V, N, H_n, prior, divergence, plus=(E @ H_e) * (F @ H_f))
        values.append(objective())
    assert np.all(np.diff(values) <= 1e-9 * abs(values[0]))


@pytest.mark.parametrize("mu", [0.0, 0.7])
@pytest.mark.parametrize("divergence", ["kl", "is"])
def test_learning_excitations_never_raises_the_objective(divergence, mu):
    rng = np.random.default_rng(3)
    E, F = (torch.as_tensor(rng.gamma(1.0, 1.0, (20, n)) + 1e-3) for n in (5, 3))
    voice = source_filter.Voice(updates.normalised(E)[0], F, system(5, 2.0, rng), system(3, 5.0, rng))
    recordings = [rng.gamma(1.0, 1.0, (20, n)) + 1e-3 for n in (9, 14)]
    (E, A), history = source_filter.adapt(recordings, voice, mu=mu, divergence=divergence, iterations=20)
    assert np.all(np.diff(history) <= 1e-9 * abs(history[0])) and history[-1] < 0.95 * history[0]
    np.testing.assert_allclose(np.linalg.norm(E, axis=0), 1)
    assert A.shape == (5, 6)


def planted(rng, frames=120):
    """Excitations, a noise and their transitions; sparse activations (P, T) of speech and of noise."""
    E = rng.gamma(0.3, 1.0, (60, 8)) + 1e-3
    model = {
        "speech": E / np.linalg.norm(E, axis=0),
        "speech-transitions": np.hstack([np.eye(8) / 2, np.ones((8, 1)) / 9]),
    }
    return {name: x.astype(np.float32) for name, x in model.items()}, rng.gamma(0.3, 1.0, (8, frames)) + 1e-3


def test_a_flat_filter_that_cannot_move_leaves_dynamical_systems(exact_products):
    rng = np.random.default_rng(4)
    model, H = planted(rng)
    V = torch.as_tensor((model["speech"] @ H + 0.1).astype(np.float32))
    voice = source_filter.dynamical_voice(model, 4, (0.5, 1e9), "cpu")
    voice = replace(voice, filters=torch.ones_like(voice.filters))
    N, noise = torch.full((60, 1), 60**-0.5), dynamical.Prior(torch.tensor([[0.9, 0.1]]), 0.5, 0.2)
    found = source_filter.separate(V, voice, N, noise, mu=0.3, divergence="kl", iterations=10)
    E, prior = voice.excitations, replace(voice.excitation, mu=0.3)
    H_e, H_n = ((V.mean(0) / (2 * x.mean() * x.shape[1])).expand(x.shape[1], -1) for x in (E, N))
    for _ in range(10):
        H_e = dynamical.update_activations(V, E, H_e, prior, "kl", plus=N @ H_n)
        H_n = dynamical.update_activations(V, N, H_n, noise, "kl", plus=E @ H_e)
    torch.testing.assert_close(found[0], E @ H_e, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(found[1], N @ H_n, rtol=1e-3, atol=1e-4)


def test_the_filter_of_a_recording_is_found():
    """Speech through a smooth filter, in noise: what is learnt without it is told apart from what it does."""
    rng = np.random.default_rng(5)
    model, H = planted(rng)
    voice = source_filter.dynamical_voice(model, 6, (0.01, 10.0), "cpu")
    tract = voice.filters.numpy() @ np.array([0.1, 0.5, 3.0, 1.5, 0.5, 0.4])
    speech, N = tract[:, None] * (model["speech"] @ H), np.full((60, 1), 60**-0.5, np.float32)
    V, free = torch.as_tensor((speech + 0.3).astype(np.float32)), dynamical.Prior(None, 0.0)
    options = {"mu": 0.0, "divergence": "kl", "iterations": 100}
    found, *_ = source_filter.separate(V, voice, torch.as_tensor(N), free, **options)
    stiff = replace(voice, filters=torch.ones_like(voice.filters))
    without, *_ = source_filter.separate(V, stiff, torch.as_tensor(N), free, **options)
    errors = [np.linalg.norm(x.numpy() - speech) / np.linalg.norm(speech) for x in (found, without)]
    assert errors[0] < 0.06 and errors[1] > 0.3


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
    *_, H_e = source_filter.separate(V, voice, N, dynamical.Prior(None, 0.0), mu=1.0, divergence="kl", iterations=50)
    steady = H_e[:-1, 6:-6].sum(1)
    assert pitches[int(steady.argmax())] == pytest.approx(pitch_hz, rel=0.02)
