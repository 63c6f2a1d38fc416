"""Talkers that anyone can tell apart, and networks that learn to."""

from itertools import permutations

import numpy as np
import torch

from cocktail.method import TrainingMixture
from cocktail.nets.segments import Segments, collate

FS = 16000


class Tones:
    """Talkers in registers of their own, in turns: noise of 0.3 to 0.9, 1.1 to 1.9 or 2.2 to 3.5 kHz."""

    def draw(self, generator, split):
        n, k = 8000, int(generator.integers(2, 4))
        frequency = np.fft.rfftfreq(n, 1 / FS)
        edges = [(300, 900), (1100, 1900), (2200, 3500)]
        talkers = []
        for low, high in (edges[i] for i in generator.permutation(3)[:k]):
            spectrum = np.fft.rfft(generator.standard_normal(n)) * ((frequency > low) & (frequency < high))
            talkers.append(np.fft.irfft(spectrum, n))
        sources = (0.1 * np.stack(talkers)).astype(np.float32)
        return TrainingMixture(sources.sum(0), "tones", {"sources": sources})


def trained(network, loss, steps, rate=1e-2):
    """The network after some steps on tones, in evaluation mode."""
    generator = np.random.default_rng(0)
    segments, optimiser = Segments(Tones().draw, 8000), torch.optim.Adam(network.parameters(), rate)
    torch.manual_seed(0)
    for _ in range(steps):
        optimiser.zero_grad()
        loss(network, collate([segments(generator, "train") for _ in range(8)])).backward()
        optimiser.step()
    return network.eval()


def worst_db(separate):
    """Lowest SDR of any talker in scenes of two and of three, in the best order."""
    generator, worst = np.random.default_rng(99), {}
    for _ in range(8):
        scene = Tones().draw(generator, "valid")
        k = len(scene.sources)
        estimate = separate(torch.from_numpy(scene.mixture), k).numpy()
        np.testing.assert_equal(estimate.shape, scene.sources.shape)
        error = ((estimate[:, None] - scene.sources[None]) ** 2).sum(-1) / (scene.sources**2).sum(-1)
        sdr = -10 * np.log10(min(max(error[list(order), range(k)]) for order in permutations(range(k))))
        worst[k] = min(worst.get(k, np.inf), sdr)
    return worst
