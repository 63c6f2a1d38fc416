"""Conv-TasNet: its size, its normalisations, what its filter banks keep, and how far it looks."""

from dataclasses import replace

import pytest
import torch

from cocktail.nets import conv_tasnet, filterbanks, saved
from cocktail.plugins.registry import Registry

FS = 8000


def made(name, **fields):
    method = replace(Registry().entry(name).make(), **fields)
    return saved.seeded(method.network, 0, fs=FS).eval()


TINY = {"width": 0.05, "blocks": 3, "repeats": 1}


@pytest.mark.parametrize("name", ["conv-tasnet", "conv-tasnet-causal"])
def test_it_has_5_1_million_weights(name):
    """Table I of the paper; by its equations, a block has 3 H B + H (P + 1) + 2 B + 5 H + 2."""
    with torch.device("meta"):
        found = saved.n_parameters(Registry().entry(name).make().network(FS))
    block = 3 * 512 * 128 + 512 * 4 + 2 * 128 + 5 * 512 + 2
    around = 2 * 512 * 16 + 2 * 512 + 512 * 128 + 128 + 1 + 128 * 1024 + 1024
    assert found == 24 * block + around
    assert round(found / 1e6, 1) == 5.1


def test_dilations_double_in_every_repeat():
    with torch.device("meta"):
        blocks = Registry().entry("conv-tasnet").make().network(FS).separator.blocks
    assert [block.depthwise[0].dilation[0] for block in blocks] == 3 * [1, 2, 4, 8, 16, 32, 64, 128]


def test_cumulative_normalisation_is_that_of_the_frames_so_far():
    x = torch.randn(2, 3, 7, generator=torch.Generator().manual_seed(0)) + 1
    found = conv_tasnet.CumulativeNorm(3)(x)
    for t in range(7):
        seen = x[..., : t + 1]
        mean, deviation = seen.mean((1, 2), keepdim=True), seen.std((1, 2), keepdim=True, correction=0)
        torch.testing.assert_close(found[..., t : t + 1], (x[..., t : t + 1] - mean) / deviation)


@pytest.mark.parametrize("n_samples", [1, 7, 16, 401])
def test_the_filter_bank_can_give_the_signal_back(n_samples):
    """With unit impulses as filters, each sample is in two frames."""
    encoder, decoder = filterbanks.Encoder(16, 16), filterbanks.Decoder(16, 16)
    with torch.no_grad():
        encoder.weight[:, 0] = decoder.weight[:, 0] = torch.eye(16)
        x = torch.randn(2, n_samples)
        torch.testing.assert_close(decoder(encoder(x), n_samples), 2 * x)


def test_windows_have_an_even_number_of_samples():
    assert [filterbanks.window_samples(ms, FS) for ms in (2.0, 0.3, 0.01, 1.9)] == [16, 2, 2, 16]


def test_auditory_filters_are_fixed_and_lose_nothing_but_a_sign():
    network = made("auditory-tasnet", **TINY | {"filters": 1280})
    encoder, x = network.encoder, torch.randn(1, 400, generator=torch.Generator().manual_seed(0))
    w = encoder(x)
    assert (encoder.filters, len(list(encoder.parameters()))) == (64, 0) and w.min() == 0
    linear = torch.nn.functional.conv1d(torch.nn.functional.pad(x, (8, 8))[:, None], encoder.weight[:32], stride=8)
    torch.testing.assert_close(w[:, :32] - w[:, 32:], linear)


def first_change(network, at, n=2400):
    """First sample of the output that depends on input from `at` on."""
    x = torch.randn(1, n, generator=torch.Generator().manual_seed(0))
    other = x.clone()
    other[:, at:] += 1
    with torch.no_grad():
        changed = (network(x) - network(other)).abs().amax((0, 1)) > 1e-6
    return int(changed.nonzero()[0])


def test_the_causal_network_looks_a_window_ahead():
    assert 1200 - 16 <= first_change(made("conv-tasnet-causal", **TINY), 1200) <= 1200
    assert first_change(made("conv-tasnet", **TINY), 1200) < 16


@pytest.mark.parametrize("name", ["conv-tasnet", "conv-tasnet-causal"])
def test_estimates_follow_the_level_of_the_mixture(name):
    network, x = made(name, **TINY), torch.randn(1, 800, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        y = network(x)
        for gain in (1e-3, 100.0):
            torch.testing.assert_close(network(gain * x) / gain, y, rtol=1e-3, atol=1e-5)
        assert network(0 * x).eq(0).all()
