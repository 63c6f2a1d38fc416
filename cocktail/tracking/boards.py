"""Boards in MLflow: an experiment is `<suite>/<condition>`, a run is an entry.

A result that is there already makes no second run: a run carries a digest of its figures and parameters. A result that
changed makes a run beside the old one, with the same names and another commit and digest among its parameters, so that
the two can be compared; the tag `board` says which is the current one. Ranks depend on the other entries and are no
part of the digest; they are brought up to date on the run that exists.
"""

import hashlib
import io
import json
import math
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cocktail.boards.scores import failures
from cocktail.report import examples
from cocktail.tracking.client import DIGEST, Store

HEADLINE = "si_sdr"
INTERVAL = "uncertainty"
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

        A name before a slash makes a group in its pages, which are sorted by the alphabet, so that intervals come late.
        """
        named = {}
        for row in self.rows:
            for pattern, key in (
                ("{}", "value"),
                (f"{INTERVAL}/{{}}_low", "ci_low"),
                (f"{INTERVAL}/{{}}_high", "ci_high"),
            ):
                if row[key] is not None:
                    named[pattern.format(row["metric"])] = row[key]
        return named | {"n_ok": self.headline["n_ok"], "n_total": self.headline["n_total"]}

    @property
    def headline(self) -> dict:
        """The row that the rank and the counts are from."""
        return next((row for row in self.rows if row["metric"] == HEADLINE), self.rows[0])

    @property
    def digest(self) -> str:
        things = [self.entry, self.figures, self.card.get("parameters", {}), self.reasons]
        return hashlib.sha256(json.dumps(things, sort_keys=True, default=str).encode()).hexdigest()[:16]

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
    n_examples: int,
) -> tuple[int, int]:
    """Write the runs of all conditions; returns how many are new, and how many were there already.

    `results`: by condition. `common`: tags of all runs. `parent`: id of the suite's run. `models`: entry -> id of its
    logged model. `n_examples`: scenes per run with sound and picture.
    """
    new = same = 0
    with ThreadPoolExecutor(WRITERS) as pool:
        for condition, here in results.items():
            experiment = _Experiment(store, suite, condition, pool)
            audio = examples.Audio(folder, condition)
            for result in here:
                if experiment.has(result):
                    same += 1
                    continue
                tags = {"device": audio.devices(result.entry), PARENT: parent} | common
                experiment.log(result, tags, models.get(result.entry), audio, n_examples)
                new += 1
            experiment.close({result.digest for result in here})
    return new, same


class _Experiment:
    """The runs of one condition."""

    def __init__(self, store, suite, condition, pool):
        note = f"Entries of the suite `{suite}` in the condition `{condition}`, a run each."
        self._store, self._pool = store, pool
        self._id = store.experiment(f"{suite}/{condition}", note)
        self._runs = {run.data.tags[DIGEST]: run for run in store.ended(self._id)}
        self._open = deque()

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

    def log(self, result: Result, tags: dict, model: str | None, audio: examples.Audio, n_examples: int) -> None:
        """Write a run; its files are made while the next one's figures are written."""
        run = self._store.begin(self._id, result.entry, _tags(result) | {BOARD: "current"} | tags)
        rank = {} if result.headline["rank"] is None else {"rank": result.headline["rank"]}
        about = {"commit": tags.get("commit", ""), "digest": result.digest}
        figures = ((name, value, 0) for name, value in (result.figures | rank).items())
        self._store.fill(run, figures, about | result.card.get("parameters", {}))
        if model:
            from mlflow.entities import LoggedModelInput

            self._store.client.log_inputs(run.info.run_id, models=[LoggedModelInput(model)])
        write = self._pool.submit(lambda: self._store.add_files(run, _files(result, audio, n_examples)))
        self._open.append((run, write, "FINISHED" if result.headline["n_ok"] else "FAILED"))
        while len(self._open) > 2 * WRITERS:
            self._end()

    def close(self, current: set[str]) -> None:
        """End the runs, and tag earlier ones by whether their digest is among the `current` ones of the board."""
        while self._open:
            self._end()
        for digest, run in self._runs.items():
            state = "current" if digest in current else "earlier"
            if run.data.tags.get(BOARD) != state:
                self._store.client.set_tag(run.info.run_id, BOARD, state)

    def _end(self):
        run, write, status = self._open.popleft()
        write.result()
        self._store.client.set_terminated(run.info.run_id, status)


def _tags(result) -> dict[str, str]:
    card = result.card
    keys = ("task", "family", "paradigm", "guidance", "plugin", "uses", "start", "reads")
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
