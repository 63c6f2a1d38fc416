"""Scores by what was drawn for the scenes, on hand-made scores."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from cocktail import tables
from cocktail.boards import leaderboard, strata
from cocktail.boards.scores import collect
from cocktail.errors import CocktailError
from cocktail.report.strata import show

SNRS = 4 * [-5.0, -4.0, -0.1, 0.0, 3.0, 5.0, 9.9, 7.0]
KINDS = 4 * ["babble", "street"] * 4
WORDS = 4 * [2, 4, 6, 8, 2, 4, 6, 8]


@pytest.fixture
def written(tmp_path):
    """Two entries in `stationary`; four scenes of `late` failed. The other condition has no SNR."""
    rows = []
    for i, (snr, words) in enumerate(zip(SNRS, WORDS, strict=True)):
        for entry, gain in {"good": 5, "late": 1}.items():
            row = {"condition": "stationary", "scene": f"s{i}", "entry": entry, "source": 0, "status": "ok"}
            failed = {"status": "failed", "value": None} if entry == "late" and snr == 7 else {"value": snr + gain}
            rows.append(row | {"metric": "si_sdr"} | failed)
            rows.append(row | {"metric": "wer", "value": 100 / words, "errors": 1, "total": words})
    rows.append({**rows[0], "condition": "two-talkers", "scene": "t0"})
    tables.write_rows(tmp_path / "shard.parquet", rows, tables.SCORES)
    scenes = [
        {"condition": "stationary", "scene": f"s{i}", "snr_db": snr, "noise": kind}
        for i, (snr, kind) in enumerate(zip(SNRS, KINDS, strict=True))
    ]
    scenes.append({"condition": "two-talkers", "scene": "t0"})
    scores = collect([tmp_path / "shard.parquet"], tmp_path / "scores.parquet")
    return scores, pa.Table.from_pylist(scenes, schema=leaderboard.SCENES)


def values(written, **options):
    rows = strata.by_stratum(*written, seed=1, resamples=100, **options)
    return {(row["entry"], row["stratum"]): row for row in rows}


def test_means_are_those_of_the_scenes_of_a_stratum(written):
    found = values(written, metric="si_sdr", by="snr_db")
    assert [name for entry, name in found if entry == "good"] == ["-5 to 0", "0 to 5", "5 to 10"]
    assert found["good", "-5 to 0"]["value"] == pytest.approx(np.mean(SNRS[:3]) + 5)
    assert found["good", "0 to 5"]["value"] == pytest.approx(6.5)
    assert found["late", "5 to 10"]["value"] == pytest.approx(np.mean([5.0, 9.9]) + 1)
    assert (found["late", "5 to 10"]["n_ok"], found["late", "5 to 10"]["n_total"]) == (8, 12)


def test_a_stratum_of_few_scenes_has_no_interval(written):
    """Means of resamples of few scenes do not reach far enough out."""
    found = values(written, metric="si_sdr", by="snr_db")
    assert (found["good", "0 to 5"]["n_ok"], found["late", "-5 to 0"]["n_ok"]) == (8, 12)
    assert all(row["ci_low"] < row["value"] < row["ci_high"] for row in found.values())
    kept = [i for i, snr in enumerate(SNRS) if snr != 3.0 or i < 8]
    scenes = [f"s{i}" for i in kept]
    few = [table.filter(pc.is_in(table["scene"], pa.array(scenes))) for table in written]
    found = values(few, metric="si_sdr", by="snr_db")
    assert found["good", "0 to 5"]["n_ok"] == 5
    assert [found["good", "0 to 5"][key] for key in ("ci_low", "ci_high")] == [None, None]


@pytest.mark.parametrize(("scenes", "most"), [(2, 2), (11, 3), (20, 3), (200, 5)])
def test_there_are_ranges_for_the_scenes_that_there_are(scenes, most):
    assert 2 <= len(strata.split(np.linspace(0, 9.9, scenes))) <= most


def test_rates_are_pooled(written):
    found = values(written, metric="wer", by="noise")
    assert found["good", "babble"]["value"] == pytest.approx(100 * 4 / 16)
    assert found["good", "street"]["value"] == pytest.approx(100 * 4 / 24)


def test_trials_are_pooled_within_a_stratum(tmp_path):
    """In babble the detector is right, in street noise it takes each for the other."""
    rows, scenes = [], []
    for i in range(16):
        kind, bonafide = KINDS[i % 8], i % 4 < 2
        score = float(bonafide == (kind == "babble"))
        trial = {"kind": "cm", "label": "bonafide" if bonafide else "tts", "score": score}
        row = {"condition": "spoof-noise", "scene": f"s{i}", "entry": "omlsa", "metric": "eer_cm", "status": "ok"}
        rows.append(row | {"trials": [trial], "value": score, "card": "0"})
        scenes.append({"condition": "spoof-noise", "scene": f"s{i}", "noise": kind})
    tables.write_rows(tmp_path / "shard.parquet", rows, tables.SCORES)
    scores = collect([tmp_path / "shard.parquet"], tmp_path / "scores.parquet")
    found = values((scores, pa.Table.from_pylist(scenes, schema=leaderboard.SCENES)), metric="eer_cm", by="noise")
    assert {stratum: row["value"] for (_, stratum), row in found.items()} == {"babble": 0.0, "street": 100.0}


def test_all_strata_together_are_the_board(written):
    board = {
        (row["condition"], row["entry"], row["metric"]): row
        for row in leaderboard.board(written[0], seed=1, resamples=100)
    }
    found = values(written, metric="si_sdr", by="snr_db").values()
    total = sum(row["value"] * row["n_ok"] for row in found if row["entry"] == "good")
    assert total / len(SNRS) == pytest.approx(board["stationary", "good", "si_sdr"]["value"])


def test_what_cannot_be_shown_is_said(written):
    with pytest.raises(CocktailError, match="no stratum 'snr'; did you mean 'snr_db'"):
        values(written, metric="si_sdr", by="snr")
    with pytest.raises(CocktailError, match="no scene in 'two-talkers' has both a 'snr_db' and a score of 'wer'"):
        values(written, metric="wer", by="snr_db", condition="two-talkers")


def test_the_table(written):
    file = io.StringIO()
    rows = strata.by_stratum(*written, metric="si_sdr", by="snr_db", seed=1, resamples=100)
    show(rows, metric="si_sdr", by="snr_db", console=Console(file=file, width=120))
    lines = file.getvalue().splitlines()
    assert lines[0].strip() == "stationary: si_sdr ↑ by snr_db"
    assert [part.strip() for part in lines[1].split("  ") if part.strip()] == [
        "entry", "-5 to 0 (12)", "0 to 5 (8)", "5 to 10 (12)",
    ]  # fmt: skip
    assert [line.split()[0] for line in lines[2:4]] == ["good", "late"]
    assert "8/12" in lines[3]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=1, max_size=20))
def test_every_scene_is_in_one_stratum(numbers):
    masks = np.array(list(strata.split(numbers).values()))
    assert (masks.sum(axis=0) == 1).all()
    assert len(masks) <= 2 * strata.RANGES
