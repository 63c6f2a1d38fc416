"""Phoneme-dependent NMF: what is heard decides which bases explain a frame."""

import numpy as np
import pytest
from nmf_sounds import FS, Data, hiss, si_sdr, view

from cocktail.errors import CocktailError
from cocktail.method import Recording, View
from cocktail.plugins.registry import Registry
from cocktail.recognition.alignment import Alignment, Segment

Plugin = Registry().plugins["nmf_phoneme"].cls
FIELDS = {"unit_bases": 1, "noise_bases": 1, "utterances": 4, "frames_fit": 1000, "iterations_fit": 20}


def sound(pitch, seconds=0.5):
    t = np.arange(int(seconds * FS)) / FS
    return 0.1 * sum(np.sin(2 * np.pi * k * pitch * t) / k for k in range(1, 15))


LOW, HIGH = sound(200), sound(330)


class Listener:
    """A recogniser that hears one sound in the first half and another in the second."""

    def __init__(self, text="a b"):
        self.text = text

    def transcribe(self, samples, fs):
        return self.text

    def align(self, samples, fs, text):
        if text == "?":
            raise CocktailError("it cannot be aligned")
        half = len(samples) / fs / 2
        first, second = text.split()
        return Alignment((), (Segment(first, 0.0, half), Segment(second, half, 2 * half)))


class Told(Data):
    recogniser = Listener()

    def speech(self):
        for text in ("a b", "a b", None, "?"):
            yield Recording(np.concatenate([LOW, HIGH]), "speech", "s", text)

    def noise(self):
        yield Recording(HIGH, "tone")
        yield Recording(hiss(np.random.default_rng(2)), "hiss")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    method = Plugin(**FIELDS)
    method.fit(Told(), np.random.default_rng(0), folder)
    return method.load(folder)


def estimate(model, listener, **fields):
    """Of LOW, HIGH, while the noise sounds as HIGH during LOW."""
    noise = np.concatenate([HIGH, 0.1 * hiss(np.random.default_rng(1), 0.5)])
    seen = View(FS, np.random.default_rng(0), view(model).granted | {"recogniser": listener})
    return Plugin(**FIELDS | fields)((np.concatenate([LOW, HIGH]) + noise)[None], seen)[0]


def test_bases_are_those_of_sounds_that_could_be_aligned(model):
    assert sorted(model) == ["noise", "unit a", "unit b"]
    spectrum = np.abs(np.fft.rfft(LOW * np.hanning(len(LOW)), 1024 * 8))[::8]
    alike = [model[f"unit {label}"].mean(1) @ spectrum for label in "ab"]
    assert alike[0] > 2 * alike[1]


def test_a_sound_that_was_not_heard_is_no_speech(model):
    speech = np.concatenate([LOW, HIGH])
    blind = si_sdr(speech, estimate(model, Listener(), rounds=0))
    hard, soft, wrong = (
        si_sdr(speech, estimate(model, Listener(text), rounds=1, elsewhere=start))
        for text, start in (("a b", 0.0), ("a b", 0.1), ("b a", 0.0))
    )
    assert hard > blind + 3
    assert hard > soft > blind
    assert wrong < blind


@pytest.mark.parametrize("text", ["", "?"])
def test_where_nothing_is_heard_the_first_pass_stands(model, text):
    np.testing.assert_array_equal(estimate(model, Listener(text)), estimate(model, Listener(), rounds=0))


def test_speech_without_transcripts_is_an_error(tmp_path):
    class Untold(Told):
        def speech(self):
            yield Recording(LOW, "speech", "s", None)

    with pytest.raises(CocktailError, match="no train utterance"):
        Plugin(**FIELDS).fit(Untold(), np.random.default_rng(0), tmp_path)
