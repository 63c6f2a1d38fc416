"""Boards of what is finished: figures of the whole suite where a condition is whole, a mark, and what is to come."""

import json
import multiprocessing
import os
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from cocktail import cli, tables
from cocktail.boards import leaderboard
from cocktail.boards.leaderboard import read_board
from cocktail.boards.pending import Pending, read_pending
from cocktail.boards.verdicts import read_verdicts
from cocktail.errors import CocktailError
from cocktail.rng import rng
from cocktail.workflow import partial
from cocktail.workflow.partial import boards, outdated, write, write_page
from cocktail.workflow.plan import Plan
from cocktail.workflow.suite import load_suite

SUITE = {
    "suite": "small",
    "scenes": 12,
    "shard_size": 6,
    "resamples": 100,
    "conditions": ["stationary", "nonstationary", "tablet"],
    "methods": ["unprocessed", "wiener", "omlsa", "nmf-sparse"],
}


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """A suite of three conditions, four entries and two shards, of which `score` finishes what is asked for."""
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(yaml.safe_dump(SUITE))
    return Plan(load_suite("small.yaml"), "small.yaml")


def score(plan, condition, *cells):
    """Finish shards (entry, shard) of a condition: SI-SDR and SDR of six scenes each."""
    for entry, shard in cells:
        rows = [
            {"condition": condition, "scene": f"{condition}-test-{index:05d}", "entry": entry, "source": 0,
             "metric": metric, "value": rng(index, condition, entry, metric, role="score").normal(), "status": "ok",
             "card": "0"}
            for index in plan.scene_indices(shard) for metric in ("si_sdr", "sdr")
        ]  # fmt: skip
        tables.write_rows(plan.scores(condition, entry, shard), rows, tables.SCORES)


def score_half(plan):
    """All of `stationary`; of `nonstationary` one entry, and half of another; nothing of `tablet`."""
    score(plan, "stationary", *((entry, shard) for entry in plan.entries for shard in plan.shards))
    score(plan, "nonstationary", ("unprocessed", "000"), ("unprocessed", "001"), ("omlsa", "001"))


def finish(plan):
    """What is left, and the boards as the rule makes them."""
    for condition in plan.conditions:
        score(plan, condition, *((entry, shard) for entry in plan.entries for shard in plan.shards))
    return leaderboard.build(
        plan.all_scores(),
        references=[],
        entries=plan.contents.cards(),
        folder=plan.folder,
        seed=plan.config["seed"],
        resamples=plan.config["resamples"],
    )


