"""Two results side by side: numbers against a plain bootstrap, verdicts on differences that are known."""

import csv
import io
import json

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner
from rich.console import Console
from student import percentiles

from cocktail import cli, tables
from cocktail.boards import compare, leaderboard, statistics
from cocktail.errors import CocktailError
from cocktail.report.compare import show
from cocktail.rng import rng

SCENES = 24


def row(scene, entry, metric, value, card="0", condition="stationary", **more):
    identity = {"condition": condition, "scene": scene, "entry": entry, "source": 0, "metric": metric, "card": card}
    failed = {"value": None, "status": "failed", "reason": "silent-estimate"}
    return identity | ({"value": float(value), "status": "ok"} if value is not None else failed) | more


def results(name, figures, *, scenes="s", drawn=0.0, **more):
    """Results of {(entry, metric): values of each scene}."""
    rows = [
        row(f"{scenes}{i:02d}", entry, metric, value, **more)
        for (entry, metric), values in figures.items()
        for i, value in enumerate(values)
    ]
    known = {f"{scenes}{i:02d}": {"snr_db": drawn + i, "speaker": f"p{i % 6}"} for i in range(SCENES)}
    return compare.Results(name, pa.Table.from_pylist(rows, schema=tables.SCORES), known)


def find(rows, **wanted):
    (found,) = [line for line in rows if all(line[key] == value for key, value in wanted.items())]
    return found


@pytest.fixture
def noise():
    return np.random.default_rng(0).normal(size=(6, SCENES))


def test_the_same_scenes_are_compared_pair_by_pair(noise):
    hard, change = 10 * noise[0], 0.4 + 0.5 * noise[1]
    a = results("A", {("omlsa", "si_sdr"): hard})
    b = results("B", {("omlsa", "si_sdr"): hard + change})
    (line,) = compare.compare(a, b)
    assert line["difference"] == pytest.approx(change.mean())
    weights = statistics.resample(SCENES, statistics.RESAMPLES, rng(0, "stationary", role="comparison")).astype(int)
    drawn = [np.repeat(change, weight).mean() for weight in weights]
    assert [line["ci_low"], line["ci_high"]] == pytest.approx(percentiles(drawn, SCENES))
    assert (line["verdict"], line["paired"], line["n_a"], line["n_b"]) == (compare.BETTER, True, SCENES, SCENES)


def test_other_scenes_are_resampled_apart(noise):
    """The same values under other names, or with other draws: what they have in common counts no more."""
    hard, change = 10 * noise[0], 0.4 + 0.5 * noise[1]
    a = results("A", {("omlsa", "si_sdr"): hard})
    expected = np.sqrt((hard.var(ddof=1) + (hard + change).var(ddof=1)) / SCENES)
    for other in ({"scenes": "t"}, {"drawn": 5.0}):
        (line,) = compare.compare(a, results("B", {("omlsa", "si_sdr"): hard + change}, **other))
        assert line["difference"] == pytest.approx(change.mean())
        assert line["ci_high"] - line["ci_low"] == pytest.approx(2 * 2.07 * expected, rel=0.12)
        assert (line["verdict"], line["paired"]) == (compare.OPEN, False)


def test_scenes_that_only_one_has_are_left_out(noise):
    """As of two suites of different size."""
    a = results("A", {("omlsa", "si_sdr"): noise[0]})
    b = results("B", {("omlsa", "si_sdr"): noise[0][:10]})
    (line,) = compare.compare(a, b)
    assert (line["verdict"], line["n_a"], line["difference"]) == (compare.SAME, 10, 0)


def test_a_scene_that_failed_on_one_side_counts_on_none(noise):
    before, after = list(noise[0]), list(noise[0] + 1)
    before[3] = after[5] = None
    a, b = results("A", {("x", "stoi"): before}), results("B", {("x", "stoi"): after})
    (line,) = compare.compare(a, b)
    assert (line["n_a"], line["n_b"]) == (SCENES - 2, SCENES - 2)
    assert line["a"] == pytest.approx(np.delete(noise[0], [3, 5]).mean())
    assert line["difference"] == pytest.approx(1)


