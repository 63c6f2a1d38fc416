"""WPE against nara_wpe and its equations written out, and on speech with a constructed tail."""

import numpy as np
import pytest

from cocktail import ROOT
from cocktail.method import View
from cocktail.plugins.entry import Plugin
from cocktail.stft import istft, stft
from cocktail.testing.signals import speech_like


def wpe(mixture, fs=16000, **parameters):
    return Plugin("wpe", ROOT / "methods" / "spectral" / "wpe.py").cls(**parameters)(
        mixture, View(fs, np.random.default_rng(0))
    )


def reverberant(seconds=2.0, channels=2, t60_s=0.4, seed=0):
    """Early sound (N,) at microphone 1 and the recording (channels, N): direct sound, then a decaying tail of noise."""
    rng = np.random.default_rng(seed)
    n = int(seconds * 16000)
    speech = speech_like(n, 16000, rng)
    times = np.arange(int(t60_s * 16000)) / 16000
    tail = 0.08 * rng.standard_normal((channels, len(times))) * 10 ** (-3 * times / t60_s)
    tail[:, : int(0.05 * 16000)] = 0
    size = 2 * n
    spectrum = np.fft.rfft(speech, size)
    late = np.fft.irfft(np.fft.rfft(tail, size) * spectrum, size)[:, :n]
    return speech, speech + late


def si_sdr_db(reference, estimate):
    target = (reference @ estimate) / (reference @ reference) * reference
    return 10 * np.log10((target @ target) / ((estimate - target) @ (estimate - target)))


def slow_wpe(noisy, taps, delay, iterations):
    """Weighted least squares as the paper states it, one bin (D, T) at a time, by its normal equations."""
    channels, frames = noisy.shape
    past = np.zeros((taps * channels, frames), complex)
    for k in range(taps):
        shift = delay + k
        past[k * channels : (k + 1) * channels, shift:] = noisy[:, : frames - shift]
    dry = noisy
    for _ in range(iterations):
        power = np.mean(np.abs(dry) ** 2, axis=0)
        weighted = past / np.maximum(power, 1e-10 * power.max())
        dry = noisy - np.linalg.solve(weighted @ past.conj().T, weighted @ noisy.conj().T).conj().T @ past
    return dry


@pytest.mark.parametrize("channels", [1, 2])
def test_equals_its_equations_and_nara_wpe(channels):
    from nara_wpe.wpe import wpe as nara

    _, mixture = reverberant(channels=channels)
    mixture += 0.1 * np.random.default_rng(1).standard_normal(mixture.shape)  # else the equations are near singular
    noisy = stft(mixture).swapaxes(0, 1)
    packaged = nara(noisy, taps=10, delay=3, iterations=3)[:, 0]
    slow = np.stack([slow_wpe(bin_, 10, 3, 3)[0] for bin_ in noisy])
    estimate = wpe(mixture)
    for expected in (packaged, slow):
        np.testing.assert_allclose(estimate, istft(expected[None], mixture.shape[-1]), atol=1e-4)


@pytest.mark.parametrize(("channels", "least_db"), [(1, 0.3), (2, 1), (4, 1)])
def test_takes_the_tail_away(channels, least_db):
    early, mixture = reverberant(channels=channels)
    assert si_sdr_db(early, wpe(mixture)[0]) > si_sdr_db(early, mixture[0]) + least_db


def test_more_microphones_take_more_away():
    early, mixture = reverberant(channels=4)
    assert si_sdr_db(early, wpe(mixture)[0]) > si_sdr_db(early, wpe(mixture[:1])[0])


@pytest.mark.parametrize("channels", [1, 6])
@pytest.mark.parametrize("n_samples", [1, 500, 1600, 4000])
def test_short_recordings(channels, n_samples):
    """Fewer frames than coefficients: fewer taps, and the recording itself where there are no frames for one."""
    mixture = np.random.default_rng(0).standard_normal((channels, n_samples))
    estimate = wpe(mixture)
    assert estimate.shape == (1, n_samples)
    assert np.isfinite(estimate).all()
    assert np.mean(estimate**2) < 1.2 * np.mean(mixture[0] ** 2)
    if n_samples == 1:
        np.testing.assert_array_equal(estimate, mixture[:1])


def test_silence_scale_and_nan():
    _, mixture = reverberant(seconds=0.5)
    np.testing.assert_array_equal(wpe(np.zeros((2, 4000))), np.zeros((1, 4000)))
    np.testing.assert_allclose(wpe(1e-3 * mixture) * 1e3, wpe(mixture), atol=1e-6)
    mixture[1, 5] = np.nan
    with pytest.raises(ValueError, match="NaN or infinite"):
        wpe(mixture)


def test_channels_that_tell_nothing_new_change_nothing():
    """Equal, inverted, scaled, dead ones; with independent ones the equations would be singular."""
    _, mixture = reverberant(channels=1)
    alone = wpe(mixture)
    for gains in ([1, 1], [1, -1], [1, 1e-3], [1, 1e3], [1, 0], [1, 1, 0.5, 0]):
        np.testing.assert_allclose(wpe(np.array(gains)[:, None] * mixture), alone, atol=1e-3 * np.abs(alone).max())


def test_a_channel_that_is_the_sum_of_others_or_a_late_copy_is_no_noise():
    _, mixture = reverberant(channels=2)
    level = np.sqrt(np.mean(mixture[0] ** 2))
    for third in (mixture.sum(0), np.roll(mixture[0], 128), np.roll(mixture[0], 5)):
        assert np.sqrt(np.mean(wpe(np.concatenate([mixture, third[None]])) ** 2)) < 1.1 * level
