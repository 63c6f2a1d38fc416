import re
from pathlib import Path

import pytest
import yaml

from cocktail import ROOT
from cocktail.errors import CocktailError
from cocktail.workflow.job_groups import groups
from cocktail.workflow.plan import Plan
from cocktail.workflow.selection import Selection
from cocktail.workflow.suite import load_suite, suites


def plan(**overrides):
    """`standard` with other values, with no scorers but those given, and with no recogniser trained anew."""
    config = load_suite("standard", overrides)
    judges = {"scorers": overrides.get("scorers", {}), "retrain": config["retrain"] | {"entries": []}}
    return Plan(config | judges, "standard")


def trained(p):
    """Entries that are trained for the boards' entries and scorers, and not for the attacks that conditions are of."""
    attacking = {name for each in (*p.adversaries, *p.attackers) for name in p.ancestry(each)}
    return [name for name in p.trained if name not in attacking]


def test_shards_cover_every_scene_once():
    p = plan(scenes=50, shard_size=20)
    assert p.shards == ["000", "001", "002"]
    assert [i for shard in p.shards for i in p.scene_indices(shard)] == list(range(50))


def test_more_scenes_leave_the_full_shards_as_they_are():
    few, many = plan(scenes=40, shard_size=20), plan(scenes=60, shard_size=20)
    assert few.digests.scenes("stationary", "001", "test") == many.digests.scenes("stationary", "001", "test")
    assert few.digests.process("wiener", "001", "test") == many.digests.process("wiener", "001", "test")


def test_cells_follow_task_and_array():
    p = plan()
    assert ("stationary", "omlsa") in p.cells and ("two-talkers", "omlsa") not in p.cells
    assert ("two-talkers-array", "full-rank-em") in p.cells
    absent = {(cell.condition, cell.entry): cell for cell in p.absent}
    assert absent["stationary", "oracle-mvdr"].reason == "needs several microphones"
    assert ("tablet", "oracle-mvdr") in p.cells
    assert not set(absent) & set(p.cells)


def test_only_oracles_and_encoders_have_the_truth_among_their_inputs():
    p = plan()
    for condition, entry in p.cells:
        files = p.process_input(condition, entry, "000", "test")
        cls = p.entries[entry].cls
        assert ("references" in files) == (cls.paradigm == "oracle" or "side_information" in cls.needs), entry
        assert ("model" in files) == p.entries[entry].cls.learned(), entry


def test_a_field_of_calls_alone_trains_nothing_again():
    stands, swept, other = (
        plan(parameters=values, conditions=["stationary"])
        for values in ({}, {"nmf-sparse": {"sparsity": 20.0}}, {"nmf-sparse": {"sparsity_fit": 3.0}})
    )
    assert swept.digests.train("nmf-sparse") == stands.digests.train("nmf-sparse") != other.digests.train("nmf-sparse")
    assert swept.train_spec("nmf-sparse") == stands.train_spec("nmf-sparse") != other.train_spec("nmf-sparse")
    assert len({p.digests.process("nmf-sparse", "000", "test") for p in (stands, swept, other)}) == 3


def test_what_an_entry_is_trained_on(monkeypatch):
    monkeypatch.setenv("COCKTAIL_DATA", "/nowhere")
    monkeypatch.setattr("cocktail.corpora.adapters.fingerprint", lambda part: "")
    made = {"speech": [{"corpus": "grid-tts", "synthesis": "eSpeak NG"}]}
    noise = [{"corpus": "synthetic", "synthesis": "this program"}]
    quick = Plan(load_suite("quick"), "quick")
    told = {"conditions": ["stationary", "nonstationary", "living-room", "tablet"], "snr_db": [-6, 10]}
    assert quick.trained_on("blstm-psa") == made | {"noise": noise} | told
    assert quick.trained_on("dpcl") == made | {"noise": [], "conditions": ["two-talkers"], "snr_db": None}
    assert quick.trained_on("nmf-sparse") == made | {"noise": noise, "conditions": [], "snr_db": None}
    real = Plan(load_suite("real"), "real").trained_on("nmf-sparse")
    assert [part["corpus"] for part in real["speech"]] == ["folder (librispeech_clean)"]
    assert [part["corpus"] for part in real["noise"]] == [f"folder ({x})" for x in ("esc10", "ambience", "appliances")]
    assert {part["synthesis"] for kind in ("speech", "noise") for part in real[kind]} == {None}


def test_only_a_detector_that_learnt_from_sounds_is_asked_about_them(write_plugin):
    coughs = {"task": "detect", "talkers": 1, "array": "single", "reference": "image"}
    coughs |= {"sounds": {"kinds": ["cough"], "labels": ["ill", "well"]}}
    folder = write_plugin("listener", base="LearnedMethod",
                          attributes="task, paradigm = 'detect', 'annotated-source-model'")  # fmt: skip
    (folder / "methods.yaml").write_text("listener: {train_on: [coughs]}\n")
    p = plan(define={"coughs": coughs}, plugins=[str(folder)])
    heard = [entry for condition, entry in p.cells if condition == "coughs"]
    assert heard == ["cough-fusion", "cough-logistic", "cough-boosting", "cough-network", "listener"]
    assert list(p.train_conditions("cough-fusion")) == ["coughs"]
    absent = {(cell.condition, cell.entry): cell.reason for cell in p.absent}
    assert absent["coughs", "lcnn"] == "did not learn to tell these sounds apart"
    assert absent["spoof-logical", "cough-fusion"] == "tells other sounds apart, not spoofed speech"
    assert "coughs" not in p.train_conditions("lcnn")


