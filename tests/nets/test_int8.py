"""Weights in 8 bits: how far they are off, how much room they take, and that layers compute with them."""

import numpy as np
import pytest
import torch
from torch import nn

from cocktail.metrics.si_sdr import si_sdr
from cocktail.nets import masks
from cocktail.nets.int8 import Int8, quantise
from cocktail.nets.saved import n_parameters


@pytest.mark.parametrize(
    ("layer", "inputs"),
    [(nn.Linear(6, 4), torch.randn(3, 6)), (nn.Conv1d(5, 3, 3), torch.randn(2, 5, 9)),
     (nn.LSTM(5, 4, 2, batch_first=True, bidirectional=True), torch.randn(2, 7, 5))],
)  # fmt: skip
def test_a_layer_computes_with_weights_rounded_to_127_steps_a_row(layer, inputs):
    small = Int8(layer)
    expected = {}
    for name, weight in layer.state_dict().items():
        if weight.ndim > 1:
            rows = weight.flatten(1).numpy()
            step = np.abs(rows).max(1, keepdims=True) / 127
            weight = torch.tensor(np.round(rows / step) * step, dtype=torch.float32).reshape(weight.shape)
            assert getattr(small, name).dtype == torch.int8 and int(getattr(small, name).abs().max()) == 127
        expected[name] = weight
    layer.load_state_dict(expected)
    first = (lambda found: found[0]) if isinstance(layer, nn.LSTM) else (lambda found: found)
    assert torch.allclose(first(small(inputs)), first(layer(inputs)), atol=1e-5)


def _network(cell):
    torch.manual_seed(0)
    return masks.build(fs=16000, cell=cell, units=128, layers=2, context=3, running=False).eval()


@pytest.mark.parametrize("cell", ["dnn", "blstm"])
def test_a_mask_network_has_as_many_weights_in_a_quarter_of_the_bytes_and_the_same_estimates(cell, tmp_path):
    network, small = _network(cell), quantise(_network(cell))
    assert n_parameters(small) == n_parameters(network)
    for name, model in (("float", network), ("int8", small)):
        torch.save(model.state_dict(), tmp_path / name)
    assert (tmp_path / "int8").stat().st_size < 0.3 * (tmp_path / "float").stat().st_size
    samples = np.random.default_rng(0).standard_normal((2, 8000))
    estimates = [model.enhance(samples, 16000).double().numpy() for model in (network, small)]
    for expected, found in zip(*estimates, strict=True):
        assert si_sdr(reference=expected, estimate=found) > 30
    samples[1, 5000:] = 0
    shorter = small.mask(samples[1, :5000], 16000)
    assert torch.allclose(small.mask(samples, 16000, lengths=[8000, 5000])[1, :, :43], shorter, atol=1e-5)


def test_what_was_saved_is_read_into_layers_of_the_same_form(tmp_path):
    small = quantise(_network("blstm"))
    torch.save(small.state_dict(), tmp_path / "weights.pt")
    torch.manual_seed(1)
    other = quantise(masks.build(fs=16000, cell="blstm", units=128, layers=2, context=3, running=False).eval())
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    magnitude = torch.rand(1, masks.BINS, 20)
    assert torch.equal(small(magnitude), other(magnitude))
