"""Another suite beside this one on the page: the order of both, and clear words where there is none."""

import json

import numpy as np
import pyarrow as pa
import pytest
from page_suite import SEED, Suite
from scipy.stats import kendalltau

from cocktail import tables
from cocktail.report.page import against
from cocktail.report.page.build import build
from cocktail.tables import SCORES

SCENES = 12
HERE, THERE = {"w": 4.0, "x": 3.0, "y": 2.0, "z": 1.0}, {"w": 1.0, "x": 4.0, "y": 3.0, "z": 2.0}


def boards(folder, figures, condition="room", metric="si_sdr", scenes="s"):
    """The files of a suite's boards: {entry: mean}, scenes apart by a hundredth."""
    rows = [
        {"condition": condition, "scene": f"{scenes}{i}", "entry": entry, "source": 0, "metric": metric, "card": "0",
         "value": mean + 0.01 * float(np.sin(i * (e + 1))), "status": "ok"}
        for e, (entry, mean) in enumerate(figures.items()) for i in range(SCENES)
    ]  # fmt: skip
    tables.write_table(folder / "scores.parquet", pa.Table.from_pylist(rows, SCORES))
    cards = [{"entry": entry, "family": "controls" if entry == "clean" else "nmf"} for entry in figures]
    (folder / "entries.json").write_text(json.dumps(cards))
    return folder


def beside(tmp_path, figures, **there):
    here = boards(tmp_path / "here", HERE | {"clean": 9.0, "own": 5.0})
    boards(tmp_path / "there", figures, **{"scenes": "t"} | there)
    return against.content(here, "here", {"there": str(tmp_path / "there")}, 100)[0]


def test_orders_of_two_suites_have_ranks_tau_and_those_that_are_overtaken(tmp_path):
    found = beside(tmp_path, THERE | {"clean": 9.0})
    (order,) = found["orders"]
    assert (order["condition"], order["metric"]) == ("room", "si_sdr")
    names = list(HERE)
    tau = kendalltau([HERE[name] for name in names], [THERE[name] for name in names]).statistic
    assert order["tau"] == order["tau_low"] == order["tau_high"] == pytest.approx(tau)
    rows = {row["entry"]: row for row in order["entries"]}
    assert {name: (row["rank_a"], row["rank_b"], row["climbs"]) for name, row in rows.items()} == {
        "w": (1, 4, -3), "x": (2, 1, 1), "y": (3, 2, 1), "z": (4, 3, 1)
    }  # fmt: skip
    assert rows["w"]["overtaken_by"] == ["x", "y", "z"] and rows["x"]["overtakes"] == ["w"]
    assert (order["pairs_kept"], order["pairs_reversed"]) == (3, 3)
    assert found["problem"] is None and found["notes"] == {"room": ["Only here has this entry: own."]}


@pytest.mark.parametrize(
    ("figures", "there", "said"),
    [
        (HERE, {"condition": "tablet"}, "there has no condition of here"),
        (HERE, {"metric": "stoi"}, "there has no metric of here"),
        ({"w": 1.0, "x": 2.0, "q": 3.0}, {}, "room: Fewer than 3 entries to rank: w, x. Only here has "),
    ],
)
def test_where_there_is_no_order_the_page_says_why(tmp_path, figures, there, said):
    found = beside(tmp_path, figures, **there)
    assert found["orders"] == []
    assert said in found["problem"]


def test_a_suite_that_has_not_run_is_named_with_the_command(tmp_path):
    here = boards(tmp_path / "here", HERE)
    (found,) = against.content(here, "here", {"real": "results/real"}, 100)
    assert found["problem"].startswith("real has no results in results/real. `cocktail run real` makes them")
    assert against.content(here, "here", {}, 100) == []


def test_the_page_has_the_section_where_its_suite_names_others(tmp_path):
    sides = [Suite(tmp_path / name, entries=6, conditions=1, scenes=8) for name in ("here", "there")]
    for side in sides:
        side.write()
    for named in ({"there": str(sides[1].folder)}, {}):
        page = build(sides[0].folder, conditions=sides[0].cards, seed=SEED, resamples=50, scenes=False, against=named)
        assert ('<a href="#against">Other suites</a>' in page.read_text()) == bool(named)
        assert ("sha256 of scores.parquet of there" in page.read_text()) == bool(named)
        text = (page.parent / "data.js").read_text().removeprefix("cocktail.loaded(...").removesuffix(");\n")
        content = json.loads(text)[1]["against"]
        assert [other["suite"] for other in content] == list(named)
        for order in (order for other in content for order in other["orders"]):
            assert order["tau"] == 1 and len(order["entries"]) == 4
            assert order["metric"] in against.METRICS
    assert (page.parent / "against.js").is_file() and 'src="against.js"' in page.read_text()
