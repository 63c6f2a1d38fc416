"""Losses of mask networks against direct formulas, and the identities between them."""

import numpy as np
import pytest
import torch

from cocktail.nets import losses
from cocktail.stft import istft, stft

SHAPE = (2, 9, 7)


@pytest.fixture
def bins():
    """mask, mixture, target and weight, as NumPy arrays."""
    rng = np.random.default_rng(0)
    mixture, target = (rng.standard_normal(SHAPE) + 1j * rng.standard_normal(SHAPE) for _ in range(2))
    return rng.random(SHAPE), mixture, target, rng.integers(0, 2, (2, 1, 7)).astype(float)


def _mean(values, weight):
    return np.average(values, weights=np.broadcast_to(weight, values.shape))


def _ma(m, y, s):
    return (m - np.abs(s) / (np.abs(s) + np.abs(y - s))) ** 2


def _msa(m, y, s):
    return (m * np.abs(y) - np.abs(s)) ** 2


def _psa(m, y, s):
    theta = np.angle(s) - np.angle(y)
    return (m * np.abs(y) - np.clip(np.abs(s) * np.cos(theta), 0, np.abs(y))) ** 2


def _lsd(m, y, s):
    return (np.log(m * np.abs(y) + 0.01) - np.log(np.abs(s) + 0.01)) ** 2


def _ibm(m, y, s):
    speech = np.abs(s) > np.abs(y - s)
    return -np.where(speech, np.log(m), np.log(1 - m))


@pytest.mark.parametrize("name", ["ma", "msa", "psa", "lsd", "ibm"])
def test_loss_is_its_formula(name, bins):
    mask, mixture, target, weight = bins
    loss = getattr(losses, name)
    tensors = {"mask": torch.tensor(mask), "mixture": torch.tensor(mixture), "target": torch.tensor(target)}
    values = globals()[f"_{name}"](mask, mixture, target)
    assert float(loss(**tensors)) == pytest.approx(values.mean())
    assert float(loss(**tensors, weight=torch.tensor(weight))) == pytest.approx(_mean(values, weight))


def test_what_weighs_nothing_changes_nothing(bins):
    mask, mixture, target, weight = (torch.tensor(x) for x in bins)
    elsewhere = torch.where(weight > 0, 0.0, 5.0)
    for loss in (losses.ma, losses.msa, losses.psa, losses.lsd, losses.ibm):
        one = loss(mask=mask, mixture=mixture, target=target, weight=weight)
        other = loss(mask=mask, mixture=mixture + elsewhere, target=target - elsewhere, weight=weight)
        assert torch.isclose(one, other)


@pytest.mark.parametrize("name", ["ma", "msa", "psa", "lsd", "ibm"])
def test_silence_has_finite_loss_and_gradient(name):
    mask = torch.full(SHAPE, 0.5, requires_grad=True)
    silence = torch.zeros(SHAPE, dtype=torch.complex64)
    loss = getattr(losses, name)(mask=mask, mixture=silence, target=silence)
    loss.backward()
    assert torch.isfinite(loss) and torch.isfinite(mask.grad).all()


def test_untruncated_psa_is_least_where_the_phase_sensitive_mask_is():
    """d/dm = 0 at m = Re(s / y), and there the error is the part of s in quadrature to y."""
    rng = np.random.default_rng(1)
    y, s = (torch.tensor(rng.standard_normal(SHAPE) + 1j * rng.standard_normal(SHAPE)) for _ in range(2))
    mask = (s / y).real.requires_grad_()
    loss = losses.psa(mask=mask, mixture=y, target=s, truncate=False)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-20)
    assert mask.grad.abs().max() < 1e-10


def test_truncation_is_nothing_to_targets_in_reach_and_bounds_the_others():
    y = torch.full((1, 1, 3), 2.0 + 0j)
    s = torch.tensor([[[1.0 + 1j, -3.0 + 0j, 5.0 + 0j]]])
    for mask, expected in (([0.5, 0.0, 1.0], 0.0), ([0.0, 0.0, 0.0], (1 + 0 + 4) / 3)):
        loss = losses.psa(mask=torch.tensor([[mask]]), mixture=y, target=s)
        assert float(loss) == pytest.approx(expected)


