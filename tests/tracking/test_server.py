"""An MLflow server over PostgreSQL has all that the file store has; one that is not there loses nothing."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import needed
import numpy as np
import pytest
from click.testing import CliRunner
from page_suite import FS, Suite
from servers import free_port, wait_for
from trained_suite import Trained

from cocktail.cli.log import command as log_command
from cocktail.tracking import client, log
from cocktail.tracking.receipt import receipt, settled_state, store_state


@pytest.fixture(scope="module")
def postgres():
    """Address of an empty database of a PostgreSQL server of our own, which refuses to run as root."""
    programs = needed.postgresql()
    user = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
    name = "postgres" if user else pwd.getpwuid(os.getuid()).pw_name
    folder, port = Path(tempfile.mkdtemp()), free_port()
    if user:
        shutil.chown(folder, "postgres", "postgres")
    run = {"check": True, "capture_output": True, "cwd": folder, **user}
    subprocess.run([programs / "initdb", "-D", folder / "data", "-A", "trust", "--no-sync"], **run)
    command = [programs / "postgres", "-D", folder / "data", "-k", folder, "-h", "127.0.0.1", "-p", str(port)]
    with (folder / "log").open("w") as file, subprocess.Popen(command, cwd=folder, stderr=file, **user) as server:
        ask = [programs / "pg_isready", "-h", "127.0.0.1", "-p", str(port)]
        wait_for(lambda: not subprocess.run(ask, capture_output=True, check=False).returncode, server, "PostgreSQL")
        try:
            yield f"postgresql://{name}:secret@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # at once; at SIGTERM it waits until its clients have gone
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def server(postgres, tmp_path_factory):
    """Address of an MLflow server over PostgreSQL, with files of its own."""
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    command = [
        sys.executable, "-m", "mlflow", "server", "--backend-store-uri", postgres, "--artifacts-destination",
        folder.as_uri(), "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    environment = {**os.environ, **client.ENVIRONMENT}
    address = f"http://127.0.0.1:{port}"

    def answers():
        try:
            return urllib.request.urlopen(f"{address}/health", timeout=5).status == 200
        except (urllib.error.URLError, OSError):
            return False

    # A session of its own: the server's children are to end with it.
    options = {"env": environment, "start_new_session": True}
    with (folder / "log").open("w") as file, subprocess.Popen(command, stdout=file, stderr=file, **options) as process:
        try:
            wait_for(answers, process, "mlflow server")
            yield address
        finally:
            os.killpg(process.pid, signal.SIGTERM)


@pytest.fixture
def trained(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = Trained(tmp_path)
    made.add("gain", 0.25, history="stage,epoch,train_loss\nfirst,1,3.0\n")
    return made


@pytest.mark.slow
@pytest.mark.needs("postgresql")
@pytest.mark.xdist_group("postgresql")
def test_a_server_over_postgresql_has_boards_files_and_models(server, trained, monkeypatch):
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    folder = trained.suite.folder
    done = log.log_suite(suite="small", results=folder.parent, commit="abc", trained=trained.models)
    assert (done.new, done.same, done.uri) == (2, 0, server)
    again = log.log_suite(suite="small", results=folder.parent, commit="abc", trained=trained.models)
    assert (again.new, again.same) == (0, 2)
    client = trained.client
    experiment = client.get_experiment_by_name("small/room-0").experiment_id
    runs = {run.info.run_name: run for run in client.search_runs([experiment])}
    assert set(runs) == {"unprocessed", "oracle-irm"}
    assert runs["oracle-irm"].data.metrics["si_sdr"] == pytest.approx(board_value(folder, "oracle-irm"))
    files = {file.path for file in client.list_artifacts(runs["oracle-irm"].info.run_id, "examples/median")}
    assert {"examples/median/estimate.wav", "examples/median/estimate.png"} <= files
    parent = client.get_run(runs["oracle-irm"].data.tags["mlflow.parentRunId"])
    stored = Path(client.download_artifacts(parent.info.run_id, "leaderboard.csv"))
    assert stored.read_bytes() == (folder / "leaderboard.csv").read_bytes()
    waveform = np.linspace(-1, 1, FS, dtype=np.float32)
    estimate = mlflow.pyfunc.load_model("models:/small.gain/1").predict(waveform)
    np.testing.assert_allclose(estimate, 0.5 * waveform[None], rtol=1e-6)
    assert not (folder.parent / "mlflow.db").exists()


@pytest.mark.slow
@pytest.mark.needs("postgresql")
@pytest.mark.xdist_group("postgresql")
def test_the_database_itself_can_be_the_store(postgres, trained, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", postgres)
    folder = trained.suite.folder
    folder = folder.rename(folder.with_name("direct"))
    track = {"folder": folder, "out": folder / "mlflow.json"}
    log.track(**track)
    assert receipt(folder)["new"] == 2
    assert "secret" not in (folder / "mlflow.json").read_text(), "a password is no result"
    log.track(**track)
    assert receipt(folder)["same"] == 2


def board_value(folder, entry):
    from cocktail.boards.leaderboard import read_board

    rows = read_board(folder / "leaderboard.csv")
    return next(row["value"] for row in rows if (row["entry"], row["metric"]) == (entry, "si_sdr"))


@pytest.fixture
def absent():
    """Addresses where nobody answers: a closed port, and one that takes connections and is silent."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        yield [f"{{scheme}}://u:secret@127.0.0.1:{port}" for port in (free_port(), silent.getsockname()[1])]


