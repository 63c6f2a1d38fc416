"""REM: more than its mask alone, where a network cannot tell the talker from what is beside it."""

import numpy as np
import torch

from cocktail import stft
from cocktail.method import View
from cocktail.metrics.si_sdr import si_sdr_matrix
from cocktail.plugins.registry import Registry


class Blurred:
    """The true ratio mask, averaged over nine bins."""

    def __init__(self, talker, noise):
        S, N = (np.abs(stft.stft(x)) ** 2 for x in (talker, noise))
        ratio = np.pad(S / (S + N + 1e-9), ((4, 4), (0, 0)), mode="edge")
        self._mask = np.lib.stride_tricks.sliding_window_view(ratio, 9, axis=0).mean(-1)

    def mask(self, mixture, fs, device="cpu"):
        return torch.as_tensor(self._mask).expand(len(mixture), -1, -1)


def test_the_beam_takes_out_what_the_mask_lets_through():
    rng = np.random.default_rng(0)
    n = 24000
    bursts = np.arange(n) % 4000 > 2000
    talker, side = rng.standard_normal(n) * bursts, rng.standard_normal(n)
    delays = (0, 2, 5)
    noise = np.stack([np.roll(side, 3 - d) for d in delays]) + 0.05 * rng.standard_normal((3, n))
    mixture = np.stack([np.roll(talker, d) for d in delays]) + noise
    base = Blurred(talker, noise[0])
    view = View(16000, rng, {"device": "cpu", "bases": {"base": base}})
    estimate = Registry().entry("rem").make()(mixture, view)
    masked = stft.istft(base.mask(mixture, 16000).numpy()[:1] * stft.stft(mixture[:1]), n)
    scores = si_sdr_matrix(reference=talker[None], estimate=np.concatenate([estimate, masked, mixture[:1]]))[0]
    assert scores[0] > scores[1] + 3
    assert scores[1] > scores[2] + 1
