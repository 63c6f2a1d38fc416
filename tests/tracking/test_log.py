"""MLflow: what is logged can be read back, nothing is logged twice, and nothing leaves the machine."""

import csv
import io
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import soundfile
from click.testing import CliRunner
from PIL import Image
from processes import gone

from cocktail import tables
from cocktail.boards import leaderboard
from cocktail.cli.ui import command as ui_command
from cocktail.digest import files_digest
from cocktail.errors import CocktailError
from cocktail.report import coding, examples
from cocktail.tracking import client as tracking_client
from cocktail.tracking import log, notes, serve, views
from cocktail.tracking.client import opened
from cocktail.tracking.receipt import store_state
from cocktail.tracking.views import is_headline, shown_as

FS = 16000
N = 4000
SCENES = 7
SHARDS = 3
SECONDS = 2
"""That a method works on a scene."""
ENTRIES = {"unprocessed": 0.0, "wiener": 4.0, "omlsa": 6.0, "broken": None}
CARDS = [
    {
        "entry": "omlsa",
        "plugin": "omlsa",
        "family": "spectral",
        "paradigm": "learning-free",
        "task": "enhance",
        "uses": "wiener",
        "parameters": {"gain_floor_db": -25.0, "tracker": "imcra"},
        "description": "OMLSA gain with IMCRA noise tracking.",
    },
    {"entry": "unprocessed", "family": "controls", "parameters": {}},
]


def store_client(uri, results):
    """MLflow's client of a store, with its tables made."""
    with opened(uri, results, "any") as found:
        return found.client


def scene_name(condition, index):
    return f"{condition}-test-{index:05d}"


def write_scenes(folder, condition, talkers, channels):
    """Shards of scenes and estimates: talker k is a sine, the estimate of an entry has the talkers in reverse order."""
    generator = np.random.default_rng(0)
    time = np.arange(N) / FS
    for shard in range(SHARDS):
        mixtures, references, estimates = [], [], []
        for index in range(shard * 3, min(shard * 3 + 3, SCENES)):
            scene = scene_name(condition, index)
            talker = np.stack([0.2 * np.sin(2 * np.pi * (300 + 500 * k + 10 * index) * time) for k in range(talkers)])
            images = np.repeat(talker[:, None], channels, axis=1)
            noise = 0.01 * generator.normal(size=(channels, N))
            mixtures.append({
                "scene": scene, "condition": condition, "split": "test", "index": index, "fs": FS, "channels": channels,
                "n_sources": talkers, "mixture": tables.pack(images.sum(0) + noise, FS, "mixture"),
            })  # fmt: skip
            references.append({
                "scene": scene, "reference": "early" if condition == "reverb" else "image",
                "images": [tables.pack(x, FS, "image") for x in images], "noise": tables.pack(noise, FS, "noise"),
                "early": [tables.pack(x / 2, FS, "early") for x in talker],
            })  # fmt: skip
            estimate = [tables.pack(x, FS, "estimate") for x in 1.5 * talker[::-1]]
            estimates.append(
                {"scene": scene, "status": "ok", "estimate": estimate, "device": "cpu", "seconds": SECONDS}
            )
        for kind, rows, schema in (
            ("mixtures", mixtures, tables.MIXTURES),
            ("references", references, tables.REFERENCES),
        ):
            tables.write_rows(folder / f"scenes/{condition}/test/{shard:03d}.{kind}.parquet", rows, schema)
        for entry, gain in ENTRIES.items():
            failed = [{"scene": row["scene"], "status": "failed", "reason": "method-failed: x"} for row in estimates]
            kept = failed if gain is None else estimates
            tables.write_rows(
                folder / f"estimates/{condition}/test/{entry}/{shard:03d}.parquet", kept, tables.ESTIMATES
            )