def test_unprocessed_runs_with_every_selection():
    assert list(plan(methods=["omlsa"]).entries) == ["unprocessed", "omlsa"]


def test_all_methods_but_some():
    assert "wiener" not in plan(without=["wiener"]).entries
    assert "wiener" in plan(without=["wiener"], methods=["wiener"]).entries
    with pytest.raises(CocktailError, match="without: no entry to leave out: 'weiner'; did you mean 'wiener'"):
        plan(without=["weiner"])


def test_a_plugin_that_does_not_import_is_absent_with_its_reason(write_plugin):
    folder = write_plugin("broken")
    (folder / "broken.py").write_text("import gone_module")
    p = plan(plugins=[str(folder)], methods=["broken"])
    (cell,) = [cell for cell in p.absent if cell.entry == "broken" and cell.condition == "stationary"]
    assert cell.status == "failed" and "method-failed: does not import: ModuleNotFoundError" in cell.reason
    assert not [entry for _, entry in p.cells if entry == "broken"]


def test_a_reason_to_skip_is_kept(write_plugin):
    more = """
        def skip(self, info):
            return "only for rooms" if info.condition == "stationary" else None
    """
    p = plan(plugins=[str(write_plugin("choosy", more=more))], methods=["choosy"])
    assert {cell.condition: cell.reason for cell in p.absent if cell.entry == "choosy"} == {
        "stationary": "only for rooms"
    }
    assert ("nonstationary", "choosy") in p.cells


JOBS = {
    "corpora": (),
    "scenes": ("stationary", "000", "test"),
    "train": ("nmf-sparse",),
    "process": ("nmf-sparse", "000", "test"),
    "score": ("stationary", "nmf-sparse", "000"),
    "board": (),
}
"""One job of each stage."""


def digest_of(p, stage):
    return getattr(p.digests, stage)(*JOBS[stage])


@pytest.mark.parametrize(
    ("overrides", "changed"),
    [
        ({"seed": 7}, {"corpora", "scenes", "train", "process", "board"}),
        ({"time_limit_s": 5}, {"process"}),
        ({"train_limit_s": 5}, {"train"}),
        ({"metrics": ["si_sdr"]}, {"score"}),
        ({"resamples": 500}, {"board"}),
        ({"define": {"stationary": {"noise": {"snr_db": [0, 1]}}}}, {"scenes"}),
        ({"define": {"stationary": {"title": "Other words"}}}, set()),
        ({"define": {"tablet": {"noise": {"snr_db": [0, 1]}}}}, set()),
        ({"corpora": {"noise": [{"adapter": "synthetic", "seconds": 9}]}}, {"corpora", "train"}),
        ({"recogniser": {"mode": "language-model"}}, {"score"}),
        ({"results": "elsewhere"}, set()),
        ({"keep": "examples"}, set()),
    ],
)
def test_what_a_change_of_the_suite_reruns_directly(overrides, changed):
    """Digests by stage, for one job; what depends on a rerun job reruns by its inputs."""
    before, after = plan(), plan(**overrides)
    differ = {stage for stage in JOBS if digest_of(before, stage) != digest_of(after, stage)}
    assert differ == changed


def test_an_edited_table_of_recordings_changes_the_corpora(tmp_path, monkeypatch):
    monkeypatch.setenv("COCKTAIL_DATA", str(tmp_path))
    part = {"adapter": "folder", "table": "${COCKTAIL_DATA}/table.csv", "split": "test"}
    (tmp_path / "table.csv").write_text("path\na.wav\n")
    before = plan(corpora={"speech": [part]}).digests.corpora()
    assert plan(corpora={"speech": [part]}).digests.corpora() == before
    (tmp_path / "table.csv").write_text("path\nb.wav\n")
    assert plan(corpora={"speech": [part]}).digests.corpora() != before
    (tmp_path / "table.csv").unlink()
    with pytest.raises(CocktailError, match=r"table\.csv: no such file"):
        plan(corpora={"speech": [part]})
    monkeypatch.delenv("COCKTAIL_DATA")
    with pytest.raises(CocktailError, match="COCKTAIL_DATA is not set"):
        plan(corpora={"speech": [part]})


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        ({"more": "def skip(self, info):\n    raise KeyError('t60')"}, "method-failed: skip(): KeyError: 't60'"),
        ({"attributes": "needs = None"}, "method-failed: bad.py: breaks the contract: TypeError"),
        ({"attributes": "task = None"}, "method-failed: bad.py: breaks the contract: TypeError"),
        ({"attributes": "order: int"}, "method-failed: bad.py: Plugin: the parameter 'order' has no default"),
        ({"attributes": "order: Unknown = 1"}, "method-failed: does not import: NameError"),
        ({"attributes": "order: 'Unknown' = 1"}, "method-failed: bad.py: breaks the contract: NameError"),
        ({"more": "def __post_init__(self):\n    1 / 0"}, "method-failed: cannot be made: ZeroDivisionError"),
    ],
)
def test_a_plugin_at_fault_costs_its_own_cells_only(write_plugin, plugin, reason):
    p = plan(plugins=[str(write_plugin("bad", **plugin))], methods=["bad", "wiener"])
    (cell,) = [cell for cell in p.absent if (cell.entry, cell.condition) == ("bad", "stationary")]
    assert cell.status == "failed" and cell.reason.startswith(reason), cell.reason
    assert ("stationary", "wiener") in p.cells and "bad" not in {entry for _, entry in p.cells}


