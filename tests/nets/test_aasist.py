"""The parts of AASIST: filters, graphs, pooling, branches."""

import numpy as np
import pytest
import torch

from cocktail.nets import aasist
from cocktail.nets.aasist import Aasist, GraphAttention, GraphPool, StackedGraphAttention, band_passes

FS = 16000


def test_filters_pass_the_bands_between_evenly_spaced_mels():
    filters = band_passes(FS)
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 71) / 2595) - 1)
    response = np.abs(np.fft.rfft(filters, 8192))
    assert filters.shape == (70, 129)
    for band in (30, 50, 65):
        hz = np.arange(4097) * FS / 8192
        middle = (edges[band] + edges[band + 1]) / 2
        assert hz[response[band].argmax()] == pytest.approx(middle, abs=50)
        far = np.abs(hz - middle) > 400 + np.diff(edges)[band]
        assert response[band, far].max() < 0.02 * response[band].max()


@torch.no_grad()
def test_bands_are_the_pooled_magnitudes_of_what_the_filters_pass():
    """Three samples of three filters; of seventy filters the last is left over."""
    x, filters = torch.randn(2, 4000), torch.as_tensor(band_passes(FS), dtype=torch.float32)
    passed = torch.nn.functional.conv1d(x[:, None], filters[:, None]).abs()
    wanted = torch.nn.functional.max_pool2d(passed[:, None], 3)
    torch.testing.assert_close(Aasist(FS, width=0.1).bands(x), wanted, atol=1e-5, rtol=1e-4)


def test_dropout_is_the_papers_and_keeps_its_proportions():
    """Of the inputs of six graph attentions and the outputs of two branches, of six poolings, before the output."""

    def rates(**options):
        return sorted(m.p for m in Aasist(FS, width=0.1, **options).modules() if isinstance(m, torch.nn.Dropout))

    assert rates() == pytest.approx([0.2] * 8 + [0.3] * 6 + [0.5])
    assert rates(dropout=0.1) == pytest.approx([0.04] * 8 + [0.06] * 6 + [0.1])


@torch.no_grad()
def test_attention_of_a_graph_knows_no_order_of_its_nodes():
    torch.manual_seed(0)
    layer, nodes, order = GraphAttention(6, 4).eval(), torch.randn(2, 5, 6), [3, 0, 4, 1, 2]
    torch.testing.assert_close(layer(nodes)[:, order], layer(nodes[:, order]))
    alone = layer.projection.others(nodes[:, :1]) + layer.projection.itself(nodes[:, :1])
    wanted = torch.selu(layer.norm(alone[:, 0]))[:, None]
    torch.testing.assert_close(layer(nodes[:, :1]), wanted)  # a single node attends to itself


@torch.no_grad()
def test_what_a_node_hears_is_a_weighted_mean_of_all_nodes():
    torch.manual_seed(0)
    layer, nodes = GraphAttention(6, 4).eval(), 3 * torch.randn(5, 6)
    heard = torch.zeros(5, 6)
    for i in range(5):
        scores = torch.cat([torch.tanh(layer.attended(nodes[i] * other)) @ layer.weight for other in nodes])
        heard[i] = torch.softmax(scores / aasist.TEMPERATURE, dim=0) @ nodes
    wanted = torch.selu(layer.norm(layer.projection.others(heard) + layer.projection.itself(nodes)))
    torch.testing.assert_close(layer(nodes[None])[0], wanted)


@torch.no_grad()
def test_the_stack_node_hears_all_others_and_is_heard_by_none():
    torch.manual_seed(0)
    layer = StackedGraphAttention(6, 4).eval()
    times, frequencies, stack = torch.randn(2, 5, 6), torch.randn(2, 3, 6), torch.randn(2, 1, 6)
    first = layer(times, frequencies, stack)
    assert [x.shape for x in first] == [(2, 5, 4), (2, 3, 4), (2, 1, 4)]
    second = layer(times, frequencies, stack + 1)
    torch.testing.assert_close(first[:2], second[:2])
    assert (first[2] - second[2]).abs().min() > 1e-6
    changed = times.clone()
    changed[:, 2] += 1
    for before, after in zip(first, layer(changed, frequencies, stack), strict=True):
        assert (before - after).abs().max() > 1e-6  # mixed pairs attend to each other, too


@torch.no_grad()
def test_each_kind_of_pair_has_its_own_weight():
    """Node by node: what one hears is a mean of all nodes, weighted by the pairs' kinds."""
    torch.manual_seed(0)
    layer = StackedGraphAttention(4, 3).eval()
    for weight in layer.weight:
        weight.mul_(100)  # the temperature leaves little of them
    first, second = torch.randn(1, 4, 4), torch.randn(1, 3, 4)
    nodes = torch.cat([layer.kinds[0](first[0]), layer.kinds[1](second[0])])
    kinds = [0] * 4 + [1] * 3
    scores = torch.zeros(7, 7)
    for i in range(7):
        for j in range(7):
            weight = layer.weight[kinds[i] if kinds[i] == kinds[j] else 2]
            scores[i, j] = torch.tanh(layer.attended(nodes[i] * nodes[j])) @ weight[:, 0] / aasist.STACKED_TEMPERATURE
    heard = torch.softmax(scores, dim=1) @ nodes
    wanted = torch.selu(layer.norm(layer.projection.others(heard) + layer.projection.itself(nodes)))
    found = layer(first, second, torch.randn(1, 1, 4))
    torch.testing.assert_close(torch.cat(found[:2], dim=1)[0], wanted)


@torch.no_grad()
def test_pooling_keeps_the_nodes_that_matter_and_scales_them():
    pool = GraphPool(1, 0.5).eval()
    pool.score.weight.fill_(1.0), pool.score.bias.fill_(0.0)
    nodes = torch.tensor([[[-1.0], [3.0], [0.5], [2.0]]])
    wanted = torch.tensor([3.0, 2.0])
    torch.testing.assert_close(pool(nodes)[0, :, 0], wanted * torch.sigmoid(wanted))


@torch.no_grad()
def test_the_shortest_sound_leaves_two_frames():
    """Fewer would leave the graph of times a single node."""
    network = Aasist(FS, aasist.LIGHT, width=0.1).eval()
    seen = []
    network.encoder.register_forward_hook(lambda module, given, maps: seen.append(maps.shape[2:]))
    network(torch.randn(1, Aasist.shortest))
    assert seen == [(aasist.BANDS, 2)]


@pytest.mark.parametrize("n_samples", [Aasist.shortest, 20000])
def test_the_network_takes_any_length_and_scenes_apart(n_samples):
    network = Aasist(FS, aasist.LIGHT, width=0.1).eval()
    x = torch.randn(3, n_samples)
    with torch.no_grad():
        scores = network(x)
        assert scores.shape == (3,)
        torch.testing.assert_close(scores[1:2], network(x[1:2]), atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_long_sounds_are_judged_in_parts(monkeypatch):
    monkeypatch.setattr(aasist, "LONGEST", 8000)
    network, x = Aasist(FS, aasist.LIGHT, width=0.1).eval(), torch.randn(1, 14000)
    torch.testing.assert_close(network(x), (network(x[:, :7000]) + network(x[:, 7000:])) / 2)
