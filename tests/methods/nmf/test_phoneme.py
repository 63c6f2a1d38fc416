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


def test_a_sound_is_heard_a_little_before_and_after_its_time(model):
    """50 ms around 0.5 s: frame t is centred (t + 1) * 256 - 512 samples into the recording."""
    seen = View(FS, np.random.default_rng(0), {"recogniser": Listener()})
    found = Plugin()._heard_there(np.zeros(FS), np.array(["a", "b", "c"]), 66, seen)
    at_s = ((np.arange(66) + 1) * 256 - 512) / FS
    np.testing.assert_allclose(found[0], np.where((at_s >= -0.05) & (at_s < 0.55), 1, 0.1))
    np.testing.assert_allclose(found[1], np.where((at_s >= 0.45) & (at_s < 1.05), 1, 0.1))
    np.testing.assert_allclose(found[2], 0.1)


def test_a_sound_that_falls_between_frames_or_into_silence_has_no_bases(tmp_path):
    class Short(Listener):
        def align(self, samples, fs, text):
            units = Segment("a", 0.1, 0.4), Segment("b", 0.405, 0.41), Segment("c", 1.1, 1.4)
            return Alignment((), units)

    class Paused(Told):
        recogniser = Short()

        def speech(self):
            yield Recording(np.concatenate([LOW, HIGH, np.zeros(FS)]), "speech", "s", "a b c")

    method = Plugin(**FIELDS)
    method.fit(Paused(), np.random.default_rng(0), tmp_path)
    assert sorted(method.load(tmp_path)) == ["noise", "unit a"]


def test_speech_that_cannot_be_aligned_is_an_error_that_says_why(tmp_path):
    class Unclear(Told):
        def speech(self):
            yield Recording(LOW, "speech", "s", "?")

    with pytest.raises(CocktailError, match="could align: it cannot be aligned"):
        Plugin(**FIELDS).fit(Unclear(), np.random.default_rng(0), tmp_path)


def test_speech_without_transcripts_is_an_error(tmp_path):
    class Untold(Told):
        def speech(self):
            yield Recording(LOW, "speech", "s", None)

    with pytest.raises(CocktailError, match="no train utterance"):
        Plugin(**FIELDS).fit(Untold(), np.random.default_rng(0), tmp_path)