@pytest.mark.parametrize("key", ["device", "recogniser"])
def test_what_a_method_does_not_ask_for_reruns_nothing_of_it(key):
    change = {"device": "cpu", "recogniser": {"backend": "pocketsphinx", "mode": "language-model"}}[key]
    before, after = plan(), plan(**{key: change})
    assert getattr(before, key)("wiener") == getattr(after, key)("wiener")
    assert before.digests.process("wiener", "000", "test") == after.digests.process("wiener", "000", "test")


LEARNS = """
    def fit(self, data, rng, folder):
        pass

    def load(self, folder):
        return None
"""
MIXES = "task = 'enhance'; paradigm = 'separation'"


@pytest.fixture
def networks(write_plugin):
    """A folder with a network, and a method that builds on it."""
    write_plugin("network", base="LearnedMethod", attributes=MIXES, more=LEARNS)
    folder = write_plugin("beamformer", attributes=f"{MIXES}; needs = frozenset({{'array'}})")
    rows = {"net": {"plugin": "network"}, "beam": {"plugin": "beamformer", "uses": "net"}}
    rows["still"] = {"plugin": "network", "train_on": ["stationary"], "gain": 2.0}
    (folder / "methods.yaml").write_text(yaml.safe_dump(rows))
    return str(folder)


def test_a_model_is_trained_once_for_all_that_build_on_it(networks):
    p = plan(plugins=[networks], methods=["beam"])
    assert trained(p) == ["net"]
    files = p.process_input("tablet", "beam", "000", "test")
    assert files["bases"] == [p.model("net")] and "model" not in files
    assert p.run("beam")["bases"] == {"base": p.spec("net")}
    sized = plan(plugins=[networks], methods=["beam"], parameters={"net": {"gain": 3.0}})
    assert sized.digests.process("beam", "000", "test") != p.digests.process("beam", "000", "test")


def test_entries_are_used_by_role(networks):
    rows = {"net": {"plugin": "network"}, "still": {"plugin": "network", "gain": 2.0}}
    rows["beam"] = {"plugin": "beamformer", "uses": {"speech": "still", "noise": "net"}}
    (Path(networks) / "methods.yaml").write_text(yaml.safe_dump(rows, sort_keys=False))
    p = plan(plugins=[networks], methods=["beam"])
    assert trained(p) == ["still", "net"]
    assert p.process_input("tablet", "beam", "000", "test")["bases"] == [p.model("still"), p.model("net")]
    assert {role: base["model"] for role, base in p.bases("beam").items()} == {
        "speech": p.model("still"), "noise": p.model("net"),
    }  # fmt: skip
    assert next(card for card in p.contents.cards() if card["entry"] == "beam")["uses"] == "speech: still, noise: net"


def test_an_entry_starts_from_another_that_is_trained_first(networks):
    rows = {"net": {"plugin": "network"}, "child": {"plugin": "network", "start": "net"}}
    (Path(networks) / "methods.yaml").write_text(yaml.safe_dump(rows))
    p = plan(plugins=[networks], methods=["child"])
    assert trained(p) == ["child", "net"]
    assert p.train_models("child") == {"start": p.model("net")} and p.start_spec("child") == p.spec("net")
    assert "start" not in p.process_input("tablet", "child", "000", "test")
    sized = plan(plugins=[networks], methods=["child"], parameters={"net": {"gain": 3.0}})
    assert sized.digests.train("child") != p.digests.train("child")


def joined(networks, **row):
    """Rows of a folder whose entry `joined` learns from what `net` and `omlsa` make."""
    rows = {"net": {"plugin": "network"}, "joined": {"plugin": "network", "reads": ["net", "omlsa"]} | row}
    (Path(networks) / "methods.yaml").write_text(yaml.safe_dump(rows))


def test_an_entry_reads_what_others_make_of_the_same_scenes(networks):
    joined(networks, train_on=["tablet"])
    p = plan(plugins=[networks], methods=["joined"], train_scenes=40)
    assert {entry for _, entry in p.cells} == {"unprocessed", "joined"} and trained(p) == ["joined", "net"]
    files = p.process_input("stationary", "joined", "000", "test")
    assert files["estimates"] == [p.estimates("stationary", name, "000") for name in ("net", "omlsa")]
    assert {("stationary", "net"), ("stationary", "omlsa")} <= set(p.estimated("test"))
    assert p.estimated("train") == [("tablet", "net"), ("tablet", "omlsa")]
    reads = p.train_reads("joined")
    assert reads["estimates"] == [
        p.estimates("tablet", name, shard, "train") for name in ("net", "omlsa") for shard in p.shards_of("train")
    ]
    assert len(reads["references"]) == len(p.shards_of("train"))
    changed = plan(
        plugins=[networks], methods=["joined"], train_scenes=40, parameters={"omlsa": {"gain_floor_db": -9.0}}
    )
    assert changed.digests.train("joined") != p.digests.train("joined")
    assert changed.digests.train("net") == p.digests.train("net")


