"""The STOI loss: the package's figure, of each signal of a batch, and its gradient."""

import numpy as np
import pystoi
import pytest
import torch

from cocktail.nets.stoi import stoi
from cocktail.rng import rng
from cocktail.testing.signals import pink_noise, speech_like


def _pair(fs, seconds, snr_db):
    n = round(seconds * fs)
    speech = speech_like(n, fs, rng(1, role="speech")) * np.repeat([1, 0, 1, 1], n // 4 + 1)[:n]
    noise = pink_noise(n, rng(2, role="noise"))
    return speech, speech + noise * speech.std() / noise.std() * 10 ** (-snr_db / 20)


@pytest.mark.parametrize(("fs", "snr_db"), [(16000, 5.0), (16000, -5.0), (10000, 0.0), (8000, 10.0)])
def test_it_is_stoi_pauses_included(fs, snr_db):
    reference, estimate = _pair(fs, 2.5, snr_db)
    found = stoi(reference=torch.tensor(reference[None]), estimate=torch.tensor(estimate[None]), fs=fs)
    assert float(found[0]) == pytest.approx(pystoi.stoi(reference, estimate, fs), abs=1e-3)


def test_signals_of_a_batch_are_each_for_themselves_and_levels_are_of_no_account():
    pairs = [_pair(16000, 1.5, snr_db) for snr_db in (0.0, 10.0)]
    reference, estimate = (torch.tensor(np.stack(signals), dtype=torch.float32) for signals in zip(*pairs, strict=True))
    together = stoi(reference=reference, estimate=0.1 * estimate, fs=16000)
    alone = [stoi(reference=reference[i : i + 1], estimate=estimate[i : i + 1], fs=16000)[0] for i in range(2)]
    assert together.tolist() == pytest.approx([float(value) for value in alone], abs=1e-4)
    assert together[0] < together[1] < 1


def test_following_the_gradient_raises_it():
    reference, estimate = (torch.tensor(x[None], dtype=torch.float32) for x in _pair(16000, 1.5, 0.0))
    estimate.requires_grad_()
    before = stoi(reference=reference, estimate=estimate, fs=16000).sum()
    before.backward()
    step = 0.1 * estimate.detach().norm() * estimate.grad / estimate.grad.norm()
    assert stoi(reference=reference, estimate=estimate.detach() + step, fs=16000).sum() > before + 0.02


@pytest.mark.parametrize("n", [100, 3000, 16000])
def test_silence_and_what_is_too_short_have_no_gradient(n):
    reference = torch.zeros(2, n)
    reference[1] = torch.from_numpy(speech_like(n, 16000, rng(3, role="speech")).astype(np.float32))
    estimate = torch.zeros(2, n, requires_grad=True)
    found = stoi(reference=reference, estimate=estimate, fs=16000)
    found.sum().backward()
    assert found.shape == (2,) and torch.isfinite(found).all()
    assert torch.isfinite(estimate.grad).all()
