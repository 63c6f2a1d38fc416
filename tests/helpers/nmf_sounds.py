"""Synthetic speech and noise that NMF plugins learn from in a second, and plugins trained on them."""

import numpy as np

from cocktail.method import Recording, TrainingData, View
from cocktail.plugins.registry import Registry

FS = 16000


def voiced(rng, seconds=1.5):
    """Harmonics of a drifting pitch under a syllable envelope, (N,)."""
    t = np.arange(int(seconds * FS)) / FS
    phase = 2 * np.pi * np.cumsum(150 + 40 * np.sin(2 * np.pi * rng.uniform(0.5, 1.5) * t)) / FS
    tone = sum(np.sin(k * phase) / k for k in range(1, 20))
    return 0.1 * tone * (np.sin(2 * np.pi * 3 * t + rng.uniform(0, 6)) > -0.3)


def hiss(rng, seconds=1.5):
    """High-passed noise, (N,)."""
    x = rng.standard_normal(int(seconds * FS) + 1)
    return 0.05 * np.diff(x)


class Data(TrainingData):
    """Synthetic recordings, repeatable."""

    fs = FS

    def speech(self):
        for i in range(6):
            yield Recording(voiced(np.random.default_rng(i)), "speech", f"s{i}")

    def noise(self):
        for i in range(4):
            rng = np.random.default_rng(100 + i)
            yield Recording(hiss(rng) if i % 2 else 0.1 * rng.standard_normal(FS), "hiss" if i % 2 else "white")


def trained(tmp_path, plugin, **fields):
    """A plugin and its model after a round trip through a folder."""
    method = Registry().plugins[plugin].cls(**{"iterations_fit": 20} | fields)
    method.fit(Data(), np.random.default_rng(0), tmp_path)
    return method, method.load(tmp_path)


def view(model, seed=0):
    return View(FS, np.random.default_rng(seed), {"model": model, "device": "cpu"})


def si_sdr(reference, estimate):
    part = np.vdot(estimate, reference) / np.vdot(reference, reference) * reference
    return 10 * np.log10(np.sum(part**2) / np.sum((estimate - part) ** 2))
