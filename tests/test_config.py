from pathlib import Path

import pytest

from cocktail.config import merge, read_yaml
from cocktail.errors import CocktailError
from cocktail.workflow.plan import Plan
from cocktail.workflow.suite import check_suite, load_suite, suites


def load(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    config = load_suite(str(path))
    Plan(config, str(path))
    return config


@pytest.mark.parametrize("name", suites())
def test_every_shipped_suite_is_valid(name):
    assert load_suite(name)["suite"] == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("suite: mine\nscens: 3", r"mine\.yaml: unknown key 'scens'; did you mean 'scenes'"),
        ("suite: mine\nscenes: many", r"mine\.yaml: scenes: expected integer, got 'many'"),
        ("suite: mine\nscenes: 0", r"mine\.yaml: scenes: 0 is less than the minimum of 1"),
        ("scenes: 3", r"mine\.yaml: missing key 'suite'"),
        ("suite: mine\nkeep: exampels", r"mine\.yaml: keep: 'exampels' is none of .*; did you mean 'examples'"),
        ("suite: mine\nconditions: [stationery]", r"mine\.yaml: conditions: .*'stationery'; did you mean 'stationary'"),
        ("suite: mine\nmethods: [omsla]", r"mine\.yaml: methods: unknown method 'omsla'; did you mean 'omlsa'"),
        ("suite: mine\nmetrics: [si_sd]", r"mine\.yaml: metrics: unknown metric 'si_sd'; did you mean 'si_sdr'"),
        ("suite: mine\nmethods: omlsa", r"mine\.yaml: methods: expected all, or a list .*, got 'omlsa'"),
        ("suite: mine\ncorpora: {speach: []}", r"mine\.yaml: corpora: unknown key 'speach'; did you mean 'speech'"),
        (
            "suite: mine\ncorpora: {speech: [{adapter: grid-tss}]}",
            r"mine\.yaml: corpora\.speech\.0: adapter: unknown corpus 'grid-tss'; did you mean 'grid-tts'",
        ),
        (
            "suite: mine\ncorpora: {speech: [{adapter: grid-tts, uterances: {}}]}",
            r"mine\.yaml: corpora\.speech\.0: unknown key 'uterances'; did you mean 'utterances'",
        ),
        (
            "suite: mine\ncorpora: {speech: [{adapter: grid-tts, utterances: {train: few}}]}",
            r"mine\.yaml: corpora\.speech\.0\.utterances\.train: expected integer, got 'few'",
        ),
        ("suite: mine\ncorpora: {speech: [{}]}", r"mine\.yaml: corpora\.speech\.0: missing key 'adapter'"),
        (
            "suite: mine\ndefine: {stationary: {noise: {snr: [0, 5]}}}",
            r"mine\.yaml: stationary\.noise: unknown key 'snr'; did you mean 'snr_db'",
        ),
        ("suite: mine\nrecogniser: {backend: sfinx}", r"mine\.yaml: recogniser\.?.*sfinx"),
        (
            "suite: mine\ndefine: {stationary: {noise: {snr_db: [5, 0]}}}",
            r"mine\.yaml: stationary\.noise\.snr_db: \[5, 0\] runs downwards",
        ),
        ("suite: mine\ndefine: {a/b: {}}", r"mine\.yaml: define: 'a/b' does not match"),
        (
            "suite: mine\ncorpora: {speech: [grid-tts]}",
            r"mine\.yaml: corpora\.speech\.0: expected a mapping with the key",
        ),
        ("suite: mine\nscorers: {spoofing: [lcnn, lcnn]}", r"scorers\.spoofing: .* has non-unique elements"),
        ("suite: mine\nscorers: {spoofing: {a: lcnn}}", r"scorers\.spoofing: expected string or array, got {'a':"),
        (
            "suite: mine\nconditions: [x]\ndefine: {x: {task: detect, talkers: 1, array: single, reference: image}}",
            r"mine\.yaml: x: expected one of the keys 'attacks' and 'sounds'$",
        ),
        (
            "suite: mine\ncorpora: {speech: [{adapter: folder}]}",
            r"^\S+mine\.yaml: corpora\.speech\.0: missing key 'table'\n\S+ corpora\.speech\.0: missing key 'split'$",
        ),
        ("suite: mine\nsuite: yours", r"mine\.yaml, line 2: .*key 'suite' stands twice"),
        ("suite: [mine", r"mine\.yaml, line 1: not valid YAML"),
        ("suite: mine\ntime_limit_s: .nan", r"mine\.yaml: time_limit_s: nan is no finite number"),
        (f"suite: {'x' * 101}", "suite: 'x+' does not match"),
        ('suite: "mine\\n"', "suite: .* does not match"),
        ("- suite", r"mine\.yaml: must hold a mapping"),
    ],
)
def test_wrong_yaml_is_an_error_that_names_file_key_and_remedy(tmp_path, text, message):
    with pytest.raises(CocktailError, match=message):
        load(tmp_path, text)


