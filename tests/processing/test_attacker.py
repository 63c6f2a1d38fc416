"""The table of spoofs that an attacker makes: whose speech it is made of, and what it is like."""

import numpy as np
import pytest

from cocktail import tables
from cocktail.corpora.grid_tts import LEVEL_DB
from cocktail.corpora.library import Library
from cocktail.errors import CocktailError
from cocktail.processing.attacker import make_spoofs
from cocktail.processing.runner import Setup

FS = 16000
PLUGIN = '''"""Turns speech around, as loud as it is told."""

from dataclasses import dataclass

from cocktail.method import Method


@dataclass(frozen=True)
class Around(Method):
    """One utterance."""

    task = "attack"
    gain: float = 2.0

    def __call__(self, mixture, view):
        return self.gain * mixture[:, ::-1]
'''
SPEAKERS = {"train": ("a", "b"), "test": ("c", "d", "e")}


def corpus(path):
    rows = [
        {
            "utterance": f"{speaker}-{k}", "split": split, "speaker": speaker, "gender": "female", "text": f"say {k}",
            "fs": FS, "n_samples": 800 + 10 * k, "cutoff_hz": None,
            "audio": tables.pack(0.1 * np.random.default_rng([ord(speaker), k]).standard_normal(800 + 10 * k), FS, "x"),
        }
        for split, speakers in SPEAKERS.items()
        for speaker in speakers
        for k in range(3)
    ]  # fmt: skip
    tables.write_rows(path, rows, tables.SPEECH)


def made(folder, counts=None, name="around", **parameters):
    plugin, speech, out = folder / "around.py", folder / "speech.parquet", folder / f"{name}.parquet"
    plugin.write_text(PLUGIN)
    corpus(speech)
    setup = Setup({"name": name, "plugin": "around", "path": str(plugin), "parameters": parameters}, "small", 1)
    make_spoofs(speech=speech, counts=counts or {"train": 4, "valid": 2, "test": 30}, out=out, setup=setup, fs=FS)
    return Library(speech), out


def test_spoofs_are_made_of_genuine_utterances_of_the_speakers_whom_they_claim_to_be(tmp_path):
    speech, out = made(tmp_path)
    spoofs = Library(out)
    assert [len(spoofs.select(split=split)) for split in ("train", "valid", "test")] == [4, 0, 30]
    for row in spoofs.rows:
        x = spoofs.samples(row["utterance"], FS)
        assert row["attack"] == "around" and row["utterance"].startswith(f"around-{row['split']}-")
        assert row["speaker"] in SPEAKERS[row["split"]] and len(x) == row["n_samples"]
        (said,) = [each for each in speech.select(speaker=row["speaker"]) if each["text"] == row["text"]]
        assert np.corrcoef(x[::-1], speech.samples(said["utterance"], FS))[0, 1] > 0.9999
        assert 10 * np.log10(np.mean(x**2)) == pytest.approx(LEVEL_DB, abs=0.1)
    assert {row["speaker"] for row in spoofs.select(split="test")} == set(SPEAKERS["test"])


def test_each_spoof_is_the_same_whatever_the_number(tmp_path):
    _, few = made(tmp_path, {"test": 2})
    few = Library(few).rows
    _, many = made(tmp_path, {"test": 5})
    assert Library(many).rows[:2] == few


def test_scenes_are_drawn_from_the_spoofs_of_several_attackers(tmp_path):
    _, first = made(tmp_path, {"test": 2})
    _, second = made(tmp_path, {"test": 3}, name="around-again")
    both = Library(first, second)
    assert [row["attack"] for row in both.rows] == ["around"] * 2 + ["around-again"] * 3
    last = both.rows[-1]["utterance"]
    np.testing.assert_array_equal(both.samples(last, FS), Library(second).samples(last, FS))


@pytest.mark.parametrize(("gain", "message"), [(float("inf"), "samples that are not finite"), (0.0, "it left silence")])
def test_an_attack_that_fails_is_an_error_that_names_the_utterance(tmp_path, gain, message):
    with pytest.raises(CocktailError, match=f"around: the attack on around-train-0000 failed: .*{message}"):
        made(tmp_path, gain=gain)