def test_an_entry_reads_no_more_than_its_paradigm_allows_and_only_what_runs(networks):
    rows = {"a": {"plugin": "wiener", "reads": ["nmf-sparse"]}, "b": {"plugin": "wiener", "reads": ["mask-mvdr"]}}
    rows["c"] = {"plugin": "network", "reads": ["mask-mvdr"]}
    (Path(networks) / "wiener.py").write_text((ROOT / "methods" / "controls" / "unprocessed.py").read_text())
    (Path(networks) / "methods.yaml").write_text(yaml.safe_dump(rows))
    p = plan(plugins=[networks])
    absent = {cell.entry: (cell.status, cell.reason) for cell in p.absent if cell.condition == "stationary"}
    assert absent["a"] == (
        "failed",
        "method-failed: it reads 'nmf-sparse', whose paradigm 'source-model' sees more than its own, 'learning-free'",
    )
    assert "it reads 'mask-mvdr', whose paradigm 'separation'" in absent["b"][1]
    assert absent["c"] == ("skipped", "it reads 'mask-mvdr', which does not run here: needs several microphones")
    assert ("tablet", "c") in p.cells and set(p.train_conditions("c")) <= {
        name for name, definition in p.conditions.items() if definition["array"] != "single"
    }


def test_what_an_entry_trains_on(networks):
    p = plan(plugins=[networks])
    enhance = {name for name, x in p.conditions.items() if x["task"] == "enhance" and "attacks" not in x}
    assert set(p.train_conditions("net")) == enhance
    assert set(p.train_conditions("still")) == {"stationary"}
    assert p.train_conditions("nmf-sparse") == {}
    some = plan(plugins=[networks], only={"conditions": ["tablet"]})
    assert list(some.conditions) == ["tablet"] and some.digests.train("net") == p.digests.train("net")
    without = plan(plugins=[networks], conditions=["tablet"])
    (cell,) = [cell for cell in without.absent if cell.entry == "still"]
    assert cell.status == "skipped" and "'still' trains on no condition of this suite" in cell.reason


def test_sizes_of_a_suite_stand_around_the_row(networks):
    values = {"network": {"gain": 5.0}}
    p = plan(plugins=[networks], parameters=values)
    assert [p.known[name].make().gain for name in ("net", "still")] == [5.0, 2.0]
    p = plan(plugins=[networks], parameters=values | {"still": {"gain": 7.0}})
    assert [p.known[name].make().gain for name in ("net", "still")] == [5.0, 7.0]
    with pytest.raises(CocktailError, match=r"parameters: no entry or plugin 'netwrk'; did you mean 'network'"):
        plan(plugins=[networks], parameters={"netwrk": {"gain": 1.0}})
    with pytest.raises(CocktailError, match="net: Plugin has no parameter 'gian'"):
        plan(plugins=[networks], parameters={"net": {"gian": 1.0}})


def _append(folder, sizes):
    with (Path(folder) / "methods.yaml").open("a") as file:
        file.write(f"sizes: {sizes}\n")


def test_a_class_of_size_lies_beside_the_plugins_and_under_the_suite_s_exceptions(networks):
    _append(networks, "{network: {tiny: {gain: 5.0}, small: {gain: 6.0}}, still: {small: {gain: 7.0}}}")

    def gains(**more):
        p = plan(plugins=[networks], **more)
        return [p.known[name].make().gain for name in ("net", "still")]

    assert gains(size="paper") == [1.0, 2.0]
    assert gains(size="tiny") == [5.0, 2.0]  # under the row of `still`
    assert gains(size="small") == [6.0, 7.0]
    assert gains(size="small", parameters={"network": {"gain": 8.0}}) == [8.0, 7.0]
    assert gains(size="tiny", parameters={"still": {"gain": 8.0}}) == [5.0, 8.0]


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ("{netwrk: {tiny: {gain: 1.0}}}", "no entry or plugin 'netwrk' in this folder; did you mean 'network'"),
        ("{network: {smal: {gain: 1.0}}}", "network: no class of size 'smal'; did you mean 'small'"),
        ("{network: {tiny: 3}}", r"network: tiny: expected \{field: value\}, got 3"),
        ("{network: 3}", "network: expected .*, got 3"),
        ("3", "sizes: expected .*, got 3"),
    ],
)
def test_sizes_that_are_none_are_refused(networks, sizes, message):
    _append(networks, sizes)
    with pytest.raises(CocktailError, match=rf"methods.yaml: sizes: .*{message}" if sizes != "3" else message):
        plan(plugins=[networks])


def test_a_misspelt_field_of_a_size_is_named(networks):
    _append(networks, "{network: {tiny: {gian: 1.0}}}")
    with pytest.raises(CocktailError, match=r"size tiny: net: Plugin has no parameter 'gian'; did you mean 'gain'"):
        plan(plugins=[networks], size="tiny")


def test_scorers_are_trained_and_read(networks, write_plugin):
    write_plugin("embed", base="LearnedMethod", attributes="task = 'verify'", more=LEARNS)
    p = plan(plugins=[networks], methods=["wiener"], scorers={"speaker": "embed"})
    assert trained(p) == ["embed"]
    assert p.score_input("stationary", "wiener") == {"scorers": [p.model("embed")]}
    assert p.score_input("two-talkers", "wiener") == {}
    with pytest.raises(CocktailError, match=r"scorers\.speaker: unknown entry 'embod'"):
        plan(plugins=[networks], scorers={"speaker": "embod"})
    with pytest.raises(CocktailError, match=r"scorers\.speaker: 'wiener' does not have the task 'verify'"):
        plan(plugins=[networks], scorers={"speaker": "wiener"})


