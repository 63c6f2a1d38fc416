"""Voices that take turns come out apart by their pitch; four seconds take less than a gigabyte."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from talkers_apart import require_taken_apart

from cocktail.dsp.auditory import clustering
from cocktail.plugins.registry import Registry

FS = 16000


def turns(seconds, pitches_hz=(115.0, 205.0)):
    """Two voices (2, N) that speak half a second each in turn, and overlap a little."""
    t = np.arange(int(seconds * FS)) / FS
    tones = np.stack([sum(np.sin(2 * np.pi * k * f0 * t) / k for k in range(1, 15)) for f0 in pitches_hz])
    return tones * (np.array([[1], [-1]]) * np.sin(2 * np.pi * t) > -0.2)


def test_voices_in_turn_are_taken_apart():
    require_taken_apart("spectral_clustering", turns(2), FS)


def test_a_unit_is_of_the_loudest_source():
    t = np.arange(FS // 2) / FS
    low, high = np.sin(2 * np.pi * 400 * t), np.sin(2 * np.pi * 2500 * t)
    sources = np.stack([np.where(t < 0.25, low, 0.1 * low), 0.5 * low + high])
    owner = clustering.loudest(sources, FS, np.array([400.0, 2500.0]))
    assert owner.shape[0] == 2 and np.all(owner[1] == 1)
    assert np.all(owner[0, 2 : owner.shape[1] // 2 - 3] == 0) and np.all(owner[0, owner.shape[1] // 2 + 3 :] == 1)


def test_a_learnt_affinity_takes_voices_apart(tmp_path):
    """Both voices rise and fall in all bands at once: that tells nothing of who speaks."""

    class Mixer:
        def draw(self, generator, split):
            assert split == "train"
            sources = turns(1, generator.permutation([115.0, 205.0]) * generator.uniform(0.9, 1.1))
            return SimpleNamespace(mixture=sources.sum(0).astype(np.float32), sources=sources.astype(np.float32))

    method = Registry().plugins["spectral_clustering_learnt"].cls(scenes=2, points=60)
    method.fit(SimpleNamespace(mixer=Mixer(), fs=FS), np.random.default_rng(0), tmp_path)
    model = method.load(tmp_path)
    assert np.all(model["near"][2:] > 10 * np.array(method.near[2:])), "levels that rise and fall"
    require_taken_apart("spectral_clustering_learnt", turns(2), FS, model=model)


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
