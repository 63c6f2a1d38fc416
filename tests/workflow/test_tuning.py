"""Sweeps: what is refused before any work, the entries of the points, and one through the workflow."""

import json
import subprocess
import sys

import pytest
import yaml

from cocktail.errors import CocktailError
from cocktail.plugins.registry import NAME, Registry
from cocktail.workflow.files import board_folder
from cocktail.workflow.plan import Plan
from cocktail.workflow.suite import load_suite
from cocktail.workflow.tuning import MOST, as_yaml, parse, pasted, point_name, prepare, row, sweep

SUITE = """
suite: swept
scenes: 3
size: tiny
conditions: [stationary, two-talkers-array]
methods: [unprocessed, nmf-sparse]
metrics: [si_sdr, stoi]
resamples: 100
corpora:
  speech: [{adapter: grid-tts, utterances: {train: 1, valid: 1, test: 1}}]
  noise: [{adapter: synthetic, seconds: 6, recordings: {train: 1, valid: 1, test: 1}}]
"""


@pytest.fixture(scope="module")
def entries():
    return Registry().entries


@pytest.fixture
def suite(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "swept.yaml").write_text(SUITE)
    return tmp_path / "swept.yaml"


def planned(suite, overrides):
    return Plan(load_suite(str(suite), overrides), str(suite))


def test_values_are_as_in_yaml_and_each_once():
    grid = parse(["mu=0.5,1,1.0,1e-3", "gain=wiener, mmse-lsa", "bands=[1, 2],[3]", "on=true"])
    assert grid == {"mu": [0.5, 1, 1e-3], "gain": ["wiener", "mmse-lsa"], "bands": [[1, 2], [3]], "on": [True]}


@pytest.mark.parametrize("settings", [["mu"], ["mu="], ["=1"], ["mu=[1"], ["mu=1", "mu=2"]])
def test_settings_that_say_nothing_are_refused(settings):
    with pytest.raises(CocktailError, match=r"--set mu|--set =1"):
        parse(settings)


def test_points_are_the_grid_and_the_entry_as_it_stands(entries):
    found = sweep(entries["omlsa"], {"alpha": [0.5, 0.92], "tracker": ["imcra", "mmse-spp"]})
    assert [found.values(name) for name in found.points] == [
        (0.5, "imcra"), (0.5, "mmse-spp"), (0.92, "imcra"), (0.92, "mmse-spp"),
    ]  # fmt: skip
    assert found.values("omlsa") == (0.92, "imcra")
    assert len(found.rows()) == 3 and "omlsa" not in found.rows()
    elsewhere = sweep(entries["omlsa"], {"alpha": [0.5]})
    assert [elsewhere.values(name) for name in elsewhere.points] == [(0.92,), (0.5,)]


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"alfa": [1.0]}, "no parameter 'alfa'; did you mean 'alpha'"),
        ({"alpha": [0.5, "x"]}, "omlsa: alpha: expected float, got 'x'"),
        ({"tracker": ["none"]}, "tracker: expected .*imcra.*, got 'none'"),
        ({"alpha": [x / 100 for x in range(MOST + 1)]}, f"{MOST + 1} points"),
    ],
)
def test_what_does_not_suit_the_plugin_is_refused(entries, grid, message):
    with pytest.raises(CocktailError, match=message):
        sweep(entries["omlsa"], grid)


def test_what_the_plugin_refuses_is_an_error_with_its_reason(write_plugin):
    more = "def __post_init__(self):\n    if self.gain < 0:\n        raise ValueError('gain below 0')"
    entry = Registry([write_plugin("my_gate", more=more)]).entry("my-gate")
    with pytest.raises(CocktailError, match="--set: my-gate with gain=-1 cannot be made: ValueError: gain below 0"):
        sweep(entry, {"gain": [2, -1]})