def test_several_detectors_score_in_turn():
    p = plan(methods=["wiener"], scorers={"spoofing": ["lcnn", "gmm-lfcc"], "speaker": "xvector"})
    assert {"lcnn", "gmm-lfcc", "xvector"} <= set(p.trained)
    roles = {"spoofing": "lcnn", "spoofing.gmm-lfcc": "gmm-lfcc", "speaker": "xvector"}
    assert p.scorers_of("spoof-noise", "wiener") == roles
    assert {role: each["model"] for role, each in p.scorer_models("spoof-noise", "wiener").items()} == {
        role: p.model(name) for role, name in roles.items()
    }
    assert p.score_input("spoof-noise", "wiener")["scorers"] == [p.model(name) for name in roles.values()]
    assert p.scorers_of("stationary", "wiener") == {"spoofing": "lcnn", "speaker": "xvector"}, "no attacks, one will do"
    assert p.scorers_of("spoof-logical", "lcnn") == {"speaker": "xvector"}
    assert p.about()["scorers"] == "spoofing: lcnn, spoofing: gmm-lfcc, speaker: xvector"
    with pytest.raises(CocktailError, match=r"scorers\.spoofing: unknown entry 'lcm'; did you mean 'lcnn'"):
        plan(scorers={"spoofing": ["lcnn", "lcm"]})
    with pytest.raises(CocktailError, match=r"scorers\.spoofing: 'wiener' does not have the task 'detect'"):
        plan(scorers={"spoofing": ["lcnn", "wiener"]})
    with pytest.raises(CocktailError, match=r"spoofing: 'cough-fusion' tells other sounds apart, not spoofed speech"):
        plan(scorers={"spoofing": ["lcnn", "cough-fusion"]})
    with pytest.raises(
        CocktailError, match=r"spoofing: 'lcnn' trains on no condition of this suite; add spoof-logical"
    ):
        plan(conditions=["stationary"], scorers={"spoofing": "lcnn"})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"beam": {"plugin": "beamformer", "uses": "nett"}}, "beam: uses: unknown entry 'nett'"),
        ({"a": {"plugin": "network", "uses": "b"}, "b": {"plugin": "network", "uses": "a"}}, "runs in a circle"),
        ({"a": {"plugin": "network", "train_on": "stationary"}}, "a: train_on: expected a list of conditions"),
        ({"a": {"plugin": "network", "uses": 3}}, "a: uses: expected the name of an entry"),
        ({"a": {"plugin": "network", "uses": {"mask": ["b"]}}}, "a: uses: expected the name of an entry, or {role"),
        ({"a": {"plugin": "network", "uses": {"mask": "nett"}}}, "a: uses: unknown entry 'nett'"),
        ({"a": {"plugin": "network", "start": "nett"}}, "a: start: unknown entry 'nett'"),
        ({"a": {"plugin": "network", "reads": "net"}}, "a: reads: expected a list of entries, got 'net'"),
        ({"a": {"plugin": "network", "reads": ["nett"]}}, "a: reads: unknown entry 'nett'"),
        ({"a": {"plugin": "network", "start": ["b"]}}, "a: start: expected the name of an entry"),
        ({"a": {"plugin": "network", "start": "b"}, "b": {"plugin": "network", "uses": "a"}}, "a -> b -> a runs in a"),
    ],
)
def test_rows_that_build_on_nothing_are_refused(networks, rows, message):
    from pathlib import Path

    (Path(networks) / "methods.yaml").write_text(yaml.safe_dump(rows))
    with pytest.raises(CocktailError, match=message):
        plan(plugins=[networks])


def test_spoofed_speech_is_made_as_the_conditions_need_it_and_read_where_it_is_needed():
    p = plan(spoofs={"train": 7, "valid": 3, "test": 5})
    counts = p.spoof_counts()
    assert set(counts["train"]) == set(counts["valid"]) < set(counts["test"])
    assert {number for attacks in counts.values() for number in attacks.values()} == {7, 3, 5}
    readers = [name for name in p.conditions if p.scenes_spoofs(name) == {"spoofs": [p.spoofs]}]
    assert readers == ["spoof-logical", "spoof-noise", "spoof-logical-noise"]
    assert p.train_spoofs("lcnn") == {"spoofs": [p.spoofs]} and not p.train_spoofs("nmf-sparse")
    more = plan(spoofs={"train": 8, "valid": 3, "test": 5})
    assert more.digests.spoofs() != p.digests.spoofs()
    assert more.digests.train("lcnn") != p.digests.train("lcnn")
    assert more.digests.train("nmf-sparse") == p.digests.train("nmf-sparse")
    none = plan(conditions=["stationary", "spoof-physical"])
    assert not any(none.spoof_counts().values())
    assert not none.train_spoofs("lcnn")


def test_scenes_of_an_adversary_are_made_of_what_it_left_of_the_spoofs():
    names = ["spoof-logical", "spoof-adversarial"]
    p = plan(conditions=names, methods=["lcnn"])
    assert p.adversaries == ["ganba"] and p.spoof_counts()["train"]
    assert p.scenes_spoofs("spoof-adversarial") == {"spoofs": [p.attacked("ganba")]}
    assert p.adversary_input("ganba") == {"spoofs": p.spoofs, "model": p.model("ganba")}
    assert {"ganba", "xvector"} <= set(p.trained) and "ganba" not in p.processing
    assert p.train_spoofs("lcnn") == {"spoofs": [p.spoofs]} and list(p._trains_on("lcnn")) == ["spoof-logical"]
    assert plan(conditions=names, methods=["lcnn"], scorers={"speaker": "xvector"}).untrained_scores() == []
    softer = plan(conditions=names, methods=["lcnn"], parameters={"ganba": {"bound_db": 1.0}})
    assert softer.digests.adversary("ganba") != p.digests.adversary("ganba")
    assert not plan(conditions=names[:1], methods=["lcnn"]).adversaries


