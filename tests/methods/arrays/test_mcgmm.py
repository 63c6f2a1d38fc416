"""MCGMM on two talkers in the open air, of spectra that it knows."""

import numpy as np

from cocktail.dsp.acoustics import SOUND_SPEED
from cocktail.method import View
from cocktail.metrics.si_sdr import si_sdr_matrix
from cocktail.plugins.registry import Registry


def test_talkers_of_known_spectra_come_apart():
    rng = np.random.default_rng(0)
    n, fs = 24000, 16000
    array = 0.06 * np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0.0]])
    low, high = np.zeros((2, n // 2 + 1))
    low[200:6000], high[4000:10000] = 1, 1  # they share a third of their bands
    mixture, images = 0.003 * rng.standard_normal((4, n)), []
    for shape, towards, phase in ((low, [1, 0.2, 0], 0), (high, [-0.3, 1, 0], 3000)):
        on = (np.arange(n) + phase) % 6000 < 4000
        source = np.fft.rfft(np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * shape, n) * on)
        ahead_s = array @ (np.array(towards) / np.linalg.norm(towards)) / SOUND_SPEED
        images.append(np.fft.irfft(source * np.exp(2j * np.pi * np.fft.rfftfreq(n, 1 / fs) * ahead_s[:, None]), n))
        mixture = mixture + images[-1]
    known = np.full((3, 513), 1e-3)
    known[0, 8:257], known[1, 171:427] = 3, 3
    model = {"fs": 16000, "weights": np.array([0.4, 0.4, 0.2]), "variances": known}
    view = View(fs, rng, {"array": array, "n_sources": 2, "model": model})
    estimate = Registry().entry("mcgmm").make()(mixture, view)
    after = si_sdr_matrix(reference=np.stack(images)[:, 0], estimate=estimate)
    assert min(after.max(0)) > 8
    assert set(after.argmax(0)) == {0, 1}