def test_every_fault_of_a_file_is_named_at_once(tmp_path):
    with pytest.raises(CocktailError) as error:
        load(tmp_path, "suite: mine\nscens: 3\nseed: -1")
    assert len(str(error.value).splitlines()) == 2


def test_unknown_suites_and_files_are_named(tmp_path):
    with pytest.raises(CocktailError, match="unknown suite 'quik'; did you mean 'quick'"):
        load_suite("quik")
    with pytest.raises(CocktailError, match=r"gone\.yaml: no such file"):
        load_suite(str(tmp_path / "gone.yaml"))


def test_a_suite_changes_and_adds_conditions(tmp_path):
    config = load(
        tmp_path,
        """
        suite: mine
        conditions: [stationary, harsh]
        define:
          stationary: {noise: {snr_db: [3, 3]}}
          harsh: {task: enhance, talkers: 1, array: single, reference: image,
                  noise: {field: point, kinds: [white], snr_db: [-20, -10]}}
        """,
    )
    assert config["conditions"]["stationary"]["noise"]["snr_db"] == [3, 3]
    assert config["conditions"]["stationary"]["noise"]["kinds"] == ["white", "pink", "car", "hum"]
    assert config["conditions"]["harsh"]["noise"]["kinds"] == ["white"]


ROOM = "room: {length_m: [%s, 9], width_m: [3, 5], height_m: [2.5, 3], t60_s: [0.3, 0.3], distance_m: [0.5, %s]}"


@pytest.mark.parametrize(
    ("array", "room", "message"),
    [
        (
            "pair",
            ROOM % (1.5, 0.5),
            r"mine\.yaml: car\.room: no place in a room of 1\.5 x 3\.0 x 2\.5 m for .* 0\.5 m",
        ),
        ("pair", ROOM % (3, 15), r"car\.room: no place in a room of 3\.0 x 3\.0 x 2\.5 m for talkers 15\.0 m"),
        ("[[0, 0, 0], [4, 0, 0]]", ROOM % (3, 0.5), r"its microphones 4 m wide"),
        ("[[0, 0, 0], [0, 0, 0]]", ROOM % (3, 0.5), r"car\.array: microphones 1 and 2 are in one place"),
    ],
)
def test_a_room_too_small_for_what_is_in_it_is_found_before_anything_is_rendered(tmp_path, array, room, message):
    noise = "noise: {field: diffuse, kinds: [white], snr_db: [0, 5]}"
    car = f"{{task: enhance, talkers: 1, array: {array}, reference: image, {room}, {noise}}}"
    with pytest.raises(CocktailError, match=message):
        load(tmp_path, f"suite: mine\nconditions: [car]\ndefine: {{car: {car}}}")


def test_a_byte_order_mark_is_no_part_of_a_key(tmp_path):
    (tmp_path / "mine.yaml").write_text("suite: mine\nconditions: [stationary]", encoding="utf-8-sig")
    assert load_suite(str(tmp_path / "mine.yaml"))["suite"] == "mine"


def test_merge_is_deep_and_changes_no_layer():
    low, high = {"a": {"x": 1, "y": [1, 2]}, "b": 1}, {"a": {"y": [3]}}
    assert merge(low, high) == {"a": {"x": 1, "y": [3]}, "b": 1}
    assert low == {"a": {"x": 1, "y": [1, 2]}, "b": 1}


def test_what_snakemake_merges_is_checked_the_same(tmp_path):
    """Snakemake reads the files itself: check_suite must take its plain dictionary."""
    from cocktail.config import CONFIG

    config = merge(read_yaml(CONFIG / "defaults.yaml"), {"suite": "x", "seed": "one"})
    with pytest.raises(CocktailError, match=r"somewhere: seed: expected integer, got 'one'"):
        check_suite(config, "somewhere")


def test_paths_in_a_suite_are_relative_to_its_file(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "suite.yaml").write_text(
        "suite: mine\nplugins: [plugins, /elsewhere]\ncorpora:\n"
        "  speech: [{adapter: folder, table: clips.csv, root: ../wav, split: test}]\n"
        "  noise: [{adapter: folder, table: $DATA/noise.csv, split: test}, {adapter: musan, path: ~/musan}]\n"
    )
    monkeypatch.chdir(tmp_path)
    found = load_suite("mine/suite.yaml")
    assert found["plugins"] == ["mine/plugins", "/elsewhere"]
    assert found["corpora"]["speech"][0]["table"] == "mine/clips.csv"
    assert Path(found["corpora"]["speech"][0]["root"]).resolve() == tmp_path / "wav"
    assert [part.get("table", part.get("path")) for part in found["corpora"]["noise"]] == ["$DATA/noise.csv", "~/musan"]
    monkeypatch.chdir("mine")
    assert load_suite("suite.yaml")["corpora"]["speech"][0]["table"] == "clips.csv", "the same text reruns nothing"
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert load_suite(str(tmp_path / "mine" / "suite.yaml"))["plugins"][0] == str(tmp_path / "mine" / "plugins")
