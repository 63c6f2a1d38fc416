"""Covariances that forget, and the beamformer that follows them: the batch one where nothing is forgotten."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cocktail import stft
from cocktail.dsp.spatial import beamformers, recursive
from cocktail.method import View
from cocktail.plugins.registry import Registry


def spectra(seed, frames=21):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((3, 5, frames)) + 1j * rng.standard_normal((3, 5, frames)), rng.random((5, frames))


@pytest.mark.parametrize("every", [1, 4])
def test_without_forgetting_the_last_one_is_that_of_all_frames(every):
    X, weight = spectra(0)
    found = list(recursive.covariances(X, weight, 1.0, every))
    assert len(found) == len(range(0, 21, every))
    np.testing.assert_allclose(found[-1], beamformers.covariance(X, weight))


@pytest.mark.parametrize("every", [1, 4])
def test_a_frame_counts_as_much_less_as_it_is_older(every):
    X, weight = spectra(1)
    for i, found in enumerate(recursive.covariances(X, weight, 0.7, every)):
        last = i * every + 1
        expected = beamformers.covariance(X[..., :last], weight[:, :last] * 0.7 ** np.arange(last)[::-1])
        np.testing.assert_allclose(found, expected)


class Half:
    """A mask of its own for every bin, whatever it is shown."""

    def mask(self, mixture, fs, device="cpu"):
        frames = stft.n_frames(mixture.shape[-1])
        return torch.rand((257, frames), generator=torch.Generator().manual_seed(0)).expand(len(mixture), -1, -1)


def test_each_filter_is_the_batch_beamformer_of_the_frames_so_far_where_nothing_is_forgotten():
    """The last one thereby that of the whole scene."""
    mixture = np.random.default_rng(2).standard_normal((3, 2177))
    X, mask = stft.stft(mixture), Half().mask(mixture, 16000)[0].numpy().astype(float)
    assert X.shape[-1] % 4 == 1  # the last filter knows all frames
    Y = np.empty(X.shape[1:], complex)
    for first in range(0, X.shape[-1], 4):
        so_far = slice(first + 1)
        talker, noise = (beamformers.covariance(X[..., so_far], m[:, so_far] ** 2) for m in (mask, 1 - mask))
        w = beamformers.mvdr(beamformers.rank_one_in(noise, talker), noise)
        Y[:, first : first + 4] = beamformers.apply(w, X[..., first : first + 4])
    view = View(16000, np.random.default_rng(0), {"array": np.eye(3), "device": "cpu", "bases": {"base": Half()}})
    method = replace(Registry().entry("online-mask-mvdr").make(), forgetting=1.0)
    np.testing.assert_allclose(method(mixture, view)[0], stft.istft(Y, 2177), atol=1e-6 * np.abs(mixture).max())
