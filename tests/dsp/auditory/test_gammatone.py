"""The gammatone bank: unit gain at its centres, bandwidths, and delays that filter as a convolution does."""

import numpy as np
import pytest

from cocktail.dsp.auditory import gammatone

FS = 16000


def test_gain_is_one_at_the_centre_and_bandwidths_are_erb():
    centres = gammatone.centres(10, 100, 6000)
    H = np.abs(np.fft.rfft(gammatone.impulse_responses(centres, FS), 1 << 16)) ** 2
    hz = np.fft.rfftfreq(1 << 16, 1 / FS)
    for response, centre in zip(H, centres, strict=True):
        assert response[np.argmin(np.abs(hz - centre))] == pytest.approx(1, rel=0.03)
        assert response.sum() * hz[1] / response.max() == pytest.approx(gammatone.bandwidth(centre), rel=0.05)


def test_centres_are_as_many_bandwidths_apart():
    centres = gammatone.centres(64, 80, 7500)
    steps = np.diff(centres) / gammatone.bandwidth((centres[1:] + centres[:-1]) / 2)
    assert centres[[0, -1]] == pytest.approx([80, 7500])
    np.testing.assert_allclose(steps, steps[0], rtol=0.01)


def test_filtering_is_convolution():
    rng = np.random.default_rng(0)
    x, responses = rng.standard_normal((2, 500)), gammatone.impulse_responses([300.0, 2000.0], FS)
    for y, h in zip(gammatone.filtered(x, responses), responses, strict=True):
        np.testing.assert_allclose(y[1], np.convolve(x[1], h)[:500], atol=1e-10)


def test_analytic_output_of_a_tone_is_in_phase_with_it_and_an_impulse_peaks_where_it_is():
    n = np.arange(4000)
    tone, impulse = np.cos(2 * np.pi * 500 * n / FS), np.eye(4000)[1500]
    (of_tone,), outputs = gammatone.analytic(tone, [500.0], FS), gammatone.analytic(impulse, [200.0, 3000.0], FS)
    np.testing.assert_allclose(of_tone[1000:3000], np.exp(2j * np.pi * 500 * n / FS)[1000:3000], atol=0.01)
    assert [np.abs(output).argmax() for output in outputs] == pytest.approx([1500, 1500], abs=1)


def test_multi_phase_filters_are_second_order_gammatones_an_erb_apart():
    """At 8 kHz 24 centres from 100 Hz to 3.7 kHz; b = ERB / (pi 2! / 4) for the second order (Ditter and Gerkmann)."""
    bank = gammatone.multi_phase(48, 16, 8000)
    erb = 4.37e-3 * 24.7
    centres = 100 + (1 / 4.37e-3 + 100) * (np.exp(erb * np.arange(24)) - 1)
    rounded = [100.0]
    while len(rounded) < 24:  # E(f) = 9.265 ln(1 + f / (24.7 x 9.265)), as their program has it
        rounded.append((np.exp((9.265 * np.log(1 + rounded[-1] / 228.8455) + 1) / 9.265) - 1) * 228.8455)
    np.testing.assert_allclose(centres, rounded, rtol=1e-3)
    assert rounded[-1] == pytest.approx(3708, abs=2)
    t = np.arange(1, 17) / 8000
    for filter, f in zip(bank[:24], centres, strict=True):
        b = 24.7 * (4.37e-3 * f + 1) * 2 / np.pi
        expected = t * np.exp(-2 * np.pi * b * t) * np.cos(2 * np.pi * f * t)
        np.testing.assert_allclose(filter, expected / np.linalg.norm(expected), atol=1e-12)
    np.testing.assert_array_equal(bank[24:], -bank[:24])


@pytest.mark.parametrize("filters", [128, 512])
def test_the_highest_filters_lie_below_half_the_rate_where_phases_differ(filters):
    bank = gammatone.multi_phase(filters, 32, FS)
    spectra = np.abs(np.fft.rfft(bank, 1 << 12))
    assert 6500 < np.argmax(spectra[filters // 2 - 1]) * FS / (1 << 12) < 7600
    n = filters // 2 // 30  # phases of the highest of 30 centres
    first, quarter = bank[filters // 2 - n], bank[filters // 2 - n + n // 2]
    assert abs(first @ quarter) < 0.3


def test_fewer_filters_than_centres_are_wider_apart():
    bank, all_centres = gammatone.multi_phase(4, 400, FS), gammatone.multi_phase(60, 400, FS)
    np.testing.assert_allclose(bank[:2], all_centres[[0, 29]], atol=1e-9)


def test_the_lowest_filters_have_the_most_phases_evenly_spaced():
    """30 pairs on 24 centres: six of them have a quarter turn of theirs as well."""
    bank, once = gammatone.multi_phase(60, 64, 8000), gammatone.multi_phase(48, 64, 8000)
    assert bank.shape == (60, 64)
    for band in range(6):
        np.testing.assert_allclose(bank[2 * band], once[band])
    np.testing.assert_allclose(bank[12:30], once[6:24])
    t, f = np.arange(1, 65) / 8000, 100.0
    envelope = t * np.exp(-4 * gammatone.bandwidth(f) * t)
    turned = -envelope * np.sin(2 * np.pi * f * t)
    np.testing.assert_allclose(bank[1], turned / np.linalg.norm(turned), atol=1e-12)
