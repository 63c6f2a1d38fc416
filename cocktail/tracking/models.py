"""Trained models in MLflow: a run of the suite's experiment for each training, with its loss curves and its model.

The model is logged once, with a signature, as what `mlflow.pyfunc.load_model` reads (cocktail/tracking/served.py), and
is a version of the registered model `<suite>.<name>`. One that did not change makes no second run and no second
version.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cocktail import ROOT, __version__
from cocktail.digest import files_digest, files_in
from cocktail.plugins.entry import from_spec
from cocktail.plugins.model import read_card
from cocktail.runtime.accounting import read_benchmark
from cocktail.tracking.client import DIGEST, Store
from cocktail.tracking.served import pack, talkers
from cocktail.training.history import read_history

KIND = "kind"
MODEL = "model_id"
"""Tag of a training's run: the model that it made."""


def log_models(
    store: Store,
    experiment: str,
    trained: Mapping[str, dict],
    *,
    suite: str,
    common: Mapping[str, str],
    parent: str,
) -> dict[str, str]:
    """Runs and models of all trainings of a suite; name -> id of its logged model, where there is one.

    `trained`: as of Plan.trained_models. `common`: tags of all runs. `parent`: id of the suite's run.
    """
    known = {run.data.tags[DIGEST]: run.data.tags for run in store.ended(experiment)}
    logged = {}
    for name, model in trained.items():
        if not Path(model["model"]).is_dir():
            continue  # its part of the suite was not run
        digest = _digest(name, model)
        tags = known.get(digest)
        if tags is None:
            tags = _log(store, experiment, name, model, suite, common | {"mlflow.parentRunId": parent, DIGEST: digest})
        if tags.get(MODEL):
            logged[name] = tags[MODEL]
    return logged


def _log(store, experiment, name, trained, suite, tags) -> dict[str, str]:
    """Write the run of a training; its tags."""
    spec, folder = trained["spec"], Path(trained["model"])
    card = read_card(folder)
    tags = tags | {KIND: "training", "entry": name, "plugin": spec["plugin"], "mlflow.source.name": "cocktail run"}
    tags |= {"failures": card.error or ""}
    run = store.begin(experiment, name, tags)
    curves = read_history(folder)
    points = ((curve, value, step) for curve, row in curves.items() for step, value in row)
    about = {"commit": tags.get("commit", ""), "digest": tags[DIGEST]}
    store.fill(run, points, about | (from_spec(spec).make().parameters() if card.error is None else {}))
    alone = not trained["reads"] and "array" not in from_spec(spec).cls.needs
    if card.error is None and alone:
        tags |= {MODEL: _add_model(store, experiment, run, name, trained, suite, card.fs)}
        store.client.set_tag(run.info.run_id, MODEL, tags[MODEL])
    store.end(run, "FAILED" if card.error else "FINISHED", _seconds(folder))
    return tags


def _seconds(folder: Path) -> float | None:
    """How long the training of the model in `folder`, results/<suite>/models/<entry>, took; None where nobody knows."""
    record = folder.parents[1] / "logs" / "train" / f"{folder.name}.tsv"
    return float(read_benchmark(record)["s"]) if record.is_file() else None


def _add_model(store, experiment, run, name, trained, suite, fs) -> str:
    """Log and register a model; its id."""
    import mlflow.pyfunc
    from mlflow.entities import LoggedModelOutput
    from mlflow.models import Model

    client, run_id = store.client, run.info.run_id
    entry = from_spec(trained["spec"])
    shown = name.replace(".", "-")  # MLflow allows no dots here
    model = client.create_logged_model(
        experiment, shown, run_id, {"plugin": entry.plugin.name}, model_type=entry.cls.tasks()[0]
    )
    with tempfile.TemporaryDirectory() as temporary:
        data, saved = Path(temporary) / "data", Path(temporary) / "model"
        data.mkdir()
        pack(data, trained=trained, suite=suite, fs=fs)
        mlflow.pyfunc.save_model(
            saved,
            loader_module="cocktail.tracking.served",
            data_path=data,
            signature=_signature(entry, fs),
            input_example=np.zeros(fs // 10, np.float32),
            pip_requirements=[f"cocktailbench=={__version__}"],
            mlflow_model=Model(run_id=run_id, model_id=model.model_id, model_uuid=model.model_id),
        )
        client.log_model_artifacts(model.model_id, str(saved))
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    _register(client, f"{suite}.{name}", model.model_id, run_id)
    return model.model_id


def _register(client, name, model_id, run_id):
    from mlflow.exceptions import MlflowException

    try:
        client.get_registered_model(name)
    except MlflowException:
        client.create_registered_model(name)
    client.create_model_version(name, f"models:/{model_id}", run_id, model_id=model_id)


def _signature(entry, fs):
    """What `predict` takes and gives: see cocktail.tracking.served.Served."""
    from mlflow.models.signature import ModelSignature
    from mlflow.types.schema import ParamSchema, ParamSpec, Schema, TensorSpec

    float32 = np.dtype("float32")
    outputs = {
        "estimate": TensorSpec(float32, (-1, -1)),
        "score": TensorSpec(np.dtype("float64"), (1,)),
        "embedding": TensorSpec(float32, (-1,)),
        None: TensorSpec(np.dtype(str), (1,)),
    }
    answer = entry.cls.answer()
    params = [ParamSpec("fs", "long", fs)]
    if answer.signals:
        params.append(ParamSpec("talkers", "long", talkers(entry.cls.tasks())))
    output = Schema([outputs["estimate" if answer.signals else answer.column]])
    return ModelSignature(Schema([TensorSpec(float32, (-1,))]), output, ParamSchema(params))


def _digest(name, trained) -> str:
    """Digest of a model, of those that it uses, and of the plugins that read them."""
    files = [
        (f"{name} {role} {path}", file)
        for role, model in [("", trained), *sorted(trained["bases"].items())]
        for path, file in [("plugin", ROOT / model["spec"]["path"]), *files_in(model["model"])]
    ]
    return files_digest(files)