def write_scores(folder, condition, talkers, gains):
    rows = []
    for entry, gain in gains.items():
        for index in range(SCENES):
            for source in range(talkers):
                for metric in ("si_sdr", "stoi"):
                    row = {"condition": condition, "scene": scene_name(condition, index), "entry": entry, "card": "c"}
                    row |= {"source": source, "estimate": talkers - 1 - source, "metric": metric}
                    if gain is None:
                        row |= {"status": "failed", "reason": "method-failed: x"}
                    else:
                        row |= {"status": "ok", "value": gain + (index - 3) ** 3 / 10 if metric == "si_sdr" else 0.8}
                    rows.append(row)
    tables.write_rows(folder / f"scores/{condition}/all/000.parquet", rows, tables.SCORES)


def build_board(folder, cards=CARDS):
    skips = [{"condition": "stationary", "entry": "ilrma", "reason": "needs 2 microphones"}]
    leaderboard.build(
        sorted(folder.glob("scores/*/*/*.parquet")),
        references=[],
        entries=cards,
        folder=folder,
        seed=1,
        skips=skips,
    )


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory):
    """A store with its tables made: making them takes longer than any test here."""
    path = tmp_path_factory.mktemp("store")
    store_client(f"sqlite:///{path / 'mlflow.db'}", path)
    return (path / "mlflow.db").read_bytes()


@pytest.fixture
def results(tmp_path, empty_store, monkeypatch):
    """Results of a suite `small`; a connection to anywhere is an error."""

    def refuse(*_):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "mlflow.db").write_bytes(empty_store)
    for condition, talkers, channels in (("stationary", 1, 1), ("two-talkers", 2, 2)):
        write_scenes(tmp_path / "results" / "small", condition, talkers, channels)
        write_scores(tmp_path / "results" / "small", condition, talkers, ENTRIES)
    build_board(tmp_path / "results" / "small")
    return tmp_path / "results"


def logged(results, **more):
    return log.log_suite(suite="small", results=results, commit="abc", suite_digest="d1", **more)


def runs(results):
    client = store_client(log.default_uri(results), results)
    found = {}
    for experiment in client.search_experiments(filter_string="name LIKE '%/%'"):
        for run in client.search_runs([experiment.experiment_id]):
            found.setdefault((experiment.name, run.info.run_name), []).append(run)
    return found


