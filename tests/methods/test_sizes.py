"""Networks of entries have the sizes of their papers, unless a suite gives them others."""

import pytest
import torch

from cocktail.plugins.registry import Registry


def network(name):
    with torch.device("meta"):
        return Registry().entry(name).make().network(16000)


@pytest.mark.parametrize(
    ("name", "layers", "cells", "both_ways"),
    [
        ("lstm-msa", 2, 256, False),  # Weninger et al. 2014
        ("lstm-psa", 2, 256, False),
        ("blstm-msa", 2, 384 // 2, True),  # Erdogan et al. 2015: 384 in both directions together
        ("blstm-psa", 2, 384 // 2, True),
        ("dpcl", 4, 300, True),  # Isik et al. 2016
        ("pit", 3, 896, True),  # Kolbaek et al. 2017
        ("danet", 4, 300, True),  # Chen et al. 2017
        ("chimera", 4, 600, True),  # Wang et al. 2018
    ],
)
def test_recurrent_layers(name, layers, cells, both_ways):
    found = network(name)
    lstm = found.trunk.lstm if hasattr(found, "trunk") else found.recurrent
    assert (lstm.num_layers, lstm.hidden_size, lstm.bidirectional) == (layers, cells, both_ways)


def test_a_dnn_has_three_layers_of_1024_rectifiers_on_fifteen_frames():
    for name in ("dnn-ma", "dnn-msa"):
        trunk = network(name).trunk
        assert (trunk.spliced.out_channels, trunk.spliced.kernel_size) == (1024, (15,))
        assert [layer.out_features for layer in trunk.layers] == [1024, 1024]


def test_embeddings_outputs_and_shifts():
    dpcl, pit, xvector = network("dpcl"), network("pit"), network("xvector")
    assert (dpcl.output.out_features, dpcl.bands.hop) == (40 * dpcl.bands.count, 128)
    assert (pit.output.out_features, pit.bands.hop) == (3 * pit.bands.count, 256)
    assert (xvector.network.segment.out_features, xvector.network.bands) == (512, 24)


def test_aasist_has_the_weights_of_its_authors_in_either_size():
    """Jung et al. 2022: 297 k and 85 k."""
    assert [sum(p.numel() for p in network(name).parameters()) for name in ("aasist", "aasist-l")] == [297866, 85306]


def test_the_recogniser_has_four_layers_of_320_cells_each_way():
    layers = network("ctc").recurrent
    assert [(layer.forwards.hidden_size, layer.backwards.hidden_size) for layer in layers] == [(320, 320)] * 4
