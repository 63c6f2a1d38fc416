import json

import numpy as np
import pytest

from cocktail import store
from cocktail.corpora.library import Library
from cocktail.errors import AccessError, CocktailError
from cocktail.model import read_model
from cocktail.registry import Registry
from cocktail.train import CorpusTrainingData, train_entry

FIT = """
    def fit(self, data, rng, folder):
        {body}

    def load(self, folder):
        return np.load(folder / "level.npy")
"""


@pytest.fixture
def corpora(tmp_path):
    random = np.random.default_rng(0)

    def cell(name, split, level):
        return store.pack(random.uniform(-level, level, 1600), 16000, name)

    speech = [
        {"utterance": f"u{i}", "split": split, "speaker": f"s{i}", "text": "hello", "fs": 16000, "n_samples": 1600,
         "audio": cell(f"u{i}", split, 0.5)}
        for i, split in enumerate(["train", "train", "test"])
    ]  # fmt: skip
    noise = [
        {"recording": f"n{i}", "split": split, "kind": "white", "fs": 16000, "n_samples": 1600,
         "audio": cell(f"n{i}", split, 0.1)}
        for i, split in enumerate(["train", "test"])
    ]  # fmt: skip
    store.write_rows(tmp_path / "speech.parquet", speech, store.SPEECH)
    store.write_rows(tmp_path / "noise.parquet", noise, store.NOISE)
    return tmp_path / "speech.parquet", tmp_path / "noise.parquet"


def train(corpora, folder, limit_s=20.0):
    spec = Registry([folder]).entry("plugin").spec()
    out = corpora[0].parent / "models" / "plugin"
    train_entry(speech=corpora[0], noise=corpora[1], out=out, spec=spec, seed=1, fs=16000, limit_s=limit_s)
    return out


def test_fit_sees_the_train_split_and_load_reads_what_it_left(corpora, write_plugin):
    body = "np.save(folder / 'level.npy', [sum(1 for _ in data.speech()), sum(1 for _ in data.noise())])"
    out = train(corpora, write_plugin("plugin", base="LearnedMethod", more=FIT.format(body=body)))
    assert np.load(read_model(out) / "level.npy").tolist() == [2, 1]
    assert sorted(path.name for path in out.parent.iterdir()) == ["plugin"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [("raise ValueError('diverged')", "ValueError: diverged"), ("time.sleep(60)", r"took longer than 0\.5 s")],
)
def test_a_training_that_fails_leaves_its_reason(corpora, write_plugin, body, reason):
    out = train(corpora, write_plugin("plugin", base="LearnedMethod", more=FIT.format(body=body)), limit_s=0.5)
    with pytest.raises(CocktailError, match=f"training failed: {reason}"):
        read_model(out)


def test_a_full_disk_is_no_fault_of_the_method(corpora, write_plugin):
    body = "raise OSError(28, 'No space left on device')"
    with pytest.raises(CocktailError, match=r"plugin: could not be written: No space left on device"):
        train(corpora, write_plugin("plugin", base="LearnedMethod", more=FIT.format(body=body)))
    assert not (corpora[0].parent / "models" / "plugin").exists()


def test_paradigms_decide_what_fit_may_see(corpora):
    libraries = Library(corpora[0]), Library(corpora[1])
    for paradigm, text in (("source-model", None), ("annotated-source-model", "hello"), ("separation", None)):
        recordings = list(CorpusTrainingData(*libraries, 16000, paradigm).speech())
        assert [recording.text for recording in recordings] == [text, text]
        assert [recording.speaker for recording in recordings] == ["s0", "s1"]
    with pytest.raises(AccessError, match="'mixture-only'"):
        list(CorpusTrainingData(*libraries, 16000, "mixture-only").speech())


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(CocktailError, match="no trained model at"):
        read_model(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps({"error": None}))
    assert read_model(tmp_path) == tmp_path
