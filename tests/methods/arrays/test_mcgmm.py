"""MCGMM on two talkers in the open air, of spectra that it knows; unfolded, it is the same before any training."""

from types import SimpleNamespace

import numpy as np

from cocktail.dsp.acoustics import SOUND_SPEED
from cocktail.method import View
from cocktail.metrics.si_sdr import si_sdr_matrix
from cocktail.plugins.registry import Registry

FS = 16000
ARRAY = 0.06 * np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0.0]])


def scene(rng, n=24000):
    """A mixture (D, N), the talkers at microphone 1 (K, N), and a model of their spectra."""
    low, high = np.zeros((2, n // 2 + 1))
    low[200:6000], high[4000:10000] = 1, 1  # they share a third of their bands
    mixture, talkers = 0.003 * rng.standard_normal((4, n)), []
    for shape, towards, phase in ((low, [1, 0.2, 0], 0), (high, [-0.3, 1, 0], 3000)):
        on = (np.arange(n) + phase) % 6000 < 4000
        source = np.fft.rfft(np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * shape, n) * on)
        ahead_s = ARRAY @ (np.array(towards) / np.linalg.norm(towards)) / SOUND_SPEED
        image = np.fft.irfft(source * np.exp(2j * np.pi * np.fft.rfftfreq(n, 1 / FS) * ahead_s[:, None]), n)
        talkers.append(image[0])
        mixture = mixture + image
    known = np.full((3, 513), 1e-3)
    known[0, 8:257], known[1, 171:427] = 3, 3
    return mixture, np.stack(talkers), {"fs": FS, "weights": np.array([0.4, 0.4, 0.2]), "variances": known}


def view(model):
    return View(FS, np.random.default_rng(1), {"array": ARRAY, "n_sources": 2, "model": model, "device": "cpu"})


def test_talkers_of_known_spectra_come_apart():
    mixture, talkers, model = scene(np.random.default_rng(0))
    estimate = Registry().entry("mcgmm").make()(mixture, view(model))
    after = si_sdr_matrix(reference=talkers, estimate=estimate)
    assert min(after.max(0)) > 8
    assert set(after.argmax(0)) == {0, 1}


def test_untrained_the_unfolded_one_estimates_the_same():
    mixture, _, model = scene(np.random.default_rng(0), 8000)
    registry = Registry()
    unfolded, data = registry.entry("mcgmm-unfolded").make(), SimpleNamespace(bases={"states": model})
    network = unfolded.network(FS, **unfolded.facts(data, None))
    unfolded.initialise(network, data, None, None)
    network.fs = FS
    expected = registry.entry("mcgmm").make()(mixture, view(model))
    np.testing.assert_allclose(unfolded(mixture, view(network.eval())), expected, atol=1e-4 * np.abs(expected).max())
