"""Spatial clustering as whole methods: talkers in two directions come apart."""

from dataclasses import replace

import numpy as np
import pytest

from cocktail.errors import AccessError
from cocktail.method import View
from cocktail.plugins.registry import Registry
from cocktail.testing.signals import speech_like

FS = 16000
ARRAY = np.array([[0.05, 0, 0], [0, 0.05, 0], [-0.05, 0, 0], [0, -0.05, 0]])


def images(seed, n_samples=16000):
    """Two talkers in two directions, without a room: (2, D, N)."""
    rng = np.random.default_rng(seed)
    f_hz = np.fft.rfftfreq(n_samples, 1 / FS)
    found = []
    for degrees in (20, 130):
        spectrum = np.fft.rfft(speech_like(n_samples, FS, rng))
        angle = np.deg2rad(degrees)
        ahead_s = ARRAY @ [np.cos(angle), np.sin(angle), 0] / 343
        image = np.fft.irfft(spectrum * np.exp(2j * np.pi * f_hz * ahead_s[:, None]), n_samples)
        found.append(image / image.std())
    return np.stack(found)


def si_sdr(reference, estimate):
    gain = estimate @ reference / (reference @ reference)
    return 10 * np.log10(np.sum((gain * reference) ** 2) / np.sum((estimate - gain * reference) ** 2))


@pytest.mark.parametrize(("name", "least"), [("cacgmm", 8), ("cacgmm-mask", 6), ("watson-bss", 11)])
def test_two_planted_directions_are_separated(name, least):
    talkers = images(0)
    mixture = talkers.sum(0) + 0.01 * np.random.default_rng(1).standard_normal(talkers[0].shape)
    view = View(FS, np.random.default_rng(0), {"array": ARRAY, "n_sources": 2})
    found = Registry().entry(name).make()(mixture, view)
    alike = np.array([[si_sdr(talker[0], y) for y in found] for talker in talkers])
    best = max(alike.trace(), alike[::-1].trace()) / 2
    assert found.shape == (2, mixture.shape[-1]) and best > least


def test_a_random_start_asks_for_no_direction():
    mixture = images(0, 4000).sum(0)
    method = replace(Registry().entry("cacgmm").make(), begin="random", window=128, hop=64, iterations=3)
    granted = {"n_sources": 2}
    found = method(mixture, View(FS, np.random.default_rng(0), granted))
    assert found.shape == (2, 4000) and np.isfinite(found).all() and found.std(1).min() > 0
    with pytest.raises(AccessError, match="array"):
        replace(method, begin="directions")(mixture, View(FS, np.random.default_rng(0), granted))