NEURAL = ["nonstationary", "spoof-logical", "spoof-neural"]


def test_attackers_make_spoofs_of_genuine_speech_for_scenes_and_for_trainings():
    p = plan(conditions=NEURAL, methods=["lcnn", "lcnn-neural"], spoofs={"train": 7, "valid": 3, "test": 5})
    seen, every = ["hifi-gan", "resynthesis-mask"], ["hifi-gan", "resynthesis-mask", "resynthesis-tasnet"]
    assert p.attackers == every and p.attackers_met("lcnn") == [] and p.attackers_met("lcnn-neural") == seen
    assert p.scenes_spoofs("spoof-neural") == {"spoofs": [p.forged(name) for name in every]}
    assert p.train_spoofs("lcnn-neural") == {"spoofs": [p.spoofs, *(p.forged(name) for name in seen)]}
    assert p.attacker_counts("hifi-gan") == {"train": 7, "valid": 3, "test": 5}
    assert p.attacker_counts("resynthesis-tasnet") == {"test": 5}
    assert p.attacker_input("hifi-gan") == {"model": p.model("hifi-gan")}
    assert p.attacker_input("resynthesis-mask") == {"bases": [p.model("blstm-psa")]}
    assert set(p.trained) == {"lcnn", "lcnn-neural", "hifi-gan", "blstm-psa", "conv-tasnet-enhance"}
    assert set(every) <= set(p.at_work) and "resynthesis-mask" not in p.processing
    amounts = {group.entry: group.amount for group in groups(p) if group.rule == "attacker"}
    assert amounts == {"hifi-gan": 15, "resynthesis-mask": 15, "resynthesis-tasnet": 5}
    assert "hifi-gan" in p.ancestry("lcnn-neural") and "conv-tasnet-enhance" not in p.ancestry("lcnn-neural")
    longer = plan(conditions=NEURAL, methods=["lcnn", "lcnn-neural"], parameters={"hifi-gan": {"epochs": 3}})
    other = plan(conditions=NEURAL, methods=["lcnn", "lcnn-neural"])
    changed = [name for name in p.trained if longer.digests.train(name) != other.digests.train(name)]
    assert sorted(changed) == ["hifi-gan", "lcnn-neural"]
    assert longer.digests.attacker("hifi-gan") != other.digests.attacker("hifi-gan")
    without = plan(conditions=NEURAL[:2], methods=["lcnn", "lcnn-neural"])
    assert not without.attackers and "hifi-gan" not in without.trained


@pytest.mark.parametrize(
    ("attacks", "trained", "tested"),
    [
        ({"train": ["tts"], "test": ["resynthesis-mask"]}, ["tts"], ["tts", "resynthesis-mask"]),
        ({"train": ["resynthesis-mask"], "test": ["tts"]}, ["resynthesis-mask"], ["tts", "resynthesis-mask"]),
    ],
)
def test_spoofs_that_one_split_alone_has_are_where_that_split_is(attacks, trained, tested):
    """A detector that heard speech synthesis is tested on networks, and the other way round."""
    p = plan(conditions=NEURAL[::2], methods=["lcnn-neural"], define={"spoof-neural": {"attacks": attacks}})
    table = {"tts": p.spoofs, "resynthesis-mask": p.forged("resynthesis-mask")}
    assert p.train_spoofs("lcnn-neural") == {"spoofs": [table[name] for name in trained]}
    assert p.scenes_spoofs("spoof-neural") == {"spoofs": [table[name] for name in tested]}


@pytest.mark.parametrize(
    ("conditions", "change", "message"),
    [
        (
            NEURAL,
            {"attacks": {"train": ["tss"], "test": ["tts"]}},
            "neural.attacks: no attack 'tss'; did you mean 'tts'",
        ),
        (NEURAL, {"attacks": {"train": ["lcnn"], "test": ["tts"]}}, "'lcnn' is no entry that has the task 'attack'"),
        (NEURAL[1:], {}, "'blstm-psa' trains on no condition of this suite; add one"),
        (NEURAL, {"adversary": "ganba"}, "an adversary changes logical attacks alone"),
    ],
)
def test_an_attack_that_cannot_be_made_is_refused(conditions, change, message):
    with pytest.raises(CocktailError, match=message):
        plan(conditions=conditions, define={"spoof-neural": change})


def test_an_attacker_that_learns_from_its_own_spoofs_is_refused(networks):
    rows = {
        "own": {"train_on": ["spoof-neural"]},
        "sly": {"uses": {"detector": "own", "verifier": "xvector"}, "train_on": ["spoof-logical"]},
    }
    for plugin, source in (("own", "lcnn"), ("sly", "ganba")):
        (Path(networks) / f"{plugin}.py").write_text((ROOT / "methods" / "speech" / f"{source}.py").read_text())
    (Path(networks) / "methods.yaml").write_text(yaml.safe_dump(rows))
    attacks = {"train": ["sly"], "test": ["sly"]}
    with pytest.raises(CocktailError, match="'sly' builds on what learns from its own spoofs"):
        plan(conditions=NEURAL, plugins=[networks], define={"spoof-neural": {"attacks": attacks}})