def test_better_is_what_the_metric_says(noise):
    a = results("A", {("x", "si_sdr"): noise[0], ("x", "rtf"): 5 + noise[1]})
    b = results("B", {("x", "si_sdr"): noise[0] + 2, ("x", "rtf"): 7 + noise[1]})
    rows = compare.compare(a, b)
    assert find(rows, metric="si_sdr")["verdict"] == compare.BETTER
    assert find(rows, metric="rtf")["verdict"] == compare.WORSE


def test_word_errors_are_pooled():
    words = [4, 8, 4, 8]
    sides = []
    for errors in ([4, 0, 0, 0], [0, 0, 0, 0]):
        rows = [
            row(f"s{i}", "x", "wer", 0.0, errors=e, total=n) for i, (e, n) in enumerate(zip(errors, words, strict=True))
        ]
        sides.append(compare.Results("x", pa.Table.from_pylist(rows, schema=tables.SCORES), {}))
    (line,) = compare.compare(*sides)
    assert (line["a"], line["b"]) == (pytest.approx(100 * 4 / 24), 0)


@pytest.mark.parametrize("enough", [True, False])
def test_trials_are_compared_by_speakers(monkeypatch, enough):
    monkeypatch.setattr(statistics, "MIN_TRIALS", SCENES + (not enough))
    generator = np.random.default_rng(1)
    speakers = np.arange(SCENES) % 8
    noise = generator.normal(size=(SCENES, SCENES))
    sides = []
    for quality in (0.5, 4.0):
        scores = noise + quality * (speakers[:, None] == speakers)
        rows = []
        for i in range(SCENES):
            trials = [
                {"kind": "asv", "label": "target" if speakers[i] == speakers[j] else "nontarget",
                 "score": scores[i, j], "enrolment": f"s{j:02d}"} for j in range(SCENES) if j != i
            ]  # fmt: skip
            rows.append(row(f"s{i:02d}", "x", "eer_asv", trials[0]["score"], trials=trials) | {"source": None})
        known = {f"s{i:02d}": {"speaker": str(speakers[i])} for i in range(SCENES)}
        sides.append(compare.Results("x", pa.Table.from_pylist(rows, schema=tables.SCORES), known))
    (line,) = compare.compare(*sides)
    assert line["a"] > 30
    assert line["b"] < 8
    assert line["difference"] == line["b"] - line["a"]
    if enough:
        assert line["verdict"] == compare.BETTER
        assert line["ci_low"] < line["difference"] < line["ci_high"] < 0
    else:
        assert (line["verdict"], line["ci_low"], line["reason"]) == (compare.NOT_COMPARED, None, statistics.TOO_FEW)
    out = io.StringIO()
    show([line], names=("A", "B"), console=Console(file=out, width=120))
    (shown,) = [text for text in out.getvalue().splitlines() if text.strip().startswith("eer_asv")]
    assert shown.rstrip().endswith(line["verdict"])
    assert f"{line['difference']:+.1f}" in shown


def test_two_definitions_are_not_compared(noise):
    a = results("A", {("x", "stoi"): noise[0]}, card="0")
    (line,) = compare.compare(a, results("B", {("x", "stoi"): noise[0]}, card="1"))
    assert (line["verdict"], line["reason"]) == (compare.NOT_COMPARED, "two definitions of stoi: 0 in A, 1 in B")


