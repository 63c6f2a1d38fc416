"""The command, called as a user calls it, on files made here."""

import errno
import json
import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from records import record

from cocktail import ROOT, audio, cli, tables
from cocktail.boards import leaderboard, verdicts
from cocktail.cli.new import create
from cocktail.corpora import grid_tts
from cocktail.errors import CocktailError
from cocktail.metrics.catalogue import METRICS
from cocktail.plugins.model import Card
from cocktail.plugins.registry import Registry
from cocktail.rng import rng
from cocktail.scoring.shard import score_shard
from cocktail.testing.signals import make_scene


@pytest.fixture
def call(tmp_path, monkeypatch):
    """A function that calls `cocktail` in an empty folder; returns its exit status, output and errors."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments):
        result = CliRunner().invoke(cli.main, [str(argument) for argument in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result.exit_code, result.stdout, result.stderr

    return invoke


@pytest.fixture
def noisy(tmp_path):
    """noisy.wav: two seconds of two channels at 44.1 kHz."""
    scene = make_scene(n_sources=1, channels=2, seconds=2.0, fs=44100)
    audio.write(tmp_path / "noisy.wav", scene.mixture, 44100)
    return tmp_path / "noisy.wav"


def commands():
    return cli.main.list_commands(None)


def test_every_command_of_the_house_is_there():
    wanted = [
        "run",
        "tune",
        "plan",
        "list",
        "new",
        "check",
        "process",
        "score",
        "leaderboard",
        "claims",
        "ui",
        "verify",
        "export",
        "corpora",
        "compare",
        "log",
        "status",
        "import",
    ]
    assert sorted(wanted) == commands()


@pytest.mark.parametrize("name", commands())
def test_help_shows_an_example(call, name):
    status, out, _ = call(name, "--help")
    assert status == 0
    assert f"  cocktail {name}" in out
    assert all(len(line) <= 100 for line in out.splitlines())


def test_overview_names_every_command(call):
    out = call("--help")[1]
    assert all(f"\n  {name} " in out for name in commands())


def test_an_error_is_one_message_and_status_2(call):
    status, out, err = call("check", "omsla")
    assert (status, out) == (cli.ERROR, "")
    assert err == "Error: unknown method 'omsla'; did you mean 'omlsa'?\n"


def test_a_reader_that_has_had_enough_hears_nothing():
    reader, writer = os.pipe()
    os.close(reader)
    code = "from cocktail.cli import main; main(['list', 'metrics', '--json'])"
    done = subprocess.run([sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert done.stderr == ""


def test_contributing_names_the_commands_that_take_a_folder_of_plugins():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    sentence = re.search(r"`--methods DIR` adds a folder of plugins to (.*?) \(", text, re.DOTALL)[1]
    options = {name: {o for p in cli.main.get_command(None, name).params for o in p.opts} for name in commands()}
    assert set(re.findall(r"`(\w+)`", sentence)) == {name for name in options if "--methods" in options[name]}


@pytest.mark.parametrize("what", ["methods", "conditions", "metrics", "corpora", "suites"])
def test_list(call, what):
    names = [row["name"] for row in json.loads(call("list", what, "--json")[1])]
    assert len(names) > 1
    out = call("list", what)[1]
    assert all(name in out for name in names)


def test_metrics_are_listed_with_their_whole_cards(call):
    rows = json.loads(call("list", "metrics", "--json")[1])
    assert rows == json.loads(json.dumps([metric.card() for metric in METRICS.values()]))
    out = call("list", "metrics")[1]
    assert "1 to 4.65" in out
    assert "0 to inf" in out
    assert "cocktail list metrics --json" in out


def test_a_plugin_that_does_not_import_is_a_row_with_its_reason(call, write_plugin):
    write_plugin("good")
    folder = write_plugin("bad")
    (folder / "bad.py").write_text("import nothing_of_that_name\n")
    rows = {row["name"]: row for row in json.loads(call("list", "methods", "--json", "--methods", folder)[1])}
    assert "nothing_of_that_name" in rows["bad"]["error"]
    assert rows["good"]["error"] is None
    assert "nothing_of_that_name" in call("list", "methods", "--methods", folder)[1]


def test_new_writes_a_plugin_that_conforms(call, tmp_path):
    status, out, _ = call("new", "my-gate", "--methods", "plugins")
    assert status == 0
    assert "cocktail check my-gate --methods ./plugins" in out
    assert "cocktail run quick --methods ./plugins" in out
    assert Path("plugins/methods.yaml").read_text() == "my-gate: {}\n"
    assert len(Path("plugins/my_gate.py").read_text().splitlines()) < 35
    status, out, _ = call("check", "my-gate", "--methods", "plugins", "--long", 3)
    assert status == 0, out
    assert "causal: looks" in out


def test_new_writes_a_network_that_conforms(call, tmp_path):
    """Short, and at the size of `tiny` trained in seconds."""
    call("new", "my-gate", "--methods", "plugins")
    assert call("new", "my-net", "--learned", "--methods", "plugins")[0] == 0
    assert Path("plugins/methods.yaml").read_text().startswith("my-gate: {}\nmy-net: {}\n\nsizes: ")
    code = Path("plugins/my_net.py").read_text().split("@dataclass(frozen=True)")[1]
    assert len([line for line in code.splitlines() if line.strip()]) <= 30
    status, out, _ = call("check", "my-net", "--methods", "plugins", "--long", 3)
    assert status == 0, out
    assert "fit, save, load" in out


def test_check_of_a_network_without_sizes_names_the_cure_at_once(call, tmp_path):
    """Without it the training of the probes would go on until the limit."""
    call("new", "my-net", "--learned", "--methods", "plugins")
    Path("plugins/methods.yaml").write_text("my-net: {}\n")
    status, out, _ = call("check", "my-net", "--methods", "plugins", "--limit", 1000)
    assert status == 1
    cure = re.search(r"it has no size 'tiny'; say in (\S+) `(.*)`", out)
    assert Path(cure[1]) == tmp_path / "plugins" / "methods.yaml"
    Path(cure[1]).write_text(f"my-net: {{}}\n{cure[2]}\n")
    assert call("check", "my-net", "--methods", "plugins", "--long", 3)[0] == 0


def test_check_of_another_learned_method_names_the_cure_when_its_time_is_over(call, write_plugin):
    fit = (
        "rounds: int = 9\n\ndef fit(self, data, rng, folder):\n    time.sleep(60)\n\ndef load(self, folder):\n    pass"
    )
    folder = write_plugin("slow", base="LearnedMethod", attributes="paradigm = 'source-model'", more=fit)
    out = call("check", "slow", "--methods", folder, "--limit", 0.5)[1]
    assert "still running after 0.5 s: it has no size 'tiny'" in out
    assert "`sizes: {slow: {tiny: {" in out
    (folder / "methods.yaml").write_text("slow: {}\nsizes: {slow: {tiny: {rounds: 1}}}\n")
    assert "no size" not in call("check", "slow", "--methods", folder, "--limit", 0.5)[1]


def test_new_in_the_project_adds_file_and_row_to_its_family(call, tmp_path, monkeypatch):
    root = tmp_path / "project"
    shutil.copytree(ROOT / "methods", root / "methods")
    for module in ("cocktail", "cocktail.plugins.registry", "cocktail.plugins.entry"):
        monkeypatch.setattr(f"{module}.ROOT", root)
    for name in [name for name in sys.modules if name.startswith("cocktail_plugins.")]:
        monkeypatch.setitem(sys.modules, name, sys.modules[name])  # what the copies replace comes back
    rows = root / "methods" / "spectral" / "methods.yaml"
    before = rows.read_text()
    create("my-gate")
    assert rows.read_text() == before.replace("\n\nsizes:", "\nmy-gate: {}\n\nsizes:")
    assert Registry().entry("my-gate").make().threshold_db == 8.0
    assert Registry().entry("my-gate").plugin.family == "spectral"
    create("my-net", learned=True)
    assert Registry().entry("my-net").plugin.family == "networks"
    assert Registry().sized("tiny", {}, "a test")["my-net"].make().steps == 2
    with pytest.raises(CocktailError, match="unknown family 'spectrl'; did you mean 'spectral'"):
        create("my-other", family="spectrl")


def test_new_recommends_a_run_with_all_methods(call):
    assert "cocktail run quick\n" in call("new", "--help")[1]


@pytest.mark.parametrize("name", ["My-Gate", "3gate", "my gate", "lambda", "a--b", "", "../x"])
def test_new_refuses_what_cannot_be_a_name(name, tmp_path):
    with pytest.raises(CocktailError, match="my-gate"):
        create(name, tmp_path)


@pytest.mark.parametrize("name", ["omlsa", "oracle-ibm", "oracle_mask"])
def test_new_refuses_a_name_that_is_taken(name, tmp_path):
    with pytest.raises(CocktailError, match="already"):
        create(name, tmp_path)


def test_check_fails_with_status_1_and_names_the_probe(call, write_plugin):
    folder = write_plugin("nan", "return np.nan_to_num(mixture[:1])")
    status, out, _ = call("check", "nan", "--methods", folder, "--long", 1)
    assert status == 1
    assert "✗ NaN input" in out
    assert "probes failed" in out


@pytest.mark.parametrize("name", ["clean.wav", "clean.flac", "deeper/clean.wav"])
def test_process_keeps_rate_and_length(call, noisy, name):
    assert call("process", "omlsa", noisy, name)[0] == 0
    samples, fs = audio.read(name)
    assert (samples.shape, fs) == ((1, 2 * 44100), 44100)
    assert 0.01 < np.abs(samples).max() < 1


def test_process_says_that_flac_clips(call, tmp_path):
    t = np.arange(8000) / 16000
    audio.write(tmp_path / "loud.wav", 2 * np.sin(2 * np.pi * 100 * t), 16000)
    status, _, err = call("process", "unprocessed", "loud.wav", "out.flac")
    assert status == 0 and "out.flac: " in err and "samples clipped, the peak is 2; a .wav file holds them" in err
    assert "clipped" not in call("process", "unprocessed", "loud.wav", "out.wav")[2]


def test_process_in_pieces_equals_the_whole_where_a_method_has_no_memory(call, tmp_path):
    audio.write(tmp_path / "long.wav", make_scene(n_sources=1, channels=1, seconds=25.0).mixture, 16000)
    call("process", "unprocessed", "long.wav", "out.wav", "--piece", 8)
    np.testing.assert_allclose(audio.read("out.wav")[0], audio.read("long.wav")[0], atol=1e-6)


def test_process_separates_into_numbered_files(call, tmp_path):
    scene = make_scene(n_sources=2, channels=4, seconds=2.0)
    audio.write(tmp_path / "meeting.wav", scene.mixture, 16000)
    np.savetxt(tmp_path / "array.csv", scene.array, delimiter=",")
    status, out, _ = call("process", "delay-and-sum", "meeting.wav", "one.wav", "--talkers", 2, "--array", "array.csv")
    assert (status, out.split()) == (0, ["one_1.wav", "one_2.wav"])
    assert audio.read("one_2.wav")[0].shape == (1, 32000)


LEARNED = """
def fit(self, data, rng, folder):
    pass