def test_detectors_train_on_no_condition_with_an_adversary_by_themselves(networks):
    (Path(networks) / "net.py").write_text((ROOT / "methods" / "speech" / "lcnn.py").read_text())
    (Path(networks) / "methods.yaml").write_text(yaml.safe_dump({"net": {}}))
    p = plan(conditions=["spoof-logical", "spoof-adversarial"], plugins=[networks])
    assert list(p._trains_on("net")) == ["spoof-logical"]


@pytest.mark.parametrize(
    ("conditions", "adversary", "message"),
    [
        (["spoof-logical", "spoof-adversarial"], "gamba", "spoof-adversarial.adversary: unknown entry 'gamba'"),
        (["spoof-logical", "spoof-adversarial"], "lcnn", "'lcnn' is no entry that has the task 'attack'"),
        (["stationary", "spoof-adversarial"], "resynthesis-mask", "-mask' has no training of its own; name it among"),
        (["spoof-adversarial"], "ganba", "'ganba' trains on no condition of this suite; add spoof-logical"),
    ],
)
def test_an_adversary_that_cannot_attack_is_refused(conditions, adversary, message):
    with pytest.raises(CocktailError, match=message):
        plan(conditions=conditions, define={"spoof-adversarial": {"adversary": adversary}})


def test_what_a_row_trains_on_exists_and_its_paradigm_sees_what_its_bases_do(networks):
    rows = Path(networks) / "methods.yaml"
    rows.write_text(yaml.safe_dump({"net": {"plugin": "network", "train_on": ["tabet"]}}))
    with pytest.raises(CocktailError, match="net: train_on: unknown condition 'tabet'; did you mean 'tablet'"):
        plan(plugins=[networks])
    entries = {"net": {"plugin": "network"}, "sly": {"plugin": "wiener", "uses": "net"}}
    entries |= {"empty": {"plugin": "wiener", "uses": "omlsa"}, "begun": {"plugin": "network", "start": "omlsa"}}
    entries["blind"] = {"plugin": "mask_beamformer"}
    rows.write_text(yaml.safe_dump(entries))
    (Path(networks) / "wiener.py").write_text((ROOT / "methods" / "controls" / "unprocessed.py").read_text())
    p = plan(plugins=[networks])
    reasons = {cell.entry: cell.reason for cell in p.absent if cell.condition == "stationary"}
    assert "it uses 'net', whose paradigm 'separation' sees more than its own, 'learning-free'" in reasons["sly"]
    for entry, verb in (("empty", "uses"), ("begun", "starts from")):
        assert f"'{entry}' {verb} 'omlsa', which learns nothing; name an entry that is trained" in reasons[entry]
    reasons = {cell.entry: cell.reason for cell in p.absent if cell.condition == "tablet"}
    assert "'blind' uses no entry; its row must say `uses: ENTRY`" in reasons["blind"]


@pytest.mark.parametrize("share", [0, 1])
def test_a_detector_that_meets_one_class_alone_is_refused(share):
    p = plan(conditions=["spoof-logical"], define={"spoof-logical": {"spoofed": share}}, methods=["lcnn"])
    (absent,) = [cell for cell in p.absent if cell.entry == "lcnn"]
    assert absent.status == "failed"
    assert f"'lcnn' trains on `spoofed: {share}` alone, and learns from bona fide speech and" in absent.reason
    both = {"spoof-logical": {"spoofed": share}, "spoof-physical": {"spoofed": 1 - share}}
    assert ("spoof-logical", "lcnn") in plan(conditions=list(both), define=both, methods=["lcnn"]).cells


def test_a_named_metric_that_no_condition_can_have_is_noted():
    options = {"conditions": ["spoof-logical"], "methods": ["lcnn", "xvector"], "metrics": ["eer_cm", "a_dcf", "stoi"]}
    without, scored, *others = (
        [note.partition(": metrics: ")[2] for note in plan(**options | more).notes if ": metrics: " in note]
        for more in ({}, {"scorers": {"speaker": "xvector"}}, {"metrics": "all"})
    )
    stoi = "stoi is of no condition of this suite, but of the task enhance or separate"
    assert without == [stoi, "a_dcf needs `scorers: {speaker: ENTRY}`"]
    assert scored == [stoi] and others == [[]]


@pytest.mark.parametrize("suite", suites())
def test_every_metric_that_a_shipped_suite_names_is_of_one_of_its_conditions(suite):
    assert not [note for note in Selection(load_suite(suite), suite).notes if ": metrics: " in note]


VERIFIED = {"verifier": "xvector", "detector": "lcnn"}


