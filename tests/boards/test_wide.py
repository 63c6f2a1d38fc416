"""Intervals over kinds of noise and speakers: scores whose truth is known, on boards, in comparisons and by command."""

import io
import json
import re

import numpy as np
import pyarrow as pa
import pytest
import scipy.stats
from click.testing import CliRunner
from rich.console import Console

from cocktail import cli, tables
from cocktail.boards import compare, leaderboard, verdicts, wide
from cocktail.boards.claims import Comparison, Step
from cocktail.report import compare as report

SCENES = 40
GAINS = np.array([0.2, 4.0, 1.0, 3.0, 2.0])


def names(condition):
    return [f"{condition}-{i:02d}" for i in range(SCENES)]


def table(figures, condition="stationary", metric="si_sdr"):
    """Scores of {entry: values of each scene, or pairs of errors and words}."""
    rows = []
    for entry, values in figures.items():
        for name, value in zip(names(condition), values, strict=True):
            rate = {"errors": int(value[0]), "total": int(value[1])} if isinstance(value, tuple) else {}
            value = 0.0 if rate else float(value)
            row = {"condition": condition, "scene": name, "entry": entry, "source": 0, "metric": metric, "card": "0"}
            rows.append(row | {"value": value, "status": "ok"} | rate)
    return pa.Table.from_pylist(rows, schema=tables.SCORES)


def drawn(n_noises=5, n_speakers=8, condition="stationary"):
    """Every kind of noise with every speaker where there are five and eight."""
    return [
        {"condition": condition, "scene": name, "noise": f"noise {i % 5 % n_noises}" if n_noises else None,
         "speaker": f"voice {i // 5 % n_speakers}"}
        for i, name in enumerate(names(condition))
    ]  # fmt: skip


def board_and_wide(scores, scenes, resamples=1000):
    speakers = {row["scene"]: row["speaker"] for row in scenes}
    rows = leaderboard.board(scores, seed=1, speakers=speakers, resamples=resamples)
    boards = wide.Boards(scores, scenes, seed=1, resamples=resamples)
    return rows, boards.of("stationary", rows[0]["metric"], rows)


def width(row, name="wide"):
    return row[f"{name}_high"] - row[f"{name}_low"]


def test_forty_scenes_of_five_noises_are_five_witnesses():
    """Where figures depend on the noise alone, the interval is Student's of the means of each noise."""
    ((row,), found) = board_and_wide(table({"good": np.tile(GAINS, 8)}), drawn(), resamples=4000)
    half = scipy.stats.t.ppf(0.975, 4) * GAINS.std(ddof=1) / np.sqrt(5)
    mean = GAINS.mean()
    ends = [found["good"]["wide_low"], found["good"]["wide_high"]]
    assert ends == pytest.approx([mean - half, mean + half], abs=0.15)
    assert width(row, "ci") < half
    assert (found["good"]["n_noises"], found["good"]["n_speakers"]) == (5, 8)


def test_the_wide_interval_covers_the_truth_of_other_noises():
    """The interval over scenes is about these five and covers the mean over all noises far less often."""
    generator, wider, plain = np.random.default_rng(3), 0, 0
    for _ in range(100):
        values = np.tile(generator.normal(0, 1.5, 5), 8) + generator.normal(0, 0.5, SCENES)
        ((row,), found) = board_and_wide(table({"x": values}), drawn(), resamples=200)
        wider += found["x"]["wide_low"] <= 0 <= found["x"]["wide_high"]
        plain += row["ci_low"] <= 0 <= row["ci_high"]
    assert wider >= 90
    assert plain < 70


@pytest.mark.parametrize(("n_noises", "n_speakers", "most"), [(5, 1, 1.6), (1, 8, 1.4), (5, 8, 2.8)])
def test_where_kinds_do_not_differ_it_is_about_as_narrow(n_noises, n_speakers, most):
    """Student's t of 4 over that of 39 is 1.37, of 7 it is 1.17; crossing both costs up to the root of 3 besides."""
    generator, scenes = np.random.default_rng(4), drawn(n_noises, n_speakers)
    widths = []
    for _ in range(20):
        ((row,), found) = board_and_wide(table({"x": generator.normal(size=SCENES)}), scenes, resamples=400)
        widths.append(width(found["x"]) / width(row, "ci"))
    assert 1 <= np.mean(widths) < most