def load(self, folder):
    return float((folder / "gain.txt").read_text())
"""


def test_process_uses_the_model_of_the_suite(call, noisy, write_plugin):
    folder = write_plugin(
        "learned",
        "return view.model * mixture[:1]",
        base="LearnedMethod",
        attributes="paradigm = 'source-model'",
        more=LEARNED,
    )
    arguments = ("process", "learned", noisy, "out.wav", "--suite", "quick", "--methods", folder)
    status, _, err = call(*arguments)
    assert status == cli.ERROR
    assert "results/quick/models/learned" in err
    assert "run the suite first, at least with --methods learned" in err
    model = Path("results/quick/models/learned")
    model.mkdir(parents=True)
    Card("learned", "quick", 16000, {}).write(model)
    (model / "gain.txt").write_text("0.5")
    assert call(*arguments)[0] == 0
    call("process", "unprocessed", noisy, "plain.wav")
    np.testing.assert_allclose(audio.read("out.wav")[0], 0.5 * audio.read("plain.wav")[0], atol=1e-6)


def test_process_uses_the_model_that_an_entry_builds_on(call, noisy, write_plugin):
    write_plugin("learned", base="LearnedMethod", attributes="paradigm = 'source-model'", more=LEARNED)
    folder = write_plugin("builder", "return view.bases['base'] * mixture[:1]", attributes="paradigm = 'source-model'")
    (folder / "methods.yaml").write_text("learned: {gain: 3.0}\nbuilder: {uses: learned}\n")
    arguments = ("process", "builder", noisy, "out.wav", "--suite", "quick", "--methods", folder)
    status, _, err = call(*arguments)
    assert status == cli.ERROR
    assert "results/quick/models/learned" in err
    assert "run the suite first, at least with --methods learned" in err
    model = Path("results/quick/models/learned")
    model.mkdir(parents=True)
    (model / "gain.txt").write_text("0.5")
    faults = {
        "did not converge": Card("learned", "quick", 16000, {"gain": 3.0}, "did not converge"),
        "trained for parameters {'gain': 2.0}, not {'gain': 3.0}": Card("learned", "quick", 16000, {"gain": 2.0}),
        "trained for suite 'standard', not 'quick'": Card("learned", "standard", 16000, {"gain": 3.0}),
    }
    for message, card in faults.items():
        card.write(model)
        status, _, err = call(*arguments)
        assert status == cli.ERROR
        assert message in err
        assert not Path("out.wav").exists()
    Card("learned", "quick", 16000, {"gain": 3.0}).write(model)
    assert call(*arguments)[0] == 0
    call("process", "unprocessed", noisy, "plain.wav")
    np.testing.assert_allclose(audio.read("out.wav")[0], 0.5 * audio.read("plain.wav")[0], atol=1e-6)


def learned_and_builder(write_plugin):
    body = "return view.model * mixture[:1]"
    attributes = "paradigm = 'source-model'\n    steps: int = 25"
    write_plugin("learned", body, base="LearnedMethod", attributes=attributes, more=LEARNED)
    folder = write_plugin("builder", "return view.bases['base'] * mixture[:1]", attributes="paradigm = 'source-model'")
    (folder / "methods.yaml").write_text("learned: {}\nbuilder: {uses: learned}\n")
    return folder


def leave_model(suite, trained_on, error=None):
    model = Path("results") / suite / "models" / "learned"
    model.mkdir(parents=True)
    Card("learned", suite, 16000, {}, error, trained_on).write(model)
    (model / "gain.txt").write_text("0.5")
    (model / "history.csv").write_text("stage,epoch,loss\nfit,1,0.5\nfit,2,0.4\n")


SYNTHESISED = {
    "speech": [{"corpus": "grid-tts", "synthesis": "eSpeak NG"}],
    "noise": [{"corpus": "synthetic", "synthesis": "this program"}],
    "conditions": ["stationary", "tablet"],
    "snr_db": [-5, 10],
}
RECORDED = {
    "speech": [{"corpus": "folder (librispeech)", "synthesis": None}],
    "noise": [],
    "conditions": [],
    "snr_db": None,
}


@pytest.mark.parametrize("name", ["learned", "builder"])
def test_process_asks_whose_model_a_method_takes(call, noisy, write_plugin, name):
    folder = learned_and_builder(write_plugin)
    arguments = ("process", name, noisy, "out.wav", "--methods", folder)
    status, _, err = call(*arguments)
    assert status == cli.ERROR
    assert f"'{name}' learns: say with --suite whose model to use. Trained here: none yet." in err
    assert f"cocktail run real --methods {name},{folder}" in err
    for suite, error in {"quick": None, "real": None, "mine": None, "standard": "training failed"}.items():
        leave_model(suite, SYNTHESISED, error)
    status, _, err = call(*arguments)
    assert status == cli.ERROR and not Path("out.wav").exists()
    assert "Trained here: mine (by its file), quick, real. " in err
    assert call("process", "omlsa", noisy, "out.wav")[0::2] == (0, "")


@pytest.mark.parametrize("name", ["learned", "builder"])
def test_process_says_what_the_model_was_trained_on(call, noisy, write_plugin, name):
    arguments = (name, noisy, "out.wav", "--methods", learned_and_builder(write_plugin))
    leave_model("quick", SYNTHESISED)
    leave_model("full", RECORDED)
    leave_model("tiny", {})
    status, _, err = call("process", *arguments, "--suite", "quick")
    first, far, instead = err.splitlines()
    assert status == 0
    assert first == (
        "The model of 'learned' is of the suite quick, trained on speech of grid-tts (synthesised by eSpeak NG) and "
        "noise of synthetic (synthesised by this program); "
        "in stationary, tablet; SNR -5 to 10 dB; 2 epochs of 25 steps."
    )
    assert "the order of methods may turn round" in far and "0.8 to 2 dB" in far and "3.5 dB" in far
    assert "--suite real" in instead
    assert call("process", *arguments, "--suite", "full")[0::2] == (
        0,
        "The model of 'learned' is of the suite full, trained on speech of folder (librispeech) (recorded); isolated "
        "signals; 2 epochs of 25 steps.\n",
    )
    assert "not known: cocktail run tiny trains it again" in call("process", *arguments, "--suite", "tiny")[2]


def test_process_says_that_a_recording_has_less_of_a_band_than_the_model_learnt(call, tmp_path, write_plugin):
    folder = learned_and_builder(write_plugin)
    leave_model("full", RECORDED)
    for fs in (8000, 16000):
        audio.write(tmp_path / f"{fs}.wav", 0.1 * np.random.default_rng(0).standard_normal(fs), fs)
    arguments = ("out.wav", "--methods", folder, "--suite", "full")
    assert call("process", "learned", "8000.wav", *arguments)[2].splitlines()[1:] == [
        "8000.wav has 8000 Hz, and the model was trained at 16000: it is given nothing above 4000 Hz. "
        "Better: a model of a suite with `fs: 8000`."
    ]
    assert "nothing above" not in call("process", "learned", "16000.wav", *arguments)[2]
    assert "nothing above" not in call("process", "omlsa", "8000.wav", "out.wav")[2]


def test_process_says_that_a_detector_makes_no_sound(call, noisy, write_plugin):
    folder = write_plugin("judge", "return 0.0", attributes="task = 'detect'")
    status, _, err = call("process", "judge", noisy, "out.wav", "--methods", folder)
    assert status == cli.ERROR
    assert "'judge' is for the task detect: it returns no signal to write" in err


def test_list_shows_what_an_entry_builds_and_trains_on(call, write_plugin):
    write_plugin("learned", base="LearnedMethod", attributes="paradigm = 'source-model'", more=LEARNED)
    folder = write_plugin("builder", attributes="paradigm = 'source-model'")
    (folder / "methods.yaml").write_text("learned: {train_on: [tablet]}\nbuilder: {uses: learned}\n")
    rows = {row["name"]: row for row in json.loads(call("list", "methods", "--json", "--methods", folder)[1])}
    assert (rows["builder"]["uses"], rows["learned"]["train_on"]) == ({"base": "learned"}, ["tablet"])
    assert (rows["learned"]["uses"], rows["omlsa"]["train_on"]) == ({}, None)
    table = call("list", "methods", "--methods", folder)[1]
    assert "uses=learned" in table
    assert "train_on=tablet" in table


def test_plan_names_what_is_trained(call, write_plugin):
    write_plugin("learned", base="LearnedMethod", attributes="paradigm = 'source-model'", more=LEARNED)
    folder = write_plugin("builder", attributes="paradigm = 'source-model'")
    (folder / "methods.yaml").write_text("learned: {}\nbuilder: {uses: learned}\n")
    status, out, err = call("plan", "tiny", "--methods", f"builder,{folder}", "--json")
    assert status == 0, err
    stages = {row["stage"]: row for row in json.loads(out)}
    trained = stages["train"]["of"].split(", ")
    assert len(trained) == stages["train"]["jobs"]
    assert "learned" in trained
    assert not [name for name in trained if name.startswith("builder")]
    assert stages["claims"]["jobs"] == 1


def test_plan_of_development_scenes(call):
    """As many scenes, nothing in MLflow, and none where speakers are known from training."""
    chosen = ("--methods", "wiener", "--conditions", "nonstationary")
    found = {}
    for split in ("test", "valid"):
        rows = json.loads(call("plan", "tiny", *chosen, "--split", split, "--json")[1])
        found[split] = {row["stage"]: row for row in rows}
    scenes = {split: stages["scenes"]["of"].split(" and ")[0].split() for split, stages in found.items()}
    assert scenes["valid"][1:] == ["valid", "scenes"] and scenes["valid"][0] == scenes["test"][0]
    assert found["test"]["leaderboard"]["jobs"] - found["valid"]["leaderboard"]["jobs"] == 1
    _, out, err = call("plan", "tiny", "--split", "valid", "--methods", "wiener")
    assert out.startswith("tiny, split valid: jobs") and "no development scenes, since the speakers are known" in err


def test_plan_counts_what_is_trained_again(call, tmp_path):
    """100 scenes are five shards: rendered once, run by one entry, on which one recogniser learns."""
    suite = "suite: mine\nmethods: [omlsa, blstm-psa]\n"
    again = "retrain: {conditions: [nonstationary], entries: [omlsa]}\n"
    (tmp_path / "mine.yaml").write_text(suite)
    before = {row["stage"]: row for row in json.loads(call("plan", "mine.yaml", "--json")[1])}
    (tmp_path / "mine.yaml").write_text(suite + again)
    stages = {row["stage"]: row for row in json.loads(call("plan", "mine.yaml", "--json")[1])}
    assert [stages[name]["jobs"] - before[name]["jobs"] for name in ("scenes", "process")] == [5, 5]
    assert stages["train"]["jobs"] - before["train"]["jobs"] == 2
    assert "ctc-retrained-omlsa (starts from ctc; reads omlsa)" in stages["train"]["of"]
    assert stages["rooms"]["of"].startswith("100 each for ")


def test_plan_gives_a_reason_once_a_condition(call):
    out = call("plan", "tiny", "--conditions", "nonstationary", "--methods", "mask-mvdr,delay-and-sum,omlsa")[1]
    (line,) = [line for line in out.splitlines() if "needs several microphones" in line]
    said = " ".join(line.split())
    assert said == "nonstationary skipped needs several microphones delay-and-sum, mask-mvdr"


@pytest.fixture
def small_results(tmp_path):
    """The board of a suite `quick` of two entries and eight scenes, as `cocktail run` leaves it."""
    rows = [
        {"condition": "stationary", "scene": f"s{i}", "entry": entry, "source": 0, "metric": "si_sdr",
         "value": float(i + gain), "status": "ok", "card": "0"}
        for i in range(8) for entry, gain in {"unprocessed": 0, "omlsa": 5}.items()
    ]  # fmt: skip
    folder = tmp_path / "results" / "quick"
    tables.write_rows(tmp_path / "shard.parquet", rows, tables.SCORES)
    cards = [{"entry": entry, "family": "spectral"} for entry in ("unprocessed", "omlsa")]
    leaderboard.build([tmp_path / "shard.parquet"], references=[], entries=cards, folder=folder, seed=1)
    scenes = [{"condition": "stationary", "scene": f"s{i}", "snr_db": float(i)} for i in range(8)]
    tables.write_rows(folder / "scenes.parquet", scenes, leaderboard.SCENES)
    return folder


def test_leaderboard_by_snr(call, small_results):
    status, out, err = call("leaderboard", "--by", "snr_db")
    assert status == 0, err
    assert "stationary: si_sdr ↑ by snr_db" in out
    assert "0 to 5 (5)" in out
    assert call("leaderboard", "--by", "snr")[2] == "Error: no stratum 'snr'; did you mean 'snr_db'?\n"


def test_leaderboard_says_what_error_rates_of_synthesised_speech_are_worth(call, small_results):
    assert call("leaderboard")[2] == ""
    board = small_results / "leaderboard.csv"
    text = board.read_text().replace("stationary,omlsa,si_sdr,", "stationary,omlsa,eer_asv,")
    assert "eer_asv" in text
    board.write_text(text)
    status, _, err = call("leaderboard")
    assert status == 0 and err.startswith("Note: Error rates by models") and "(docs/scores.md)" in err
    assert call("leaderboard", "--condition", "stationary")[2] == err


def test_leaderboard_as_a_wide_table(call, small_results):
    lines = call("leaderboard", "--csv", "--condition", "stationary")[1].splitlines()
    assert lines == ["condition,entry,si_sdr,si_sdr_i", "stationary,omlsa,8.5,5.0", "stationary,unprocessed,3.5,0.0"]
    assert call("leaderboard", "--csv", "--metric", "si_sdr")[1].splitlines()[1] == "stationary,omlsa,8.5"
    assert "no metric 'si_sd'; did you mean 'si_sdr'" in call("leaderboard", "--csv", "--metric", "si_sd")[2]


def test_claims(call, small_results):
    status, _, err = call("claims")
    assert status == cli.ERROR
    assert "no claim was judged yet; `cocktail run quick` first" in err
    assert "`cocktail run quick --split valid` first" in call("claims", "--split", "valid")[2]
    (small_results.parent / "claims.yaml").write_text(
        "claims: {up: {text: It helps, metric: si_sdr, conditions: [stationary], orders: [[omlsa, unprocessed]]}}"
    )
    verdicts.build(
        claims=small_results.parent / "claims.yaml",
        scores=small_results / "scores.parquet",
        scenes=small_results / "scenes.parquet",
        entries=small_results / "entries.json",
        out=small_results / "claims.csv",
        seed=1,
        resamples=100,
    )
    out = call("claims", "quick")[1]
    assert re.search(r"holds +It helps +omlsa over unprocessed \(si_sdr, stationary\) +\+5\.00 dB", out)
    assert json.loads(call("claims", "--json")[1])[0]["verdict"] == "holds"
    shutil.copytree(small_results, small_results / "valid")
    _, out, err = call("claims", "--split", "valid")
    assert "holds" in out and err.startswith("Development scenes")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["clean"], "an oracle"),
        (["omlsa", "--talkers", "2"], "--talkers 1"),
        (["delay-and-sum"], "--array FILE.csv"),
        (["delay-and-sum", "--array", "bad.csv"], "bad.csv: 0 rows, expected 2 rows of x,y,z"),
        (["delay-and-sum", "--array", "three.csv"], "3 rows, expected 2 rows"),
        (["delay-and-sum", "--array", "nan.csv"], "nan.csv:2: expected three numbers x,y,z in metres, got 0, nan, 0"),
        (["delay-and-sum", "--array", "same.csv"], "same.csv: microphones 1 and 2 are in one place"),
        (["omlsa", "--piece", "nan"], "--piece"),
        (["omlsa", "--piece", "inf"], "--piece"),
        (["omlsa", "--talkers", "0"], "--talkers"),
        (["omlsa", "--piece", "1"], "--piece"),
        (["omlsa", "--suite", "quik"], "did you mean 'quick'"),
    ],
)
def test_process_says_what_does_not_fit(call, noisy, arguments, message):
    Path("bad.csv").write_text("x,y,z\n")
    Path("three.csv").write_text("0,0,0\n1,0,0\n2,0,0\n")
    Path("nan.csv").write_text("0,0,0\n0,nan,0\n")
    Path("same.csv").write_text("0,0,0\n0,0,0\n")
    method, *options = arguments
    status, _, err = call("process", method, noisy, "out.wav", *options)
    assert status == cli.ERROR
    assert message in err
    assert not Path("out.wav").exists()


@pytest.mark.parametrize(
    ("samples", "message"), [(np.full((1, 100), np.nan), "not finite"), (np.zeros((1, 0)), "empty")]
)
def test_process_refuses_a_broken_recording(call, tmp_path, samples, message):
    audio.write(tmp_path / "broken.wav", samples, 16000)
    status, _, err = call("process", "omlsa", "broken.wav", "out.wav")
    assert status == cli.ERROR
    assert message in err


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise KeyError('pitch')", "Error: 'wrong' failed: KeyError: 'pitch'\n"),
        ("return mixture[:1, 1:]", "Error: 'wrong': returned shape (1, 31999), expected (1, 32000)\n"),
    ],
)
def test_process_says_what_a_plugin_did(call, noisy, write_plugin, body, message):
    folder = write_plugin("wrong", body)
    assert call("process", "wrong", noisy, "out.wav", "--methods", folder) == (cli.ERROR, "", message)


def test_process_says_where_it_cannot_write(call, noisy):
    Path("file").write_text("no folder")
    status, _, err = call("process", "unprocessed", noisy, "file/out.wav")
    assert (status, err) == (cli.ERROR, f"Error: file: {os.strerror(errno.EEXIST)}\n")

    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))  # as a full disk: no file may become longer
    try:
        status, _, err = call("process", "unprocessed", noisy, "out.wav")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert status == cli.ERROR and err.startswith("Error: out.wav: could not be written (")
    assert not list(Path().glob("*out.wav*"))


@pytest.fixture
def pair(tmp_path):
    """a.wav, b.wav: two talkers; mixture.wav, their sum at 16 kHz; a48.wav: talker a at 48 kHz."""
    scene = make_scene(n_sources=2, channels=1, seconds=2.0)
    a, b = scene.references.target
    for name, samples in {"a": a, "b": b, "mixture": a + b}.items():
        audio.write(tmp_path / f"{name}.wav", samples, 16000)
    audio.write(tmp_path / "a48.wav", audio.resample(a, 16000, 48000), 48000)


def score(call, *arguments):
    status, out, err = call("score", *arguments, "--json")
    assert status == 0, err
    return {(row["metric"], row["source"]): row for row in json.loads(out)}


def test_score_with_a_mixture_gives_gains(call, pair):
    rows = score(call, "--reference", "a.wav", "--estimate", "a.wav", "--mixture", "mixture.wav", "--metric", "si_sdr")
    assert rows["si_sdr", 0]["value"] == pytest.approx(100)
    a, mixture = audio.read("a.wav")[0][0], audio.read("mixture.wav")[0][0]
    projected = a * (a @ mixture) / (a @ a)
    before = 10 * np.log10(projected @ projected / ((mixture - projected) @ (mixture - projected)))
    assert rows["si_sdr_i", 0]["value"] == pytest.approx(100 - before, abs=0.05)


def test_score_gives_a_gain_alone(call, pair):
    files = ("--reference", "a.wav", "--estimate", "a.wav", "--mixture", "mixture.wav")
    assert set(score(call, *files, "--metric", "si_sdr_i")) == {("si_sdr_i", 0)}
    both = score(call, *files, "--metric", "si_sdr")
    assert score(call, *files, "--metric", "si_sdr_i")["si_sdr_i", 0] == both["si_sdr_i", 0]


def test_score_says_that_a_rate_is_lower_than_that_of_its_metrics(call, pair):
    audio.write("a8.wav", audio.resample(audio.read("a.wav")[0], 16000, 8000), 8000)
    status, _, err = call("score", "--reference", "a.wav", "--estimate", "a8.wav", "--metric", "pesq_wb")
    assert (
        status in (0, None) and "note: a8.wav has 8000 Hz and is compared at 16000: it holds nothing above 4000" in err
    )
    noise = 0.1 * np.random.default_rng(0).standard_normal(16000)
    for name, x, fs in (("full", noise, 16000), ("48", audio.resample(noise, 16000, 48000), 48000)):
        audio.write(f"{name}.wav", x, fs)
    audio.write("up.wav", audio.resample(audio.resample(noise, 16000, 8000), 8000, 16000), 16000)
    assert "note" not in call("score", "--reference", "full.wav", "--estimate", "48.wav", "--metric", "si_sdr")[2]
    err = call("score", "--reference", "up.wav", "--estimate", "full.wav", "--metric", "si_sdr")[2]
    assert "note: up.wav was filtered or had a lower rate: it holds nothing above" in err


def test_score_matches_talkers_and_resamples(call, pair):
    rows = score(
        call, "--reference", "a.wav", "--reference", "b.wav", "--estimate", "b.wav", "--estimate", "a48.wav",
        "--metric", "si_sdr",
    )  # fmt: skip
    assert rows["si_sdr", 0]["value"] > 30
    assert rows["si_sdr", 1]["value"] == pytest.approx(100)


def test_score_says_why_a_metric_has_no_value(call, pair):
    arguments = ("--reference", "a.wav", "--estimate", "b.wav", "--metric", "sir")
    assert score(call, *arguments)["sir", 0]["reason"] == "no-interferer"
    assert "no-interferer" in call("score", *arguments)[1]


def test_score_hears_open_text_unless_told_of_the_grammar(call, tmp_path):
    text = "the president of the united states"
    audio.write("said.wav", grid_tts.utter(grid_tts.speaker(0, "test", 3), text, 16000), 16000)
    arguments = ("--reference", "said.wav", "--estimate", "said.wav", "--text", text, "--metric", "wer")
    assert score(call, *arguments)["wer", 0]["value"] == 0
    assert score(call, *arguments, "--recogniser", "grammar")["wer", 0]["value"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--estimate", "a.wav", "--estimate", "b.wav"], "1 references, but 2 estimates"),
        (["--estimate", "short.wav"], "short.wav: 0.500 s, but a.wav has 2.000 s"),
        (["--estimate", "a.wav", "--metric", "si_snr"], "did you mean 'si_sdr'"),
        (["--estimate", "a.wav", "--metric", "sdr_i"], "sdr_i is a gain over the mixture: give --mixture"),
        (["--estimate", "a.wav", "--metric", "rtf"], "rtf cannot be computed from files"),
        (["--estimate", "a.wav", "--metric", "wer"], "wer counts words: give --text"),
        (["--estimate", "a.wav", "--text", "x", "--text", "y"], "one --text for each"),
        (["--estimate", "nowhere.wav"], "no such audio file"),
    ],
)
def test_score_says_what_does_not_fit(call, pair, arguments, message):
    audio.write("short.wav", np.ones((1, 8000)) * 0.1, 16000)
    status, _, err = call("score", "--reference", "a.wav", *arguments)
    assert status == cli.ERROR
    assert message in err


@pytest.fixture
def results(tmp_path):
    """One scene of two talkers and an estimate of each, as a run of `quick` leaves them."""
    scene = make_scene(n_sources=2, channels=2, seconds=0.5)
    truth, folder = scene.references, tmp_path / "results" / "quick"
    mixtures = folder / "scenes" / "two-talkers" / "test" / "000.mixtures.parquet"
    row = {"scene": "s0", "condition": "two-talkers", "split": "test", "index": 0, "fs": 16000, "n_sources": 2}
    tables.write_rows(mixtures, [row | {"mixture": tables.pack(scene.mixture, 16000, "m")}], tables.MIXTURES)
    cells = {name: [tables.pack(x, 16000, name) for x in truth.target] for name in ("early", "direct")}
    cells["images"] = [tables.pack(x, 16000, "image") for x in truth.images]
    row = {"scene": "s0", "record": record("separate", "ab"), "reference": "image", **cells}
    row["noise"] = tables.pack(truth.noise, 16000, "noise")
    tables.write_rows(str(mixtures).replace("mixtures", "references"), [row], tables.REFERENCES)
    estimate = [tables.pack(x, 16000, "e") for x in truth.target]
    rows = [{"scene": "s0", "status": "ok", "estimate": estimate}, {"scene": "s1", "status": "failed", "reason": "x"}]
    tables.write_rows(folder / "estimates" / "two-talkers" / "test" / "ilrma" / "000.parquet", rows, tables.ESTIMATES)
    return scene


def test_score_of_several_talkers_is_that_of_a_run(call, results):
    """Noise is an interferer of two talkers too: SIR of the exported files equals the SIR of a score shard."""
    stem, estimates = "results/quick/scenes/two-talkers/test/000", "results/quick/noisy.parquet"
    cells = [tables.pack(results.mixture[0], 16000, "e")] * 2
    tables.write_rows(estimates, [{"scene": "s0", "status": "ok", "estimate": cells}], tables.ESTIMATES)
    score_shard(
        mixtures=f"{stem}.mixtures.parquet", references=f"{stem}.references.parquet", estimates=estimates,
        out="scores.parquet", condition="two-talkers", entry="noisy", metrics=["sir"], recogniser=None,
    )  # fmt: skip
    call("export", "quick", "scenes", "out")
    names = ("--reference", "image_1", "--reference", "image_2", "--estimate", "mixture", "--estimate", "mixture")
    files = [x if x.startswith("--") else f"out/two-talkers/s0/{x}.wav" for x in (*names, "--mixture", "mixture")]
    rows = score(call, *files, "--metric", "sir")
    for row in tables.read_rows("scores.parquet"):
        assert rows["sir", row["source"]]["value"] == pytest.approx(row["value"], abs=1e-3)


def test_export_scenes(call, results):
    assert call("export", "quick", "scenes", "out")[0] == 0
    folder = Path("out/two-talkers/s0")
    names = {path.name for path in folder.iterdir()}
    kinds = {f"{kind}_{k}.wav" for kind in ("image", "early", "direct") for k in (1, 2)}
    assert names == kinds | {"mixture.wav", "noise.wav"}
    np.testing.assert_allclose(audio.read(folder / "mixture.wav")[0], results.mixture, atol=1e-6)
    total = sum(audio.read(folder / name)[0] for name in ("image_1.wav", "image_2.wav", "noise.wav"))
    np.testing.assert_allclose(total, results.mixture, atol=1e-6)


def test_exports_are_of_a_split(call, results):
    status, _, err = call("export", "quick", "scenes", "out", "--split", "valid")
    assert status == cli.ERROR and "split valid there yet; `cocktail run quick --split valid` first" in err
    for folder in ("scenes", "estimates"):
        Path(f"results/quick/{folder}/two-talkers/test").rename(f"results/quick/{folder}/two-talkers/valid")
    assert call("export", "quick", "scenes", "out", "--split", "valid")[0] == 0
    assert call("export", "quick", "estimates", "out", "--split", "valid", "--entry", "ilrma")[0] == 0
    assert Path("out/two-talkers/s0/mixture.wav").exists() and Path("out/two-talkers/ilrma/s0_2.wav").exists()
    status, _, err = call("export", "quick", "scenes", "out", "--split", "valid", "--blind")
    assert status == cli.ERROR and "`cocktail import`, which takes estimates of test scenes" in err


def test_export_estimates(call, results):
    status, out, _ = call("export", "quick", "estimates", "out", "--entry", "ilrma")
    assert (status, out) == (0, "2 files under out\n")
    found = audio.read("out/two-talkers/ilrma/s0_2.wav")[0]
    np.testing.assert_allclose(found[0], results.references.target[1], atol=1e-6)


def test_score_of_folders_is_that_of_their_files(call, pair, tmp_path):
    a, b, mixture = (audio.read(f"{name}.wav")[0] for name in ("a", "b", "mixture"))
    for i, level in enumerate((1.0, 0.5)):
        for folder, samples in (("clean", a), ("out", a + level * b), ("noisy", mixture)):
            (tmp_path / folder / "sub").mkdir(parents=True, exist_ok=True)
            audio.write(tmp_path / folder / "sub" / f"{i}.wav", samples, 16000)
    folders = ("--reference", "clean", "--estimate", "out", "--mixture", "noisy", "--metric", "si_sdr")
    rows = json.loads(call("score", *folders, "--json")[1])
    assert {row["file"] for row in rows} == {"sub/0.wav", "sub/1.wav"}
    values = [row["value"] for row in rows if row["metric"] == "si_sdr"]
    assert values[1] - values[0] == pytest.approx(20 * np.log10(2), abs=0.3)
    out = call("score", *folders)[1]
    assert re.search(rf"si_sdr +{np.mean(values):.3f} +dB +2/2", out), out
    (tmp_path / "out" / "sub" / "1.wav").unlink()
    status, _, err = call("score", *folders)
    assert status == cli.ERROR and "out: 1 file of clean without one of the same name here: sub/1.wav" in err
    status, _, err = call("score", "--reference", "clean", "--estimate", "a.wav")
    assert status == cli.ERROR and "a.wav: not a folder" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scenes", "out", "--condition", "two-talker"], "did you mean 'two-talkers'"),
        (["estimates", "out", "--entry", "ilram"], "did you mean 'ilrma'"),
        (["scenes", "out", "--entry", "ilrma"], "--entry"),
    ],
)
def test_export_says_what_is_not_there(call, results, arguments, message):
    status, _, err = call("export", "quick", *arguments)
    assert status == cli.ERROR
    assert message in err


@pytest.mark.parametrize(
    "arguments", [["export", "tiny", "scenes", "out"], ["leaderboard", "tiny"], ["verify", "tiny"]]
)
def test_what_needs_a_run_says_so(call, arguments):
    status, _, err = call(*arguments)
    assert status == cli.ERROR
    assert "`cocktail run tiny` first" in err


def test_ui_serves_the_results_it_is_given(call, monkeypatch):
    called = {}
    monkeypatch.setattr(
        "cocktail.tracking.serve.ui", lambda results, **options: called.update(options, results=results)
    )
    assert call("ui", "--results", "elsewhere", "--port", 8080, "--no-browser")[0] == 0
    assert called == {"results": "elsewhere", "suite": "quick", "port": 8080, "browser": False}


def test_seed_of_a_recording_is_its_name(call, tmp_path, write_plugin):
    folder = write_plugin("random", "return self.gain * view.rng.uniform(0.1, 0.9, mixture[:1].shape)")
    for name in ("x.wav", "y.wav"):
        audio.write(name, 0.1 * rng(0, role="test").standard_normal((1, 4000)), 16000)
        call("process", "random", name, f"out_{name}", "--methods", folder)
    call("process", "random", "x.wav", "again.wav", "--methods", folder)
    x, y, again = (audio.read(name)[0] for name in ("out_x.wav", "out_y.wav", "again.wav"))
    np.testing.assert_array_equal(x, again)
    assert not np.allclose(x, y)


@pytest.mark.parametrize("text", ["\ufeffx;y;z\n-0.1; 0; 0\n0.1;0;0\n", "-0.1\t0\t0\n\n0.1\t0\t0\n"])
def test_process_reads_arrays_as_spreadsheets_write_them(call, noisy, text):
    Path("array.csv").write_text(text, encoding="utf-8")
    assert call("process", "delay-and-sum", noisy, "out.wav", "--array", "array.csv")[0] == 0


@pytest.mark.parametrize("name", ["out.mp3", "out", "out.WAVE"])
def test_process_writes_no_file_that_is_not_what_its_name_says(call, noisy, name):
    status, _, err = call("process", "unprocessed", noisy, name)
    assert status == cli.ERROR and f"{name}: files are written as .wav or .flac" in err
    assert not Path(name).exists()


def test_process_never_writes_over_its_input(call, noisy):
    before = noisy.read_bytes()
    Path("linked.wav").symlink_to(noisy)
    noisy.with_name("x_1.wav").write_bytes(before)
    for source, target, *more in ((noisy, noisy), ("noisy.wav", "linked.wav"), ("x_1.wav", "x.wav", "--talkers", 2)):
        status, _, err = call("process", "unprocessed", source, target, *more)
        assert status == cli.ERROR and "is an input, which would be lost" in err
    assert noisy.read_bytes() == before == Path("x_1.wav").read_bytes()


def test_a_recording_cut_short_leaves_no_output(call, tmp_path):
    data = audio.encode(0.1 * rng(0, role="test").standard_normal((1, 400000)), 16000)
    (tmp_path / "cut.flac").write_bytes(data[: len(data) // 2])
    status, _, err = call("process", "unprocessed", "cut.flac", "out.wav", "--piece", 8)
    assert status == cli.ERROR and "cut.flac: " in err
    assert [path.name for path in Path().iterdir()] == ["cut.flac"]


def test_files_whose_names_are_no_text(call, noisy):
    name = os.fsdecode(b"caf\xe9.wav")
    noisy.rename(name)
    status, out, _ = call("process", "omlsa", name, os.fsdecode(b"\xff.wav"))
    assert (status, out) == (0, "\\udcff.wav\n")
    assert audio.read(os.fsdecode(b"\xff.wav"))[0].shape == (1, 2 * 44100)
    assert call("score", "--reference", name, "--estimate", name, "--metric", "si_sdr")[0] == 0
    assert "caf\\udce9.wav.gone: no such" in call("process", "omlsa", f"{name}.gone", "out.wav")[2]


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "omlsa", "--long", "nan"],
        ["check", "omlsa", "--long", "-1"],
        ["check", "omlsa", "--long", "0"],
        ["check", "omlsa", "--limit", "inf"],
        ["check", "omlsa", "--limit", "0"],
        ["check", "omlsa", "--device", "tpu"],
        ["verify", "tiny", "--sample", "0"],
        ["verify", "tiny", "--seed", "-1"],
        ["ui", "--port", "0"],
        ["ui", "--port", "70000"],
        ["run", "tiny", "--cores", "0"],
    ],
)
def test_numbers_that_mean_nothing_are_refused(call, arguments):
    status, _, err = call(*arguments)
    assert status == 2 and f"Invalid value for '{arguments[-2]}'" in err


def test_what_a_plugin_says_cannot_spoil_the_terminal(call, noisy, write_plugin):
    folder = write_plugin("spoils", "raise ValueError('\\x1b[2J' + 'x' * 20000)")
    status, _, err = call("process", "spoils", noisy, "out.wav", "--methods", folder)
    assert status == cli.ERROR and "\\x1b[2J" in err and "\x1b" not in err and len(err) < 700
    (folder / "no_import.py").write_text("raise ValueError('\\x1b[2J' + 'x' * 20000 + chr(0xdce9))")
    out = call("list", "methods", "--methods", folder)[1]
    assert "does not import" in out and "\x1b" not in out and "x" * 600 not in out.replace("\n", "")