def test_what_only_one_side_has_is_said(noise):
    a = results("A", {("x", "stoi"): noise[0], ("x", "sdr"): noise[0], ("y", "stoi"): noise[1]})
    b = results("B", {("x", "stoi"): noise[0], ("z", "stoi"): noise[1], ("z", "pesq_wb"): noise[1]})
    reasons = {(line["entry"], line["metric"]): line["reason"] for line in compare.compare(a, b) if line["reason"]}
    assert reasons == {
        ("y", None): "only A has this entry",
        ("z", None): "only B has this entry",
        (None, "sdr"): "only A has this metric",
        (None, "pesq_wb"): "only B has this metric",
    }
    b = results("B", {("x", "stoi"): noise[0]}, condition="tablet")
    assert [line["reason"] for line in compare.compare(a, b)] == [
        "only A has this condition",
        "only B has this condition",
    ]


def test_what_neither_side_has_is_answered_with_the_nearest(noise):
    a = results("A", {("omlsa", "stoi"): noise[0]})
    with pytest.raises(CocktailError, match=r"neither side has the entry 'omsla'; did you mean 'omlsa'\?"):
        compare.compare(a, a, entries=["omsla"])


def test_equal_methods_seldom_differ():
    """Of boards with ten entries that did not change, at most 5 % have any that seems to."""
    generator, alarms = np.random.default_rng(2), 0
    for _ in range(100):
        sides = [
            results(name, {(f"e{e}", "si_sdr"): generator.normal(size=12) for e in range(10)}) for name in ("A", "B")
        ]
        alarms += any(line["verdict"] != compare.OPEN for line in compare.compare(*sides, resamples=200))
    assert alarms <= 10


def test_the_table_says_what_changed(noise):
    a = results("A", {("omlsa", "si_sdr"): noise[0], ("wiener", "si_sdr"): noise[1], ("x", "stoi"): noise[1]})
    b = results("B", {("omlsa", "si_sdr"): noise[0] + 2, ("wiener", "si_sdr"): noise[1], ("y", "stoi"): noise[1]})
    out = io.StringIO()
    show(compare.compare(a, b), names=("A", "B"), console=Console(file=out, width=120))
    text = out.getvalue()
    (line,) = [line for line in text.splitlines() if "omlsa" in line]
    assert "+2.00" in line
    assert line.rstrip().endswith("better")
    assert "wiener" not in text
    assert "stationary: 1 figures are the same in both" in text
    assert "not compared: only A has this entry: x" in text


def test_the_command_compares_folders(tmp_path, monkeypatch, noise):
    monkeypatch.chdir(tmp_path)
    for name, gain in {"before": 0, "after": 3}.items():
        table = results(name, {("omlsa", "si_sdr"): noise[0] + gain, ("omlsa", "sir"): noise[1]}).scores
        tables.write_table(tmp_path / "shard.parquet", table)
        leaderboard.build([tmp_path / "shard.parquet"], references=[], entries=[], folder=tmp_path / name, seed=1)
    done = CliRunner().invoke(cli.main, ["compare", "before", "after", "--json"])
    assert done.exit_code == 0, done.output
    line = find(json.loads(done.stdout), metric="si_sdr")
    assert (line["difference"], line["verdict"]) == (pytest.approx(3), "better")
    everything = CliRunner().invoke(cli.main, ["compare", "before", "after", "--metric", "all", "--json"])
    assert {line["metric"] for line in json.loads(everything.stdout)} >= {"si_sdr", "sir"}
    written = CliRunner().invoke(cli.main, ["compare", "before", "after", "--csv"])
    parsed = find(csv.DictReader(io.StringIO(written.stdout)), metric="si_sdr")
    assert float(parsed["difference"]) == pytest.approx(3) and parsed["rank_a"] == ""
    both = CliRunner().invoke(cli.main, ["compare", "before", "after", "--csv", "--json"])
    assert both.exit_code == cli.ERROR and "choose one" in both.stderr
    done = CliRunner().invoke(cli.main, ["compare", "before", "tiny"])
    assert done.exit_code == cli.ERROR
    assert "no scores.parquet" in done.stderr