def test_points_that_differ_in_calls_alone_share_a_training(entries):
    found = sweep(entries["nmf-sparse"], {"sparsity_fit": [10.0, 3.0], "sparsity": [5.0, 20.0]})
    stands, trained = "nmf-sparse", "nmf-sparse--sparsity_fit_3.0"
    assert [point.model for point in found.points.values()] == [None, stands, trained, trained]
    assert list(found.trainings) == [trained] and found.trainings[trained].make().sparsity_fit == 3.0
    assert found.rows()[f"{trained}--sparsity_20.0"] == {"model": trained, "sparsity": 20.0}
    assert not sweep(entries["nmf-sparse"], {"sparsity_fit": [3.0]}).trainings
    assert {x.model for x in sweep(entries["omlsa"], {"alpha": [0.5, 0.6]}).points.values()} == {None}


def test_an_entry_that_has_the_model_of_another_is_tuned(write_plugin):
    more = "def fit(self, data, rng, folder): ...\ndef load(self, folder): ..."
    attributes = "units: int = 3\n    call_only = ('gain',)"
    folder = write_plugin("learned", base="LearnedMethod", attributes=attributes, more=more)
    (folder / "methods.yaml").write_text("learned: {}\nlouder: {model: learned, gain: 2.0}\n")
    louder = Registry([folder]).entry("louder")
    points = sweep(louder, {"gain": [3.0]}).points
    assert [(point.model, point.make().gain) for point in points.values()] == [("learned", 2.0), ("learned", 3.0)]
    *_, other = sweep(louder, {"gain": [3.0], "units": [3, 4]}).points.values()
    assert other.model == "louder--units_4"
    *_, alone = sweep(louder, {"units": [4]}).points.values()
    assert alone.model is None


def test_names_of_points_are_names_of_entries_and_no_two_are_one():
    settings = [{"x": -1}, {"x": 1}, {"x": (1, 2)}, {"x": (1, 3)}, {"x": "1 2"}, {"x": "a" * 200}, {"x": "a" * 201}]
    names = [point_name("omlsa", setting) for setting in settings]
    assert all(map(NAME.fullmatch, names)) and len(set(names)) == len(names)


def test_a_row_keeps_what_is_not_swept(entries, tmp_path):
    """The rows of a methods.yaml make the entries again, with all that their rows say of other entries."""
    learnt = entries["nmf-discriminative"]
    found = sweep(learnt, {"iterations": [3]})
    (tmp_path / "methods.yaml").write_text(as_yaml(found.rows()))
    read = Registry([tmp_path]).entries
    for name, point in found.points.items():
        assert read[name].make() == point.make() and read[name].uses == learnt.uses
    assert row(entries["omlsa"]) == {} and row(entries["wiener"])["plugin"] == "decision_directed"


def test_a_sweep_has_development_scenes_and_boards_of_its_own(suite):
    found, overrides = prepare(suite, "nmf-sparse", {"sparsity": [7.0]}, "si_sdr_i", conditions=["stationary"])
    plan = planned(suite, overrides)
    assert (plan.split, plan.metrics, list(plan.conditions)) == ("valid", ("si_sdr",), ["stationary"])
    assert set(plan.entries) == {"unprocessed", *found.points}
    assert str(plan.boards) == "results/swept/tune/nmf-sparse"
    assert plan.boards not in {board_folder(load_suite(str(suite), {"split": split})) for split in ("test", "valid")}
    assert plan.trained == ["nmf-sparse"], "the points differ in calls alone"
    for name, point in found.points.items():
        assert plan.known[name].make() == point.make()
        assert plan.known[name].make().frames_fit == 1000, "as the suite's size says"
        assert plan.process_input("stationary", name, "000", "valid")["model"] == plan.model("nmf-sparse")
    assert (set(found.points) - {"nmf-sparse"}).isdisjoint(planned(suite, {}).known)


def test_a_condition_where_the_entry_does_not_run_is_left_out(suite):
    _, overrides = prepare(suite, "nmf-sparse", {"sparsity": [7.0]}, "si_sdr")
    assert overrides["only"]["conditions"] == ["stationary"]


