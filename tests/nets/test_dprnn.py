"""Dual-path recurrent network: its size, its chunks, and what its paths see."""

from dataclasses import replace

import pytest
import torch

from cocktail.errors import CocktailError
from cocktail.nets import dprnn, saved
from cocktail.plugins.registry import Registry


def test_it_has_2_6_million_weights():
    """Table II of the paper: six blocks of two paths, each an LSTM of 128 cells both ways on 64 channels."""
    with torch.device("meta"):
        found = saved.n_parameters(Registry().entry("dprnn").make().network(8000))
    path = 2 * 4 * (128 * (64 + 128) + 2 * 128) + 2 * 128 * 64 + 64 + 2 * 64
    around = 2 * 64 * 16 + 2 * 64 + 64 * 64 + 64 + 1 + 64 * 128 + 128
    assert found == 12 * path + around
    assert round(found / 1e6, 1) == 2.6


@pytest.mark.parametrize("entry", ["dprnn", "dprnn-enhance"])
def test_a_chunk_that_has_no_half_is_refused(entry):
    method = Registry().entry(entry).make()
    for chunk in (25, 0, -2):
        with pytest.raises(CocktailError, match=f"chunk: {chunk} frames cannot overlap by half; give an even number"):
            replace(method, chunk=chunk)
    assert replace(method, chunk=2).chunk == 2


@pytest.mark.parametrize("n_frames", [1, 5, 10, 43])
def test_chunks_hold_every_frame_twice(n_frames):
    x = torch.randn(2, 3, n_frames)
    parts = dprnn.chunks(x, 10)
    assert parts.shape[-1] == 10
    torch.testing.assert_close(dprnn.overlap_add(parts, n_frames), 2 * x)


def test_paths_run_along_the_last_axis_alone():
    path = saved.seeded(dprnn.Path, 0, channels=4, units=3)
    path.norm = torch.nn.Identity()  # it sees everything
    x = torch.randn(1, 4, 5, 6, generator=torch.Generator().manual_seed(0))
    other = x.clone()
    other[0, :, 2, 3] += 1
    changed = (path(x) - path(other)).abs().amax(1)[0] > 1e-7
    assert changed[2].all() and not changed[[0, 1, 3, 4]].any()


def test_paths_take_turns_along_and_across_chunks():
    sizes = {"outputs": 2, "bottleneck": 4, "units": 3, "blocks": 2, "chunk": 10}
    network, lengths = saved.seeded(dprnn.Separator, 0, filters=8, **sizes), []
    for path in (*network.along, *network.across):
        path.register_forward_hook(lambda _, inputs, output: lengths.append(inputs[0].shape[-1]))
    assert network(torch.randn(1, 8, 60)).shape == (1, 2, 8, 60)
    assert lengths == [10, 13, 10, 13]  # thirteen chunks of ten frames