def test_least_squares_in_time_is_psa_by_parseval():
    """On an orthonormal transform |m y - s|^2 = (m |y| - |s| cos theta)^2 + (|s| sin theta)^2, bin by bin."""
    size, frames = 16, 5
    rng = np.random.default_rng(2)
    samples = torch.tensor(rng.standard_normal((2, 2, frames * size)))

    def forward(x):
        return torch.fft.rfft(x.unflatten(-1, (frames, size)), norm="ortho").mT

    def inverse(X):
        return torch.fft.irfft(X.mT, size, norm="ortho").flatten(-2)

    y, s = forward(samples[0]), forward(samples[1])
    mask = torch.tensor(rng.random(y.shape), requires_grad=True)
    twice = torch.full((y.shape[-2], 1), 2.0, dtype=torch.float64)  # bins that stand for their conjugates as well
    twice[[0, -1]] = 1.0
    in_time = losses.ls(mask=mask, mixture=y, target=samples[1], inverse=inverse)
    psa = losses.psa(mask=mask, mixture=y, target=s, truncate=False, weight=twice)
    quadrature = losses.weighted_mean((s * y.conj() / y.abs()).imag ** 2, twice)
    assert torch.isclose(in_time, psa + quadrature)
    gradients = [torch.autograd.grad(loss, mask, retain_graph=True)[0] for loss in (in_time, psa)]
    assert torch.allclose(*gradients)


def test_least_squares_in_time_through_the_projects_transform():
    rng = np.random.default_rng(3)
    y, s = rng.standard_normal((2, 2, 1000))
    mask = rng.random(stft(y).shape)
    direct = ((istft(mask * stft(y), 1000) - s) ** 2).mean()
    loss = losses.ls(
        mask=torch.tensor(mask), mixture=stft(torch.tensor(y)), target=torch.tensor(s),
        inverse=lambda X: istft(X, 1000),
    )  # fmt: skip
    assert float(loss) == pytest.approx(direct)


def test_ideal_ratio_mask_of_silence_is_zero():
    zero = torch.zeros(3)
    assert losses.ideal_ratio_mask(target=zero, residual=zero).tolist() == [0, 0, 0]


def test_compression_is_that_of_williamson_and_wang_and_is_undone():
    """K = 10, C = 0.1, of each part: (1 - exp(-C m)) / (1 + exp(-C m)) times K."""
    rng = np.random.default_rng(4)
    mask = 20 * rng.standard_normal(SHAPE) + 20j * rng.standard_normal(SHAPE)
    expected = [10 * (1 - np.exp(-0.1 * part)) / (1 + np.exp(-0.1 * part)) for part in (mask.real, mask.imag)]
    compressed = losses.compress(torch.tensor(mask))
    np.testing.assert_allclose(compressed.numpy(), expected[0] + 1j * expected[1])
    np.testing.assert_allclose(losses.expand(compressed).numpy(), mask)
    assert torch.isfinite(losses.expand(torch.tensor([20 - 30j])).abs()).all()


def test_complex_mask_loss_is_nothing_at_the_ideal_mask_and_the_squared_distance_elsewhere(bins):
    _, mixture, target, weight = bins
    tensors = {"mixture": torch.tensor(mixture), "target": torch.tensor(target)}
    ideal = losses.compress(torch.tensor(target / mixture))
    assert float(losses.cirm(compressed=ideal, **tensors)) == pytest.approx(0, abs=1e-12)
    weighted = losses.cirm(compressed=ideal + (3 - 4j) * torch.tensor(weight), **tensors, weight=torch.tensor(weight))
    assert float(weighted) == pytest.approx(25)
    silence = {name: torch.zeros(SHAPE, dtype=torch.complex64) for name in tensors}
    assert float(losses.cirm(compressed=torch.zeros(SHAPE, dtype=torch.complex64), **silence)) == 0
