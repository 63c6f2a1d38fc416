"""MLflow's store as the project uses it: opened at once or not at all, written in batches, failures in one message.

An SQLite store is written without waiting for the disk: if the machine crashes in these seconds, the file may be
damaged; if the job crashes, it is not. Nothing is sent anywhere but to the store: MLflow's telemetry is switched off.
"""

import contextlib
import logging
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

from cocktail.errors import CocktailError
from cocktail.tracking.receipt import SQLITE, is_server, shown

ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # eight processes that evaluate language models
    # MLflow tries seven times for two minutes each before it says that a server is not there.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}
"""Environment variables for MLflow, where the user has not set them."""
CONNECT_S = "5"
"""Longest wait for the first answer."""
DIGEST = "cocktail.digest"
"""Tag of every run of the project: what it was made from."""
MAX_TAG = 5000
"""Longest tag and parameter that every store takes, in characters."""
PAGE = 1000
"""Runs that a search returns, and metrics that a request takes, at most."""


class StoreError(CocktailError):
    """MLflow's store cannot be used; the boards on disk are complete."""


class Store:
    """The store at `uri` with its model registry; local files lie beside the results."""

    def __init__(self, uri: str, results: Path):
        from mlflow.tracking import MlflowClient

        for name in ("mlflow.store.db.utils", "alembic"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._uri, self._results = uri, results
        results.mkdir(parents=True, exist_ok=True)
        self.client = MlflowClient(tracking_uri=uri, registry_uri=uri)

    def experiment(self, name: str) -> str:
        """Id of the experiment, which is created if there is none, and restored if it was deleted."""
        experiment = self.client.get_experiment_by_name(name)
        if experiment is None:
            root = None if is_server(self._uri) else (self._results / "mlartifacts" / name).as_uri()
            # With this kind, MLflow opens its pages for training, and not those for language models.
            tags = {"mlflow.experimentKind": "custom_model_development"}
            return self.client.create_experiment(name, artifact_location=root, tags=tags)
        self._require_files(experiment)
        if experiment.lifecycle_stage != "active":
            self.client.restore_experiment(experiment.experiment_id)
        return experiment.experiment_id

    def _require_files(self, experiment):
        """Raise StoreError where the files of an SQLite store lie in a folder that is gone, as after a move."""
        folder = _local_folder(experiment.artifact_location)
        moved = folder is not None and folder != self._results / "mlartifacts" / experiment.name
        if moved and not folder.exists() and self._uri.startswith(SQLITE):
            raise StoreError(
                f"{shown(self._uri)}: its files are expected in {folder}, which is gone: move the results back, "
                f"or delete this database and {self._results / 'mlartifacts'}, and every suite is logged anew"
            )

    def ended(self, experiment: str) -> Iterator:
        """The project's runs that were written to their end. Those that an interrupted job left are deleted."""
        token = None
        while True:
            page = self.client.search_runs([experiment], max_results=PAGE, page_token=token)
            for run in page:
                if run.data.tags.get(DIGEST) and run.info.status == "RUNNING":
                    self.client.delete_run(run.info.run_id)
                elif run.data.tags.get(DIGEST):
                    yield run
            token = page.token
            if not token:
                return

    def describe(self, experiment: str, tags: Mapping[str, str]) -> None:
        """Tags of an experiment, such as its note; those that it has already are not written again."""
        known = self.client.get_experiment(experiment).tags
        for name, value in tags.items():
            if known.get(name) != value:
                self.client.set_experiment_tag(experiment, name, value)

    def begin(self, experiment: str, name: str, tags: Mapping[str, str]):
        """A new run; it counts only once it is ended, so that one cut short is written anew."""
        tags = {k: v[:MAX_TAG] for k, v in tags.items() if v}
        return self.client.create_run(experiment, run_name=name, tags=tags, start_time=now())

    def end(self, run, status: str = "FINISHED", seconds: float | None = None) -> None:
        """End a run. `seconds`: how long what it is about took, which is then its duration."""
        end = None if seconds is None else run.info.start_time + round(1000 * seconds)
        self.client.set_terminated(run.info.run_id, status, end)

    def fill(
        self,
        run,
        metrics: Iterable[tuple[str, float, int]],
        params: Mapping[str, object],
        *,
        model: str | None = None,
        dataset=None,
    ) -> None:
        """Metrics (name, value, step) and parameters of a run; of the `model` with that id on the `dataset`, if any."""
        from mlflow.entities import Metric, Param

        time_ms = now()
        about = {"model_id": model}
        if dataset is not None:
            about |= {"dataset_name": dataset.name, "dataset_digest": dataset.digest}
        metrics = [Metric(name, value, time_ms, step, **about) for name, value, step in metrics]
        params = [Param(name, str(value)[:MAX_TAG]) for name, value in params.items()]
        for start in range(0, max(len(metrics), 1), PAGE):
            self.client.log_batch(run.info.run_id, metrics[start : start + PAGE], params if start == 0 else ())

    def link(self, run, dataset=None, model: str | None = None) -> None:
        """Name the data set that a run is about, and the logged model that it used."""
        from mlflow.entities import DatasetInput, InputTag, LoggedModelInput

        datasets = [] if dataset is None else [DatasetInput(dataset, [InputTag("mlflow.data.context", "test")])]
        models = [LoggedModelInput(model)] if model else []
        if datasets or models:
            self.client.log_inputs(run.info.run_id, datasets=datasets, models=models)

    def add_files(self, run, files: Mapping[str, bytes]) -> None:
        """Artifacts of a run: path -> bytes."""
        folder = _local_folder(run.info.artifact_uri)
        if folder is not None:
            # MLflow's own way copies the same bytes file by file through several layers.
            write(files, folder)
            return
        with tempfile.TemporaryDirectory() as temporary:
            write(files, Path(temporary))
            self.client.log_artifacts(run.info.run_id, temporary)


def now() -> int:
    """Milliseconds, as MLflow counts time."""
    return int(time.time() * 1000)


def write(files: Mapping[str, bytes], folder: Path) -> None:
    """Files below a folder: path -> bytes."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@contextlib.contextmanager
def opened(uri: str, results: Path, suite: str) -> Iterator[Store]:
    """The store, while the block runs. Its failures are a StoreError that says how to log the suite later."""
    # MLflow looks at its settings when it is imported; its registry asks the environment where the store is.
    with _environment({**ENVIRONMENT, **os.environ, "MLFLOW_TRACKING_URI": uri}):
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with _swift(uri):
                _greet(uri)
                try:
                    store = Store(uri, results)
                except Exception as error:  # of a database of another program, whatever MLflow's libraries raise
                    raise _unusable(uri, suite, error) from error
                yield store
        except (MlflowException, SQLAlchemyError, OSError) as error:
            raise _unusable(uri, suite, error) from error


def _unusable(uri, suite, error):
    why = shown((str(error) or type(error).__name__).splitlines()[0])
    return StoreError(
        f"{shown(uri)}: could not be logged to ({why}); the boards on disk are complete. "
        f"To log them later: cocktail log {suite}"
    )


def _greet(uri):
    """Check that a server or database answers, so that one that is down costs seconds and not minutes."""
    if is_server(uri):
        from mlflow.tracking import MlflowClient

        with _environment({"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": CONNECT_S}):
            MlflowClient(tracking_uri=uri).search_experiments(max_results=1)
    elif uri.startswith(("postgresql", "mysql")):
        _ask(uri, "SELECT 1", connect_timeout=int(CONNECT_S))
    elif uri.startswith(SQLITE):
        _ask(uri, "PRAGMA schema_version")  # reads the head of the file


def _ask(uri, statement, **connecting):
    import sqlalchemy

    engine = sqlalchemy.create_engine(uri, connect_args=connecting)
    with contextlib.closing(engine.connect()) as connection:
        connection.execute(sqlalchemy.text(statement))
    engine.dispose()


@contextlib.contextmanager
def _environment(values):
    """The environment with these values, within the block."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        for name in set(values) - set(before):
            del os.environ[name]
        os.environ.update(before)


@contextlib.contextmanager
def _swift(uri):
    """Let SQLite not wait until its writes are on disk: a run is five transactions, and a suite a thousand runs.

    MLflow makes its engine itself and takes no options for connections: hence an event of all engines in this block.
    """
    if not uri.startswith(SQLITE):
        yield
        return
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def prepare(connection, _):
        connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "connect", prepare)
    try:
        yield
    finally:
        event.remove(Engine, "connect", prepare)


def _local_folder(uri):
    """The folder of an artifact URI on this machine, None where it is elsewhere."""
    parts = urlparse(uri)
    return Path(url2pathname(parts.path)) if parts.scheme in ("", "file") else None
