"""Factorial models of known talkers take two voices apart, find the louder one, and refuse strangers."""

from dataclasses import replace

import numpy as np
import pytest
from nmf_sounds import FS, si_sdr

from cocktail.errors import CocktailError
from cocktail.method import Recording, TrainingData, View
from cocktail.plugins.registry import Registry

PITCHES = {"low": 110.0, "high": 250.0}
FORMANTS = {"lay": 500.0, "set": 1500.0, "now": 900.0, "soon": 2500.0}


def spoken(speaker, text, rng):
    """(N,) words of 0.25 s, each a voice at the speaker's pitch with one formant."""
    t = np.arange(FS // 4) / FS
    words = []
    for word in text.split():
        pitch = PITCHES[speaker] * rng.uniform(0.99, 1.01)
        weights = [1 / (1 + ((k * pitch - FORMANTS[word]) / 200) ** 2) + 0.02 for k in range(1, 24)]
        words.append(sum(w * np.sin(2 * np.pi * k * pitch * t) for k, w in enumerate(weights, 1)) * np.hanning(len(t)))
    x = np.concatenate([np.zeros(FS // 20), *words, np.zeros(FS // 20)])
    return 0.1 * x / x.std() + 1e-4 * rng.standard_normal(len(x))


TEXTS = ("lay now", "set soon", "lay soon", "set now")


class Data(TrainingData):
    """Both talkers say each sentence twice."""

    fs = FS

    def speech(self):
        rng = np.random.default_rng(0)
        for speaker in PITCHES:
            for text in 2 * TEXTS:
                yield Recording(spoken(speaker, text, rng), "speech", speaker, text)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    method = Registry().plugins["fhmm_max"].cls(components=12, iterations_fit=5)
    folder = tmp_path_factory.mktemp("talkers")
    method.fit(Data(), np.random.default_rng(0), folder)
    return method, method.load(folder)


def view(model, speakers):
    return View(FS, np.random.default_rng(0), {"model": model, "speakers": speakers, "n_sources": len(speakers)})


@pytest.mark.parametrize("inference", ["exact", "variational"])
def test_two_voices_come_apart_and_say_their_words(trained, inference):
    method, model = trained
    rng = np.random.default_rng(9)
    sources = [spoken("low", "lay soon", rng), spoken("high", "set now", rng)]
    mixture = sum(sources)[None]
    method, scene = replace(method, inference=inference), view(model, ("low", "high"))
    estimate = method(mixture, scene)
    np.testing.assert_allclose(estimate.sum(0), mixture[0], atol=1e-6)
    for source, found in zip(sources, estimate, strict=True):
        assert si_sdr(source, found) > 8
    said = " ".join(method.sentences(mixture, scene)).split()
    assert len(said) == 4
    assert sum(a == b for a, b in zip(said, ["lay", "soon", "set", "now"], strict=True)) >= 3


def test_the_louder_talker_is_found_whoever_it_is(trained):
    method, model = trained
    method = replace(method, levels_db=(12.0,))
    rng = np.random.default_rng(10)
    quiet, loud = 0.25 * spoken("low", "lay now", rng), spoken("high", "lay soon", rng)
    estimate = method((quiet + loud)[None], view(model, ("low", "high")))
    assert estimate[1].std() > 2 * estimate[0].std()
    assert si_sdr(loud, estimate[1]) > si_sdr(loud, quiet + loud)


def test_a_stranger_is_refused_by_name(trained):
    method, model = trained
    with pytest.raises(CocktailError, match="not among the talkers of the training: nobody"):
        method(np.ones((1, FS)), view(model, ("low", "nobody")))