def entries_of_one_run(noise):
    """`mine` gains 0.4 dB over `omlsa` scene by scene, which are far harder than that; `deaf` failed on all."""
    hard, change = 10 * noise[0], 0.4 + 0.5 * noise[1]
    figures = {("omlsa", "si_sdr"): hard, ("mine", "si_sdr"): hard + change, ("deaf", "si_sdr"): [None] * SCENES}
    return results("small", figures), change


def test_two_entries_of_a_run_are_compared_on_the_same_scenes(noise):
    run, change = entries_of_one_run(noise)
    (line,) = compare.compare_entries(run, "omlsa", "mine")
    assert (line["entry"], line["paired"], line["n_a"]) == ("mine", True, SCENES)
    assert line["difference"] == pytest.approx(change.mean())
    assert line["ci_low"] == pytest.approx(change.mean() - 2.07 * change.std(ddof=1) / np.sqrt(SCENES), abs=0.1)
    assert line["verdict"] == compare.BETTER
    (other,) = compare.compare_entries(run, "mine", "omlsa")
    assert (other["difference"], other["verdict"]) == (-line["difference"], compare.WORSE)
    (none,) = compare.compare_entries(run, "mine", "deaf")
    assert (none["verdict"], none["reason"]) == (compare.NOT_COMPARED, "no scene that both finished")
    with pytest.raises(CocktailError, match=r"small: its boards have no entry 'omsla'; did you mean 'omlsa'\?"):
        compare.compare_entries(run, "mine", "omsla")


def test_the_command_compares_two_entries_of_a_run(tmp_path, monkeypatch, noise):
    monkeypatch.chdir(tmp_path)
    of_others = results("small", {("recogniser", "pesq_wb"): noise[0]}).scores  # a metric that neither of the two has
    tables.write_table(tmp_path / "shard.parquet", pa.concat_tables([entries_of_one_run(noise)[0].scores, of_others]))
    leaderboard.build([tmp_path / "shard.parquet"], references=[], entries=[], folder=tmp_path / "small", seed=1)
    done = CliRunner().invoke(cli.main, ["compare", "small", "mine", "omlsa"])
    assert done.exit_code == 0, done.output
    (heading,) = [line for line in done.stdout.splitlines() if line.strip().startswith("metric")]
    assert heading.split() == ["metric", "mine", "omlsa", "difference", "95", "%", "interval", "n", "omlsa", "is"]
    (figures,) = [line for line in done.stdout.splitlines() if line.strip().startswith("si_sdr")]
    assert figures.rstrip().endswith("worse")
    table = tables.read_table(tmp_path / "small" / "scores.parquet")
    tables.write_table(tmp_path / "results" / "quick" / "scores.parquet", table)
    absent = CliRunner().invoke(cli.main, ["compare", "quick", "omlsa", "x-gate"])
    assert "have no entry 'x-gate'; `cocktail run quick --methods x-gate` first" in absent.stderr
    refused = CliRunner().invoke(cli.main, ["compare", "small", "mine", "omlsa", "--entry", "mine"])
    assert refused.exit_code == cli.ERROR
    assert "the two entries are given" in refused.stderr


@pytest.fixture
def boards():
    """Two suites' boards of four entries; `c` falls from first to last, `e` is only on one."""
    noise = np.random.default_rng(0).normal(size=(4, SCENES))
    sides = []
    for name, gains in (("A", (0.0, 4.0, 8.0, 12.0)), ("B", (5.0, 9.0, 13.0, 1.0))):
        figures = {("dbac"[i], "si_sdr"): noise[i] + gain for i, gain in enumerate(gains)}
        figures |= {("e", "si_sdr"): noise[0] + 50} if name == "A" else {}
        sides.append(results(name, figures, scenes=name.lower()))
    return sides