def test_a_plugin_without_a_row_is_swept_from_wherever_it_was_found(suite, write_plugin):
    folder = write_plugin("my_gate")
    (suite.parent / "results" / "swept").mkdir(parents=True)
    card = {"entry": "my-gate", "folder": str(folder)}
    for given in ([folder], []):  # without it, what the last run left says where the plugin is
        found, overrides = prepare(suite, "my-gate", {"gain": [2.0]}, "si_sdr", plugins=given)
        plan = planned(suite, overrides)
        assert [plan.known[name].make().gain for name in found.points] == [1.0, 2.0]
        assert set(plan.entries) == {"unprocessed", *found.points}
        (suite.parent / "results" / "swept" / "entries.json").write_text(json.dumps([card]))


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("nmf-sprase", {"sparsity": [7.0]}, "si_sdr"), {}, "unknown method 'nmf-sprase'; did you mean 'nmf-sparse'"),
        (("nmf-sparse", {"sparsity": [7.0]}, "si_sd"), {}, "--metric: unknown metric 'si_sd'; did you mean 'si_sdr'"),
        (("nmf-sparse", {"sparsity": [7.0]}, "rtf_i"), {}, "--metric: unknown metric 'rtf_i'"),
        (("nmf-sparse", {"sparsity": [7.0]}, "eer_cm"), {}, "this suite has no 'eer_cm' of it"),
        (("lcnn", {"epochs": [1]}, "eer_cm"), {}, "nothing to tune 'lcnn' on: no condition has its task"),
        (
            ("nmf-sparse", {"sparsity": [7.0]}, "stoi"),
            {"conditions": ["cafe"]},
            "has no condition 'cafe'",
        ),
    ],
)
def test_errors_come_before_anything_is_written(suite, arguments, options, message):
    with pytest.raises(CocktailError, match=message):
        prepare(suite, *arguments, **options)
    assert not (suite.parent / "results").exists()


def test_a_value_that_the_suite_sets_over_the_row_is_known(suite):
    def as_wanted():
        found, overrides = prepare(suite, "nmf-sparse", {"sparsity": [7.0]}, "si_sdr")
        (point,) = (x for name, x in found.points.items() if name != "nmf-sparse")
        entry, wanted = pasted(planned(suite, overrides), point, "nmf-sparse", found.fields)
        assert row(entry) == {"plugin": "nmf", "sparsity": 7.0}
        return wanted

    assert as_wanted()
    suite.write_text(SUITE + "parameters: {nmf-sparse: {sparsity: 2.0}}\n")
    assert not as_wanted()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_sweep_trains_runs_and_compares_its_points(suite):
    def tune(*values):
        command = [sys.executable, "-m", "cocktail", "tune", "nmf-sparse", "--on", "swept.yaml", "--cores", "2"]
        options = ["--set", f"sparsity={','.join(values)}", "--metric", "si_sdr", "--conditions", "stationary"]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    said = tune("200")
    results = suite.parent / "results" / "swept"
    point = "nmf-sparse--sparsity_200"
    assert {path.name for path in (results / "models").iterdir()} == {"nmf-sparse"}
    assert "1 training at the size 'tiny'" in said and "as it stands" in said and "best" in said
    assert (results / "tune" / "nmf-sparse" / "si_sdr.png").read_bytes().startswith(b"\x89PNG")
    assert not {"leaderboard.csv", "scores", "valid"} & {path.name for path in results.iterdir()}
    made = {path: path.stat().st_mtime_ns for path in results.glob("**/scores/*/*/*.parquet")}
    assert len(made) == 3
    again = tune("200")
    assert {path: path.stat().st_mtime_ns for path in made} == made
    assert again.split("\n\n")[-2:] == said.split("\n\n")[-2:]
    assert yaml.safe_load((results / "tune" / "nmf-sparse" / "methods.yaml").read_text())[point]["sparsity"] == 200