def test_it_is_never_narrower_than_the_exact_interval_of_a_rate():
    """No word error in any scene: no resample shows one, of whatever noise."""
    ((row,), found) = board_and_wide(table({"x": [(0, 6)] * SCENES}, metric="wer"), drawn())
    assert row["ci_high"] > 1
    assert (found["x"]["wide_low"], found["x"]["wide_high"]) == (0, row["ci_high"])
    errors = [(3 * (i % 5 == 0), 6) for i in range(SCENES)]
    (_, found) = board_and_wide(table({"x": errors}, metric="wer"), drawn())
    assert found["x"]["wide_low"] == 0, "no rate is below 0"


@pytest.mark.parametrize(
    ("n_noises", "n_speakers", "why"),
    [
        (2, 8, "2 kinds of noise and 8 speakers, and it takes 3 of each that varies"),
        (5, 2, "5 kinds of noise and 2 speakers, and it takes 3 of each that varies"),
        (1, 1, "1 kind of noise and 1 speaker, and it takes 3 of each that varies"),
        (0, 2, "2 speakers, and it takes 3 of each that varies"),
        (0, 8, None),
        (3, 3, None),
        (3, 1, None),
    ],
)
def test_few_kinds_of_noise_or_speakers_have_none_and_say_why(n_noises, n_speakers, why):
    (_, found) = board_and_wide(table({"x": np.arange(SCENES)}), drawn(n_noises, n_speakers))
    assert (found["x"]["wide_low"] is None) == (why is not None)
    assert why is None or wide.lacking(found["x"]) == why


def test_an_entry_is_judged_by_the_noises_that_it_finished():
    figures = {"all": np.tile(GAINS, 8), "some": np.tile(GAINS, 8)}
    scores = table(figures).to_pylist()
    for row in scores:
        if row["entry"] == "some" and int(row["scene"][-2:]) % 5 > 1:
            row |= {"value": None, "status": "failed", "reason": "silent-estimate"}
    (_, found) = board_and_wide(pa.Table.from_pylist(scores, schema=tables.SCORES), drawn())
    assert (found["all"]["n_noises"], found["some"]["n_noises"]) == (5, 2)
    assert found["all"]["wide_low"] is not None
    assert found["some"]["wide_low"] is None


def results(figures, scenes, name="run"):
    return compare.Results(name, table(figures), {row["scene"]: row for row in scenes})


def two_entries():
    hard = 10 * np.random.default_rng(5).normal(size=SCENES)
    return {"fair": hard, "good": hard + np.tile(GAINS, 8)}


def test_a_comparison_has_the_interval_of_the_claim_that_says_the_same():
    (line,) = compare.compare_entries(results(two_entries(), drawn()), "fair", "good", wider=True)
    good, fair = (Step(entries=(name,), family=None, conditions=("stationary",)) for name in ("good", "fair"))
    claim = Comparison(
        claim="c", text="t", better=good, worse=fair, metrics=("si_sdr",), later=frozenset()
    )  # fmt: skip
    known = {f"{name}s": {row["scene"]: row[name] for row in drawn()} for name in ("noise", "speaker")}
    (verdict,) = verdicts.judge([claim], table(two_entries()), seed=0, **known)
    assert {name: line[name] for name in wide.COLUMNS} == {name: verdict[name] for name in wide.COLUMNS}
    assert width(line) > 2 * width(line, "ci")
    assert line["verdict"] == compare.BETTER, "by the scenes of these noises"
    (other,) = compare.compare_entries(results(two_entries(), drawn()), "good", "fair", wider=True)
    assert (other["wide_low"], other["wide_high"]) == pytest.approx((-line["wide_high"], -line["wide_low"]))
    (short,) = compare.compare_entries(results(two_entries(), drawn()), "fair", "good")
    assert tuple(short) == compare.COLUMNS