def test_ranks_of_two_boards_are_among_the_entries_of_both(boards):
    rows = compare.compare(*boards)
    placed = {line["entry"]: (line["rank_a"], line["rank_b"]) for line in rows if line["rank_a"]}
    assert placed == {"a": (2, 1), "b": (3, 2), "c": (1, 4), "d": (4, 3)}
    assert {line["tau"] for line in rows if line["entry"] in placed} == {0.0}
    line = find(rows, entry="a")
    assert (line["tau_low"], line["tau_high"]) == (0.0, 0.0)  # gains are far apart
    assert find(rows, entry="e")["rank_a"] is None


def test_the_entries_that_one_overtakes_are_named(boards):
    """`c` falls behind all others, who keep their order; every gain is far from the next."""
    rows = {line["entry"]: line for line in compare.compare(*boards) if line["rank_a"]}
    assert {entry: line["climbs"] for entry, line in rows.items()} == {"a": 1, "b": 1, "c": -3, "d": 1}
    assert {entry: line["overtakes"] for entry, line in rows.items()} == {"a": ["c"], "b": ["c"], "c": [], "d": ["c"]}
    assert rows["c"]["overtaken_by"] == ["a", "b", "d"] and rows["a"]["overtaken_by"] == []
    assert {(line["pairs_kept"], line["pairs_reversed"]) for line in rows.values()} == {(3, 3)}


def test_controls_and_what_failed_largely_have_no_rank_and_take_none(boards):
    a, b = boards
    noise = np.random.default_rng(3).normal(size=SCENES)
    deaf = np.where(np.arange(SCENES) < 14, None, noise + 90)
    more = [results(side.name, {("clean", "si_sdr"): noise + 99, ("deaf", "si_sdr"): values}, scenes=side.name.lower())
            for side, values in ((a, deaf), (b, noise + 90))]  # fmt: skip
    sides = [
        compare.Results(x.name, pa.concat_tables([x.scores, y.scores]), x.drawn, frozenset({"clean"}))
        for x, y in zip(boards, more, strict=True)
    ]
    rows = {line["entry"]: line for line in compare.compare(*sides) if line["metric"]}
    assert [rows[entry]["rank_a"] for entry in "abcd"] == [2, 3, 1, 4]
    assert rows["clean"]["no_rank"] == compare.CONTROL and rows["deaf"]["no_rank"] == compare.LARGELY_FAILED
    assert rows["deaf"]["rank_a"] is None and rows["clean"]["difference"] is not None


def test_two_entries_have_no_order():
    sides = [results(name, {(entry, "rtf"): np.arange(SCENES) for entry in "xy"}) for name in "AB"]
    assert {line["no_rank"] for line in compare.compare(*sides)} == {compare.TOO_FEW_ENTRIES}


def test_ranks_are_from_the_lowest_where_the_metric_says_so():
    sides = [
        results(name, {(entry, "rtf"): np.full(SCENES, value) for entry, value in zip("xyz", values, strict=True)})
        for name, values in (("A", (1.0, 2.0, 3.0)), ("B", (3.0, 4.0, 9.0)))
    ]
    rows = compare.compare(*sides)
    assert [(line["rank_a"], line["rank_b"], line["tau"]) for line in rows] == [(1, 1, 1), (2, 2, 1), (3, 3, 1)]


def test_two_entries_of_one_run_have_no_ranks(boards):
    assert {line["rank_a"] for line in compare.compare_entries(boards[0], "a", "b")} == {None}


def test_the_table_shows_ranks_and_tau(boards):
    out = io.StringIO()
    show(compare.compare(*boards), names=("A", "B"), console=Console(file=out, width=200))
    text = out.getvalue()
    said = "order of 4 entries in A and B: Kendall's tau +0.00 (+0.00 to +0.00); told apart in both: 6 of "
    assert f"{said}6 pairs, 3 of them reversed; c moves most, from 1 to 4" in text
    (line,) = [line for line in text.splitlines() if "-11.00" in line]
    assert line.split()[-4:] == ["1", "4", "-3", "worse"]
