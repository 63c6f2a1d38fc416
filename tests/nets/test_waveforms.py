"""Losses of waveforms: against the metric, against all permutations, and on scenes whose answer is known."""

from itertools import permutations

import numpy as np
import pytest
import torch

from cocktail.errors import CocktailError
from cocktail.metrics.si_sdr import si_sdr as metric
from cocktail.nets import waveforms


def signals(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("noise", [0.01, 0.3, 10.0])
def test_si_sdr_is_that_of_the_boards(noise):
    s = signals(3, 400) + 0.5
    e = -3 * s + noise * signals(3, 400, seed=1) + 2
    expected = [metric(reference=x, estimate=y) for x, y in zip(s.numpy(), e.numpy(), strict=True)]
    np.testing.assert_allclose(waveforms.si_sdr(estimate=e, reference=s), expected, atol=1e-2)


def test_snr_knows_scales_and_is_capped_softly():
    s, n = signals(400), signals(400, seed=1)
    n *= 0.1 * s.norm() / n.norm()
    assert waveforms.snr(estimate=s + n, reference=s) == pytest.approx(20, abs=1e-4)
    assert waveforms.snr(estimate=0 * s, reference=s) == pytest.approx(0, abs=1e-4)
    assert waveforms.snr(estimate=s + n, reference=s, most_db=20) == pytest.approx(20 - 10 * np.log10(2))
    assert waveforms.snr(estimate=s, reference=s, most_db=30) == pytest.approx(30)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_loss_is_that_of_the_best_permutation(k):
    e, s = signals(2, k, 300), signals(2, k, 300, seed=1)
    every = [-waveforms.si_sdr(estimate=e[:, list(order)], reference=s).mean(-1) for order in permutations(range(k))]
    assert waveforms.loss(e, s) == pytest.approx(torch.stack(every).amin(0).mean().item())
    assert waveforms.loss(3 * s.flip(1), s) < -60


def test_silent_talkers_count_nothing():
    e, s = signals(1, 2, 300), signals(1, 2, 300, seed=1)
    s[:, 1] = 0
    e.requires_grad_()
    found = waveforms.loss(e, s)
    each = [-waveforms.si_sdr(estimate=x, reference=s[0, 0]).item() for x in e[0]]
    assert found.item() == pytest.approx(min(each))
    (gradient,) = torch.autograd.grad(found, e)
    assert gradient.isfinite().all() and gradient[0, int(np.argmax(each))].abs().max() == 0
    assert waveforms.loss(e, torch.zeros_like(s)) == 0


def test_as_many_talkers_as_outputs():
    with pytest.raises(CocktailError, match="3 talkers, but the network has 2 outputs"):
        waveforms.loss(signals(1, 2, 50), signals(1, 3, 50))


def test_estimates_get_the_level_of_their_talkers():
    s = signals(2, 20000)
    found = waveforms.levelled(torch.tensor([[-7.0], [0.01]]) * s + torch.tensor([[5.0], [-1.0]]), s.sum(0))
    torch.testing.assert_close(found, s, rtol=0.05, atol=0.05)
    assert waveforms.levelled(torch.zeros(2, 9), torch.ones(9)).eq(0).all()
