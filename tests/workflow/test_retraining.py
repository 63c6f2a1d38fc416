"""Recognisers that go on learning from what entries make of training scenes."""

import itertools

import numpy as np
import pytest

from cocktail import tables
from cocktail.errors import CocktailError
from cocktail.plugins.registry import Registry
from cocktail.training.data.estimates import EnhancedSpeech, retrain
from cocktail.workflow.plan import Plan
from cocktail.workflow.suite import load_suite

FS = 16000
WANTED = {
    "conditions": ["stationary", "nonstationary"],
    "entries": ["unprocessed", "omlsa", "oracle-irm"],
}


def plan(retrain=None, **overrides):
    return Plan(load_suite("quick", {"retrain": retrain or WANTED, "train_scenes": 50, **overrides}), "quick")


class TestPlan:
    def test_nothing_is_retrained_unless_a_suite_says_so(self):
        p = Plan(load_suite("quick", {"retrain": {"entries": [], "conditions": []}}), "quick")
        assert p.retraining.entries == [] and "retrained" not in p.score_input("stationary", "omlsa")

    def test_the_cells_of_the_entries_and_conditions_named(self):
        p = plan()
        assert set(p.retraining.cells) == set(itertools.product(WANTED["conditions"], WANTED["entries"]))
        assert "retrained" not in p.score_input("reverb", "omlsa") and "retrained" not in p.score_input(
            "stationary", "wiener"
        )
        assert p.score_input("stationary", "omlsa")["retrained"] == p.retraining.model("omlsa")
        assert p.scorer_specs("stationary", "omlsa")["retrained"]["name"] == "ctc-retrained"
        assert p.scorer_models("stationary", "omlsa")["retrained"]["model"] == p.retraining.model("omlsa")

    def test_it_begins_with_the_model_that_is_trained_for_it(self):
        p = plan(methods=["omlsa"])
        assert p.retraining.entries == ["unprocessed", "omlsa"]
        files = p.retraining.fit_input("omlsa")
        assert files["start"] == p.model("ctc") and "ctc" in p.trained and "ctc-retrained" not in p.trained
        assert len(files["estimates"]) == len(files["references"]) == 2 * len(p.shards_of("train"))

    def test_train_scenes_are_made_for_what_is_retrained(self):
        p = plan()
        assert set(p.estimated("train")) == set(p.retraining.cells) and p.rendered("train") == WANTED["conditions"]
        assert [i for shard in p.shards_of("train") for i in p.scene_indices(shard, "train")] == list(range(50))
        assert p.digests.scenes("stationary", "000", "train") != p.digests.scenes("stationary", "000", "test")

    def test_train_scenes_lie_beside_those_of_the_test(self):
        p = plan()
        files = p.process_input("stationary", "oracle-irm", "001", "train")
        assert files == {
            "mixtures": p.path("scenes", "stationary", "train", "001.mixtures.parquet"),
            "references": p.path("scenes", "stationary", "train", "001.references.parquet"),
        }
        assert "references" not in p.process_input("stationary", "omlsa", "001", "train")

    def test_digests_follow_what_decides(self):
        before = plan()
        after = {
            "more scenes": plan(train_scenes=60),
            "entry": plan(parameters={"omlsa": {"gain_floor_db": -15.0}}),
            "recogniser": plan(parameters={"ctc-retrained": {"epochs": 1}}),
            "base": plan(parameters={"ctc": {"units": 7}}),
        }
        changed = {
            what
            for what, p in after.items()
            if p.retraining.fit_digest("omlsa") != before.retraining.fit_digest("omlsa")
        }
        assert changed == set(after)
        first = "omlsa", "000", "train"
        assert after["more scenes"].digests.process(*first) == before.digests.process(*first)
        assert after["entry"].retraining.fit_digest("unprocessed") == before.retraining.fit_digest("unprocessed")

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"entries": ["omlza"]}, "entries: unknown entry 'omlza'; did you mean 'omlsa'"),
            ({"conditions": ["stationery"]}, "conditions: unknown condition 'stationery'; did you mean 'stationary'"),
            ({"conditions": ["two-talkers"]}, "conditions: 'two-talkers' does not have the task 'enhance'"),
            ({"recogniser": "omlsa"}, "recogniser: 'omlsa' does not have the task 'recognise'"),
            ({"recogniser": "ctk"}, "recogniser: unknown entry 'ctk'"),
        ],
    )
    def test_wrong_names_are_told(self, change, message):
        with pytest.raises(CocktailError, match=f"quick: retrain.{message}"):
            plan(WANTED | change)


def word(text):
    return np.sin(np.arange(3200) * {"ah": 1.0, "oo": 0.1}[text]) * np.hanning(3200)


@pytest.fixture
def shard(tmp_path):
    """Estimates and references of sixteen scenes of two words each; the first estimate failed."""
    texts = [" ".join(words) for words in itertools.product(("ah", "oo"), repeat=2)] * 4
    truths, made = [], []
    for number, text in enumerate(texts):
        name, samples = f"scene-{number}", 0.5 * np.concatenate([word(w) for w in text.split()])
        truths.append({"scene": name, "text": [text], "speaker": [f"s{number % 3}"]})
        estimate = {"status": "ok", "estimate": [tables.pack(samples[None], FS, name)]}
        made.append({"scene": name} | (estimate if number else {"status": "failed", "reason": "it was the first"}))
    tables.write_rows(tmp_path / "references.parquet", truths, tables.REFERENCES)
    tables.write_rows(tmp_path / "estimates.parquet", made, tables.ESTIMATES)
    return [tmp_path / "estimates.parquet"], [tmp_path / "references.parquet"], texts


def test_estimates_and_their_texts_are_the_training_data(shard):
    estimates, references, texts = shard
    data = EnhancedSpeech(estimates, references, fs=FS)
    train, valid = list(data.speech("train")), list(data.speech("valid"))
    assert [x.text for x in valid] == texts[5::5] and len(train) + len(valid) == len(texts) - 1
    np.testing.assert_allclose(valid[0].samples[:3200], 0.5 * word(valid[0].text.split()[0]), atol=1e-6)
    assert list(data.noise()) == []


def test_too_few_estimates_are_told(shard, tmp_path):
    tables.write_rows(tmp_path / "few.parquet", tables.read_rows(shard[0][0])[:3], tables.ESTIMATES)
    with pytest.raises(CocktailError, match="only 2 of 16 training scenes were processed"):
        EnhancedSpeech([tmp_path / "few.parquet"], shard[1], fs=FS)


def test_a_recogniser_learns_from_estimates_and_scores(shard, tmp_path):
    from cocktail.scoring.scorers import Scorers

    sizes = {"layers": 1, "units": 16, "epochs": 12, "steps": 20, "batch_size": 8, "learning_rate": 0.01}
    spec = Registry().entries["ctc"].sized({"ctc": sizes}, "a test").spec()
    common = {"spec": spec, "suite": "s", "seed": 0, "fs": FS, "limit_s": 300.0}
    retrain(estimates=shard[0], references=shard[1], out=tmp_path / "model", device=None, identity="", **common)
    scorers = Scorers({"retrained": {"spec": spec, "model": tmp_path / "model", "suite": "s"}})
    for text in ("ah oo", "oo oo"):
        assert scorers["retrained"](np.concatenate([word(w) for w in text.split()]), FS) == text
