"""MLflow's pages on this machine: a server that ends with the command that started it, however that ends."""

import contextlib
import os
import sys
import threading
import time
import urllib.request
import webbrowser
from pathlib import Path

from cocktail.errors import CocktailError
from cocktail.runtime.child import child
from cocktail.tracking.client import ENVIRONMENT
from cocktail.tracking.receipt import database_file, default_uri, is_server, receipt

PATIENCE_S = 5.0
"""How long processes of the server may take to end before they are killed."""
EXPERIMENTS = "#/experiments?workflowType=machine_learning"
"""MLflow's list of experiments, among its pages for training and not those for language models."""
QUIET = {"MLFLOW_LOGGING_LEVEL": "WARNING", "PYTHONWARNINGS": "ignore"}
"""Below the addresses stand errors alone, and not every request."""
START_S = 120.0
"""How long the server may take until it answers."""


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
        "--host", host, "--port", str(port), "--workers", "1", "--uvicorn-opts", "--log-level warning",
    ]  # fmt: skip


def board_links(results: str | Path, suite: str, home: str) -> dict[str, str]:
    """Condition -> address of its board on the server `home`, as the log of the suite left them."""
    boards = receipt(Path(results) / suite).get("boards", {})
    return {condition: f"{home.rstrip('/')}/{place}" for condition, place in boards.items()}


def ui(
    results: str | Path = "results",
    *,
    suite: str,
    port: int = 5000,
    host: str = "127.0.0.1",
    browser: bool = True,
) -> int:
    """Serve MLflow's pages until a signal ends it; the server's exit status.

    Prints where the boards of the suite are and, with `browser`, opens the first where there is a screen. Where the
    results went to a server, its addresses are printed, and none is started.
    """
    uri = default_uri(results)
    if is_server(uri):
        print(f"The results are at {uri} (MLFLOW_TRACKING_URI); nothing needs to be started.")
        _print_links(board_links(results, suite, uri))
        return 0
    command, home = server_command(results, port, host), f"http://{host}:{port}"
    links = board_links(results, suite, home) or {"all experiments": f"{home}/{EXPERIMENTS}"}
    print(f"MLflow: {home} (it takes some seconds to start; Ctrl-C ends it)")
    _print_links(links)
    try:
        environment = os.environ | ENVIRONMENT | QUIET
        options = {"env": environment, "start_new_session": True}  # it shall not hear Ctrl-C itself
        with child(command, patience_s=PATIENCE_S, **options) as server:
            if browser and _has_screen():
                threading.Thread(target=_open, args=(server, home, next(iter(links.values()))), daemon=True).start()
            return server.wait()
    except KeyboardInterrupt:
        return 0


def _print_links(links):
    width = max(map(len, links), default=0)
    for name, link in links.items():
        print(f"  {name:{width}}  {link}", flush=True)


def _has_screen() -> bool:
    """Whether a browser has a window to open, and does not take over the terminal."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open(server, home, link):
    """Open a page once the server answers."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{home}/health", timeout=2):
            webbrowser.open(link)
            return
        time.sleep(0.3)
