"""One-channel spectral methods: what they gain on constructed speech in noise, what they leave alone, their parts."""

import dataclasses
import sys

import numpy as np
import pytest

from cocktail.dsp.noise.spectral import smoothing
from cocktail.method import View
from cocktail.plugins.registry import Registry
from cocktail.stft import framing
from cocktail.testing.conformance import assert_conforms
from cocktail.testing.signals import pink_noise, speech_like

NAMES = ["spectral-subtraction", "power-subtraction", "wiener", "mmse-stsa", "mmse-lsa", "omlsa"]
LEAD_IN_S = 0.5

every_method = pytest.mark.parametrize("name", NAMES)


def method(name, **parameters):
    return dataclasses.replace(Registry().entry(name).make(), **parameters)


def module(name):
    """The module of an entry's plugin, for the functions beside its class."""
    return sys.modules[type(method(name)).__module__]


def process(name, mixture, fs=16000, **parameters):
    return method(name, **parameters)(np.atleast_2d(mixture), View(fs, np.random.default_rng(0)))


def si_sdr_db(reference, estimate):
    reference, estimate = reference - reference.mean(), estimate - estimate.mean()
    target = (reference @ estimate) / (reference @ reference) * reference
    return 10 * np.log10((target @ target) / ((estimate - target) @ (estimate - target)))


def utterance(seed, fs=16000, seconds=2.0):
    """Speech-like sound with a lead-in of silence, and the generator for its noise."""
    rng = np.random.default_rng(seed)
    speech = speech_like(int(seconds * fs), fs, rng)
    return np.concatenate([np.zeros(int(LEAD_IN_S * fs)), speech]), rng


def white(n, rng):
    return rng.standard_normal(n)


def in_noise(seed, snr_db, noise=white):
    speech, rng = utterance(seed)
    v = noise(len(speech), rng)
    v *= speech[int(LEAD_IN_S * 16000) :].std() / v.std() * 10 ** (-snr_db / 20)
    return speech, speech + v


def median_gain_db(name, noise):
    gains = []
    for seed, snr_db in enumerate((-5, 0, 5, 10)):
        speech, mixture = in_noise(seed, snr_db, noise)
        gains.append(si_sdr_db(speech, process(name, mixture)[0]) - si_sdr_db(speech, mixture))
    return np.median(gains)


@pytest.mark.parametrize("noise", [white, pink_noise])
@every_method
def test_gain_in_stationary_noise(name, noise):
    assert median_gain_db(name, noise) > (4 if name == "omlsa" else 3)


@every_method
def test_noise_alone_is_attenuated(name):
    noise = np.random.default_rng(0).standard_normal(32000)
    estimate = process(name, noise)[0]
    attenuation_db = 10 * np.log10(np.mean(noise[8000:] ** 2) / np.mean(estimate[8000:] ** 2))
    assert attenuation_db > (20 if name == "omlsa" else 8)


@every_method
def test_speech_without_noise_is_left_nearly_alone(name):
    speech, _ = utterance(5)
    assert si_sdr_db(speech, process(name, speech + 1e-5 * in_noise(5, 0)[1])[0]) > 15


@every_method
def test_only_microphone_1_counts(name):
    mixture = np.stack([in_noise(0, 0)[1], in_noise(1, 0)[1]])
    np.testing.assert_array_equal(process(name, mixture), process(name, mixture[:1]))


@every_method
@pytest.mark.parametrize("fs", [8000, 44100])
def test_other_rates(name, fs):
    speech, rng = utterance(3, fs)
    mixture = speech + 0.5 * speech.std() * rng.standard_normal(len(speech))
    estimate = process(name, mixture, fs)
    assert estimate.shape == (1, len(mixture))
    assert si_sdr_db(speech, estimate[0]) > si_sdr_db(speech, mixture) + 3


@every_method
@pytest.mark.parametrize("scale", [1e-3, 100])
def test_output_scales_with_input(name, scale):
    mixture = in_noise(2, 5)[1]
    np.testing.assert_allclose(process(name, scale * mixture) / scale, process(name, mixture), atol=1e-9)


@every_method
@pytest.mark.parametrize("tracker", ["minimum-statistics", "imcra", "mmse-spp"])
def test_every_tracker_serves_every_method(name, tracker):
    speech, mixture = in_noise(1, 0)
    assert si_sdr_db(speech, process(name, mixture, tracker=tracker)[0]) > si_sdr_db(speech, mixture) + 3


@every_method
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_not_finite_are_refused(name, bad):
    mixture = np.zeros(4000)
    mixture[7] = bad
    with pytest.raises(ValueError, match="NaN or infinite"):
        process(name, mixture)


@every_method
@pytest.mark.parametrize("n_samples", [1, 127, 511, 513, 1600])
def test_short_signals_keep_their_length(name, n_samples):
    estimate = process(name, np.random.default_rng(0).standard_normal(n_samples))
    assert estimate.shape == (1, n_samples)
    assert np.isfinite(estimate).all()


