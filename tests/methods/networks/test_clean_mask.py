"""A network that has heard clean speech alone lets its bins pass, and what it has never heard not."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from two_bands import two_bands

from cocktail.method import View
from cocktail.plugins.registry import Registry

FS = 16000


class Clean:
    """Speech lives below 2 kHz; there is nothing but speech."""

    fs, device, start = FS, "cpu", None

    def speech(self, split):
        generator = np.random.default_rng(len(split))
        return [SimpleNamespace(samples=two_bands(generator, 6000, FS)[0]) for _ in range(8)]


def test_what_was_heard_passes_and_other_bands_do_not(tmp_path):
    method = replace(
        Registry().entry("blstm-clean").make(),
        width=0.1, segment_s=0.3, epochs=2, steps=15, batch_size=4, learning_rate=0.02,
    )  # fmt: skip
    method.fit(Clean(), np.random.default_rng(0), tmp_path)
    target, noise = two_bands(np.random.default_rng(99), 8000, FS)
    view = View(FS, np.random.default_rng(0), {"model": method.load(tmp_path), "device": "cpu"})
    (estimate,) = method((target + noise)[None], view)
    assert np.mean((estimate - target) ** 2) < 0.1 * np.mean(noise**2)
