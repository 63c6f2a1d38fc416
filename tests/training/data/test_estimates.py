"""Train scenes with what entries made of them."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from cocktail import tables
from cocktail.corpora.library import Library
from cocktail.errors import AccessError, CocktailError
from cocktail.plugins.registry import Registry
from cocktail.training.data.corpus import CorpusTrainingData
from cocktail.training.data.estimates import EstimatedScenes
from cocktail.training.job import train_entry

FS = 16000


def word(text):
    return np.sin(np.arange(3200) * {"ah": 1.0, "oo": 0.1}[text]) * np.hanning(3200)


@pytest.fixture
def scenes(tmp_path):
    """Sixteen train scenes of two words each, which one entry halved and another failed first; their texts."""
    texts = [" ".join(words) for words in itertools.product(("ah", "oo"), repeat=2)] * 4
    mixtures, truths, made, failed = [], [], [], []
    for number, text in enumerate(texts):
        name, samples = f"two-words-train-{number:05d}", np.concatenate([word(w) for w in text.split()])
        mixtures.append({"scene": name, "fs": FS, "mixture": tables.pack(samples[None], FS, name)})
        label = "tts" if number % 2 else "bonafide"
        truths.append({"scene": name, "text": [text], "speaker": [f"s{number % 3}"], "label": label})
        made.append({"scene": name, "status": "ok", "estimate": [tables.pack(samples[None] / 2, FS, name)]})
        failed.append(made[-1] if number else {"scene": name, "status": "failed", "reason": "it was the first"})
    rows = {"mixtures": (mixtures, tables.MIXTURES), "references": (truths, tables.REFERENCES)}
    rows |= {"half": (made, tables.ESTIMATES), "first": (failed, tables.ESTIMATES)}
    for name, (table, schema) in rows.items():
        tables.write_rows(tmp_path / f"{name}.parquet", table, schema)
    mixtures, references = [tmp_path / "mixtures.parquet"], [tmp_path / "references.parquet"]
    estimates = {name: [tmp_path / f"{name}.parquet"] for name in ("half", "first")}
    return EstimatedScenes(mixtures, references, estimates), texts


def test_train_scenes_come_with_the_estimates_of_all_that_are_read(scenes):
    """The scene that one entry failed is left out; a fifth is for validation."""
    estimated, texts = scenes
    seen = {
        split: list(estimated.of(split, paradigm="annotated-source-model", array=False)) for split in ("train", "valid")
    }
    assert [x.texts for x in seen["valid"]] == [(text,) for text in texts[5::5]]
    assert len(seen["train"]) + len(seen["valid"]) == len(texts) - 1
    for x in seen["train"]:
        assert set(x.estimates) == {"half", "first"} and x.condition == "two-words"
        np.testing.assert_allclose(x.estimates["half"], x.mixture[None] / 2, atol=1e-4)


def test_a_paradigm_without_annotations_is_shown_none(scenes):
    mixture = next(scenes[0].of("train", paradigm="source-model", array=False))
    for name in ("texts", "speakers", "sources", "noise"):
        with pytest.raises(AccessError, match=f"{name} are not granted"):
            getattr(mixture, name)
    with pytest.raises(AccessError, match=r"'wiener' is not read: say `reads: \[wiener\]`"):
        mixture.estimates["wiener"]


def test_an_entry_that_left_too_few_scenes_is_named(scenes, tmp_path):
    estimated, _ = scenes
    rows = tables.read_rows(estimated.estimates["first"][0])
    tables.write_rows(tmp_path / "few.parquet", rows[:3], tables.ESTIMATES)
    few = replace(estimated, estimates=estimated.estimates | {"first": [tmp_path / "few.parquet"]})
    with pytest.raises(CocktailError, match="it reads 'first', which finished 2 of 3 train scenes: it was the first"):
        few.check()


def test_trials_are_what_entries_made_with_the_labels_of_the_scenes(scenes, tmp_path):
    one = replace(scenes[0], estimates={"half": scenes[0].estimates["half"]})
    files = [tables.SPEECH, tables.NOISE]
    paths = [tmp_path / f"{number}.parquet" for number in range(2)]
    for path, schema in zip(paths, files, strict=True):
        tables.write_rows(path, [], schema)
    speech, noise = map(Library, paths)
    data = CorpusTrainingData(speech, noise, fs=FS, paradigm="annotated-source-model", estimated=one)
    train, valid = list(data.trials("train", 100)), list(data.trials("valid", 100))
    assert [x.label for x in valid] == ["bonafide", "tts", "bonafide"], "scenes 4, 9 and 14"
    assert len(train) == 13 and [x.speaker for x in train[:4]] == ["s0", "s1", "s2", "s0"]
    first = np.concatenate([word(w) for w in scenes[1][0].split()])
    np.testing.assert_allclose(train[0].samples, first / 2, atol=1e-4)
    assert len(list(data.trials("train", 5))) == 5


def test_a_recogniser_learns_from_estimates_and_scores(scenes, tmp_path):
    from cocktail.scoring.scorers import Scorers

    sizes = {"layers": 1, "units": 16, "epochs": 12, "steps": 20, "batch_size": 8, "learning_rate": 0.01}
    spec = Registry().entries["ctc"].sized({"ctc": sizes}, "a test").spec()
    speech = [
        {"utterance": f"u{i}", "split": "train", "speaker": "s", "text": text, "fs": FS, "n_samples": 3200,
         "audio": tables.pack(word(text), FS, text)}
        for i, text in enumerate(("ah", "oo"))
    ]  # fmt: skip
    tables.write_rows(tmp_path / "speech.parquet", speech, tables.SPEECH)
    tables.write_rows(tmp_path / "noise.parquet", [], tables.NOISE)
    estimated = replace(scenes[0], estimates={"half": scenes[0].estimates["half"]})
    train_entry(
        speech=tmp_path / "speech.parquet", noise=tmp_path / "noise.parquet", out=tmp_path / "model", spec=spec,
        suite="s", seed=0, fs=FS, limit_s=300.0, estimated=estimated,
    )  # fmt: skip
    scorers = Scorers({"retrained": {"spec": spec, "model": tmp_path / "model", "suite": "s"}})
    for text in ("ah oo", "oo oo"):
        assert scorers["retrained"](np.concatenate([word(w) for w in text.split()]), FS) == text
