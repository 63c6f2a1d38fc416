"""Where MLflow's store is, and whether it still holds a suite: asked at every start, hence without importing MLflow."""

import contextlib
import json
import os
import re
import sqlite3
from pathlib import Path
from urllib.parse import urlparse

RECEIPT = "mlflow.json"
"""File in a suite's results that says what was logged, and where."""
SQLITE = "sqlite:///"


def default_uri(results: str | Path) -> str:
    """MLFLOW_TRACKING_URI if it is set, otherwise the SQLite store in the results folder."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"{SQLITE}{Path(results).resolve() / 'mlflow.db'}"


def store_state(folder: str | Path) -> str:
    """Which store the suite in `folder`, results/<suite>, is logged to, and how often that store was lost.

    For a job's digest: another value means that the suite is to be logged again, as after a log that failed. Since the
    count goes from here into the receipt, the value is the same before and after a log. It does not change when the
    results move.
    """
    written, state = receipt(folder), settled_state(folder)
    store, _, count = state.rpartition(" ")
    if written.get("state") != state:
        return state
    folder = Path(folder).resolve()
    return f"{store} {int(count) + ('error' in written or _lost(default_uri(folder.parent), folder.name))}"


def settled_state(folder: str | Path) -> str:
    """What `store_state` said when the suite was last due to be logged to the current store. It says so again once the
    suite is logged, so that no job is due then."""
    store = shown(os.environ.get("MLFLOW_TRACKING_URI") or "mlflow.db")
    state = receipt(folder).get("state", "")
    return state if state.rpartition(" ")[0] == store else f"{store} 0"


def receipt(folder: str | Path) -> dict:
    """Content of RECEIPT in results/<suite>, empty without one; `error` in it is why nothing was logged."""
    try:
        return json.loads((Path(folder) / RECEIPT).read_text())
    except (FileNotFoundError, ValueError):
        return {}


def shown(uri: str) -> str:
    """An address, or a text that holds one, without its password."""
    return re.sub(r"(://[^/@:\s]*):[^/@\s]*@", r"\1:***@", uri)


def is_server(uri: str) -> bool:
    """Whether a store is an MLflow server."""
    return urlparse(uri).scheme in ("http", "https")


def database_file(uri: str) -> Path | None:
    """The file of an SQLite store, None for any other store."""
    return Path(uri.removeprefix(SQLITE).partition("?")[0]) if uri.startswith(SQLITE) else None


def _lost(uri, suite):
    """Whether an SQLite store holds nothing of the suite, as after it was deleted and made again by another suite."""
    file = database_file(uri)
    if file is None:
        return False
    prefix = f"{suite}/"
    query = "SELECT count(*) FROM experiments WHERE substr(name, 1, ?) = ?"
    try:
        with contextlib.closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
            return database.execute(query, (len(prefix), prefix)).fetchone() == (0,)
    except sqlite3.Error:  # no file, or none that MLflow made: logging makes it, or says what is wrong with it
        return True