def test_noises_of_two_results_are_drawn_together():
    """Other scenes with the same noises: what a noise adds to both sides cancels in the difference."""
    a = results({"x": 10 * np.tile(GAINS, 8)}, drawn(), "a")
    shifted = [row | {"snr_db": 1.0} for row in drawn()]
    b = results({"x": 10 * np.tile(GAINS, 8) + 1}, shifted, "b")
    (line,) = compare.compare(a, b, wider=True)
    assert line["paired"] is False
    assert (line["wide_low"], line["wide_high"]) == pytest.approx((1, 1))
    assert (line["n_noises"], line["n_speakers"]) == (5, 8)


def printed(rows, **options):
    out = io.StringIO()
    report.show(rows, console=Console(file=out, width=140), **options)
    return " ".join(out.getvalue().split())


def test_the_table_of_a_comparison_shows_both_or_says_why_not():
    options = {"names": ("fair", "good"), "of_entries": True}
    run = results(two_entries(), drawn())
    text = printed(compare.compare_entries(run, "fair", "good", wider=True), **options)
    assert re.search(r"\+2\.04 \+1\.\d\d to \+2\.\d\d [-+]\d\.\d\d to \+\d\.\d\d 40 better", text)
    assert text.endswith(report.WIDE)
    few = results(two_entries(), drawn(2))
    text = printed(compare.compare_entries(few, "fair", "good", wider=True), **options)
    assert "stationary: no interval over noises and speakers: 2 kinds of noise and 8 speakers, and it takes 3" in text
    text = printed(compare.compare_entries(run, "fair", "good"), **options)
    assert "noises" not in text


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """Boards of a suite `quick`: two conditions, of which `tablet` has two kinds of noise alone."""
    monkeypatch.chdir(tmp_path)
    folder, scenes = tmp_path / "results" / "quick", []
    for condition, n_noises in {"stationary": 5, "tablet": 2}.items():
        tables.write_table(tmp_path / f"{condition}.parquet", table(two_entries(), condition))
        scenes += drawn(n_noises, condition=condition)
    cards = [{"entry": entry, "family": "spectral"} for entry in two_entries()]
    paths = [tmp_path / f"{condition}.parquet" for condition in ("stationary", "tablet")]
    leaderboard.build(paths, references=[], entries=cards, folder=folder, seed=1)
    tables.write_rows(folder / "scenes.parquet", scenes, leaderboard.SCENES)
    return folder


def call(*arguments):
    return CliRunner().invoke(cli.main, arguments)


def test_a_board_under_wide_says_in_its_last_line_what_each_interval_is_about(suite):
    done = call("leaderboard", "quick", "--wide")
    assert done.exit_code == 0, done.output
    first, second = (" ".join(part.split()) for part in done.stdout.split("tablet, ranked by"))
    assert re.search(r"good spectral -?\d\.\d\d ±\d\.\d\d ±\d\.\d\d – 40/40", first)
    assert first.endswith(
        "wide: half of a 95 % interval that is about other kinds of noise and speakers, too, from 5 kinds of noise "
        "and 8 speakers. The ± beside a figure, ranks and letters hold for these alone."
    )
    assert "wide" not in second
    assert second.endswith(
        "No interval over noises and speakers: 2 kinds of noise and 8 speakers, and it takes 3 of each that varies."
    )
    plain = call("leaderboard", "quick").stdout
    assert "wide" not in plain
    assert "over noises" not in plain


@pytest.mark.parametrize("option", [["--by", "noise"], ["--csv"], ["--page"]])
def test_wide_is_refused_where_nothing_would_show_it(suite, option):
    done = call("leaderboard", "quick", "--wide", *option)
    assert done.exit_code == cli.ERROR
    assert "leave out --by, --csv and --page" in done.stderr


def test_compare_by_command(suite):
    done = call("compare", str(suite), "fair", "good", "--wide", "--condition", "stationary", "--json")
    assert done.exit_code == 0, done.output
    (line,) = [line for line in json.loads(done.stdout) if line["metric"] == "si_sdr"]
    assert line["wide_low"] < line["ci_low"] < line["ci_high"] < line["wide_high"]
    assert call("compare", str(suite), "fair", "good", "--wide").stdout.split()[-2:] == ["others,", "too."]
