"""Mixture invariant training: against all assignments, on sums whose parts are known, and from mixtures alone."""

from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cocktail.method import TrainingMixture
from cocktail.nets import mixit, waveforms
from cocktail.plugins.registry import Registry

FS = 8000


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("outputs", [1, 3, 5])
def test_the_loss_is_that_of_the_best_assignment(outputs):
    estimates = noise(3, outputs, 200)
    mixtures = noise(3, 2, 200, seed=1)
    mixtures[:, 0] += estimates[:, 0]
    every = []
    for row in product([0.0, 1.0], repeat=outputs):
        A = torch.tensor([row, [1 - x for x in row]], dtype=torch.float64)
        remixed = torch.einsum("io,bon->bin", A, estimates)
        every.append(-waveforms.snr(estimate=remixed, reference=mixtures, most_db=30).mean(-1))
    assert mixit.loss(estimates, mixtures) == pytest.approx(torch.stack(every).amin(0).mean().item())


def test_parts_of_two_mixtures_find_their_mixture():
    parts = noise(1, 4, 500)
    mixtures = torch.stack([parts[:, 0] + parts[:, 3], parts[:, 1] + parts[:, 2]], dim=1)
    torch.testing.assert_close(mixit.assigned(parts, mixtures), mixtures)
    assert mixit.loss(parts, mixtures) == pytest.approx(-30, abs=1e-6)
    silent = mixtures * torch.tensor([1.0, 0.0])[:, None]
    kept = parts * torch.tensor([1.0, 0.0, 0.0, 1.0])[:, None]
    assert mixit.loss(kept, silent) == pytest.approx(-30, abs=1e-6)


def test_consistent_estimates_add_up_to_the_mixture_and_share_the_rest():
    estimates, mixture = noise(2, 3, 50), noise(2, 50, seed=1)
    found = mixit.consistent(estimates, mixture)
    torch.testing.assert_close(found.sum(1), mixture)
    torch.testing.assert_close(found - estimates, (found - estimates)[:, :1].expand(2, 3, 50))


def test_the_strongest_outputs_are_the_talkers():
    def network(mixture):
        return torch.stack([0.1 * mixture, 0.5 * mixture, 0.4 * mixture, 0 * mixture], dim=1)

    mixture = torch.randn(100)
    torch.testing.assert_close(mixit.separate(network, mixture, 2), torch.stack([0.5 * mixture, 0.4 * mixture]))


def test_it_hears_the_whole_mixture_whatever_its_normalisation():
    assert not replace(Registry().entry("mixit").make(), normalisation="cumulative").causal


def test_pairs_are_cut_and_padded():
    scenes = iter([np.arange(1, 9, dtype=np.float32), np.arange(1, 4, dtype=np.float32)])
    pairs = mixit.Pairs(lambda *_: TrainingMixture(next(scenes), "c"), 5)
    long, short = pairs(np.random.default_rng(0), "train")["mixtures"]
    assert np.array_equal(long, np.arange(long[0], long[0] + 5)) and short.tolist() == [1, 2, 3, 0, 0]


class Registers:
    """Two of four registers at once, which nobody tells apart for whoever learns."""

    EDGES = np.array([(200, 600), (800, 1300), (1600, 2200), (2700, 3500)])

    def talkers(self, generator):
        frequency = np.fft.rfftfreq(4000, 1 / FS)
        for low, high in self.EDGES[generator.permutation(4)[:2]]:
            spectrum = np.fft.rfft(generator.standard_normal(4000)) * ((frequency > low) & (frequency < high))
            x = np.fft.irfft(spectrum, 4000)
            yield (0.1 * x / x.std()).astype(np.float32)

    def augmented(self, names):
        return self

    def draw(self, generator, split):
        return TrainingMixture(sum(self.talkers(generator)), "registers")


@pytest.mark.slow
def test_it_learns_to_separate_from_mixtures_alone(tmp_path):
    method = replace(
        Registry().entry("mixit").make(),
        filters=64, bottleneck=16, hidden=32, blocks=3, repeats=1, segment_s=0.25, epochs=1, steps=120, batch_size=4,
        learning_rate=1e-2,
    )  # fmt: skip
    data = SimpleNamespace(mixer=Registers(), fs=FS, device="cpu", start=None)
    method.fit(data, np.random.default_rng(0), tmp_path)
    model, generator, gains = method.load(tmp_path), np.random.default_rng(99), []
    for _ in range(10):
        sources = torch.from_numpy(np.stack(list(Registers().talkers(generator))))
        with torch.no_grad():
            estimates = mixit.separate(model, sources.sum(0), 2)
        before = waveforms.loss(sources.sum(0).expand(1, 2, -1), sources[None])
        gains.append(before - waveforms.loss(estimates[None], sources[None]))
    assert np.median(gains) > 2
