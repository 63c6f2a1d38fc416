"""Whole chains of one-channel enhancement, from samples to samples, against the papers' equations in plain loops."""

import numpy as np
import pytest
import spectral_equations as equations

from cocktail.corpora.noises import street
from cocktail.method import View
from cocktail.plugins.registry import Registry
from cocktail.rng import rng
from cocktail.testing.signals import speech_like

FS = 8000
"""At which frames of 32 ms have 129 bins."""


def recording(seconds):
    """(N,): street noise, with speech-like sound in the middle."""
    n = round(seconds * FS)
    voice = speech_like(n, FS, rng(0, role="voice")) * (abs(np.arange(n) - 0.5 * n) < 0.2 * n)
    noise = street(rng(0, role="noise"), n, FS)
    return voice / voice.std() + 0.3 * noise / noise.std()


def entry(name, x):
    return Registry().entry(name).make()(x[None], View(FS, np.random.default_rng(0)))[0]


def test_omlsa_is_its_papers_equations():
    x = recording(0.9)
    expected = equations.enhanced(x, FS, "imcra", equations.omlsa)
    np.testing.assert_allclose(entry("omlsa", x), expected, atol=1e-7 * np.abs(x).max())


@pytest.mark.parametrize(
    ("name", "gain"),
    [
        ("wiener", equations.wiener_gain),
        ("mmse-stsa", equations.amplitude_gain),
        ("mmse-lsa", equations.log_spectral_gain),
    ],
)
def test_decision_directed_gains_are_their_papers_equations(name, gain):
    x = recording(0.6)
    expected = equations.enhanced(
        x, FS, "minimum-statistics", lambda power, noise: equations.decision_directed(power, noise, gain)
    )
    np.testing.assert_allclose(entry(name, x), expected, atol=1e-7 * np.abs(x).max())
