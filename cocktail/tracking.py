"""Results in MLflow: an experiment is `<suite>/<condition>`, a run is an entry. The only importer of mlflow.

CSV and Parquet are the truth; this is a view of them, written by one job when the boards are done. A result that is
already there makes no second run: a run carries a digest of its figures, scores and parameters. A result that changed
makes a new run beside the old one, so that two commits of a method can be compared. Ranks depend on the other entries
and are no part of the digest; they are brought up to date on the run that exists.

Nothing is sent anywhere but to the store: MLflow's telemetry is switched off.
"""

import contextlib
import hashlib
import io
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import pyarrow as pa
import pyarrow.compute as pc

from cocktail import ROOT, store
from cocktail.errors import CocktailError
from cocktail.history import read_history
from cocktail.leaderboard import failures, read_board, read_entries
from cocktail.report import examples
from cocktail.tracking_store import database_file, default_uri, is_server, store_state

ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
HEADLINE = "si_sdr"
DIGEST = "cocktail.digest"
MAX_TAG = 5000
"""Longest tag and parameter that every store takes, in characters."""
PAGE = 1000
"""Runs that a search returns, and metrics that a request takes, at most."""


@dataclass(frozen=True)
class Logged:
    """What a call of `log_suite` did."""

    new: int
    """Runs written."""
    same: int
    """Results that were there already."""
    uri: str
    """Tracking store."""


def log_suite(
    *,
    suite: str,
    results: str | Path,
    tracking_uri: str | None = None,
    commit: str | None = None,
    suite_digest: str = "",
    n_examples: int = 3,
) -> Logged:
    """Log the boards of `results/<suite>`.

    `n_examples`: scenes per run with sound and picture, 0 to 3. Raises CocktailError where there is no board, or the
    store cannot be used; the boards on disk are not touched.
    """
    results = Path(results).resolve()
    uri = tracking_uri or default_uri(results)
    board = read_board(results / suite / "leaderboard.csv")
    scores = store.read_table(results / suite / "scores.parquet")
    cards = read_entries(results / suite / "entries.json")
    common = {"suite": suite, "suite_digest": suite_digest, "commit": commit or "unknown"}
    if commit:
        common["mlflow.source.git.commit"] = commit
    new = same = 0
    with _reported(uri):
        client = _client(uri, results)
        for condition in sorted({row["condition"] for row in board}):
            experiment = _Experiment(client, f"{suite}/{condition}", _artifact_root(uri, results, suite, condition))
            audio = examples.Audio(results / suite, condition)
            for result in _results(condition, board, scores, cards):
                if experiment.has(result):
                    same += 1
                    continue
                curves = read_history(results / suite / "models" / result.entry)
                experiment.log(result, common, audio, n_examples, curves)
                new += 1
    return Logged(new, same, uri)


def track(
    *, folder: str | Path, out: str | Path, suite_digest: str = "", keep: str = "all", state: str | None = None
) -> None:
    """Log the suite in `folder`, results/<suite>, and write what was done to the JSON file `out`.

    With `keep` = `examples`, all estimates of the entries on the board but those logged as examples are deleted.
    `state`: what `store_state` said before `out` was removed, as Snakemake does; by default it is asked now.
    """
    folder = Path(folder).resolve()
    state = state or store_state(folder)
    done = log_suite(suite=folder.name, results=folder.parent, commit=_commit(), suite_digest=suite_digest)
    if keep == "examples":
        _drop_estimates(folder)
    with store.replacing(Path(out)) as temporary:
        temporary.write_text(json.dumps(vars(done) | {"state": state}) + "\n")


def server_command(results: str | Path = "results", port: int = 5000, host: str = "127.0.0.1") -> list[str]:
    """The command that serves the store of `default_uri`, no server, in MLflow's pages; run it with ENVIRONMENT."""
    results = Path(results).resolve()
    uri = default_uri(results)
    file = database_file(uri)
    if file is not None and not file.is_file():
        raise CocktailError(f"{file}: nothing to show yet; `cocktail run` makes it")
    return [
        sys.executable, "-m", "mlflow", "server",
        "--backend-store-uri", uri,
        "--artifacts-destination", (results / "mlartifacts").as_uri(),
        "--host", host, "--port", str(port), "--workers", "1",
    ]  # fmt: skip


