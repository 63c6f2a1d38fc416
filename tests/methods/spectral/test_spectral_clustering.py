"""Voices that take turns come out apart by their pitch; four seconds take less than a gigabyte."""

import subprocess
import sys

import numpy as np
import pytest
from talkers_apart import require_taken_apart

FS = 16000


def turns(seconds):
    """Two voices (2, N) that speak half a second each in turn, and overlap a little."""
    t = np.arange(int(seconds * FS)) / FS
    tones = np.stack([sum(np.sin(2 * np.pi * k * f0 * t) / k for k in range(1, 15)) for f0 in (115.0, 205.0)])
    return tones * (np.array([[1], [-1]]) * np.sin(2 * np.pi * t) > -0.2)


def test_voices_in_turn_are_taken_apart():
    require_taken_apart("spectral_clustering", turns(2), FS)


@pytest.mark.slow
def test_four_seconds_take_less_than_a_gigabyte():
    program = (
        "import numpy as np\n"
        "from cocktail.method import View\n"
        "from cocktail.plugins.registry import Registry\n"
        "from cocktail.runtime import memory\n"
        "from cocktail.testing.signals import make_scene\n"
        "mixture = make_scene(n_sources=2, channels=1, seconds=4).mixture\n"
        "view = View(16000, np.random.default_rng(0), {'n_sources': 2})\n"
        "Registry().plugins['spectral_clustering'].cls()(mixture, view)\n"
        "print(memory.peak())\n"
    )
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert int(result.stdout) < 1e9
