"""The embedded corpus: determinism, disjointness, level, length and intelligibility."""

import hashlib
import re

import numpy as np
import pytest

from cocktail import tables
from cocktail.corpora import adapters, espeak, grid, grid_tts, words
from cocktail.corpora.library import Library
from cocktail.errors import CocktailError
from cocktail.recognition.recogniser import Counts, create, word_errors

FS = 16000
PART = {
    "adapter": "grid-tts",
    "speakers": {"train": 4, "valid": 2, "test": 4},
    "utterances": {"train": 2, "valid": 2, "test": 5},
}


def rows(seed=0, **options):
    return list(grid_tts.rows(PART | options, kind="speech", seed=seed, fs=FS))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("grid") / "speech.parquet"
    adapters.build([PART], "speech", path, seed=0, fs=FS)
    return Library(path)


class TestEspeak:
    def test_an_utterance_depends_on_no_other_one(self):
        def digest(voice):
            return hashlib.sha256(espeak.speak("bin blue at b two please", voice)[0].tobytes()).hexdigest()

        voices = ["en-us+f2", "en-us+m1", "en-us+adam"]  # breath, flutter and the Klatt synthesiser
        forth = [digest(voice) for voice in voices]
        assert [digest(voice) for voice in reversed(voices)] == forth[::-1]
        assert len(set(forth)) == len(voices)

    def test_rate_and_pitch_do_what_they_say(self):
        def spoken(**parameters):
            x, fs = espeak.speak("lay red by m one now", "en-us+m3", **parameters)
            assert fs == 22050
            return x

        assert len(spoken(rate=110)) > 1.3 * len(spoken(rate=170))
        periods = []
        for pitch in (20, 80):
            power = np.abs(np.fft.rfft(spoken(pitch=pitch, pitch_range=0), 2**17)) ** 2
            correlation = np.fft.irfft(power)[: 22050 // 60]
            shortest = 22050 // 400
            periods.append(shortest + np.argmax(correlation[shortest:]))
        assert periods[0] > 1.5 * periods[1]

    def test_unknown_voice(self):
        for voice in ("en-us+nobody", "en-nowhere"):
            with pytest.raises(CocktailError, match=f"no voice {re.escape(repr(voice))}"):
                espeak.speak("bin", voice)

    def test_every_voice_of_the_corpus_is_there(self):
        for voice in (voice for voices in grid_tts.VOICES.values() for voice in voices):
            assert np.abs(espeak.speak("set", f"en-us+{voice}")[0]).max() > 0.01


class TestSpeakers:
    def test_the_default_corpus_has_at_least_60(self):
        talkers = [grid_tts.speaker(0, split, i) for split, count, _ in grid_tts.counts({}) for i in range(count)]
        assert len({talker.name for talker in talkers}) == len(talkers) >= 60
        assert len({(t.voice, t.pitch, t.pitch_range, t.rate_wpm, t.warp) for t in talkers}) == len(talkers)

    def test_both_genders_and_many_voices_in_the_test_split(self):
        talkers = [grid_tts.speaker(0, "test", i) for i in range(grid_tts.SPEAKERS["narrow"]["test"])]
        assert [talker.gender for talker in talkers].count("female") == len(talkers) / 2
        assert len({talker.voice for talker in talkers}) == len(talkers)

    def test_a_speaker_depends_on_seed_and_name_alone(self):
        assert grid_tts.speaker(0, "train", 7) == grid_tts.speaker(0, "train", 7)
        assert grid_tts.speaker(0, "train", 7) != grid_tts.speaker(1, "train", 7)
        assert grid_tts.speaker(0, "train", 4).name == "gtts-train-f03"
        assert grid_tts.speaker(0, "train", 5).name == "gtts-train-m03"

    def test_warp_moves_the_spectrum(self):
        def centroid(warp):
            talker = grid_tts.Speaker("s", "male", "en-us+m3", 50, 50, 130, warp)
            power = np.abs(np.fft.rfft(grid_tts.utter(talker, "place white in o four soon", FS), 2**17)) ** 2
            f = np.fft.rfftfreq(2**17, 1 / FS)
            voiced = f < 4000
            return np.sum((f * power)[voiced]) / np.sum(power[voiced])

        assert centroid(1.07) / centroid(0.93) == pytest.approx(1.07 / 0.93, rel=0.06)


class TestWideVariety:
    def rows(self, **options):
        counts = {"speakers": {"train": 4, "valid": 0, "test": 1}, "utterances": {"train": 4, "test": 1}}
        return list(grid_tts.rows(counts | options, kind="speech", seed=0, fs=FS))

    def test_the_test_is_the_same_and_training_is_not(self):
        wide, narrow = self.rows(variety="wide"), self.rows()
        for split, alike in (("train", False), ("test", True)):
            sounds = [{row["audio"]["bytes"] for row in rows if row["split"] == split} for rows in (wide, narrow)]
            assert (sounds[0] == sounds[1]) == alike
        assert wide == self.rows(variety="wide")

    def test_half_of_the_sentences_are_other_words_and_all_are_levelled(self):
        rows = [row for row in self.rows(variety="wide") if row["split"] == "train"]
        other = [not re.fullmatch(r"(bin|lay|place|set) .*", row["text"]) for row in rows]
        assert 0.2 < np.mean(other) < 0.8
        said = {word for row, is_other in zip(rows, other, strict=True) if is_other for word in row["text"].split()}
        assert said <= set(words.WORDS)
        for row in rows:
            x = tables.unpack(row["audio"])[0]
            low, high = grid_tts.LEVELS_DB
            assert low - 6 < 10 * np.log10(np.mean(x**2)) < high + 0.1  # quieter where a peak would pass PEAK
            assert np.abs(x).max() <= grid_tts.PEAK + 1e-3

    def test_voices_are_drawn_from_wider_ranges(self):
        narrow, wide = ([grid_tts.speaker(0, "train", i, voices) for i in range(60)]
                        for voices in (grid_tts.NARROW, grid_tts.WIDE))  # fmt: skip
        for name in ("pitch", "pitch_range", "rate_wpm", "warp", "tilt_db"):
            assert np.std([getattr(t, name) for t in wide]) > 1.5 * np.std([getattr(t, name) for t in narrow])
        assert {t.breath_db for t in narrow} == {None} and len({t.breath_db for t in wide}) > 50

    def test_a_tilt_is_in_decibels_an_octave(self):
        x = np.random.default_rng(0).standard_normal(FS)
        X, Y = (np.abs(np.fft.rfft(z)) ** 2 for z in (x, grid_tts.tilted(x, FS, -3.0)))
        bands = [10 * np.log10(Y[f : f + f // 10].sum() / X[f : f + f // 10].sum()) for f in (500, 1000, 4000)]
        assert bands[0] - bands[1] == pytest.approx(3, abs=0.2)
        assert bands[0] - bands[2] == pytest.approx(9, abs=0.3)

    def test_breath_follows_the_voice(self):
        x = np.sin(2 * np.pi * 300 * np.arange(FS) / FS) * (np.arange(FS) < FS // 2)
        breath = grid_tts.breathy(x, FS, -20.0, np.random.default_rng(0)) - x
        assert 10 * np.log10(np.mean(breath[: FS // 2 - 400] ** 2) / 0.5) == pytest.approx(-20, abs=1)
        assert np.abs(breath[FS // 2 + 400 :]).max() < 1e-9


def test_everyday_words_are_many_and_each_once():
    assert len(words.WORDS) == len(set(words.WORDS)) > 500
    assert all(re.fullmatch("[a-z]+", word) for word in words.WORDS)
    said = words.draw(np.random.default_rng(0)).split()
    assert words.LENGTH[0] <= len(said) <= words.LENGTH[1] and len(set(said)) == len(said)


class TestCorpus:
    def test_the_same_seed_gives_the_same_bytes(self):
        first, again, other = rows(), rows(), rows(seed=1)
        assert first == again
        assert {row["audio"]["bytes"] for row in first}.isdisjoint(row["audio"]["bytes"] for row in other)

    def test_more_speakers_and_utterances_change_none_of_the_others(self):
        few = {row["utterance"]: row for row in rows()}
        counts = {"speakers": {"train": 6, "valid": 2, "test": 1}, "utterances": {"train": 3, "valid": 1, "test": 1}}
        many = {row["utterance"]: row for row in rows(**counts)}
        shared = few.keys() & many.keys()
        assert len(shared) == 4 * 2 + 2 + 1
        assert all(few[name] == many[name] for name in shared)

    def test_counts_splits_and_texts(self, corpus):
        assert len(corpus) == 4 * 2 + 2 * 2 + 4 * 5
        for split in grid.SPLITS:
            chosen = corpus.select(split=split)
            assert len({row["speaker"] for row in chosen}) == PART["speakers"][split]
            assert all(grid.split_of(row["text"]) == split for row in chosen)
            assert all(row["speaker"].startswith(f"gtts-{split}-{row['gender'][0]}") for row in chosen)

    def test_level_length_and_ends(self, corpus):
        for row in corpus.rows:
            x = corpus.samples(row["utterance"], FS)
            assert len(x) == row["n_samples"]
            assert 1.3 < len(x) / FS < 3.0
            assert 10 * np.log10(np.mean(x**2)) == pytest.approx(grid_tts.LEVEL_DB, abs=0.05)
            assert np.abs(x).max() < 1
            pad = round(grid_tts.PAD_S * FS)
            assert np.mean(x[:pad] ** 2) < 1e-3 * np.mean(x**2)

    def test_stored_as_16_bit_flac(self, corpus):
        cell = tables.read_table(corpus.path)["audio"][0].as_py()
        assert cell["bytes"][:4] == b"fLaC"
        x = corpus.samples(corpus.rows[0]["utterance"], FS) * 32768
        np.testing.assert_allclose(x, np.round(x), atol=1e-9)

    def test_intelligible_to_a_recogniser_that_never_heard_it(self, corpus):
        recogniser = create({"backend": "pocketsphinx"})
        counts = Counts(0, 0)
        for row in corpus.select(split="test"):
            heard = recogniser.transcribe(corpus.samples(row["utterance"], FS), FS)
            counts += word_errors(reference=row["text"], hypothesis=heard)
        assert counts.total == 4 * 5 * 6
        assert counts.rate <= 0.12


def test_trim_cuts_silence_and_leaves_pads():
    tone = np.sin(np.arange(4000))
    x = np.concatenate([np.zeros(8000), tone, np.zeros(3000)])
    pad, frame = round(grid_tts.PAD_S * FS), round(grid_tts.FRAME_S * FS)
    y = grid_tts.trim(x, FS)
    assert len(tone) <= len(y) - 2 * pad <= len(tone) + 2 * frame
    assert np.sum(y**2) == pytest.approx(np.sum(tone**2))
    y = grid_tts.trim(tone, FS)
    assert np.all(y[:pad] == 0)
    for level_db, kept in ((-36, 2), (-44, 1)):  # ends of the loudest frame less 40 dB are silence
        y = grid_tts.trim(np.concatenate([tone, 10 ** (level_db / 20) * tone]), FS)
        assert len(y) - 2 * pad == pytest.approx(kept * len(tone), abs=2 * frame)
