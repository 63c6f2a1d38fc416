"""TF-GridNet: its size, its attention against its equation, and what its paths see."""

import pytest
import torch

from cocktail.nets import saved, tf_gridnet
from cocktail.plugins.registry import Registry


def test_it_has_14_5_million_weights():
    """The paper's largest network for two talkers: D = 64, B = 6, I = 4, J = 1, H = 256, L = 4, E = 4, 129 bins."""
    with torch.device("meta"):
        found = saved.n_parameters(Registry().entry("tf-gridnet").make().network(8000))
    d, i, h, heads, e, bins = 64, 4, 256, 4, 4, 129
    path = 2 * d + 2 * 4 * (h * (d * i + h) + 2 * h) + 2 * h * d * i + d

    def projection(width):
        return d * width + width + 1 + 2 * width * bins

    attention = heads * (2 * projection(e) + projection(d // heads)) + projection(d)
    around = 2 * d * 9 + d + 2 * d + d * 4 * 9 + 4
    assert found == 6 * (2 * path + attention) + around
    assert round(found / 1e6, 1) == 14.5


def test_attention_is_between_frames_head_by_head():
    d, heads, e, bins, n_frames = 6, 2, 3, 5, 4
    module = saved.seeded(tf_gridnet.Attention, 0, channels=d, heads=heads, query=e, bins=bins).double()
    x = torch.randn(1, d, n_frames, bins, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    q, k, v = module.query(x)[0], module.key(x)[0], module.value(x)[0]  # (L, T, E, F)
    joined = torch.zeros(1, d, n_frames, bins, dtype=torch.float64)
    for head in range(heads):
        for t in range(n_frames):
            scores = torch.stack([(q[head, t] * k[head, u]).sum() for u in range(n_frames)]) / (e * bins) ** 0.5
            mean = sum(w * v[head, u] for u, w in enumerate(scores.softmax(0)))
            joined[0, head * d // heads : (head + 1) * d // heads, t] = mean
    torch.testing.assert_close(module(x), x + module.output(joined)[:, 0].movedim(2, 1))


@pytest.mark.parametrize(("neighbours", "step", "length"), [(1, 1, 6), (4, 1, 9), (4, 1, 2), (4, 3, 9)])
def test_paths_keep_the_length_and_run_along_the_last_axis_alone(neighbours, step, length):
    path = saved.seeded(tf_gridnet.Path, 0, channels=4, units=3, neighbours=neighbours, step=step)
    x = torch.randn(1, 4, 3, length, generator=torch.Generator().manual_seed(0))
    other = x.clone()
    other[0, :, 1, 0] += 1 + torch.rand(4)
    found = path(x)
    assert found.shape == x.shape
    changed = (found - path(other)).abs().amax(1)[0] > 1e-7
    assert changed[1].all() and not changed[[0, 2]].any()


def test_paths_take_turns_along_frequency_and_time():
    method = Registry().sized("tiny", {"tf-gridnet": {"blocks": 2}}, "this test")["tf-gridnet"].make()
    network, lengths = saved.seeded(method.network, 0, fs=8000), []
    for block in network.blocks:
        for path in block[:2]:
            path.register_forward_hook(lambda _, inputs, output: lengths.append(inputs[0].shape[-1]))
    network(torch.randn(1, 700))
    assert lengths == 2 * [129, 7]  # bins, then frames


def test_estimates_follow_the_level_of_the_mixture():
    method = Registry().sized("tiny", {}, "this test")["tf-gridnet"].make()
    network, x = saved.seeded(method.network, 0, fs=8000), torch.randn(2, 700)
    with torch.no_grad():
        torch.testing.assert_close(network(1e-3 * x), 1e-3 * network(x), rtol=1e-3, atol=1e-7)
        assert network(x).shape == (2, 2, 700) and network(0 * x).isfinite().all()
