"""A talker that moves past two microphones, and one that does not: what tracking is worth."""

from dataclasses import replace

import numpy as np

from cocktail import stft
from cocktail.method import View
from cocktail.metrics.si_sdr import si_sdr_matrix
from cocktail.plugins.registry import Registry


def scene(turns, seed=0, seconds=4.0):
    """Bursts of noise, whose phase at microphone 2 makes so many turns, for speech; another sound from the side."""
    rng = np.random.default_rng(seed)
    n = round(16000 * seconds)
    on = np.arange(n) % 4800 >= 2000
    talker = rng.standard_normal(n) * on
    S = stft.stft(talker)
    ramp = np.exp(2j * np.pi * turns * np.arange(S.shape[-1]) / S.shape[-1])
    image = np.stack([talker, stft.istft(S * ramp, n)])
    side = 0.7 * rng.standard_normal(n)
    noise = np.stack([side, np.roll(side, 3)]) + 0.02 * rng.standard_normal((2, n))
    return image + noise, talker


def si_sdr(method, mixture, talker):
    """Of the second half: what is tracked is found by then."""
    estimate = method(mixture, View(16000, np.random.default_rng(0)))
    half = slice(len(talker) // 2, None)
    return si_sdr_matrix(reference=talker[None, half], estimate=estimate[:, half])[0, 0]


def gain_of_tracking(turns, drift):
    """dB of SI-SDR over a fixed RTF, without postfilters."""
    mixture, talker = scene(turns)
    tracked = replace(Registry().entry("ekf-rtf").make(), postfilter=False, drift=drift)
    fixed = replace(tracked, rtf="fixed")
    assert (tracked.causal, fixed.causal) == (True, False)
    return si_sdr(tracked, mixture, talker) - si_sdr(fixed, mixture, talker)


def test_tracking_pays_where_the_talker_moves():
    assert gain_of_tracking(turns=1, drift=0.1) > 6


def test_where_nothing_moves_and_no_drift_is_expected_both_are_about_the_same():
    assert abs(gain_of_tracking(turns=0, drift=0.0)) < 2


def test_the_beam_gains_over_a_microphone_and_the_postfilter_quietens_pauses():
    mixture, talker = scene(0, seed=1)
    method = Registry().entry("ekf-rtf").make()
    beam = replace(method, postfilter=False)
    assert si_sdr(beam, mixture, talker) > si_sdr_matrix(reference=talker[None], estimate=mixture[:1])[0, 0] + 6
    view = View(16000, np.random.default_rng(0))
    pause = np.arange(len(talker)) % 4800 < 1600
    with_it, without = (np.mean(each(mixture, view)[0, pause] ** 2) for each in (method, beam))
    assert with_it < without / 4


def test_of_more_microphones_the_first_and_the_last_are_used():
    mixture, talker = scene(0, seconds=0.5)
    method = Registry().entry("ekf-rtf").make()
    four = np.stack([mixture[0], talker, mixture[0], mixture[1]])
    view = View(16000, np.random.default_rng(0))
    np.testing.assert_array_equal(method(four, view), method(mixture, view))
