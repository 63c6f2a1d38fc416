"""MLflow's own pages, in Chromium: a board sorted by a metric, two runs compared, an example played."""

import os
import re
import signal
import subprocess
import urllib.request

import pytest
from page_suite import Suite
from servers import free_port, wait_for

from cocktail.boards.leaderboard import read_board
from cocktail.report.terminal import SHOWN
from cocktail.tracking import client, log, serve, views

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium"), pytest.mark.xdist_group("mlflow pages")]

PATIENCE_MS = 120_000
"""MLflow's pages are megabytes of script, and the machine may be at work."""
FAMILIES = "workflowType=machine_learning"


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mlflow") / "results" / "small"
    suite = Suite(folder, entries=4, conditions=1, scenes=5, seconds=0.8)
    suite.write()
    log.log_suite(
        suite="small", results=folder.parent, tracking_uri=f"sqlite:///{folder.parent / 'mlflow.db'}", commit="first"
    )
    return suite


@pytest.fixture(scope="module")
def pages(suite):
    """Address of MLflow's pages, as `cocktail ui` serves them."""
    port = free_port()
    home, results = f"http://127.0.0.1:{port}", suite.folder.parent
    environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    options = {"env": environment | client.ENVIRONMENT, "start_new_session": True}

    def answers():
        try:
            return urllib.request.urlopen(f"{home}/health", timeout=5).status == 200
        except OSError:
            return False

    command = serve.server_command(results, port)
    with (results / "log").open("w") as file, subprocess.Popen(command, stdout=file, stderr=file, **options) as process:
        try:
            wait_for(answers, process, "mlflow server")
            yield home
        finally:
            os.killpg(process.pid, signal.SIGTERM)


@pytest.fixture(scope="module")
def window(browser):
    page = browser.new_page(viewport={"width": 1800, "height": 1000})
    page.set_default_timeout(PATIENCE_MS)
    return page


@pytest.fixture(scope="module")
def runs(suite):
    """Id of the condition's experiment, and of its runs by name."""
    results = suite.folder.parent
    with client.opened(f"sqlite:///{results / 'mlflow.db'}", results, "small") as found:
        experiment = found.client.get_experiment_by_name("small/room-0").experiment_id
        return experiment, {run.info.run_name: run.info.run_id for run in found.client.search_runs([experiment])}


def test_a_reader_finds_the_runs_of_a_condition(pages, window, runs):
    """By the address that `cocktail ui` prints: entries with the main metrics, the best on top."""
    experiment, known = runs
    window.goto(f"{pages}/{views.address(experiment)}")
    for name in known:
        window.get_by_role("link", name=name, exact=True).wait_for()
    assert _names(window) == ["entry-03", "entry-02", "oracle-irm", "unprocessed"]
    shown = {name for name in SHOWN if window.get_by_role("columnheader", name=name, exact=True).count()}
    assert {"si_sdr", "pesq_wb", "stoi"} <= shown
    assert window.get_by_role("columnheader", name="wider set/estoi", exact=True).count() == 0
    window.get_by_text("Entries of the suite").first.wait_for()
    window.get_by_text("rank by si_sdr", exact=True).first.wait_for(state="attached")


def _names(window):
    """The entries from top to bottom."""
    links = window.get_by_role("link", name=re.compile("^(unprocessed|oracle-irm|entry-0.)$"))
    return [link.inner_text() for link in sorted(links.all(), key=lambda link: link.bounding_box()["y"])]


def test_scores_by_scene_are_a_table_that_is_filtered(pages, window, runs):
    experiment, _ = runs
    window.goto("about:blank")
    window.goto(f"{pages}/#/experiments/{experiment}/runs?{FAMILIES}&compareRunsMode=ARTIFACT")
    window.get_by_text("room-0-test-00004", exact=True).first.wait_for()
    window.get_by_placeholder("Filter by scene").fill("00003")
    window.get_by_text("room-0-test-00004", exact=True).first.wait_for(state="detached")
    assert window.get_by_text("room-0-test-00003", exact=True).count()


def test_the_runs_of_a_board_are_listed_and_sorted_by_a_metric(pages, window, runs):
    experiment, known = runs
    for ascending in ("false", "true"):
        order = f"orderByKey=metrics.%60si_sdr%60&orderByAsc={ascending}"
        window.goto("about:blank")
        window.goto(f"{pages}/#/experiments/{experiment}/runs?{FAMILIES}&{order}")
        window.get_by_role("link", name="entry-02", exact=True).wait_for()
        names = _names(window)
        board = ["entry-03", "entry-02", "oracle-irm", "unprocessed"]
        assert set(names) == set(known) == set(board)
        assert names == (board if ascending == "false" else board[::-1])


def test_two_runs_are_compared(pages, window, runs, suite):
    experiment, known = runs
    chosen = ",".join(f"%22{known[name]}%22" for name in ("entry-02", "entry-03"))
    window.goto(f"{pages}/#/compare-runs?runs=[{chosen}]&experiments=[%22{experiment}%22]&{FAMILIES}")
    window.get_by_text("Comparing 2 Runs from 1 Experiment").wait_for()
    figures = [f"{round(row['value'], 3):g}" for row in read_board(suite.folder / "leaderboard.csv")
               if row["entry"] in ("entry-02", "entry-03") and row["metric"] == "estoi"]  # fmt: skip
    assert len(figures) == 2
    for text in ("entry-02", "entry-03", "gain_db", "wider set/estoi", *figures):
        window.get_by_text(text, exact=True).first.wait_for(state="attached")


def test_an_example_plays_in_the_artifact_viewer(pages, window, runs):
    experiment, known = runs
    window.goto(
        f"{pages}/#/experiments/{experiment}/runs/{known['entry-02']}/artifacts/examples/best/estimate.wav?{FAMILIES}"
    )
    player = window.locator("audio")
    player.wait_for()
    player.evaluate("audio => audio.play()")
    for _ in range(PATIENCE_MS // 200):
        if player.evaluate("audio => audio.currentTime") > 0:
            break
        window.wait_for_timeout(200)
    assert player.evaluate("audio => audio.currentTime") > 0
    assert player.evaluate("audio => audio.duration") == pytest.approx(0.8, abs=0.01)
