"""Notes on what a corpus has too little of."""

import numpy as np
import pytest
import soundfile

from cocktail.corpora import adapters
from cocktail.corpora.coverage import LOOKED_AT, gaps, low_rates, narrow
from cocktail.corpora.library import Library


def noise(*rows):
    return [{"kind": kind, "label": label, "split": split} for kind, label, split in rows]


def speech(**speakers):
    return [{"speaker": name, "split": split} for split, names in speakers.items() for name in names]


def test_a_corpus_that_has_all_it_needs_is_not_spoken_of():
    assert gaps(speech(train=["a", "b"], valid=["c"], test=["d", "e"])) == []
    assert gaps(noise(("rain", "rain", "train"), ("rain", "rain", "test"))) == []
    assert gaps([]) == []


def test_one_speaker_in_all_test_scenes_is_named():
    (note,) = gaps(speech(train=["a", "b"], test=["d", "d", "d"]))
    assert note.startswith("speech: all 3 utterances of the split 'test' are of one speaker, 'd'")


def test_kinds_that_a_split_lacks_are_named_with_their_numbers():
    rows = noise(*[("rain", None, "train")] * 3, ("rain", None, "valid"), ("fan", None, "train"), ("fan", None, "test"))
    assert gaps(rows) == ["noise: no recordings for the split 'test' of the kind rain (train 3, valid 1)"]


def test_a_class_with_too_few_recordings_for_a_split_is_named():
    rows = [("cough", "negative", "train"), ("cough", "negative", "test"), *[("cough", "positive", "train")] * 2]
    assert gaps(noise(*rows)) == ["noise: no recordings for the split 'test' of the class positive (train 2)"]


def test_a_split_that_has_nothing_at_all_is_not_a_matter_of_kinds():
    assert gaps(noise(("rain", None, "test"), ("fan", None, "test"))) == []


def ends_at(*hertz, **same):
    return [{"split": "test", "cutoff_hz": end} | same for end in hertz]


def test_recordings_that_hold_nothing_above_a_band_are_counted():
    assert narrow(ends_at(8000, 7000, 22050, None, speaker="a"), 16000) == []
    rows = [*ends_at(4000, 4000, 8000, speaker="a"), *ends_at(5512.5, speaker="b", split="train")]
    (note,) = narrow(rows, 16000)
    assert note.startswith("speech: 3 of 4 utterances (test 2, train 1) hold nothing above 4000 to 5512 Hz, and scenes")
    assert "16000 Hz" in note and "pesq_wb" in note and "fs: 8000" not in note
    (note,) = narrow(ends_at(4000, kind="rain"), 16000)
    assert note.startswith("noise: 1 of 1 recordings (test 1) hold nothing above 4000 Hz")
    assert "`fs: 8000` in the suite" in note
    assert narrow(ends_at(4000, kind="rain"), 8000) == []


class TestRates:
    @pytest.fixture
    def part(self, tmp_path):
        """Two recordings at 8 kHz, one of them as it was and one at 16 kHz, and one that was recorded at 16 kHz."""
        from cocktail.audio import resample

        low, full = (0.1 * np.random.default_rng(0).standard_normal(n) for n in (8000, 16000))
        soundfile.write(tmp_path / "low.wav", low, 8000)
        soundfile.write(tmp_path / "up.wav", resample(low, 8000, 16000), 16000)
        soundfile.write(tmp_path / "full.wav", full, 16000)
        (tmp_path / "t.csv").write_text("path\nlow.wav\nup.wav\nfull.wav\n")
        return {"adapter": "folder", "table": str(tmp_path / "t.csv"), "split": "train"}

    def test_low_rates_are_said_before_a_run(self, part):
        note = adapters.low_rates(part, "speech", 16000)
        assert note.startswith("1 of 3 recordings looked at hold nothing above 4000 Hz")
        assert adapters.low_rates(part, "speech", 8000) is None
        assert adapters.low_rates({"adapter": "synthetic"}, "noise", 16000) is None
        assert adapters.low_rates(part | {"table": "gone.csv"}, "speech", 16000) is None

    def test_of_many_recordings_some_are_looked_at(self, tmp_path):
        soundfile.write(tmp_path / "low.wav", np.ones(10), 8000)
        note = low_rates([tmp_path / "low.wav"] * (3 * LOOKED_AT - 1), 16000)
        assert note.startswith(f"{LOOKED_AT} of {LOOKED_AT} ")
        assert low_rates([tmp_path / "gone.wav"], 16000) is None

    def test_the_tables_know_what_was_recorded_at_a_lower_rate_even_if_it_was_resampled(self, part, tmp_path):
        adapters.build([part], "speech", tmp_path / "speech.parquet", seed=0, fs=16000)
        (note,) = narrow(Library(tmp_path / "speech.parquet").rows, 16000)
        assert note.startswith("speech: 2 of 3 utterances (train 2)")
