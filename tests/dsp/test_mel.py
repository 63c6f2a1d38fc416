"""Mel filters against a direct sampling of the triangles, and their shape."""

import numpy as np
import pytest

from cocktail.dsp.mel import filterbank, hertz, mel


def test_scale_is_that_of_htk():
    assert mel(700) == pytest.approx(2595 * np.log10(2))
    assert np.allclose(hertz(mel([0, 100, 7999])), [0, 100, 7999])


def test_filters_average_triangles_over_bins():
    fs, size, bands, fine = 16000, 512, 40, 200
    corners = hertz(np.linspace(0, mel(fs / 2), bands + 2))
    f = (np.arange(-fine // 2, size // 2 * fine + fine // 2) + 0.5) / fine * fs / size
    triangles = np.stack([np.interp(f, corners[i : i + 3], [0, 1, 0], 0, 0) for i in range(bands)])
    sampled = triangles.reshape(bands, size // 2 + 1, fine).mean(-1)
    assert np.allclose(filterbank(bands, fs, size), sampled, atol=1e-4)


@pytest.mark.parametrize("bands", [20, 100])
def test_every_filter_hears_and_neighbours_add_to_one(bands):
    filters = filterbank(bands, 16000, 512)
    assert filters.shape == (bands, 257) and filters.min() >= 0
    assert (filters.sum(1) > 0).all()
    corners = hertz(np.linspace(0, mel(8000), bands + 2))
    inner = (np.arange(257) * 31.25 > corners[1] + 16) & (np.arange(257) * 31.25 < corners[-2] - 16)
    assert np.allclose(filters.sum(0)[inner], 1)
