"""The Whisper backend, on networks of a few random weights that are made here."""

import shutil

import numpy as np
import pytest
import tiny_whisper

from cocktail.audio import resample
from cocktail.errors import CocktailError
from cocktail.metrics.catalogue import METRICS
from cocktail.recognition import recogniser as recognisers
from cocktail.recognition import whisper
from cocktail.recognition.recogniser import create, word_errors
from cocktail.workflow.suite import load_suite

FS = 16000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_whisper.write(tmp_path_factory.mktemp("whisper"))


@pytest.fixture(scope="module")
def recogniser(folder):
    return create({"backend": "whisper", "model": str(folder), "language": "en", "mode": "grammar", "grammar": "grid"})


def sound(seed, n=FS):
    return np.random.default_rng(seed).standard_normal(n) * np.hanning(n)


def test_sound_becomes_text_that_depends_on_it_alone(recogniser, folder):
    texts = [recogniser.transcribe(sound(seed), FS) for seed in range(4)]
    assert all(texts) and len(set(texts)) > 1
    alone = create({"backend": "whisper", "model": str(folder), "language": "en"})
    assert alone.transcribe(sound(3), FS) == texts[3]
    x = sound(0)
    assert recogniser.transcribe(x, FS) == texts[0]
    np.testing.assert_array_equal(x, sound(0))


def test_level_and_rate_do_not_matter(recogniser):
    for seed in range(3):
        x = resample(sound(seed), FS, 8000)
        texts = {recogniser.transcribe(gain * x, 8000) for gain in (1e-3, 1.0, 100.0)}
        assert texts == {recogniser.transcribe(resample(x, 8000, FS), FS)}


@pytest.mark.parametrize("fs", [8000, FS])
def test_silence_and_nothing_give_no_words_and_samples_must_be_finite(recogniser, fs):
    assert recogniser.transcribe(np.zeros(fs), fs) == recogniser.transcribe(np.zeros(0), fs) == ""
    assert isinstance(recogniser.transcribe(np.ones(10), fs), str)
    with pytest.raises(CocktailError, match="finite"):
        recogniser.transcribe(np.full(fs, np.nan), fs)


def test_recordings_longer_than_a_window_are_heard_to_their_end(recogniser):
    x = sound(5, 45 * FS)
    changed = x.copy()
    changed[40 * FS :] = 0.5 * np.sin(np.arange(5 * FS))  # past the first window
    assert recogniser.transcribe(x, FS) != recogniser.transcribe(changed, FS)
    assert recogniser.transcribe(x[: 30 * FS], FS) == recogniser.transcribe(changed[: 30 * FS], FS)


def test_a_window_that_it_takes_for_no_speech_gives_no_words(folder, monkeypatch):
    monkeypatch.setattr(whisper, "NO_SPEECH", {"probability": -1.0, "log_probability": 0.0})
    assert create({"backend": "whisper", "model": str(folder), "language": "en"}).transcribe(sound(0), FS) == ""


def test_a_model_of_several_languages_is_told_that_of_the_corpus(folder, monkeypatch):
    import ctranslate2

    monkeypatch.setattr(ctranslate2.models.Whisper, "is_multilingual", True)  # goes by a vocabulary of 51,865 tokens
    spoken = [create({"backend": "whisper", "model": str(folder), "language": name}) for name in ("en", "de")]
    english, german = ([listener.transcribe(sound(i), FS) for i in range(3)] for listener in spoken)
    assert english != german
    with pytest.raises(CocktailError, match="has no language 'xx'"):
        create({"backend": "whisper", "model": str(folder), "language": "xx"}).transcribe(sound(0), FS)


def test_without_a_language_that_of_each_recording_is_detected(folder, monkeypatch):
    import ctranslate2

    def listener(language=None):
        return create({"backend": "whisper", "model": str(folder)} | ({"language": language} if language else {}))

    heard, found = iter([("de", 0.9), ("en", 0.8), ("de", 0.7)]), []

    def detect(model, encoded):
        language, probability = next(heard)
        found.append(language)
        return [[(f"<|{language}|>", probability)]]

    monkeypatch.setattr(ctranslate2.models.Whisper, "is_multilingual", True)
    monkeypatch.setattr(ctranslate2.models.Whisper, "detect_language", detect)
    german, english = ([listener(name).transcribe(sound(i), FS) for i in range(3)] for name in ("de", "en"))
    assert found == []  # a language that is known is not looked for
    alone = listener()
    assert [alone.transcribe(sound(i), FS) for i in range(3)] == [german[0], english[1], german[2]]
    assert found == ["de", "en", "de"] and alone.card["language"] is None
    assert alone.normalise("Straße, two colours!") == "straße two colours"  # no rule of English


def test_a_model_of_english_refuses_another_language(folder):
    with pytest.raises(CocktailError, match="has no language 'de'"):
        create({"backend": "whisper", "model": str(folder), "language": "de"}).transcribe(sound(0), FS)


def test_texts_are_normalised_as_in_whispers_evaluation(folder, recogniser):
    rule = recogniser.normalise
    assert rule("Mr. Gray can't come, um, at twenty-one o'clock [laughter].") == rule(
        "mister grey can not come at 21 o'clock"
    )
    errors = word_errors(reference="MISTER GREY CAN NOT", hypothesis="Mr. Gray can't.", rule=rule)
    assert (errors.errors, errors.total) == (0, 4)
    german = create({"backend": "whisper", "model": str(folder), "language": "de"}).normalise
    assert german("Straße, zwei Männer (lacht)!") == "straße zwei männer"
    assert german("नमस्ते, दुनिया!") == "नमस्ते दुनिया"  # vowel signs are marks