def call(*arguments):
    result = CliRunner().invoke(cli.main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result.stdout, result.stderr


def test_a_finished_condition_has_the_figures_of_the_whole_board(plan, tmp_path):
    score_half(plan)
    write(plan, tmp_path / "partial")
    early = read_board(tmp_path / "partial" / "leaderboard.csv")
    finish(plan)
    whole = read_board(plan.path("leaderboard.csv"))
    rows = [row for row in whole if row["condition"] == "stationary"]
    assert len(rows) == 4 * 4  # entries; two metrics and their gains
    assert [row for row in early if row["condition"] == "stationary"] == rows
    figures = {row["entry"]: row for row in whole if (row["condition"], row["metric"]) == ("nonstationary", "sdr")}
    for row in early:
        if (row["condition"], row["metric"]) == ("nonstationary", "sdr"):
            assert row["n_ok"] == {"unprocessed": 12, "omlsa": 6}[row["entry"]]
            assert row["n_total"] == 12
            assert (row["value"] == figures[row["entry"]]["value"]) == (row["entry"] == "unprocessed")


def test_what_is_to_come_stands_beside_the_tables_and_nothing_of_the_run_is_written(plan, tmp_path):
    score_half(plan)
    before = sorted(plan.folder.rglob("*"))
    write(plan, tmp_path / "partial")
    assert sorted(plan.folder.rglob("*")) == before
    assert read_pending(tmp_path / "partial") == [
        Pending("nonstationary", "nmf-sparse", 0, 2),
        Pending("nonstationary", "wiener", 0, 2),
        Pending("nonstationary", "omlsa", 1, 2),
        *(Pending("tablet", entry, 0, 2) for entry in ("unprocessed", "nmf-sparse", "wiener", "omlsa")),
    ]
    assert {row["verdict"] for row in read_verdicts(tmp_path / "partial" / "claims.csv")} >= {"not run"}


def test_the_command_shows_partial_boards_until_the_board_is_newer_than_its_shards(plan):
    with pytest.raises(CocktailError, match=r"nothing is scored yet; `cocktail run small\.yaml` first"):
        write(plan, plan.folder)
    assert "no leaderboard yet; `cocktail run small.yaml` first" in call("leaderboard", "small.yaml")[1]
    score_half(plan)
    out = call("leaderboard", "small.yaml")[0]
    assert out.startswith("Partial boards: 7 cells in 2 conditions are still to come, in whole or in part.\n")
    assert "Still to come: nmf-sparse, wiener." in out
    assert "In part: omlsa (1 of 2 shards)." in out
    assert "Conditions without any figure yet: tablet\n" in out
    assert "partial" in call("claims", "small.yaml")[1].lower()
    assert not (plan.folder / "leaderboard.csv").exists()
    finish(plan)
    assert not outdated(plan.folder)
    with boards("small.yaml") as folder:
        assert folder == plan.folder
    assert "Partial" not in call("leaderboard", "small.yaml")[0]
    later = (plan.folder / "leaderboard.csv").stat().st_mtime + 10
    os.utime(plan.scores("tablet", "omlsa", "000"), (later, later))
    assert call("leaderboard", "small.yaml")[0].startswith("Partial boards: every cell is scored;")


def test_the_page_of_what_is_finished_says_so(plan):
    score_half(plan)
    page = write_page(plan)
    assert page == plan.folder / "partial" / "report" / "index.html"
    text = page.read_text()
    assert '<p class="partial" role="status">Partial boards: 7 cells in 2 conditions' in text
    assert "<title>small" in text
    script = (page.parent / "data.js").read_text()
    content = json.loads(script[script.index("{") : script.rindex("}") + 1])
    assert content["partial"]["conditions"]["nonstationary"][0] == "Still to come: nmf-sparse, wiener."
    assert content["partial"]["conditions"]["stationary"] == []
    assert call("leaderboard", "small.yaml", "--page")[0] == f"{page}\n"


def test_pages_are_written_again_only_where_there_is_more(plan, monkeypatch):
    made, rounds = [], iter(range(4))

    def sleep(_):
        if next(rounds, None) is None:
            raise TimeoutError
        if not made:
            score_half(plan)

    monkeypatch.setattr(partial.time, "sleep", sleep)
    monkeypatch.setattr(partial.os, "nice", lambda _: None)
    monkeypatch.setattr(partial.signal, "signal", lambda *_: None)
    monkeypatch.setattr(partial, "write_page", lambda plan: made.append(plan.suite))
    with pytest.raises(TimeoutError):
        partial._write_pages("small.yaml", {}, os.getppid())
    assert made == ["small"]
    partial._write_pages("small.yaml", {}, parent=0)  # whoever began it is gone


def test_the_process_that_writes_pages_ends_with_the_run(plan):
    before = set(multiprocessing.active_children())
    with pytest.raises(KeyError), partial.pages_meanwhile(Path("small.yaml"), {}):
        (process,) = set(multiprocessing.active_children()) - before
        assert process.is_alive()
        raise KeyError
    assert not process.is_alive()


def part(**only):
    return Plan(load_suite("small.yaml", {"only": only}), "small.yaml")


def test_the_boards_of_a_partial_run_hold_what_earlier_runs_left(plan, tmp_path):
    """One entry is scored anew, of one condition; all else stands as it did, skipped cells too."""
    whole = finish(plan)
    absent = [row for row in plan.contents.absent if row["entry"] == "wiener"]
    few = part(methods=["omlsa"], conditions=["tablet"])
    assert few.cells == [("tablet", "unprocessed"), ("tablet", "omlsa")]
    kept = few.contents.kept
    assert set(kept) == set(plan.cells) - set(few.cells)
    assert len(few.contents.kept_scores) == len(kept) * len(plan.shards)
    assert few.contents.cards() == plan.contents.cards()
    assert [card["name"] for card in few.contents.condition_cards()] == list(plan.conditions)
    assert [row for row in few.contents.absent if row["entry"] == "wiener"] == absent
    write(few, tmp_path / "partial")
    rows = {
        (row["condition"], row["entry"], row["metric"]): row for row in read_board(tmp_path / "partial/leaderboard.csv")
    }
    assert rows == {
        (row["condition"], row["entry"], row["metric"]): row for row in read_board(plan.path("leaderboard.csv"))
    }
    assert len(rows) == len(whole)


def test_what_never_ran_is_not_on_the_boards_of_a_partial_run(plan):
    score(plan, "stationary", ("wiener", "000"), ("unprocessed", "000"))
    few = part(methods=["omlsa"], conditions=["nonstationary"])
    assert set(few.contents.kept) == {("stationary", "wiener"), ("stationary", "unprocessed")}
    assert list(few.contents.entries) == ["unprocessed", "wiener", "omlsa"]
    assert few.contents.absent == []
    assert [card["name"] for card in few.contents.condition_cards()] == ["stationary", "nonstationary"]


def test_shards_of_entries_outside_the_suite_do_not_make_its_boards_partial(plan):
    finish(plan)
    later = (plan.folder / "leaderboard.csv").stat().st_mtime + 10
    path = Path(plan.scores("tablet", "omlsa-tuned", "000"))
    path.parent.mkdir(parents=True)
    path.write_bytes(Path(plan.scores("tablet", "omlsa", "000")).read_bytes())
    os.utime(path, (later, later))
    assert "Partial" not in call("leaderboard", "small.yaml")[0]


def test_development_scenes_have_boards_of_their_own(plan):
    finish(plan)
    assert (
        "no leaderboard yet; `cocktail run small.yaml --split valid` first"
        in call("leaderboard", "small.yaml", "--split", "valid")[1]
    )
    development = Plan(load_suite("small.yaml", {"split": "valid"}), "small.yaml")
    score_half(development)
    assert "Development" not in call("leaderboard", "small.yaml")[0]
    out = call("leaderboard", "small.yaml", "--split", "valid")[0]
    assert out.startswith("Development scenes, to tune on")
    assert "Partial boards: 7 cells" in out
    page = write_page(development)
    assert page == plan.folder / "valid" / "partial" / "report" / "index.html"
    assert "small, development scenes</title>" in page.read_text().replace(" · Cocktail Bench", "")
    assert '<p class="partial" role="status">Development scenes' in page.read_text()
    assert "evelopment scenes" not in write_page(plan).read_text()