def artifacts(run):
    folder = Path(run.info.artifact_uri.removeprefix("file://"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_runs_hold_figures_parameters_and_tags(results):
    done = logged(results)
    assert (done.new, done.same) == (8, 0)
    found = runs(results)
    names = [*ENTRIES]
    assert set(found) == {(f"small/{c}", e) for c in ("stationary", "two-talkers") for e in names}
    run = found["small/stationary", "omlsa"][0]
    assert run.info.status == "FINISHED"
    board = leaderboard.read_board(results / "small" / "leaderboard.csv")
    for row in board:
        if (row["condition"], row["entry"]) == ("stationary", "omlsa"):
            assert run.data.metrics[shown_as(row["metric"])] == row["value"]
            for side in ("low", "high") if is_headline(row["metric"]) else ():
                assert run.data.metrics[f"wider set/{row['metric']}_{side}"] == row[f"ci_{side}"]
    names = {"si_sdr", "si_sdr_i", "stoi", "rank", "n_ok", "n_total"}
    assert {name for name in run.data.metrics if not name.startswith("wider set/")} == names
    assert (run.data.metrics["rank"], run.data.metrics["n_ok"], run.data.metrics["n_total"]) == (1, SCENES, SCENES)
    own = {"gain_floor_db": "-25.0", "tracker": "imcra"}
    assert run.data.params == own | {"commit": "abc", "digest": run.data.tags["cocktail.digest"]}
    wanted = {"family": "spectral", "task": "enhance", "paradigm": "learning-free", "commit": "abc", "device": "cpu"}
    wanted |= {"uses": "wiener", "suite_digest": "d1", "mlflow.note.content": "OMLSA gain with IMCRA noise tracking."}
    assert wanted.items() <= run.data.tags.items()
    assert run.info.end_time - run.info.start_time == 1000 * SCENES * SECONDS, "how long the method took"
    (data,) = store_client(log.default_uri(results), results).get_run(run.info.run_id).inputs.dataset_inputs
    mixtures = sorted((results / "small/scenes/stationary/test").glob("*.mixtures.parquet"))
    assert data.dataset.name == "small/stationary"
    assert data.dataset.digest == files_digest((path.name, path) for path in mixtures)
    assert "rank" not in found["small/stationary", "unprocessed"][0].data.metrics


def test_a_metric_against_one_attack_can_be_logged(results):
    board = (results / "small" / "leaderboard.csv").read_text()
    (results / "small" / "leaderboard.csv").write_text(board.replace(",stoi,", ",eer_cm:vocoder,"))
    logged(results)
    assert runs(results)["small/stationary", "omlsa"][0].data.metrics["eer_cm:vocoder"] == 0.8


def test_what_is_no_column_of_a_board_comes_after_the_others_and_without_interval(results):
    board = (results / "small" / "leaderboard.csv").read_text()
    (results / "small" / "leaderboard.csv").write_text(board.replace(",stoi,", ",estoi,"))
    logged(results)
    metrics = runs(results)["small/stationary", "omlsa"][0].data.metrics
    assert metrics["wider set/estoi"] == 0.8
    assert {"wider set/si_sdr_low", "wider set/si_sdr_high"} <= set(metrics)
    assert not [name for name in metrics if "estoi_" in name]
    assert sorted(metrics)[-1].startswith("wider set/")


def test_a_failed_entry_is_a_failed_run_with_its_reason(results):
    logged(results)
    run = runs(results)["small/stationary", "broken"][0]
    assert run.info.status == "FAILED"
    assert run.data.tags["failures"] == "method-failed: x (7 scenes)"
    assert set(artifacts(run)) == {"scores.csv"}


def test_examples_are_the_worst_median_and_best_scene(results):
    logged(results)
    files = artifacts(runs(results)["small/stationary", "omlsa"][0])
    signals = {f"{name}.{kind}" for name in ("mixture", "reference", "estimate") for kind in ("wav", "png")}
    expected = {f"examples/{label}/{name}" for label in ("worst", "median", "best") for name in signals}
    assert set(files) == expected | {"scores.csv", "scenes.json", "examples/scenes.csv"}
    table = list(csv.DictReader(io.StringIO(files["examples/scenes.csv"].decode())))
    assert {row["example"]: row["scene"][-1] for row in table} == {"worst": "0", "median": "3", "best": "6"}
    sound, fs = soundfile.read(io.BytesIO(files["examples/best/estimate.wav"]))
    assert (fs, len(sound)) == (FS, N)
    assert abs(np.fft.rfft(sound)).argmax() * FS / N == pytest.approx(360, abs=FS / N)
    picture = Image.open(io.BytesIO(files["examples/best/estimate.png"])).convert("L")
    assert picture.height == 257
    brightest = np.asarray(picture)[:, 10:-10].mean(axis=1).argmax()
    assert (256 - brightest) * FS / 512 == pytest.approx(360, abs=FS / 512)
    scores = list(csv.DictReader(io.StringIO(files["scores.csv"].decode())))
    assert len(scores) == SCENES * 3 + SCENES
    assert {row["entry"] for row in scores} == {"omlsa"}


def test_estimates_of_several_talkers_are_in_the_order_of_the_references(results):
    logged(results)
    files = artifacts(runs(results)["small/two-talkers", "omlsa"][0])

    def sound(name):
        return soundfile.read(io.BytesIO(files[f"examples/worst/{name}.wav"]))[0]

    assert sound("mixture").ndim == 1
    for k in (1, 2):
        np.testing.assert_allclose(sound(f"estimate_{k}"), 1.5 * sound(f"reference_{k}"), atol=1e-3)


def test_the_same_result_twice_makes_no_second_run(results):
    logged(results)
    before = {key: [run.info.run_id for run in value] for key, value in runs(results).items()}
    again = logged(results)
    assert (again.new, again.same) == (0, 8)
    assert {key: [run.info.run_id for run in value] for key, value in runs(results).items()} == before


def test_a_changed_score_makes_one_new_run_and_updates_ranks(results):
    logged(results)
    folder = results / "small"
    write_scores(folder, "stationary", 1, ENTRIES | {"wiener": 9.0})
    build_board(folder)
    done = logged(results)
    assert (done.new, done.same) == (1, 7)
    found = runs(results)
    history = found["small/stationary", "wiener"]
    assert sorted(run.data.metrics["si_sdr"] for run in history) == [4.0, 9.0]
    assert len(found["small/stationary", "omlsa"]) == 1
    assert found["small/stationary", "omlsa"][0].data.metrics["rank"] == 2
    assert logged(results).new == 0


def test_a_rank_that_is_no_more_is_cleared(results):
    logged(results)
    folder = results / "small"
    (run,) = runs(results)["small/stationary", "omlsa"]
    assert run.data.metrics["rank"] == 1
    build_board(folder, [{**CARDS[0], "family": "controls"}, CARDS[1]])
    for _ in range(2):
        assert logged(results).new == 0
        (run,) = runs(results)["small/stationary", "omlsa"]
        assert np.isnan(run.data.metrics["rank"])
    client = store_client(log.default_uri(results), results)
    assert len(client.get_metric_history(run.info.run_id, "rank")) == 2
    build_board(folder)
    logged(results)
    assert runs(results)["small/stationary", "omlsa"][0].data.metrics["rank"] == 1


def test_a_run_that_was_cut_short_is_written_anew(results, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(tracking_client, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            logged(results)
    assert logged(results).new == 8
    assert all(len(found) == 1 and found[0].info.status != "RUNNING" for found in runs(results).values())


def test_scores_are_logged_where_estimates_were_dropped(results):
    for path in results.glob("small/estimates/*/test/omlsa/*.parquet"):
        path.unlink()
    logged(results)
    (run,) = runs(results)["small/stationary", "omlsa"]
    assert set(artifacts(run)) == {"scores.csv", "scenes.json"}
    assert run.data.tags["device"] == "unknown"


def test_the_store_lies_with_the_results_and_nowhere_else(results):
    logged(results)
    assert sorted(path.name for path in results.parent.iterdir()) == ["results"]
    assert sorted(path.name for path in results.iterdir()) == ["mlartifacts", "mlflow.db", "small"]


def test_a_store_that_cannot_be_used_is_an_error_that_names_it(results):
    (results / "mlflow.db").write_bytes(b"no database at all, but long enough to be taken for one" * 100)
    with pytest.raises(CocktailError, match=r"mlflow\.db: could not be logged to .*boards on disk are complete"):
        logged(results)
    with pytest.raises(CocktailError, match="no leaderboard here"):
        log.log_suite(suite="other", results=results)


def test_the_server_command_is_on_loopback_and_on_the_right_store(results):
    command = serve.server_command(results, port=5077)
    assert command[-2:] == ["--uvicorn-opts", "--log-level warning"], "the addresses stay in sight"
    text = " ".join(command)
    assert f"--backend-store-uri sqlite:///{results / 'mlflow.db'}" in text
    assert "--host 127.0.0.1 --port 5077" in text
    with pytest.raises(CocktailError, match="nothing to show yet"):
        serve.server_command(results / "small")


def test_the_server_command_serves_the_database_of_the_environment(results, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://db/mlflow")
    command = serve.server_command(results)
    assert command[command.index("--backend-store-uri") + 1] == "postgresql://db/mlflow"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{results / 'other.db'}")
    with pytest.raises(CocktailError, match=r"other\.db: nothing to show yet"):
        serve.server_command(results)


def test_ui_names_the_server_that_has_the_results_and_starts_none(results, monkeypatch, capsys):
    log.track(folder=results / "small", out=results / "small" / "mlflow.json")
    monkeypatch.setattr(serve, "child", None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://mlflow.example.org")
    assert serve.ui(results, suite="small") == 0
    out = capsys.readouterr().out
    assert re.search(r"two-talkers +https://mlflow\.example\.org/#/experiments/\d+/runs\?", out)


def test_ui_serves_the_results_of_the_suite_it_is_given(tmp_path, monkeypatch):
    served = []
    monkeypatch.setattr(serve, "ui", lambda results, **options: served.append((results, options["suite"])))
    (tmp_path / "mine.yaml").write_text("suite: mine\nresults: elsewhere\n")
    for arguments in ([], [str(tmp_path / "mine.yaml")], ["quick", "--results", "there"]):
        assert CliRunner().invoke(ui_command, arguments).exit_code == 0
    assert served == [("results", "quick"), ("elsewhere", "mine"), ("there", "quick")]


def test_the_state_of_the_store_changes_when_it_must_be_logged_to_again(results, monkeypatch):
    def track(folder):
        """As Snakemake does, which removes a job's output before the job."""
        state = store_state(folder)
        (folder / "mlflow.json").unlink(missing_ok=True)
        log.track(folder=folder, out=folder / "mlflow.json", state=state)
        assert store_state(folder) == state, "a log changes nothing, or it would be due again"
        return state

    empty = (results / "mlflow.db").read_bytes()
    first = track(results / "small")
    moved = shutil.copytree(results, results.parent / "moved")
    assert store_state(moved / "small") == first
    (moved / "mlflow.db").unlink()
    lost = store_state(moved / "small")
    assert lost != first
    (moved / "mlflow.db").write_bytes(empty)
    assert store_state(moved / "small") == lost, "another suite has made it anew"
    assert track(moved / "small") == lost
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://mlflow.example.org")
    assert store_state(moved / "small") == "https://mlflow.example.org 0"


def test_the_store_of_the_environment_is_preferred(results, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{results / 'other.db'}")
    (results / "mlflow.db").rename(results / "other.db")
    assert logged(results).uri.endswith("other.db")
    with sqlite3.connect(results / "other.db") as store_file:
        assert store_file.execute("select count(*) from runs").fetchone() == (9,)


def test_track_keeps_the_examples_if_so_asked(results):
    options = {"folder": results / "small", "keep": "examples"}
    log.track(out=results / "small" / "mlflow.json", **options)
    assert json.loads((results / "small" / "mlflow.json").read_text())["new"] == 8
    folder = results / "small" / "estimates" / "stationary" / "test" / "omlsa"
    assert [path.name for path in folder.iterdir()] == ["examples.parquet"]
    kept = tables.read_rows(folder / "examples.parquet")
    assert [row["scene"] for row in kept] == [scene_name("stationary", index) for index in (0, 3, 6)]
    log.track(out=results / "small" / "mlflow.json", **options)
    assert json.loads((results / "small" / "mlflow.json").read_text())["same"] == 8
    assert tables.read_rows(folder / "examples.parquet") == kept


def test_a_run_of_a_part_leaves_the_estimates_of_the_others(results):
    folder = results / "small"
    options = {"folder": folder, "out": folder / "mlflow.json", "keep": "examples"}
    log.track(**options)
    fresh = folder / "estimates/stationary/test/new/000.parquet"
    tables.write_rows(fresh, [{"scene": "s", "status": "ok"}], tables.ESTIMATES)
    kept = {path: path.read_bytes() for path in folder.glob("estimates/*/test/*/*.parquet")}
    (folder / "scores/two-talkers/all/000.parquet").unlink()
    write_scores(folder, "stationary", 1, {"unprocessed": 0.0, "omlsa": 6.0})
    build_board(folder)
    log.track(**options)
    assert {path: path.read_bytes() for path in folder.glob("estimates/*/test/*/*.parquet")} == kept


def test_fewer_scenes_on_the_board_than_estimates_drop_nothing(results):
    folder = results / "small"
    scores = folder / "scores/stationary/all/000.parquet"
    first = scene_name("stationary", 0)
    tables.write_rows(scores, [row for row in tables.read_rows(scores) if row["scene"] == first], tables.SCORES)
    build_board(folder)
    log.track(folder=folder, out=folder / "mlflow.json", keep="examples")
    assert len(list(folder.glob("estimates/stationary/test/*/00?.parquet"))) == SHARDS * len(ENTRIES)
    assert not list(folder.glob("estimates/two-talkers/test/*/00?.parquet"))


def test_a_new_shard_outdates_the_kept_examples(results):
    folder = results / "small"
    audio = examples.Audio(examples.Shards(folder), "stationary")
    shard = folder / "estimates/stationary/test/omlsa/000.parquet"
    fresh = tables.read_rows(shard)
    scene = fresh[0]["scene"]
    audio.keep_only("omlsa", [scene])
    tables.write_rows(shard, [{**fresh[0], "estimate": [tables.pack(np.full(N, 0.5), FS, "new")]}], tables.ESTIMATES)
    assert audio.estimates("omlsa", [scene], tables.SCORES.empty_table())[scene] == pytest.approx(0.5, abs=1e-6)


def test_mlflow_is_imported_by_tracking_alone_and_only_when_it_logs():
    code = "import sys, cocktail.tracking.log; print(any(m in sys.modules for m in ('mlflow', 'pandas', 'matplotlib')))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
    library = Path(log.__file__).parents[1]
    importers = {
        p.parent.name for p in library.rglob("*.py") if "import mlflow" in (t := p.read_text()) or "from mlflow" in t
    }
    assert importers == {"tracking"}


def test_pick_takes_each_scene_once():
    rows = [{"scene": "a", "metric": "si_sdr", "status": "ok", "value": 1.0}]
    assert examples.pick(pa.Table.from_pylist(rows, schema=tables.SCORES)) == {"median": ("a", 1.0)}
    assert examples.pick(tables.SCORES.empty_table()) == {}


def test_the_reference_of_a_reverberant_scene_is_its_early_part(tmp_path):
    write_scenes(tmp_path, "reverb", 1, 2)
    audio = examples.Audio(examples.Shards(tmp_path), "reverb")
    assert np.abs(audio.references(scene_name("reverb", 4))).max() == pytest.approx(0.1, rel=1e-3)


def test_a_sound_that_would_clip_is_scaled_down():
    x = np.array([0.0, 4.0, -2.0] * 100)
    sound, _ = soundfile.read(io.BytesIO(coding.encode(x, FS, "WAV")))
    np.testing.assert_allclose(sound, x * 0.99 / 4, atol=1e-4)
    quiet, _ = soundfile.read(io.BytesIO(coding.encode(x / 10, FS, "WAV")))
    np.testing.assert_allclose(quiet, x / 10, atol=1e-4)


def test_the_description_of_an_experiment_is_its_board(results):
    logged(results)
    client = store_client(log.default_uri(results), results)
    note = client.get_experiment_by_name("small/stationary").tags["mlflow.note.content"]
    lines = [line.strip("| ").split(" | ") for line in note.splitlines() if line.startswith("|")]
    assert lines[0] == ["rank by si_sdr", "entry", "family", "si_sdr ↑", "si_sdr_i ↑", "stoi ↑", "n"]
    shown = {line[1]: line for line in lines[2:]}
    assert list(shown) == ["omlsa", "wiener", "unprocessed", "broken"]
    row = next(row for row in leaderboard.read_board(results / "small" / "leaderboard.csv")
               if (row["condition"], row["entry"], row["metric"]) == ("stationary", "omlsa", "si_sdr"))  # fmt: skip
    assert shown["omlsa"][0].split()[0] == "1" and shown["omlsa"][2] == "spectral"
    assert shown["omlsa"][3] == f"{row['value']:.2f} ±{(row['ci_high'] - row['ci_low']) / 2:.2f}"
    assert shown["broken"][3:] == ["–", "–", "–", "0/7"]
    suite = client.get_experiment_by_name("small").tags["mlflow.note.content"]
    address = views.address(client.get_experiment_by_name("small/stationary").experiment_id)
    assert f"| [stationary]({address}) | omlsa | si_sdr |" in suite
    write_scores(results / "small", "stationary", 1, ENTRIES | {"wiener": 9.0})
    build_board(results / "small")
    logged(results)
    assert "| wiener | si_sdr |" in client.get_experiment_by_name("small").tags["mlflow.note.content"]


def test_a_note_that_is_too_long_says_how_much_it_leaves_out():
    rows = [
        {"condition": "c", "entry": f"entry-{i:04d}", "metric": "si_sdr", "value": -float(i), "ci_low": None,
         "ci_high": None, "n_ok": 1, "n_total": 1, "rank": i + 1, "tie_group": None}
        for i in range(1000)
    ]  # fmt: skip
    note = notes.board_note("s", "c", rows, {}, "")
    assert len(note) <= notes.LONGEST
    shown = note.count("| entry-")
    assert note.endswith(f"\n{1000 - shown} more entries stand in the list of runs.")


def test_scores_by_scene_are_a_table_that_mlflow_reads(results):
    strata = [{"condition": "stationary", "scene": scene_name("stationary", i), "snr_db": float(i)} for i in range(7)]
    tables.write_rows(results / "small" / "scenes.parquet", strata, leaderboard.SCENES)
    logged(results)
    (run,) = runs(results)["small/stationary", "omlsa"]
    assert json.loads(run.data.tags["mlflow.loggedArtifacts"]) == [{"path": "scenes.json", "type": "table"}]
    found = json.loads(artifacts(run)["scenes.json"])
    assert found["columns"] == ["scene", "si_sdr", "si_sdr_i", "stoi", "snr_db"]
    columns = dict(zip(found["columns"], zip(*found["data"], strict=True), strict=True))
    assert columns["si_sdr"] == pytest.approx([6 + (i - 3) ** 3 / 10 for i in range(7)])
    assert columns["snr_db"] == tuple(range(7))
    assert columns["scene"] == tuple(scene_name("stationary", i) for i in range(7))


def test_the_server_runs_with_telemetry_off():
    assert tracking_client.ENVIRONMENT["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert tracking_client.ENVIRONMENT["DO_NOT_TRACK"] == "true"


SERVER = """
import os, subprocess, sys, time
sleep = "import signal, time; print(flush=True); time.sleep(60)"
deaf = "import signal; signal.signal(15, signal.SIG_IGN); " + sleep
children = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for code in (sleep, deaf)]
assert all(child.stdout.readline() for child in children)
print(os.environ["MLFLOW_DISABLE_TELEMETRY"], os.getpid(), *(child.pid for child in children), flush=True)
time.sleep(60)
"""
UI = """
import sys
from cocktail.tracking import serve
serve.PATIENCE_S = 0.3
serve.server_command = lambda *_: [sys.executable, "-c", sys.argv[1]]
sys.exit(serve.ui("results", suite="small"))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_server_and_all_its_processes(tmp_path, number):
    """A child that does not hear SIGTERM, too."""
    environment = {name: value for name, value in os.environ.items() if "MLFLOW" not in name and "DISPLAY" not in name}
    options = {"stdout": subprocess.PIPE, "text": True, "cwd": tmp_path, "env": environment}
    with subprocess.Popen([sys.executable, "-c", UI, SERVER], **options) as process:
        lines = iter(process.stdout.readline, "")
        pids = next(line for line in lines if line.startswith("true")).split()[1:]
        process.send_signal(number)
        assert process.wait(timeout=30) == 0
    for pid in map(int, pids):
        assert gone(pid), f"process {pid} is still there"
