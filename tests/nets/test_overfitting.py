"""Networks of waveforms learn four mixtures by heart, at a small size."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cocktail.nets import saved, waveforms
from cocktail.plugins.registry import Registry

FS = 8000
SIZES = {
    "conv-tasnet": ({"filters": 64, "bottleneck": 24, "hidden": 48, "blocks": 4, "repeats": 1}, 5e-3, 300, 20),
    "dprnn": ({"filters": 32, "bottleneck": 16, "units": 24, "blocks": 2, "chunk": 30}, 1e-2, 150, 12),
    "tf-gridnet": ({"channels": 8, "blocks": 1, "units": 16, "shift_ms": 16.0, "query": 129}, 2e-2, 60, 10),
}
"""Fields, learning rate, updates, and the SI-SDR in dB to reach."""


def mixtures(n=2000):
    """(4, 2, N): in each, two harmonic complexes of their own pitch and envelope."""
    rng, t = np.random.default_rng(0), np.arange(n) / FS
    talkers = []
    for pitch in rng.uniform(90, 250, 8):
        harmonics = np.arange(1, 12)
        phases, gains = rng.uniform(0, 2 * np.pi, 11), rng.uniform(0.2, 1, 11)
        voice = (gains[:, None] * np.sin(2 * np.pi * pitch * harmonics[:, None] * t + phases[:, None])).sum(0)
        talkers.append(voice * np.interp(t, np.linspace(0, t[-1], 6), rng.uniform(0.1, 1, 6)))
    return torch.tensor(np.stack(talkers).reshape(4, 2, n), dtype=torch.float32)


@pytest.mark.slow
@pytest.mark.parametrize("name", SIZES)
def test_four_mixtures_are_learnt_by_heart(name):
    fields, rate, updates, wanted_db = SIZES[name]
    method = replace(Registry().entry(name).make(), **fields)
    sources = mixtures()
    batch = {"mixture": sources.sum(1), "sources": sources}
    network = saved.seeded(method.network, 0, fs=FS)
    optimiser = torch.optim.Adam(network.parameters(), rate)
    for _ in range(updates):
        optimiser.zero_grad()
        method.objective(network, batch).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
    with torch.no_grad():
        separated = torch.stack([method.separate(network.eval(), mixture, None) for mixture in batch["mixture"]])
    assert -waveforms.loss(separated, sources) > wanted_db
    assert -waveforms.loss(separated, sources, waveforms.snr) > wanted_db - 3  # levels are right as well
