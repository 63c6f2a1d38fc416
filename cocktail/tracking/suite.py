"""A suite in MLflow: one run of the experiment `<suite>`, the parent of all others, with the boards and the page.

Artifacts: leaderboard.csv and claims.csv as on disk; `boards/<condition>.csv`, a row an entry; `plots/`; `report.zip`,
the page with its players, to be unpacked and opened, where it is no larger than MAX_PAGE. When a board changes, they
are replaced.
"""

import csv
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from cocktail.boards.verdicts import VERDICTS
from cocktail.digest import files_digest, files_in
from cocktail.tracking.boards import HEADLINE
from cocktail.tracking.client import DIGEST, Store
from cocktail.tracking.plots import plots

MAX_PAGE = 64e6
"""Bytes of the largest page that is sent; for a larger one the run says where it lies."""
COMPRESSED = (".flac", ".opus", ".png", ".jpg", ".webp")
KIND = "kind"
SUITE = "suite"
"""Value of the tag KIND."""


class SuiteRun:
    """The run of the suite in `folder`, results/<suite>, in the experiment `experiment`."""

    def __init__(self, store: Store, experiment: str, folder: Path, common: Mapping[str, str]):
        self._store, self._folder, self._common = store, folder, common
        runs = store.client.search_runs([experiment], f"tags.{KIND} = '{SUITE}'", max_results=1)
        self._run = runs[0] if runs else store.begin(experiment, folder.name, {KIND: SUITE})

    @property
    def id(self) -> str:
        return self._run.info.run_id

    def page(self) -> str:
        """Where the suite's page is, Markdown for notes of experiments."""
        name, files = self._folder.name, files_in(self._folder / "report")
        if not files:
            return ""
        where = f"The page to look and listen: `{self._folder.parent.name}/{name}/report/index.html`"
        if sum(path.stat().st_size for _, path in files) > MAX_PAGE:
            return f"{where}."
        run = f"#/experiments/{self._run.info.experiment_id}/runs/{self.id}"
        return f"{where}, or [report.zip]({run}/artifacts/report.zip)."

    def update(self, board: list[dict], cards: Mapping[str, dict]) -> None:
        """Send board, plots and page, unless the store has them already."""
        page = [(f"report/{name}", path) for name, path in files_in(self._folder / "report")]
        size = sum(path.stat().st_size for _, path in page)
        tables = [path for name in ("leaderboard.csv", "claims.csv") if (path := self._folder / name).is_file()]
        digest = files_digest([*((path.name, path) for path in tables), *page])
        if self._run.data.tags.get(DIGEST) == digest:
            return
        files = {path.name: path.read_bytes() for path in tables}
        files |= {f"boards/{name}": data for name, data in _boards(board, cards).items()}
        files |= {f"plots/{name}": data for name, data in plots(board, cards).items()}
        if 0 < size <= MAX_PAGE:
            files["report.zip"] = _zip(page)
        self._store.add_files(self._run, files)
        self._store.fill(self._run, _counts(board, self._folder / "claims.csv"), {})
        self._tag(digest, self._note(size))

    def _tag(self, digest, note):
        tags = dict(self._common) | {"mlflow.source.name": "cocktail run", "mlflow.note.content": note, DIGEST: digest}
        for name, value in tags.items():
            if value:
                self._store.client.set_tag(self.id, name, value)
        self._store.client.set_terminated(self.id)

    def _note(self, size):
        """What the run's page says, Markdown."""
        name = self._folder.name
        where = f"`{self._folder.parent.name}/{name}/report/index.html`, beside the store or where the suite was run"
        page = f"{where} ({size / 1e6:.0f} MB{', `report.zip` here' if 0 < size <= MAX_PAGE else ''})"
        return (
            f"Boards of the suite `{name}`. Its conditions are the experiments `{name}/...`, an entry a run; its "
            f"trainings are the runs below this one. Board by board: `boards/`; all figures: `leaderboard.csv`. "
            f"The page to look and listen: {page if size else 'not made'}."
        )


def _zip(files) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, path in files:
            method = zipfile.ZIP_STORED if path.suffix in COMPRESSED else zipfile.ZIP_DEFLATED
            archive.write(path, name, method, compresslevel=3)
    return buffer.getvalue()


def _boards(board, cards) -> dict[str, bytes]:
    """File name -> CSV with a row an entry and a column a metric, in the order of the first metric's ranks."""
    made = {}
    for condition in sorted({row["condition"] for row in board}):
        here = [row for row in board if row["condition"] == condition]
        metrics = sorted({row["metric"] for row in here}, key=lambda metric: (metric != HEADLINE, metric))
        values = {(row["entry"], row["metric"]): row["value"] for row in here}
        first = {row["entry"]: row for row in here if row["metric"] == metrics[0]}
        order = sorted(first, key=lambda entry: (first[entry]["rank"] or len(first) + 1, entry))
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(["rank", "entry", "family", *metrics])
        for entry in order:
            family = cards.get(entry, {}).get("family", "")
            writer.writerow([first[entry]["rank"], entry, family, *(values.get((entry, metric)) for metric in metrics)])
        made[f"{condition}.csv"] = buffer.getvalue().encode()
    return made


def _counts(board, claims) -> list[tuple[str, float, int]]:
    """Metrics of the suite's run: how much there is, and how the claims stand."""
    counts = {
        name: len({row[key] for row in board}) for name, key in (("conditions", "condition"), ("entries", "entry"))
    }
    if claims.is_file():
        with claims.open(encoding="utf-8", newline="") as file:
            verdicts = [row["verdict"] for row in csv.DictReader(file)]
        for verdict in VERDICTS:
            counts[f"claims/{verdict}"] = verdicts.count(verdict)
    return [(name, value, 0) for name, value in counts.items()]
