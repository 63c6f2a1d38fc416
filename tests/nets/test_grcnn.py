"""The gated recurrent convolutional detector and the mask that it sees."""

import numpy as np
import pytest
import torch

from cocktail.dsp import cepstra
from cocktail.dsp.noise import snr_mask
from cocktail.nets.grcnn import GatedConvolution, Grcnn, bands_and_mask
from cocktail.testing.signals import speech_like

FS = 16000


def test_the_mask_is_half_at_3_db_and_rises_with_the_snr():
    noise = np.full(4, 1e-3)
    snr_db = np.array([-10.0, 3.0, 13.0, 40.0])
    mask = snr_mask.soft(noise * (1 + 10 ** (snr_db / 10)), noise)
    np.testing.assert_allclose(mask, 1 / (1 + np.exp(-0.3 * (snr_db - 3))), rtol=1e-6)
    assert snr_mask.soft(np.zeros(1), np.zeros(1)) < 1e-6
    assert snr_mask.soft(noise / 2, noise).max() < 1e-6


def test_speech_is_masked_in_and_noise_out():
    generator = np.random.default_rng(0)
    noise = 0.05 * generator.standard_normal(2 * FS)
    tone = np.where(np.arange(2 * FS) >= FS, np.sin(2 * np.pi * 1000 * np.arange(2 * FS) / FS), 0.0)
    _, mask = bands_and_mask(noise + tone, FS, 32)  # from the first frame within 20 dB of the loudest on
    whole = bands_and_mask(8 * noise + tone, FS, 32)[1]
    band = round(1000 / 8000 * 33) - 1
    assert mask.shape[1] < 120 < whole.shape[1]
    assert whole[band, 110:].mean() > 0.9 and whole[band, 20:90].mean() < 0.4
    assert whole[20:, 20:].mean() < 0.4


def test_bands_are_those_of_the_other_detectors_and_know_no_level():
    x = speech_like(FS, FS, np.random.default_rng(0))
    x = x[cepstra.loud(x, FS)]
    found = bands_and_mask(x, FS, 24)
    wanted = cepstra.log_bands(x, FS, 24)
    n = min(found.shape[2], wanted.shape[1])
    assert found.shape[2] == pytest.approx(wanted.shape[1], abs=2)
    np.testing.assert_allclose(found[0, :, :n], wanted[:, :n], atol=1e-9)
    np.testing.assert_allclose(bands_and_mask(1e-3 * x, FS, 24), found, atol=1e-6)


@pytest.mark.parametrize("x", [np.zeros(4000), np.full(10, 0.1), np.ones(1)])
def test_features_of_next_to_nothing_are_finite(x):
    features = bands_and_mask(x, FS, 16)
    assert features.shape[2] >= 1 and np.isfinite(features).all()


@torch.no_grad()
def test_a_gated_convolution_of_single_points_is_a_gated_recurrent_unit():
    torch.manual_seed(0)
    layer = GatedConvolution(2, 3, kernel=1)
    x = torch.randn(1, 4, 2, 1, 1)
    given, bias = layer.given.weight[..., 0, 0], layer.given.bias
    gates, candidate = layer.gates.weight[..., 0, 0], layer.candidate.weight[..., 0, 0]
    state, wanted = torch.zeros(3), []
    for window in x[0, :, :, 0, 0]:
        update = torch.sigmoid(given[:3] @ window + bias[:3] + gates[:3] @ state)
        reset = torch.sigmoid(given[3:6] @ window + bias[3:6] + gates[3:] @ state)
        new = torch.tanh(given[6:] @ window + bias[6:] + candidate @ (reset * state))
        state = (1 - update) * state + update * new
        wanted.append(state)
    torch.testing.assert_close(layer(x)[0, :, :, 0, 0], torch.stack(wanted))


@pytest.mark.parametrize("n_frames", [Grcnn.shortest, 50, 131])
def test_the_network_takes_any_length_and_scenes_apart(n_frames):
    network = Grcnn(2, 32, width=0.1).eval()
    x = torch.randn(3, 2, 32, n_frames)
    scores = network(x)
    assert scores.shape == (3,)
    torch.testing.assert_close(scores[1:2], network(x[1:2]), atol=1e-5, rtol=1e-4)