@pytest.mark.parametrize(
    ("plugin", "uses", "reason"),
    [
        ("ganba", {}, "uses no entry; its row must say `uses: {detector: ENTRY, verifier: ENTRY}`"),
        ("ganba", "lcnn", "uses lcnn; its row must say `uses: {detector: ENTRY, verifier: ENTRY}`"),
        ("ganba", VERIFIED | {"detector": "xvector"}, "uses 'xvector' as its detector, which does not have the task"),
        ("ganba", VERIFIED | {"detector": "gmm-lfcc"}, "uses 'gmm-lfcc' as its detector, which has no gradients"),
        ("ganba", VERIFIED | {"detector": "grcnn"}, "uses 'grcnn' as its detector, which has no gradients"),
        ("ganba", VERIFIED | {"detector": "grcnn-plain"}, None),
        ("ganba", VERIFIED | {"detector": "aasist"}, None),
        ("resynthesis", {"enhancer": "dpcl"}, "uses 'dpcl' as its enhancer, which does not have the task 'enhance'"),
    ],
)
def test_an_entry_that_can_do_nothing_with_what_it_uses_is_refused(networks, plugin, uses, reason):
    row = {"plugin": plugin, "uses": uses} | ({"train_on": ["spoof-logical"]} if plugin == "ganba" else {})
    (Path(networks) / "methods.yaml").write_text(yaml.safe_dump({"mine": row}))
    attacked = {"plugins": [networks], "define": {"spoof-logical": {"attacks": {"test": ["mine"]}}}}
    if reason is None:
        assert "mine" in plan(**attacked).attackers
    else:
        with pytest.raises(CocktailError, match=re.escape(f"spoof-logical.attacks: 'mine' {reason}")):
            plan(**attacked)


def test_jobs_ask_for_a_gpu_only_where_there_may_be_one(monkeypatch):
    for device, gpus in (("cpu", 0), ("cuda", 1)):
        monkeypatch.setenv("COCKTAIL_DEVICE", device)
        suite = plan()
        assert suite.gpu("nmf-sparse") == gpus
        assert suite.gpu("wiener") == 0
        assert suite.has_gpu == bool(gpus)


def test_scores_that_wait_for_no_training():
    names = ["unprocessed", "omlsa", "nmf-sparse", "mask-mvdr"]
    p = plan(conditions=["tablet"], methods=names, scenes=4, shard_size=2)
    assert p.untrained_scores() == [p.scores("tablet", name, x) for name in names[:2] for x in ("000", "001")]
    scored = plan(conditions=["tablet"], methods=names, scorers={"recogniser": "ctc"})
    assert scored.untrained_scores() == []


def test_development_scenes_share_corpora_and_models_and_nothing_else_with_the_test():
    test, valid = plan(), plan(split="valid")
    assert (test.speech, test.model("nmf-sparse")) == (valid.speech, valid.model("nmf-sparse"))
    assert test.digests.train("nmf-sparse") == valid.digests.train("nmf-sparse")
    assert test.digests.corpora() == valid.digests.corpora()
    assert valid.shards == test.shards
    assert set(valid.all_references()).isdisjoint(test.all_references())
    assert set(valid.all_scores()).isdisjoint(test.all_scores())
    assert valid.board("leaderboard.csv") == test.path("valid", "leaderboard.csv")
    files = valid.process_input("stationary", "omlsa", "000", "valid")
    assert files == {"mixtures": test.path("scenes", "stationary", "valid", "000.mixtures.parquet")}
    for digest in ("scenes", "process"):
        job = ("stationary", "000") if digest == "scenes" else ("omlsa", "000")
        assert getattr(test.digests, digest)(*job, "test") != getattr(valid.digests, digest)(*job, "valid")
    assert valid.rendered("test") == []
    assert valid.estimated("test") == []


def test_closed_sets_have_no_development_scenes():
    """Their speakers are those of training, and the split `valid` has others."""
    valid = plan(split="valid")
    closed = [name for name, definition in valid.all_conditions.items() if definition.get("speakers") == "closed"]
    assert closed
    assert valid.unscored == closed
    assert not set(closed) & {condition for condition, _ in valid.cells}
    assert plan().unscored == []
    with pytest.raises(CocktailError, match=f"no development scenes of {', '.join(closed)}"):
        plan(split="valid", only={"conditions": closed})


def test_networks_that_are_never_trained_are_noted():
    drawn = {"epochs": 0, "epochs_mel": 0}
    p = plan(methods=["blstm-psa", "blstm-psa-int8"], parameters={"blstm-psa": drawn})
    (note,) = p.notes
    assert "blstm-psa: its training has no epoch, so that the network stays as it was drawn" in note
    assert plan(methods=["blstm-psa"], parameters={"blstm-psa": drawn | {"epochs": 1}}).notes == []


def test_conditions_that_no_chosen_entry_runs_in_are_noted():
    only = {"methods": ["omlsa"], "conditions": ["stationary", "spoof-logical", "two-talkers"]}
    assert plan(only=only).notes == ["none of these entries runs in two-talkers, spoof-logical"]
    assert plan(only={"methods": ["omlsa"]}).notes == []


def test_the_page_looks_at_other_suites_that_have_run(tmp_path):
    few = {"conditions": ["stationary"], "methods": ["omlsa"], "results": str(tmp_path)}
    p = plan(**few, against=["real", "mine"])
    assert p.against() == {"real": str(tmp_path / "real"), "mine": str(tmp_path / "mine")}
    assert p.scores_against() == []
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "scores.parquet").touch()
    assert p.scores_against() == [str(tmp_path / "mine" / "scores.parquet")]
    with pytest.raises(CocktailError, match="against: 'standard' is this suite itself"):
        plan(against=["standard"])


def test_speakers_are_enrolled_in_a_condition_of_the_suite():
    assert plan(conditions=["speakers", "speakers-noise"]).definition("speakers-noise")["enrolled"] == "speakers"
    with pytest.raises(CocktailError, match="speakers-noise: enrolled: not a condition of verification of this suite"):
        plan(conditions=["stationary", "speakers-noise"])
