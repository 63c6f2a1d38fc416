"""Recognisers and detectors that go on learning from what entries make of training scenes."""

import itertools

import pytest

from cocktail.errors import CocktailError
from cocktail.workflow.plan import Plan
from cocktail.workflow.suite import load_suite

WANTED = {
    "conditions": ["stationary", "nonstationary"],
    "entries": ["unprocessed", "omlsa", "oracle-ibm"],
}


def plan(retrain=None, **overrides):
    return Plan(load_suite("quick", {"retrain": retrain or WANTED, "train_scenes": 50, **overrides}), "quick")


def hearing(**overrides):
    """Two detectors score, and both go on learning."""
    names = ["stationary", "spoof-noise"]
    wanted = {"conditions": names, "entries": ["omlsa"], "detectors": ["lcnn", "gmm-lfcc"]}
    return plan(wanted, conditions=[*names, "spoof-logical"], scorers={"spoofing": ["lcnn", "gmm-lfcc"]}, **overrides)


class TestPlan:
    def test_nothing_is_retrained_unless_a_suite_says_so(self):
        p = plan({"entries": [], "conditions": []})
        assert p.retrained == {} and p.estimated("train") == []

    def test_the_cells_of_the_entries_and_conditions_named(self):
        p = plan()
        assert set(p.estimated("train")) == set(itertools.product(WANTED["conditions"], WANTED["entries"]))
        for cell in (("tablet", "omlsa"), ("stationary", "mmse-lsa")):
            assert p.scorers_of(*cell) == p.score_input(*cell) == {}
        assert p.score_input("stationary", "omlsa") == {"scorers": [p.model("ctc-retrained-omlsa")]}
        assert p.scorer_models("stationary", "omlsa")["retrained"]["spec"]["name"] == "ctc-retrained-omlsa"

    def test_it_starts_from_the_model_that_is_trained_for_it_and_learns_from_one_entry(self):
        p = plan(methods=["omlsa"])
        assert set(p.retrained) == {"unprocessed", "omlsa"}
        assert "ctc" in p.trained and "ctc-retrained" not in p.trained
        assert p.train_models("ctc-retrained-omlsa") == {"start": p.model("ctc")}
        files = p.train_reads("ctc-retrained-omlsa")
        assert {key: len(paths) for key, paths in files.items()} == dict.fromkeys(
            ("mixtures", "references", "estimates"), 2 * len(p.shards_of("train"))
        )
        assert files["estimates"][0] == p.estimates("stationary", "omlsa", "000", "train")

    def test_train_scenes_are_made_for_what_is_retrained(self):
        p = plan()
        assert p.rendered("train") == WANTED["conditions"]
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

    def test_detectors_learn_where_there_are_attacks_and_recognisers_elsewhere(self):
        p = hearing()
        assert {role: twin.train_on for role, twin in p.retrained["omlsa"].items()} == {
            "retrained": ("stationary",),
            "spoofing.lcnn-retrained": ("spoof-noise",),
            "spoofing.gmm-lfcc-retrained": ("spoof-noise",),
        }
        assert list(p.scorers_of("spoof-noise", "omlsa").values()) == [
            "lcnn", "gmm-lfcc", "lcnn-retrained-omlsa", "gmm-lfcc-retrained-omlsa"
        ]  # fmt: skip
        assert list(p.scorers_of("spoof-noise", "mmse-lsa").values()) == ["lcnn", "gmm-lfcc"]

    def test_a_network_goes_on_from_its_weights_and_a_mixture_model_learns_anew(self):
        p = hearing()
        assert p.train_models("lcnn-retrained-omlsa") == {"start": p.model("lcnn")}
        assert p.train_models("gmm-lfcc-retrained-omlsa") == {}
        files = p.train_reads("gmm-lfcc-retrained-omlsa")
        assert files["estimates"][0] == p.estimates("spoof-noise", "omlsa", "000", "train")
        assert files["references"][0] == p.references("spoof-noise", "000", "train"), "which have the labels"

    def test_digests_follow_what_decides(self):
        before, name = plan(), "ctc-retrained-omlsa"
        after = {
            "more scenes": plan(train_scenes=60),
            "entry": plan(parameters={"omlsa": {"gain_floor_db": -15.0}}),
            "recogniser": plan(parameters={"ctc-retrained": {"epochs": 1}}),
            "start": plan(parameters={"ctc": {"units": 7}}),
        }
        changed = {what for what, p in after.items() if p.digests.train(name) != before.digests.train(name)}
        assert changed == set(after)
        first, other = ("omlsa", "000", "train"), "ctc-retrained-unprocessed"
        assert after["more scenes"].digests.process(*first) == before.digests.process(*first)
        assert after["entry"].digests.train(other) == before.digests.train(other)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"entries": ["omlza"]}, "entries: unknown entry 'omlza'; did you mean 'omlsa'"),
            ({"conditions": ["stationery"]}, "conditions: unknown condition 'stationery'; did you mean 'stationary'"),
            ({"conditions": ["two-talkers"]}, "conditions: 'two-talkers' does not have the task 'enhance'"),
            ({"recogniser": "omlsa"}, "recogniser: 'omlsa' does not have the task 'recognise'"),
            ({"recogniser": "ctk"}, "recogniser: unknown entry 'ctk'"),
            ({"detectors": ["lcm"]}, "detectors: unknown entry 'lcm'; did you mean 'lcnn'"),
            ({"detectors": ["lcnn"]}, "detectors: 'lcnn' scores nothing; name it in scorers.spoofing, too"),
        ],
    )
    def test_wrong_names_are_told(self, change, message):
        with pytest.raises(CocktailError, match=f"quick: retrain.{message}"):
            plan(WANTED | change)

    def test_detectors_want_attacks(self):
        wanted = {"conditions": ["stationary"], "entries": ["omlsa"], "detectors": ["lcnn"]}
        with pytest.raises(CocktailError, match=r"none of quick: retrain\.conditions has attacks for 'lcnn'"):
            plan(wanted, scorers={"spoofing": "lcnn"})