@every_method
def test_contract(name):
    assert_conforms(method(name), long_s=5.0)


def test_framing_keeps_milliseconds():
    assert framing(16000) == (512, 128)
    assert framing(8000) == (256, 64)
    assert framing(44100) == (1412, 353)
    assert smoothing(0.9, 0.016) == pytest.approx(0.81)


@pytest.mark.parametrize(("frame_snr_db", "factor"), [(-15, 4.75), (0, 4.0), (10, 2.5), (20, 1.0), (40, 1.0)])
def test_over_subtraction_by_frame_snr(frame_snr_db, factor):
    """A flat frame of known SNR: the gain follows from Berouti's line, or from the floor."""
    gamma = 1 + 10 ** (frame_snr_db / 10)
    gain = method("power-subtraction")._gain(np.full((5, 1), gamma), np.ones((5, 1)), 0.008)
    np.testing.assert_allclose(gain**2, min(max(1 - factor / gamma, 0.01 / gamma), 1))


def test_boll_subtracts_the_mean_magnitude_of_the_noise():
    """Far above the noise: noise of power 1 has a mean magnitude of 0.886."""
    gain = method("spectral-subtraction")._gain(np.full((5, 20), 100.0), np.ones((5, 20)), 0.008)
    np.testing.assert_allclose(gain, (10 - np.sqrt(np.pi) / 2) / 10)


def test_boll_replaces_what_is_no_larger_than_the_noise_was():
    """Frames 0 to 29 are noise, whose largest residual is 1 in bin 1; then comes speech in bin 0.

    Bins 1 and 2 have a peak in frame 45 after four empty frames. Averages of five frames leave residuals that rise
    from frame 43 to frame 47, of which frame 45 gets the least in bin 1, and its own in bin 2, whose noise was never
    so large.
    """
    mean = np.sqrt(np.pi / 4)
    magnitude = np.full((40, 60), mean)
    magnitude[1, 10] = mean + 5
    magnitude[0, 30:] = 1000
    magnitude[1:3, 41:45] = 0
    magnitude[1:3, 45] = mean + 4
    gain = method("spectral-subtraction")._gain(magnitude**2, np.ones((40, 60)), 0.008)
    assert gain[1, 45] * (mean + 4) == pytest.approx((mean + 4) / 5 - mean)
    assert gain[2, 45] * (mean + 4) == pytest.approx((3 * mean + 4) / 5 - mean)
    np.testing.assert_allclose(gain[:, :25], 10**-1.5)


@pytest.mark.parametrize(("residual", "gain"), [(0.24, 10**-1.5), (0.26, 0.26 / 1.26)])
def test_boll_attenuates_frames_whose_residual_is_12_db_below_the_noise(residual, gain):
    """A residual of a share of the noise's mean magnitude, in all bins; -12 dB are 0.251."""
    magnitude = np.sqrt(np.pi / 4) * (1 + residual)
    found = method("spectral-subtraction")._gain(np.full((5, 20), magnitude**2), np.ones((5, 20)), 0.008)
    np.testing.assert_allclose(found, gain)


def test_omlsa_likelihood_is_logarithmic_between_its_bounds():
    zeta = 10 ** (np.array([-20, -10, -7.5, -5, 0]) / 10)
    np.testing.assert_allclose(module("omlsa").likelihood(zeta), [0, 0, 0.5, 1, 1], atol=1e-12)


def test_omlsa_frames_rise_to_1_and_fall_with_the_peak():
    """Onset, decay to 7.5 dB under the peak of 10 (then bounded), and back under the threshold."""
    zeta = 10 ** (np.array([-20, 3, 13, 2.5, -4, -12]) / 10)
    np.testing.assert_allclose(module("omlsa").frame_likelihood(zeta), [0, 1, 1, 0.5, 0, 0], atol=1e-12)


def test_omlsa_absence_in_silence_and_in_speech():
    xi = np.full((257, 60), 1e-2)
    xi[:, 30:] = 10
    q = module("omlsa").absence(xi, 0.008)
    assert (q[:, :30] == 0.95).all()
    assert (q[:, 40:] == 0).all()


def test_omlsa_presence_is_bayes():
    """Posterior from the exponential densities of the noisy power under both hypotheses."""
    xi, gamma, q = 3.0, 2.5, 0.4
    present, absent = (1 - q) * np.exp(-gamma / (1 + xi)) / (1 + xi), q * np.exp(-gamma)
    assert module("omlsa").presence(xi, gamma, q) == pytest.approx(present / (present + absent))


def test_omlsa_gain_reaches_its_floor():
    noise = np.ones((257, 100))
    gain = method("omlsa")._gain(0.1 * noise, noise, 0.008)
    assert 20 * np.log10(gain[:, -1].max()) == pytest.approx(-25, abs=1.5)