def ui(results: str | Path = "results", port: int = 5000, host: str = "127.0.0.1") -> int:
    """Serve MLflow's pages until interrupted; the server's exit status. Where the results went to a server, name it."""
    if is_server(default_uri(results)):
        print(f"The results are at {default_uri(results)} (MLFLOW_TRACKING_URI); nothing needs to be started.")
        return 0
    command = server_command(results, port, host)
    with subprocess.Popen(command, env={**os.environ, **ENVIRONMENT}) as server:
        try:
            return server.wait()
        except KeyboardInterrupt:
            server.terminate()
            return 0


@dataclass(frozen=True)
class _Result:
    """What one entry achieved in one condition."""

    condition: str
    entry: str
    card: dict
    rows: list[dict]
    """Its rows of the board."""
    scores: pa.Table
    reasons: list[str]
    """Why it has no scores, most frequent first; empty where all is well."""

    @property
    def figures(self) -> dict[str, float]:
        """What MLflow shows as metrics, without the rank."""
        named = {}
        for row in self.rows:
            for suffix, key in (("", "value"), ("_ci_low", "ci_low"), ("_ci_high", "ci_high")):
                if row[key] is not None:
                    named[row["metric"] + suffix] = row[key]
        return named | {"n_ok": self.headline["n_ok"], "n_total": self.headline["n_total"]}

    @property
    def headline(self) -> dict:
        """The row that the rank and the counts are from."""
        return next((row for row in self.rows if row["metric"] == HEADLINE), self.rows[0])

    @property
    def digest(self) -> str:
        parameters = json.dumps(
            [self.entry, self.figures, self.card.get("parameters", {})], sort_keys=True, default=str
        )
        return hashlib.sha256(parameters.encode() + self.table).hexdigest()[:16]

    @property
    def table(self) -> bytes:
        """Its scores as CSV, without trials, which it cannot hold; the digest has the figures computed from them."""
        from pyarrow import csv

        buffer = io.BytesIO()
        csv.write_csv(self.scores.drop_columns("trials"), buffer)
        return buffer.getvalue()


class _Experiment:
    """The runs of one condition."""

    def __init__(self, client, name, artifact_root):
        self._client = client
        found = client.get_experiment_by_name(name)
        if found is None:
            self._id = client.create_experiment(name, artifact_location=artifact_root)
        else:
            self._id = found.experiment_id
            if found.lifecycle_stage != "active":
                client.restore_experiment(self._id)
        self._runs = self._existing()

    def has(self, result: _Result) -> bool:
        """Whether the result is logged already; its rank is brought up to date."""
        run = self._runs.get(result.digest)
        if run is None:
            return False
        # MLflow deletes no metric of a run: a rank that is no more becomes NaN.
        shown, rank = run.data.metrics.get("rank", math.nan), float(result.headline["rank"] or math.nan)
        if shown != rank and not (math.isnan(shown) and math.isnan(rank)):
            self._client.log_metric(run.info.run_id, "rank", rank)
        return True

    def log(self, result: _Result, common: dict, audio: examples.Audio, n_examples: int, curves: dict) -> None:
        """Write a run; it counts only once it is ended, so that one cut short is written anew.

        `curves`: name -> (step, value) of what the entry's training left.
        """
        from mlflow.entities import Metric, Param

        tags = _tags(result) | {"device": audio.devices(result.entry)} | common
        run = self._client.create_run(self._id, run_name=result.entry, tags={k: v[:MAX_TAG] for k, v in tags.items()})
        now = int(time.time() * 1000)
        rank = {} if result.headline["rank"] is None else {"rank": result.headline["rank"]}
        metrics = [Metric(name, value, now, 0) for name, value in (result.figures | rank).items()]
        metrics += [Metric(name, value, now, step) for name, curve in curves.items() for step, value in curve]
        parameters = result.card.get("parameters", {})
        params = [Param(name, str(value)[:MAX_TAG]) for name, value in parameters.items()]
        for start in range(0, len(metrics), PAGE):
            self._client.log_batch(run.info.run_id, metrics=metrics[start : start + PAGE])
        self._client.log_batch(run.info.run_id, params=params)
        self._log_files(run, _files(result, audio, n_examples))
        self._client.set_terminated(run.info.run_id, "FINISHED" if result.headline["n_ok"] else "FAILED")

    def _existing(self):
        """Ended runs by digest. Runs that an interrupted job left are deleted."""
        runs, token = {}, None
        while True:
            page = self._client.search_runs([self._id], max_results=PAGE, page_token=token)
            for run in page:
                digest = run.data.tags.get(DIGEST)
                if digest and run.info.status == "RUNNING":
                    self._client.delete_run(run.info.run_id)
                elif digest:
                    runs.setdefault(digest, run)
            token = page.token
            if not token:
                return runs

    def _log_files(self, run, files):
        folder = _local_folder(run.info.artifact_uri)
        if folder is not None:
            # MLflow's own way copies the same bytes file by file through several layers.
            _write(files, folder)
            return
        with tempfile.TemporaryDirectory() as temporary:
            _write(files, Path(temporary))
            self._client.log_artifacts(run.info.run_id, temporary)


