"""Cues of a planted level and delay equal their closed forms; silence tells nothing."""

import numpy as np
import pytest
import torch

from cocktail.dsp.spatial import cues
from cocktail.stft import stft

N_BINS, N_FRAMES, LAGS = 33, 7, 5
GAINS, DELAYS = np.array([1.0, 0.5, 2.0]), np.array([0.0, 2.375, -4.25])
BINS = torch.eye(N_BINS, dtype=torch.float64)


def planted(spectrum, gains=GAINS, delays=DELAYS):
    """One sound (F, T) at three microphones, by level and delay in samples: (3, F, T)."""
    radians = np.pi / (N_BINS - 1) * np.arange(N_BINS)
    return torch.as_tensor((gains[:, None] * np.exp(-1j * radians * delays[:, None]))[..., None] * spectrum)


def noise(seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((N_BINS, N_FRAMES)) + 1j * rng.standard_normal((N_BINS, N_FRAMES))


def test_levels_differ_by_the_gain():
    found = cues.level_differences(1e3 * planted(noise()), BINS)
    wanted = 20 * np.log10(GAINS[1:])[:, None, None] * np.ones((1, N_BINS, N_FRAMES))
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_phases_differ_by_frequency_times_delay():
    found = cues.phase_differences(1e3 * planted(noise()), BINS).numpy()
    angle = np.pi / (N_BINS - 1) * np.arange(N_BINS) * DELAYS[1:, None]
    np.testing.assert_allclose(found.real, np.cos(angle)[..., None] * np.ones(N_FRAMES), atol=1e-6)
    np.testing.assert_allclose(found.imag, -np.sin(angle)[..., None] * np.ones(N_FRAMES), atol=1e-6)


def test_a_wide_band_has_the_mean_of_its_phases():
    """Three bins of one level: the middle one's, times (1 + 2 cos(step)) / 3."""
    band = torch.zeros(1, N_BINS, dtype=torch.float64)
    band[0, 9:12] = 1
    found = cues.phase_differences(1e3 * planted(np.ones((N_BINS, 1))), band)[:, 0, 0].numpy()
    step = np.pi / (N_BINS - 1) * DELAYS[1:]
    np.testing.assert_allclose(found, (1 + 2 * np.cos(step)) / 3 * np.exp(-10j * step), atol=1e-6)


def test_correlation_is_one_at_the_delay_and_nothing_elsewhere():
    pairs = torch.tensor([0, 0, 1]), torch.tensor([1, 2, 2])
    phases = cues.whitened(planted(noise(), delays=np.array([0, 3, -2])), *pairs)
    found = cues.cross_correlation(phases.mT, LAGS).numpy()
    assert found.shape == (3, N_FRAMES, 2 * LAGS + 1)
    wanted = np.arange(-LAGS, LAGS + 1) == np.array([3, -2, -5])[:, None, None]
    np.testing.assert_allclose(found, wanted * np.ones((1, N_FRAMES, 1)), atol=1e-9)


def test_delays_are_found_to_an_eighth_of_a_sample_and_align_the_beam():
    spectrum = noise()
    X = planted(spectrum)
    np.testing.assert_array_equal(cues.delays(X, LAGS), DELAYS)
    np.testing.assert_allclose(cues.delay_and_sum(X, LAGS), GAINS.mean() * spectrum, atol=1e-9)


def test_a_sound_that_comes_later_has_a_positive_delay():
    rng = np.random.default_rng(1)
    sound = rng.standard_normal(4000)
    heard = np.stack([sound, np.roll(sound, 5), np.roll(sound, -3)]) + 0.3 * rng.standard_normal((3, 4000))
    scenes = stft(torch.as_tensor(np.stack([heard, heard[[1, 0, 2]]])))
    np.testing.assert_allclose(cues.delays(scenes, 16), [[0, 5, -3], [0, -5, -8]], atol=1 / 8)


@pytest.mark.parametrize("heard", [0.0, 1.0])
def test_silence_at_any_microphone_tells_nothing(heard):
    X = planted(noise()) * torch.tensor([heard, 0.0, 0.0])[:, None, None]
    assert not cues.phase_differences(X, BINS).any()
    levels = cues.level_differences(X, BINS)
    assert levels.isfinite().all() and levels.any() == bool(heard)
    assert not cues.whitened(X, torch.tensor([0, 1]), torch.tensor([1, 2])).any()


def test_one_microphone_is_its_own_beam():
    X = planted(noise())[:1]
    torch.testing.assert_close(cues.delay_and_sum(X, LAGS), X[0])