@pytest.mark.parametrize("scheme", ["http", "postgresql"])
def test_a_store_that_is_not_there_loses_nothing_and_is_logged_to_later(absent, scheme, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(client, "CONNECT_S", "2")
    suite = Suite(tmp_path / "results" / "quick", entries=2, conditions=1, scenes=2, seconds=0.2)
    suite.write()
    before = {path: path.read_bytes() for path in suite.folder.rglob("*") if path.is_file()}
    out = suite.folder / "mlflow.json"
    for address in absent:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address.format(scheme=scheme))
        state = store_state(suite.folder)
        out.unlink(missing_ok=True)
        log.track(folder=suite.folder, out=out, state=state)
        assert "the boards on disk are complete. To log them later: cocktail log quick" in capfd.readouterr().err
        assert "could not be logged to" in receipt(suite.folder)["error"]
        assert "secret" not in out.read_text()
        assert store_state(suite.folder) != state, "the next run is to try again"
        assert settled_state(suite.folder) == state
        assert {path: path.read_bytes() for path in before} == before


def test_a_database_of_another_program_loses_nothing(tmp_path, monkeypatch, capfd):
    import sqlite3

    suite = Suite(tmp_path / "results" / "quick", entries=2, conditions=1, scenes=2, seconds=0.2)
    suite.write()
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("INSERT INTO alembic_version VALUES ('v2.4.0.a')")
        database.commit()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'other.db'}")
    log.track(folder=suite.folder, out=suite.folder / "mlflow.json")
    assert "To log them later: cocktail log quick" in capfd.readouterr().err
    assert "v2.4.0.a" in receipt(suite.folder)["error"]


def test_results_that_were_moved_are_told_from_results_that_are_logged(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    suite = Suite(tmp_path / "results" / "quick", entries=2, conditions=1, scenes=2, seconds=0.2)
    suite.write()
    log.log_suite(suite="quick", results=tmp_path / "results")
    (tmp_path / "results").rename(tmp_path / "moved")
    with pytest.raises(client.StoreError, match=r"results/mlartifacts/.* is gone: move the results back, or delete"):
        log.log_suite(suite="quick", results=tmp_path / "moved")
    (tmp_path / "moved").rename(tmp_path / "results")
    assert log.log_suite(suite="quick", results=tmp_path / "results").same == 2


def test_the_command_logs_what_could_not_be_logged(absent, tmp_path, monkeypatch):
    """`cocktail log` fails while nobody answers, and makes good for the job that failed once somebody does."""
    monkeypatch.setattr(client, "CONNECT_S", "2")
    monkeypatch.chdir(tmp_path)
    suite = Suite(tmp_path / "results" / "mine", entries=2, conditions=1, scenes=2, seconds=0.2)
    suite.write()
    (tmp_path / "mine.yaml").write_text("suite: mine\nmethods: [unprocessed]\nconditions: [stationary]\n")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", absent[0].format(scheme="http"))
    failed = CliRunner().invoke(log_command, ["mine.yaml"])
    assert "cocktail log mine" in str(failed.exception)
    state = receipt(suite.folder)["state"]
    assert store_state(suite.folder) != state
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    done = CliRunner().invoke(log_command, ["mine.yaml"], catch_exceptions=False)
    assert done.exit_code == 0 and "2 new runs, 0 were logged already" in done.output
    assert store_state(suite.folder) == receipt(suite.folder)["state"] == "mlflow.db 0"
    again = CliRunner().invoke(log_command, ["mine.yaml"], catch_exceptions=False)
    assert "0 new runs, 2 were logged already" in again.output
