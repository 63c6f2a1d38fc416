"""Results in MLflow.

    <suite>               the suite's run with boards, plots and page (tracking/suite.py); below it a run for each
                          training, with loss curves and the model (tracking/models.py)
    <suite>/<condition>   a run for each entry: figures, parameters, examples to hear and see (tracking/boards.py)

CSV and Parquet are the truth; this is a view of them, written by one job when the boards are done, and by `cocktail
log`. What is already there is not sent again.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from cocktail import tables
from cocktail.boards.leaderboard import BOUNDS, read_board, read_entries
from cocktail.errors import CocktailError
from cocktail.report import examples
from cocktail.report.provenance import commit
from cocktail.runtime.log import say
from cocktail.tracking.boards import HEADLINE, log_boards, results_of
from cocktail.tracking.client import ENVIRONMENT, StoreError, opened
from cocktail.tracking.models import log_models
from cocktail.tracking.receipt import database_file, default_uri, is_server, shown, store_state
from cocktail.tracking.suite import SuiteRun

PAGES = "Model training"
"""MLflow's name for its pages of runs and metrics; the browser remembers the choice."""


@dataclass(frozen=True)
class Logged:
    """What a call of `log_suite` did."""

    new: int
    """Runs of entries written."""
    same: int
    """Results that had been logged before."""
    uri: str
    """Tracking store, without a password."""


def log_suite(
    *,
    suite: str,
    results: str | Path,
    tracking_uri: str | None = None,
    commit: str | None = None,
    suite_digest: str = "",
    trained: Mapping[str, Mapping[str, dict | None]] | None = None,
    n_examples: int = 3,
) -> Logged:
    """Log the boards and models of `results/<suite>`.

    `trained`: models to log, as of Plan.trained_models. `n_examples`: scenes per run with sound and picture, 0 to 3.
    Raises CocktailError where there is no board, or the store cannot be used; the boards on disk are not touched.
    """
    results = Path(results).resolve()
    folder, uri = results / suite, tracking_uri or default_uri(results)
    board = read_board(folder / "leaderboard.csv")
    scores = tables.read_table(folder / "scores.parquet")
    cards = read_entries(folder / "entries.json")
    common = {"suite": suite, "suite_digest": suite_digest, "commit": commit or "unknown"}
    if commit:
        common["mlflow.source.git.commit"] = commit
    conditions = sorted({row["condition"] for row in board})
    with opened(uri, results, suite) as tracking:
        experiment = tracking.experiment(suite, f"The suite `{suite}`: its boards, and its trainings.")
        parent = SuiteRun(tracking, experiment, folder, common)
        below = {"suite": suite, "common": common, "parent": parent.id}
        models = log_models(tracking, experiment, trained or {}, **below)
        by_condition = {condition: results_of(condition, board, scores, cards) for condition in conditions}
        new, same = log_boards(
            tracking, folder=folder, results=by_condition, models=models, n_examples=n_examples, **below
        )
        parent.update(board, cards)
    return Logged(new, same, shown(uri))


def track(
    *,
    folder: str | Path,
    out: str | Path,
    suite_digest: str = "",
    trained: Mapping[str, Mapping[str, dict | None]] | None = None,
    keep: str = "all",
    state: str | None = None,
) -> None:
    """Log the suite in `folder`, results/<suite>, and write what was done to the JSON file `out`.

    A store that cannot be used is reported there and on the terminal, and is no error: the boards are complete, and the
    next run or `cocktail log` logs them. With `keep` = `examples`, estimates of the entries on the board are deleted,
    except those logged as examples. `state`: what `store_state` said before `out` was removed, as Snakemake does; by
    default it is asked now.
    """
    folder = Path(folder).resolve()
    done = {"state": state or store_state(folder)}
    try:
        done |= vars(log_suite(suite=folder.name, results=folder.parent, commit=commit(), suite_digest=suite_digest,
                               trained=trained))  # fmt: skip
    except StoreError as error:
        say(str(error))
        done["error"] = str(error)
    if keep == "examples":
        _drop_estimates(folder)
    with tables.replacing(Path(out)) as temporary:
        temporary.write_text(json.dumps(done) + "\n")


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
    print(f"MLflow: http://{host}:{port}/#/experiments (it takes some seconds to start; Ctrl-C ends it)", flush=True)
    print(f"It opens its pages for agents: choose '{PAGES}' at the top left, once.", flush=True)
    with subprocess.Popen(command, env={**os.environ, **ENVIRONMENT}) as server:
        try:
            return server.wait()
        except KeyboardInterrupt:
            server.terminate()
            return 0


def _drop_estimates(folder):
    """Delete estimates except examples, where the board has all their scenes; after a partial run it has not."""
    scores = tables.read_table(folder / "scores.parquet")
    cards = read_entries(folder / "entries.json")
    unranked = {name for name, card in cards.items() if card["family"] == BOUNDS}
    for path in sorted((folder / "estimates").glob("*/test/*/")):
        condition, _, entry = path.parts[-3:]
        here = scores.filter(pc.equal(scores["condition"], condition))
        part = here.filter(pc.equal(here["entry"], entry))
        audio = examples.Audio(folder, condition)
        estimated = audio.scenes(entry)
        if estimated and estimated <= set(part["scene"].to_pylist()):
            shared = examples.shared(here, HEADLINE, unranked)[1]
            picked = [*examples.pick(part, HEADLINE).values(), *shared.values()]
            audio.keep_only(entry, sorted({scene for scene, _ in picked}))
