"""Informed separation: more bits, more SDR; the rate is kept; the oracle's Wiener filter is the bound."""

import numpy as np
import pytest
from nmf_sounds import FS, hiss, si_sdr, voiced

from cocktail import stft
from cocktail.errors import CocktailError
from cocktail.method import References, View
from cocktail.plugins.registry import Registry


def scene(seconds=2.0, seed=0):
    rng = np.random.default_rng(seed)
    speech, noise = voiced(rng, seconds), hiss(rng, seconds)
    return speech + noise, References(speech[None], speech[None, None], noise[None])


def sent_and_heard(mixture, references, **fields):
    """The side information, and the estimate by it."""
    method = Registry().plugins["informed_nmf"].cls(**fields)
    sent = method.encode(references, View(FS, np.random.default_rng(1)))
    return sent, method(mixture[None], View(FS, np.random.default_rng(2), {"side_information": sent}))


def wiener(mixture, references):
    S, V = (np.abs(stft.stft(x, 1024, 512)) ** 2 for x in (references.target[0], references.noise[0]))
    return stft.istft(S / (S + V + 1e-20) * stft.stft(mixture, 1024, 512), len(mixture), 1024, 512)


def test_sdr_grows_with_the_rate_towards_the_wiener_oracle():
    mixture, references = scene()
    found = []
    for kbps in (1.0, 4.0, 16.0, 48.0):
        sent, estimate = sent_and_heard(mixture, references, rate_kbps=kbps, iterations=20)
        assert 0.5 * kbps < 8e-3 * len(sent) / 2 / 2.0 <= kbps, "of two sources and two seconds"
        found.append(si_sdr(references.target[0], estimate[0]))
    bound = si_sdr(references.target[0], wiener(mixture, references))
    assert np.all(np.diff(found) > 0.1) and found[0] > si_sdr(references.target[0], mixture) + 3
    assert bound - 2 < found[-1] < bound + 0.1


def test_talkers_and_the_rest_are_told_apart():
    rng = np.random.default_rng(3)
    talkers, noise = np.stack([voiced(rng), voiced(rng)[::-1]]), 0.3 * hiss(rng)
    mixture = talkers.sum(0) + noise
    references = References(talkers, talkers[:, None], noise[None])
    sent, estimate = sent_and_heard(mixture, references)
    assert estimate.shape == talkers.shape and sent[:2] == bytes([2, 3])
    for talker, found in zip(talkers, estimate, strict=True):
        assert si_sdr(talker, found) > si_sdr(talker, mixture) + 3
    sent, estimate = sent_and_heard(talkers.sum(0), References(talkers, talkers[:, None], 0 * noise[None]))
    assert sent[:2] == bytes([2, 2])
    np.testing.assert_allclose(estimate.sum(0), talkers.sum(0), atol=1e-9)


def test_long_scenes_are_coded_in_parts():
    mixture, references = scene(3.0)
    sent, _ = sent_and_heard(mixture, references)
    in_parts, estimate = sent_and_heard(mixture, references, segment_s=0.8)
    assert len(in_parts) == pytest.approx(len(sent), rel=0.3)
    assert si_sdr(references.target[0], estimate[0]) > si_sdr(references.target[0], mixture) + 3


@pytest.mark.parametrize("seconds", [1.0, 3.0])
def test_side_information_of_another_scene_is_an_error(seconds):
    sent, _ = sent_and_heard(*scene(2.0))
    seen = View(FS, np.random.default_rng(2), {"side_information": sent})
    with pytest.raises(CocktailError, match="where this mixture takes"):
        Registry().plugins["informed_nmf"].cls()(scene(seconds)[0][None], seen)