def test_a_transcript_of_which_nothing_is_left_is_no_transcript(recogniser):
    from cocktail.scoring.signals import score_signals

    x = sound(0)[None]
    given = {"reference": x, "estimate": x, "fs": FS, "metrics": ["wer"], "recogniser": recogniser}
    assert score_signals(**given, text=["um [cough]"])[0]["reason"] == "no-transcript"
    assert score_signals(**given, text=["Mr. Gray can't"])[0]["total"] == 4


def test_the_card_follows_the_model_and_the_language(recogniser, folder, tmp_path):
    copy = str(shutil.copytree(folder, tmp_path / "copy"))
    assert create({"backend": "whisper", "model": copy, "language": "en"}).card == recogniser.card
    assert create({"backend": "whisper", "model": copy}).card != recogniser.card
    (tmp_path / "copy" / "README.md").write_text("no part of the model")
    assert create({"backend": "whisper", "model": copy, "language": "en"}).card == recogniser.card
    digest = METRICS["wer"].digest_with(recogniser.card)
    weights = tmp_path / "copy" / "model.bin"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    other = create({"backend": "whisper", "model": copy, "language": "en"})
    assert METRICS["wer"].digest_with(other.card) != digest


def test_what_is_missing_is_told(folder, tmp_path, monkeypatch):
    with pytest.raises(
        CocktailError, match=r"recogniser\.model: no model of CTranslate2 .* model\.bin, tokenizer\.json not"
    ):
        (tmp_path / "config.json").write_text("{}")
        create({"backend": "whisper", "model": str(tmp_path)})
    broken = shutil.copytree(folder, tmp_path / "broken")
    (broken / "model.bin").write_bytes(b"no model")
    with pytest.raises(CocktailError, match="broken cannot be read"):
        create({"backend": "whisper", "model": str(broken)}).transcribe(sound(0), FS)
    with pytest.raises(
        CocktailError, match=r"tiny\.eng is neither a folder nor the name of a model; did you mean 'tiny\.en'"
    ):
        create({"backend": "whisper", "model": "tiny.eng"})
    monkeypatch.setattr(whisper, "find_spec", lambda name: None)
    with pytest.raises(CocktailError, match=r"pip install 'cocktailbench\[whisper\]'"):
        create({"backend": "whisper", "model": str(folder)})


def test_a_named_model_is_taken_from_the_cache_or_fetched(folder, monkeypatch):
    import faster_whisper.utils

    asked = []

    def download(name, local_files_only):
        asked.append((name, local_files_only))
        if local_files_only or len(asked) > 2:
            raise OSError("no network")
        return str(folder)

    monkeypatch.setattr(faster_whisper.utils, "download_model", download)
    assert create({"backend": "whisper", "model": "tiny.en"}).folder == folder
    assert asked == [("tiny.en", True), ("tiny.en", False)]
    with pytest.raises(CocktailError, match=r"tiny\.en could not be fetched \(OSError: no network\); name a folder"):
        create({"backend": "whisper", "model": "tiny.en"})


class TestSuites:
    def chosen(self, **options):
        return load_suite("quick", {"recogniser": {"backend": "whisper"} | options})["recogniser"]

    def test_a_suite_names_the_model(self, folder, tmp_path):
        assert self.chosen(model="tiny.en") == {"backend": "whisper", "model": "tiny.en", "language": "en"}
        assert self.chosen(model=str(folder))["model"] == str(folder)
        (tmp_path / "near").mkdir()
        (tmp_path / "mine.yaml").write_text("{suite: mine, recogniser: {backend: whisper, model: near}}")
        assert load_suite(str(tmp_path / "mine.yaml"))["recogniser"]["model"] == str(tmp_path / "near")
        with pytest.raises(CocktailError, match=r"recogniser: missing key 'model'"):
            self.chosen()

    def test_an_environment_variable_names_it_or_another_backend_listens(self, monkeypatch):
        monkeypatch.setenv("COCKTAIL_WHISPER", "base.en")
        assert load_suite("real")["recogniser"] == {"backend": "whisper", "model": "base.en", "language": "en"}
        for unset in (
            lambda: monkeypatch.setenv("COCKTAIL_WHISPER", ""),
            lambda: monkeypatch.delenv("COCKTAIL_WHISPER"),
        ):
            unset()
            found = load_suite("real")["recogniser"]
            assert (found["backend"], found["mode"]) == ("pocketsphinx", "language-model")
            with pytest.raises(CocktailError, match=r"quick.*recogniser\.model: .*COCKTAIL_WHISPER.* is not set"):
                self.chosen(model="${COCKTAIL_WHISPER}")

    def test_the_language_is_that_of_the_corpus(self):
        def speech(*languages):
            parts = [{"adapter": "folder", "table": f"{x}.csv", "split": "test", "language": x} for x in languages]
            return {"noise": [{"adapter": "synthetic"}], "speech": parts}

        chosen = {"recogniser": {"backend": "whisper", "model": "tiny"}}
        assert load_suite("quick", chosen | {"corpora": speech("de")})["recogniser"]["language"] == "de"
        assert "language" not in load_suite("quick", chosen | {"corpora": speech("de", "en")})["recogniser"]

    def test_plans_and_runs_say_what_pocketsphinx_is_worth_on_open_text(self):
        said = recognisers.remark(load_suite("real")["recogniser"])
        assert "cocktailbench[whisper]" in said and "COCKTAIL_WHISPER" in said
        assert recognisers.remark(load_suite("quick")["recogniser"]) is None
        assert recognisers.remark({"backend": "whisper", "model": "tiny.en"}) is None
