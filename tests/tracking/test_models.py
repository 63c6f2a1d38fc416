"""Trained models in MLflow: curves, a model that enhances, one version for each state, and no more."""

import shutil

import numpy as np
import pytest
from page_suite import FS
from trained_suite import Trained

from cocktail.tracking import log, served

HISTORY = "stage,epoch,train_loss,valid_loss\nfirst,1,3.0,4.0\nfirst,2,2.0,3.5\nsecond,1,1.0,\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    trained = Trained(tmp_path_factory.mktemp("models"))
    trained.add("base", 0.5, history=HISTORY)
    trained.add("above", 0.25, base="base")
    trained.add("talkers", 1.0, task="separate", needs=["n_sources"])
    trained.add("detector", 0.125, task="detect")
    trained.add("verifier", 0.5, task="verify")
    trained.add("recogniser", 1.0, task="recognise")
    trained.add("failed", 1.0, error="training failed: x")
    trained.log()
    return trained


@pytest.fixture
def load(made, monkeypatch):
    """A function that loads a registered model as its users do."""
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", log.default_uri(made.folder / "results"))
    return lambda name, version=1: mlflow.pyfunc.load_model(f"models:/small.{name}/{version}")


@pytest.fixture
def waveform():
    return (0.1 * np.random.default_rng(3).normal(size=FS)).astype(np.float32)


def test_a_loaded_model_enhances_a_waveform(load, waveform):
    np.testing.assert_allclose(load("base").predict(waveform), waveform[None], rtol=1e-6)
    np.testing.assert_allclose(load("above").predict(waveform), 0.25 * waveform[None], rtol=1e-6)


def test_a_waveform_may_have_a_rate_of_its_own(load):
    tone = np.sin(2 * np.pi * 300 * np.arange(8001) / 8000).astype(np.float32)
    estimate = load("above").predict(tone, params={"fs": 8000})
    assert estimate.shape == (1, 8001)
    np.testing.assert_allclose(estimate[0, 500:-500], 0.25 * tone[500:-500], atol=1e-3)


def test_a_model_that_separates_takes_the_number_of_talkers(load, waveform):
    assert load("talkers").predict(waveform).shape == (2, FS)
    estimate = load("talkers").predict(waveform, params={"talkers": 3})
    np.testing.assert_allclose(estimate, 2 * waveform / np.array([[1], [2], [3]]), rtol=1e-5)


def test_other_tasks_give_what_their_methods_do(load, waveform):
    assert load("detector").predict(waveform).tolist() == [0.25]
    assert load("verifier").predict(waveform).tolist() == [1, 1, 1]
    assert load("recogniser").predict(waveform).tolist() == ["gain 2"]


def test_a_loaded_model_has_an_example_of_its_input(load):
    model = load("base")
    assert model.predict(model.input_example).shape == (1, FS // 10)


def test_the_signature_says_what_goes_in_and_comes_out(load, waveform):
    signature = load("talkers").metadata.signature
    assert signature.inputs.numpy_types() == [np.float32]
    assert signature.outputs.inputs[0].shape == (-1, -1)
    assert {param.name: param.default for param in signature.params} == {"fs": FS, "talkers": 2}
    with pytest.raises(Exception, match=r"Shape of input \(2, 16000\)"):
        load("base").predict(np.stack([waveform] * 2))


def test_a_loaded_model_needs_nothing_of_the_project_but_its_library(made, tmp_path, waveform):
    served.pack(tmp_path / "kept", trained=made.models["above"], suite="small", fs=FS)
    moved = shutil.move(tmp_path / "kept", tmp_path / "moved")
    for plugin in made.folder.glob("*.py"):
        assert str(plugin) not in (moved / served.CARD).read_text()
    np.testing.assert_allclose(served._load_pyfunc(moved).predict(waveform), 0.25 * waveform[None], rtol=1e-6)


def test_a_waveform_that_is_none_is_an_error(made, tmp_path):
    served.pack(tmp_path / "kept", trained=made.models["base"], suite="small", fs=FS)
    model = served._load_pyfunc(tmp_path / "kept")
    for wrong in (np.zeros(0), np.full(100, np.nan), np.zeros((1, 100))):
        with pytest.raises(served.CocktailError, match=r"'base': expected a waveform \(N,\) of finite samples"):
            model.predict(wrong)


def test_curves_and_parameters_are_those_of_the_training(made):
    (run,) = made.trainings()["base"]
    curves = {
        name: [(point.step, point.value) for point in made.client.get_metric_history(run.info.run_id, name)]
        for name in run.data.metrics
    }
    assert curves == {
        "first/train_loss": [(1, 3.0), (2, 2.0)],
        "first/valid_loss": [(1, 4.0), (2, 3.5)],
        "second/train_loss": [(1, 1.0)],
    }
    assert run.data.params == {"extra": "2.0", "commit": "abc", "digest": run.data.tags["cocktail.digest"]}
    parent = made.client.get_run(run.data.tags["mlflow.parentRunId"])
    assert (parent.info.run_name, parent.data.tags["kind"]) == ("small", "suite")


def test_a_failed_training_is_a_failed_run_without_a_model(made):
    (run,) = made.trainings()["failed"]
    assert (run.info.status, run.data.tags["failures"]) == ("FAILED", "training failed: x")
    assert "model_id" not in run.data.tags
    assert {model.name for model in made.client.search_registered_models()} == {
        f"small.{name}" for name in made.models if name != "failed"
    }


def test_one_version_for_each_state_of_a_model(tmp_path):
    trained = Trained(tmp_path)
    trained.add("base", 0.5)
    trained.add("above", 0.5, base="base")
    for _ in range(2):
        trained.log()
        assert {name: len(runs) for name, runs in trained.trainings().items()} == {"base": 1, "above": 1}
    trained.add("above", 0.125, base="base")
    trained.log()
    assert {name: len(runs) for name, runs in trained.trainings().items()} == {"base": 1, "above": 2}
    assert [v.version for v in trained.client.search_model_versions("name = 'small.above'")] == [2, 1]
    trained.add("base", 0.25)
    trained.log()
    assert {name: len(runs) for name, runs in trained.trainings().items()} == {"base": 2, "above": 3}


def test_runs_of_an_entry_name_its_model(tmp_path):
    trained = Trained(tmp_path)
    trained.add("unprocessed", 0.5)
    trained.log()
    experiment = trained.client.get_experiment_by_name("small/room-0").experiment_id
    inputs = {
        run.info.run_name: [model.model_id for model in trained.client.get_run(run.info.run_id).inputs.model_inputs]
        for run in trained.client.search_runs([experiment])
    }
    (training,) = trained.trainings()["unprocessed"]
    model = trained.client.get_logged_model(training.data.tags["model_id"])
    figures = {(metric.key, metric.dataset_name) for metric in model.metrics}
    assert ("si_sdr", "small/room-0") in figures, "what the model makes of each data set"
    assert inputs == {"unprocessed": [training.data.tags["model_id"]], "oracle-irm": []}
