"""Boards in MLflow: an experiment is `<suite>/<condition>`, a run is an entry.

A result that is there already makes no second run: a run carries a digest of its figures and parameters. A result that
changed makes a run beside the old one, with the same names and another commit and digest among its parameters, so that
the two can be compared; the tag `board` says which is the current one. Ranks depend on the other entries and are no
part of the digest; they are brought up to date on the run that exists.
"""

import io
import math
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cocktail.boards.scores import failures
from cocktail.digest import digest
from cocktail.report import examples
from cocktail.report.terminal import SHOWN
from cocktail.tracking import notes, scene_table, views
from cocktail.tracking.client import DIGEST, Store
from cocktail.tracking.datasets import dataset
from cocktail.tracking.views import OTHERS, is_headline, shown_as

HEADLINE = "si_sdr"
BOARD = "board"
"""Tag of a run: `current` where its figures stand on the board of today, else `earlier`."""
PARENT = "mlflow.parentRunId"
WRITERS = 2
"""Threads that make and write examples, and runs that may wait for each of them."""


@dataclass(frozen=True)
class Result:
    """Results of one entry in one condition."""

    condition: str
    entry: str
    card: dict
    rows: list[dict]
    """Its rows of the board."""
    scores: pa.Table
    """Of the condition, all entries."""
    reasons: list[str]
    """Reasons of missing scores, most frequent first; empty where none is missing."""

    @property
    def figures(self) -> dict[str, float]:
        """What MLflow shows as metrics, without the rank.

        Metrics that are no headline, and the intervals of those that are, are in the group views.OTHERS. The first to
        come is what MLflow plots when runs are compared.
        """
        named = {}
        order = {name: place for place, name in enumerate(SHOWN)}
        for row in sorted(self.rows, key=lambda row: order.get(row["metric"], len(order))):
            metric = row["metric"]
            names = {"value": shown_as(metric)}
            if is_headline(metric):  # all of them would be most of the time that logging takes
                names |= {f"ci_{side}": f"{OTHERS}/{metric}_{side}" for side in ("low", "high")}
            named |= {name: row[key] for key, name in names.items() if row[key] is not None}
        return named | {"n_ok": self.headline["n_ok"], "n_total": self.headline["n_total"]}

    @property
    def headline(self) -> dict:
        """The row that the rank and the counts are from."""
        return next((row for row in self.rows if row["metric"] == HEADLINE), self.rows[0])

    @property
    def digest(self) -> str:
        return digest(self.entry, self.figures, self.card.get("parameters", {}), self.reasons)

    @property
    def own_scores(self) -> pa.Table:
        """Its rows of the scores, in the schema tables.SCORES."""
        return self.scores.filter(pc.equal(self.scores["entry"], self.entry))


def results_of(condition: str, board: list[dict], scores: pa.Table, cards: Mapping[str, dict]) -> list[Result]:
    """Every entry that ran in a condition, those without a rank first and the best last.

    MLflow lists the newest run first, and so shows them in the order of the board.
    """
    here = scores.filter(pc.equal(scores["condition"], condition))
    reasons: dict[str, list[dict]] = {}
    for row in failures(here):
        reasons.setdefault(row["entry"], []).append(row)
    rows: dict[str, list[dict]] = {}
    for row in board:
        if row["condition"] == condition:
            rows.setdefault(row["entry"], []).append(row)
    results = []
    for entry in sorted(rows):
        why = reasons.get(entry, [])
        if any(row["status"] == "skipped" for row in why):
            continue
        texts = list(dict.fromkeys(f"{row['reason']} ({row['count']} scenes)" for row in why))
        results.append(Result(condition, entry, cards.get(entry, {}), rows[entry], here, texts))
    return sorted(results, key=lambda result: -(result.headline["rank"] or math.inf))


def log_boards(
    store: Store,
    *,
    suite: str,
    folder: Path,
    results: Mapping[str, list[Result]],
    common: Mapping[str, str],
    parent: str,
    models: Mapping[str, str],
    drawn: Mapping[str, dict],
    page: str,
    n_examples: int,
) -> tuple[int, int, dict[str, str]]:
    """Write the runs of all conditions; returns how many are new, how many were there already, and the experiments.

    `results`: by condition, as are the experiments' ids. `common`: tags of all runs. `parent`: id of the suite's run.
    `models`: entry -> id of its logged model. `drawn`: scene -> its row of tables.SCENES. `page`: what notes say of the
    suite's page. `n_examples`: scenes per run with sound and picture.
    """
    new = same = 0
    experiments = {}
    with ThreadPoolExecutor(WRITERS) as pool:
        for condition, here in results.items():
            audio = examples.Audio(examples.Shards(folder), condition)
            experiment = _Experiment(store, suite, condition, pool, audio, n_examples)
            experiments[condition] = experiment.id
            fresh = [result for result in here if not experiment.has(result)]
            if fresh:
                experiment.prepare(dataset(folder, condition, here[0].headline["n_total"]), here[0].scores, drawn)
            for result in here:
                if result not in fresh:
                    same += 1
                    continue
                experiment.log(result, {PARENT: parent} | common, models.get(result.entry))
                new += 1
            experiment.close(here, page)
    return new, same, experiments


