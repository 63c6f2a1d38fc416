"""A sweep's table and plot, from figures that are known."""

import math

import numpy as np
import pyarrow as pa
import pytest

from cocktail import tables
from cocktail.boards import leaderboard
from cocktail.report import tuning

SCENES = 24


def boards(folder, figures):
    """Boards of {(entry, condition): SI-SDR of each scene}."""
    rows = [
        {"condition": condition, "scene": f"{condition}-{i:02d}", "entry": entry, "source": 0, "metric": "si_sdr",
         "card": "0"} | ({"status": "failed", "reason": "silent-estimate"} if np.isnan(value)
                         else {"value": float(value), "status": "ok"})
        for (entry, condition), values in figures.items() for i, value in enumerate(values)
    ]  # fmt: skip
    scores = pa.Table.from_pylist(rows, schema=tables.SCORES)
    tables.write_table(folder / "scores.parquet", scores)
    leaderboard.write_board(leaderboard.board(scores, seed=0), folder / "leaderboard.csv")
    return folder


@pytest.fixture
def scenes():
    """How hard scenes are, and noise that is smaller."""
    generator = np.random.default_rng(0)
    return 10 * generator.normal(size=SCENES), generator.normal(size=(6, SCENES))


def by_name(found):
    return {point.name: point for point in found}


def test_means_over_conditions_and_paired_differences(tmp_path, scenes):
    hard, noise = scenes
    changes = {"a": 2 + 0.3 * noise[0], "b": 1 + 0.3 * noise[1]}
    figures = {("x", condition): hard for condition in changes}
    figures |= {("y", condition): hard + change for condition, change in changes.items()}
    x, y = tuning.points(boards(tmp_path, figures), "x", ["x", "y"], "si_sdr", ["a", "b"])
    assert x.difference is None and not x.apart
    assert x.mean.value == pytest.approx(hard.mean(), rel=1e-4)
    change = y.difference
    assert change.value == pytest.approx(np.mean([values.mean() for values in changes.values()]))
    error = math.hypot(*(values.std(ddof=1) / math.sqrt(SCENES) for values in changes.values())) / 2
    assert (change.high - change.low) / 2 == pytest.approx(2.07 * error, rel=0.15)
    assert y.apart and tuning.best([x, y], "x", "si_sdr") is y
    assert (y.mean.high - y.mean.low) > 10 * (change.high - change.low), "pairs share how hard a scene is"


def test_one_condition_has_its_own_interval(tmp_path, scenes):
    hard, noise = scenes
    folder = boards(tmp_path, {("x", "a"): hard, ("y", "a"): hard + noise[0]})
    (row,) = (row for row in leaderboard.read_board(folder / "leaderboard.csv") if row["entry"] == "x")
    mean = tuning.points(folder, "x", ["x", "y"], "si_sdr", ["a"])[0].mean
    assert mean == pytest.approx((row["value"], row["ci_low"], row["ci_high"]))


def test_many_points_ask_for_a_larger_difference(tmp_path, scenes):
    """A difference at 2.3 standard errors is one at 5 % of two points, and is not of a sweep of 20."""
    hard, noise = scenes
    unit = (noise[0] - noise[0].mean()) / (noise[0].std(ddof=1) / math.sqrt(SCENES))
    names = [f"y{i}" for i in range(20)]
    folder = boards(tmp_path, {("x", "a"): hard} | {(name, "a"): hard + unit + 2.4 for name in names})
    assert by_name(tuning.points(folder, "x", ["x", "y0"], "si_sdr", ["a"]))["y0"].apart
    assert not any(point.apart for point in tuning.points(folder, "x", ["x", *names], "si_sdr", ["a"]))


def test_a_point_does_not_win_by_failing(tmp_path, scenes):
    hard, _ = scenes
    fails = np.where(np.arange(SCENES) == 3, np.nan, hard + 5)
    figures = {("x", "a"): hard, ("fails", "a"): fails, ("y", "a"): hard + 1, ("worse", "a"): hard - 1}
    names = ["x", "fails", "y", "worse"]
    found = tuning.points(boards(tmp_path, figures), "x", names, "si_sdr", ["a"])
    assert by_name(found)["fails"].failed == 1
    assert tuning.best(found, "x", "si_sdr").name == "y"
    assert tuning.best(found, "x", "wer").name == "worse", "fewer word errors are better"
    assert tuning.best([point for point in found if point.name != "y"], "x", "si_sdr").name == "x"


def test_a_point_without_figures_in_a_condition_has_no_mean(tmp_path, scenes):
    hard, _ = scenes
    figures = {("x", "a"): hard, ("x", "b"): hard, ("y", "a"): hard + 1, ("y", "b"): np.full(SCENES, np.nan)}
    found = tuning.points(boards(tmp_path, figures), "x", ["x", "y"], "si_sdr", ["a", "b"])
    y = by_name(found)["y"]
    assert (y.mean, y.difference, y.failed, list(y.by_condition)) == (None, None, SCENES, ["a"])
    assert tuning.best(found, "x", "si_sdr").name == "x"


def test_few_scenes_have_no_interval_and_nothing_is_told_apart(tmp_path, scenes):
    hard, noise = scenes
    few = {("x", "a"): hard[:3], ("y", "a"): hard[:3] + 1 + 0.01 * noise[0, :3]}
    y = by_name(tuning.points(boards(tmp_path, few), "x", ["x", "y"], "si_sdr", ["a"]))["y"]
    assert y.mean.low is None and y.difference.low is None and not y.apart


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """A function that plots a sweep and returns the axes."""
    from matplotlib.figure import Figure

    made = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, **_: made.append((figure, path)))

    def draw(values, fields):
        number = tuning.Figure(1.0, 0.5, 1.5)
        found = [tuning.Point(name, {"a": number, "b": number}, number, None, False, 0) for name in values]
        tuning.plot(found, values, fields, "si_sdr", "x", tmp_path / "plot.png")
        return made[-1][0].axes[0]

    return draw


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_one_field_has_a_line_a_condition(drawn):
    axes = drawn({"x": (1,), "y": (2,), "z": (0.01,)}, ["mu"])
    assert labels(axes) == ["a", "b"] and axes.get_xlabel() == "mu" and axes.get_xscale() == "log"
    assert axes.get_lines()[0].get_xdata().tolist() == [0.01, 1, 2]


def test_two_fields_have_a_line_for_each_value_of_the_second(drawn):
    axes = drawn({"x": ("imcra", 1), "y": ("imcra", 2), "z": ("mmse-spp", 2)}, ["tracker", "mu"])
    assert labels(axes) == ["mu = 1", "mu = 2"] and "mean over conditions" in axes.get_ylabel()
    assert [text.get_text() for text in axes.get_xticklabels()] == ["imcra", "mmse-spp"]