def _results(condition, board, scores, cards):
    """Every entry that ran in a condition."""
    here = scores.filter(pc.equal(scores["condition"], condition))
    reasons = {}
    for row in failures(here):
        reasons.setdefault(row["entry"], []).append(row)
    rows = {}
    for row in board:
        if row["condition"] == condition:
            rows.setdefault(row["entry"], []).append(row)
    for entry in sorted(rows):
        why = reasons.get(entry, [])
        if any(row["status"] == "skipped" for row in why):
            continue
        part = here.filter(pc.equal(here["entry"], entry))
        texts = list(dict.fromkeys(f"{row['reason']} ({row['count']} scenes)" for row in why))
        yield _Result(condition, entry, cards.get(entry, {}), rows[entry], part, texts)


def _tags(result):
    card = result.card
    tags = {key: str(card.get(key, "")) for key in ("task", "family", "paradigm", "plugin")}
    tags |= {"condition": result.condition, DIGEST: result.digest, "mlflow.source.name": "cocktail run"}
    if card.get("uses"):
        tags["uses"] = card["uses"]
    if card.get("description"):
        tags["mlflow.note.content"] = card["description"]
    if result.reasons:
        tags["failures"] = "; ".join(result.reasons)
    return tags


def _files(result, audio, n_examples):
    """Artifacts of a run: path -> bytes."""
    files = {"scores.csv": result.table}
    chosen = examples.pick(result.scores, HEADLINE, n_examples)
    estimates = audio.estimates(result.entry, [scene for scene, _ in chosen.values()]) if chosen else {}
    lines = []
    for label, (scene, value) in chosen.items():
        if scene in estimates:
            signals = audio.scene_files(scene) | audio.estimate_files(scene, estimates[scene])
            files |= {f"examples/{label}/{name}": data for name, data in signals.items()}
            lines.append(f"{label},{scene},{value:.6g}\n")
    if lines:
        files["examples/scenes.csv"] = (f"example,scene,{HEADLINE}\n" + "".join(lines)).encode()
    return files


def _drop_estimates(folder):
    """Drop estimates but for examples, where the board has all their scenes; a run of a part of the suite has not."""
    scores = store.read_table(folder / "scores.parquet")
    for path in sorted((folder / "estimates").glob("*/*/")):
        condition, entry = path.parts[-2:]
        part = scores.filter(pc.and_(pc.equal(scores["condition"], condition), pc.equal(scores["entry"], entry)))
        audio = examples.Audio(folder, condition)
        estimated = audio.scenes(entry)
        if estimated and estimated <= set(part["scene"].to_pylist()):
            audio.keep_only(entry, [scene for scene, _ in examples.pick(part, HEADLINE).values()])


def _commit():
    """Commit of the project that runs, with `-dirty` where files differ from it; None where it is no checkout."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return None
    command = [git, "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def _write(files, folder):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _client(uri, results):
    import logging

    from mlflow.tracking import MlflowClient

    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    results.mkdir(parents=True, exist_ok=True)
    return MlflowClient(tracking_uri=uri)


@contextlib.contextmanager
def _reported(uri):
    """Whatever ails the store becomes a message that says where the boards are."""
    os.environ.update({name: value for name, value in ENVIRONMENT.items() if name not in os.environ})
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        why = str(error).splitlines()[0]
        raise CocktailError(f"{uri}: could not be logged to ({why}); the boards on disk are complete") from error


def _artifact_root(uri, results, suite, condition):
    """Where the store keeps files: beside the boards, unless a server decides."""
    return None if is_server(uri) else (results / "mlartifacts" / suite / condition).as_uri()


def _local_folder(uri):
    """The folder of an artifact URI on this machine, None where it is elsewhere."""
    parts = urlparse(uri)
    return Path(url2pathname(parts.path)) if parts.scheme in ("", "file") else None