class _Experiment:
    """The runs of one condition."""

    def __init__(self, store, suite, condition, pool, audio, n_examples):
        self._store, self._suite, self._condition, self._pool = store, suite, condition, pool
        self._audio, self._n_examples = audio, n_examples
        self.id = store.experiment(f"{suite}/{condition}")
        self._runs = {run.data.tags[DIGEST]: run for run in store.ended(self.id)}
        self._open = deque()
        self._dataset, self._tables = None, {}

    def prepare(self, dataset, scores: pa.Table, drawn: Mapping[str, dict]) -> None:
        """What new runs need: the condition's scenes as a data set, and the tables of scores by scene."""
        self._dataset, self._tables = dataset, scene_table.scene_tables(scores, drawn)

    def has(self, result: Result) -> bool:
        """Whether the result is logged already; its rank is brought up to date."""
        run = self._runs.get(result.digest)
        if run is None:
            return False
        # MLflow deletes no metric of a run: a rank that the entry no longer has becomes NaN.
        known, rank = run.data.metrics.get("rank", math.nan), float(result.headline["rank"] or math.nan)
        if known != rank and not (math.isnan(known) and math.isnan(rank)):
            self._store.client.log_metric(run.info.run_id, "rank", rank)
        return True

    def log(self, result: Result, tags: dict, model: str | None) -> None:
        """Write a run; its files are made while the next one's figures are written."""
        device, seconds = self._audio.effort(result.entry)
        table = self._tables.get(result.entry)
        tags = {"device": device, BOARD: "current"} | _tags(result) | (scene_table.TAG if table else {}) | tags
        run = self._store.begin(self.id, result.entry, tags)
        rank = {} if result.headline["rank"] is None else {"rank": result.headline["rank"]}
        about = {"commit": tags.get("commit", ""), "digest": result.digest}
        figures = ((name, value, 0) for name, value in (result.figures | rank).items())
        params = about | result.card.get("parameters", {})
        self._store.fill(run, figures, params, model=model, dataset=self._dataset)
        self._store.link(run, self._dataset, model)
        files = {scene_table.FILE: table} if table else {}
        write = self._pool.submit(
            lambda: self._store.add_files(run, files | _files(result, self._audio, self._n_examples))
        )
        self._open.append((run, write, "FINISHED" if result.headline["n_ok"] else "FAILED", seconds))
        while len(self._open) > 2 * WRITERS:
            self._end()

    def close(self, results: list[Result], page: str) -> None:
        """End the runs, tag earlier ones by whether they are on the board of today, and put the board on the page."""
        while self._open:
            self._end()
        board = [row for result in results for row in result.rows]
        cards = {result.entry: result.card for result in results}
        note = notes.board_note(self._suite, self._condition, board, cards, page)
        view = views.view(views.headlines({row["metric"] for row in board}))
        self._store.describe(self.id, {"mlflow.note.content": note, views.TAG: view})
        current = {result.digest for result in results}
        for known, run in self._runs.items():
            state = "current" if known in current else "earlier"
            if run.data.tags.get(BOARD) != state:
                self._store.client.set_tag(run.info.run_id, BOARD, state)

    def _end(self):
        run, write, status, seconds = self._open.popleft()
        write.result()
        self._store.end(run, status, seconds)


def _tags(result) -> dict[str, str]:
    card = result.card
    keys = ("task", "family", "paradigm", "guidance", "plugin", "uses", "start", "reads", "model")
    tags = {key: str(card.get(key) or "") for key in keys}
    return tags | {
        "condition": result.condition,
        DIGEST: result.digest,
        "mlflow.source.name": "cocktail run",
        "mlflow.note.content": card.get("description") or "",
        "failures": "; ".join(result.reasons),
    }


def _files(result, audio, n_examples) -> dict[str, bytes]:
    """Artifacts of a run: path -> bytes."""
    scores = result.own_scores
    files = {"scores.csv": _csv(scores)}
    lines = []
    for label, scene, value, signals in _examples(result.entry, scores, audio, n_examples):
        files |= {f"examples/{label}/{name}": data for name, data in signals.items()}
        lines.append(f"{label},{scene},{value:.6g}\n")
    if lines:
        files["examples/scenes.csv"] = (f"example,scene,{HEADLINE}\n" + "".join(lines)).encode()
    return files


def _examples(entry, scores, audio, n_examples) -> Iterator[tuple[str, str, float, dict[str, bytes]]]:
    """Label, scene, value and files of the scenes whose estimates were kept."""
    chosen = examples.pick(scores, HEADLINE, n_examples)
    estimates = audio.estimates(entry, [scene for scene, _ in chosen.values()], scores) if chosen else {}
    for label, (scene, value) in chosen.items():
        if scene in estimates:
            yield label, scene, value, audio.scene_files(scene) | audio.estimate_files(scene, estimates[scene])


def _csv(scores) -> bytes:
    """Scores without trials, which CSV cannot hold."""
    from pyarrow import csv

    buffer = io.BytesIO()
    csv.write_csv(scores.drop_columns(["trials", "voice"]), buffer)
    return buffer.getvalue()
