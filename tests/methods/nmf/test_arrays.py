"""Multichannel NMF as entries: of two talkers around an array, each comes out better than it went in."""

import numpy as np
import pytest
from nmf_sounds import FS, si_sdr, voiced

from cocktail.dsp.acoustics import SOUND_SPEED
from cocktail.method import View
from cocktail.plugins.registry import Registry

ARRAY = np.array([[0.06, 0, 0], [0, 0.06, 0], [-0.06, 0, 0], [0, -0.06, 0]])


def heard(x, azimuth_deg):
    """(D, N): a talker far away, as each microphone hears it."""
    towards = np.array([np.cos(np.radians(azimuth_deg)), np.sin(np.radians(azimuth_deg)), 0.0])
    f_hz = np.fft.rfftfreq(len(x), 1 / FS)
    early_s = ARRAY @ towards / SOUND_SPEED
    return np.fft.irfft(np.fft.rfft(x) * np.exp(2j * np.pi * f_hz * early_s[:, None]), len(x))


@pytest.mark.parametrize(("plugin", "fields"), [("nmf_2ch", {"iterations": 15}), ("mnmf", {"iterations": 8})])
def test_two_talkers_come_apart(plugin, fields):
    method = Registry().plugins[plugin].cls(**fields)
    rng = np.random.default_rng(5)
    talkers = [voiced(rng), np.roll(voiced(rng), 4000) + 0.02 * rng.standard_normal(int(1.5 * FS))]
    images = np.stack([heard(x, azimuth) for x, azimuth in zip(talkers, (0, 90), strict=True)])
    view = View(FS, np.random.default_rng(0), {"array": ARRAY, "n_sources": 2})
    estimate = method(images.sum(0), view)
    assert estimate.shape == (2, images.shape[-1])
    mixed = [si_sdr(image[0], images.sum(0)[0]) for image in images]
    gains = max(
        (
            [si_sdr(image[0], y) - m for image, y, m in zip(images, order, mixed, strict=True)]
            for order in (estimate, estimate[::-1])
        ),
        key=sum,
    )
    assert min(gains) > 3
