"""The tables in the terminal: what a reader must find there."""

import io
import re

import pytest
from rich.console import Console

from cocktail import tables
from cocktail.boards import leaderboard
from cocktail.errors import CocktailError
from cocktail.report import terminal

GAINS = {"unprocessed": 0.0, "clean": 60.0, "omlsa": 7.0, "twin": 7.0, "wiener": 5.0, "dead": None}
FAMILIES = {"unprocessed": "controls", "clean": "controls", "omlsa": "spectral", "wiener": "spectral"}
HARD = [-3.0, -1.0, 0.0, 1.0, 3.0, 0.5, -2.0, 2.0]


@pytest.fixture
def folder(tmp_path):
    rows = []
    for condition in ("reverb", "stationary"):
        for entry, gain in GAINS.items():
            for scene, hard in enumerate(HARD):
                row = {"condition": condition, "scene": f"s{scene}", "entry": entry, "source": 0, "card": "x"}
                failed = {"status": "failed", "reason": "method-failed: ValueError: [bold]no[/bold]"}
                value = None if gain is None else gain + hard + 0.1 * scene * (entry == "wiener")
                rows.append(row | {"metric": "si_sdr"} | (failed if gain is None else {"value": value, "status": "ok"}))
                undefined = {"metric": "pesq_wb", "status": "failed", "reason": "too-short"}
                rows.append(row | (undefined if scene == 0 else {"metric": "pesq_wb", "value": 2.0, "status": "ok"}))
    tables.write_rows(tmp_path / "shard.parquet", rows, tables.SCORES)
    leaderboard.build(
        [tmp_path / "shard.parquet"],
        references=[],
        entries=[{"entry": entry, "family": family} for entry, family in FAMILIES.items()],
        folder=tmp_path,
        seed=1,
        skips=[{"condition": "stationary", "entry": "ilrma", "reason": "needs at least 2 microphones"}],
    )
    return tmp_path


def printed(folder, width=120, styles=False, **options):
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=styles, color_system="standard" if styles else None)
    failed = terminal.show_suite(folder, console=console, **options)
    return file.getvalue(), failed


def line_of(text, entry):
    return next(line for line in text.splitlines() if re.match(rf"\s*(–|\d+( \w+)?)\s+{entry}\s", line))


def test_every_condition_has_its_table_sorted_by_rank(folder):
    text, _ = printed(folder)
    assert re.findall(r"^(reverb|stationary), ranked by si_sdr\s*$", text, re.MULTILINE) == ["reverb", "stationary"]
    table = text[text.index("stationary") :]
    places = [table.index(f" {name} ") for name in ("clean", "omlsa", "twin", "wiener", "unprocessed", "dead", "ilrma")]
    assert places == sorted(places)


def test_a_row_has_rank_family_interval_and_counts(folder):
    text, _ = printed(folder, condition="stationary")
    assert "reverb" not in text
    assert re.match(r"\s*1 a\s+omlsa\s+spectral\s+7\.06 ±\d\.\d\d\s+7\.00\s+2\.00\s+8/8", line_of(text, "omlsa"))
    assert re.match(r"\s*–\s+clean\s+controls\s+60\.06", line_of(text, "clean"))
    assert line_of(text, "dead").split()[-1] == "0/8"
    assert line_of(text, "ilrma").split()[-1] == "skipped"
    assert "Entries that share a letter" in text


def test_failures_and_skips_have_their_reasons_literally(folder):
    text, failed = printed(folder, condition="stationary")
    assert "ilrma: skipped: needs at least 2 microphones" in text
    assert "dead: failed in 8 scenes (si_sdr): method-failed: ValueError: [bold]no[/bold]" in text
    assert re.search(r"clean, dead, omlsa, twin and 2 more: failed in 1 scene \(pesq_wb\): too-short", text)
    assert failed == 2, "the entry `dead` in two conditions; a metric that is undefined is nobody's failure"


