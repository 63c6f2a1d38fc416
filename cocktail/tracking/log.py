"""Results in MLflow.

    <suite>               the suite's run with boards, plots and page (tracking/suite.py); below it a run for each
                          training, with loss curves and the model (tracking/models.py)
    <suite>/<condition>   a run for each entry: figures, parameters, examples to hear and see (tracking/boards.py)

CSV and Parquet are the truth; this is a view of them, written by one job when the boards are done, and by `cocktail
log`. What is already there is not sent again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from cocktail import tables
from cocktail.boards.leaderboard import BOUNDS, read_board, read_entries
from cocktail.report import examples
from cocktail.report.provenance import commit
from cocktail.runtime.log import say
from cocktail.tracking.boards import HEADLINE, log_boards, results_of
from cocktail.tracking.client import StoreError, opened
from cocktail.tracking.models import log_models
from cocktail.tracking.notes import suite_note
from cocktail.tracking.receipt import default_uri, shown, store_state
from cocktail.tracking.suite import SuiteRun
from cocktail.tracking.views import address


@dataclass(frozen=True)
class Logged:
    """What a call of `log_suite` did."""

    new: int
    """Runs of entries written."""
    same: int
    """Results that had been logged before."""
    uri: str
    """Tracking store, without a password."""
    boards: dict[str, str]
    """Condition -> where MLflow shows its board, relative to the server."""


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
        experiment = tracking.experiment(suite)
        parent = SuiteRun(tracking, experiment, folder, common)
        below = {"suite": suite, "common": common, "parent": parent.id}
        models = log_models(tracking, experiment, trained or {}, **below)
        by_condition = {condition: results_of(condition, board, scores, cards) for condition in conditions}
        new, same, experiments = log_boards(
            tracking, folder=folder, results=by_condition, models=models, drawn=_drawn(folder), page=parent.page(),
            n_examples=n_examples, **below,
        )  # fmt: skip
        parent.update(board, cards)
        note = suite_note(suite, board, experiments, parent.page())
        tracking.describe(experiment, {"mlflow.note.content": note})
    return Logged(new, same, shown(uri), {condition: address(number) for condition, number in experiments.items()})


def _drawn(folder) -> dict[str, dict]:
    """Scene -> what was drawn for it, if there is a table of that."""
    path = folder / "scenes.parquet"
    return tables.read_by_scene(path) if path.is_file() else {}


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


def _drop_estimates(folder):
    """Delete estimates except examples, where the board has all their scenes; after a partial run it has not."""
    scores = tables.read_table(folder / "scores.parquet")
    cards = read_entries(folder / "entries.json")
    unranked = {name for name, card in cards.items() if card["family"] == BOUNDS}
    for path in sorted((folder / "estimates").glob("*/test/*/")):
        condition, _, entry = path.parts[-3:]
        here = scores.filter(pc.equal(scores["condition"], condition))
        part = here.filter(pc.equal(here["entry"], entry))
        audio = examples.Audio(examples.Shards(folder), condition)
        estimated = audio.scenes(entry)
        if estimated and estimated <= set(part["scene"].to_pylist()):
            shared = examples.shared(here, HEADLINE, unranked)[1]
            picked = [*examples.pick(part, HEADLINE).values(), *shared.values()]
            audio.keep_only(entry, sorted({scene for scene, _ in picked}))