def test_the_best_ranked_entry_is_bold(folder):
    text, _ = printed(folder, styles=True, condition="reverb")
    bold = [line for line in text.splitlines() if "\x1b[1m" in line and "omlsa" in line]
    assert len(bold) == 1


def test_another_metric_may_lead(folder):
    text, _ = printed(folder, metric="pesq_wb", condition="reverb")
    header = next(line for line in text.splitlines() if "entry" in line)
    assert "reverb, ranked by pesq_wb" in text
    assert header.index("pesq_wb ↑") < header.index("si_sdr ↑")
    assert "2.00 ±0.00" in text
    assert "over those that all ranked entries finished" in text


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_rows_never_wrap(folder, width):
    text, _ = printed(folder, width=width, condition="stationary")
    assert all(len(line) <= width for line in text.splitlines())
    assert re.search(r"7\.06 ±\d\.\d\d.* 8/8", line_of(text, "omlsa"))
    assert "…" not in text


def test_columns_that_find_no_room_and_metrics_without_a_column_are_named(folder):
    text, _ = printed(folder, width=60, condition="stationary")
    assert "too narrow: si_sdr_i, pesq_wb." in " ".join(text.split())
    text, _ = printed(folder, width=120, condition="stationary")
    assert "too narrow" not in text
    text, _ = printed(folder, condition="stationary", headline=("si_sdr",))
    assert "3 further metrics. --metric NAME shows one first, --csv has all." in text


def test_a_long_name_is_whole(tmp_path):
    name = "an-entry-whose-name-is-longer-than-most-columns"
    row = {"condition": "c", "scene": "s", "entry": name, "source": 0, "card": "x", "metric": "si_sdr", "value": 1.0}
    tables.write_rows(tmp_path / "shard.parquet", [row | {"status": "ok"}], tables.SCORES)
    leaderboard.build([tmp_path / "shard.parquet"], references=[], entries=[], folder=tmp_path, seed=1)
    assert name in printed(tmp_path)[0]


def test_unknown_names_are_answered_with_the_nearest(folder):
    with pytest.raises(CocktailError, match="no condition 'stationery'; did you mean 'stationary'"):
        printed(folder, condition="stationery")
    with pytest.raises(CocktailError, match="no metric 'pesq'; did you mean 'pesq_wb'"):
        printed(folder, metric="pesq")


def test_a_board_of_detection_shows_each_attack_by_its_name(tmp_path):
    rows = []
    for entry, gap in (("lcnn", 4.0), ("gmm-lfcc", 1.0)):
        for scene in range(30):
            label = ("bonafide", "tts", "lpc")[scene % 3]
            score = (label == "bonafide") * gap + (scene * 7 % 5) / 2
            trial = {"kind": "cm", "label": label, "score": score, "enrolment": None}
            row = {"condition": "spoof-logical", "scene": f"s{scene}", "entry": entry, "card": "x", "status": "ok"}
            rows.append(row | {"metric": "eer_cm", "value": score, "trials": [trial]})
            rows.append(row | {"metric": "rtf", "value": 0.01})
    tables.write_rows(tmp_path / "shard.parquet", rows, tables.SCORES)
    leaderboard.build([tmp_path / "shard.parquet"], references=[], entries=[], folder=tmp_path, seed=1)
    text, failed = printed(tmp_path)
    header = next(line for line in text.splitlines() if "entry" in line)
    assert re.search(r"eer_cm ↓\s+rtf ↓\s+lpc ↓\s+tts ↓\s+n", header)
    assert re.search(r"^\s+eer_cm\s+eer_cm\s*$", text, re.MULTILINE)
    assert re.match(r"\s*–\s+lcnn\s+0\.0 ±6\.5\s+0\.010\s+0\.0\s+0\.0\s+30/30", line_of(text, "lcnn"))
    assert "No ranks by eer_cm: 10 independent trials of a kind, and it takes 100." in text
    assert failed == 0
    text, _ = printed(tmp_path, metric="eer_cm:tts")
    assert "spoof-logical, ranked by eer_cm:tts" in text
