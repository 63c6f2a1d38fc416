"""What the page is made of: figures, curves, sounds and pictures; and that it is whole, small and repeatable."""

import io
import json
import math
import re

import numpy as np
import pyarrow as pa
import pytest
import soundfile
from page_suite import FS, SEED, STRANGE, Suite
from PIL import Image

from cocktail import levels, tables
from cocktail.boards.leaderboard import read_board
from cocktail.report import coding
from cocktail.report.page import cells, curves, data, sounds
from cocktail.report.page.build import build
from cocktail.report.page.disagree import disagreements
from cocktail.report.page.scripts import plain, write_script

CARDS = {
    "unprocessed": {"family": "controls", "paradigm": "learning-free"},
    "a": {"family": "nmf", "paradigm": "source-model"},
    "psf": {"family": "controls", "paradigm": "oracle"},
    "irm": {"family": "controls", "paradigm": "oracle"},
}


def figure(entry, value, metric="si_sdr"):
    return {"condition": "room", "entry": entry, "metric": metric, "value": value}


def test_the_scale_runs_from_unprocessed_to_the_best_oracle():
    board = [figure("unprocessed", 2.0), figure("psf", 12.0), figure("irm", 9.0), figure("a", 7.0)]
    bound = data.bounds(board, CARDS)["room"]["si_sdr"]
    assert bound == [2.0, 12.0, "psf"]
    assert [data.scaled(value, bound) for value in (2.0, 7.0, 12.0, None)] == [0.0, 0.5, 1.0, None]


def test_the_scale_of_an_error_rate_runs_downwards():
    board = [figure("unprocessed", 60.0, "wer"), figure("psf", 10.0, "wer"), figure("irm", 20.0, "wer")]
    bound = data.bounds(board, CARDS)["room"]["wer"]
    assert bound == [60.0, 10.0, "psf"]
    assert data.scaled(35.0, bound) == 0.5


def test_an_oracle_that_returns_the_reference_or_helps_nothing_is_no_yardstick():
    exact = [figure("unprocessed", 2.0), figure("psf", 100.0), figure("irm", 9.0)]
    assert data.bounds(exact, CARDS)["room"]["si_sdr"] == [2.0, 9.0, "irm"]
    assert data.bounds([figure("unprocessed", 2.0), figure("irm", 1.0)], CARDS) == {"room": {}}
    assert data.bounds([figure("a", 2.0), figure("irm", 1.0)], CARDS) == {}


def test_the_thing_that_metrics_disagree_on_is_named():
    values = {
        "si_sdr": {"a": 1.0, "b": 2.0, "c": 3.0, "odd": 9.0},
        "wer": {"a": 30.0, "b": 20.0, "c": 10.0, "odd": 90.0},  # lower is better
        "stoi": {"a": 0.5, "b": 0.5, "c": 0.5, "odd": 0.5},  # says nothing
    }
    first = disagreements(values)[0]
    assert (first["name"], first["high"], first["low"], first["gap"]) == ("odd", "si_sdr", "wer", 1.0)
    agreed = {"si_sdr": {"a": 1.0, "b": 2.0, "c": 3.0}, "wer": {"a": 3.0, "b": 2.0, "c": 1.0}}
    assert disagreements(agreed) == []
    assert disagreements({"si_sdr": {"a": 1.0, "b": 2.0}, "wer": {"a": 1.0, "b": 2.0}}) == []


def test_a_detection_error_trade_off_passes_through_its_equal_error_rate():
    """Scores of N(0, 1) and N(2, 1): misses and false alarms lie on the line of deviates that add up to -2."""
    generator = np.random.default_rng(0)
    scores = np.r_[generator.normal(2, 1, 4000), generator.normal(0, 1, 4000)]
    trials = [
        {"kind": "cm", "label": "bonafide" if i < 4000 else "replay", "score": float(x), "enrolment": None}
        for i, x in enumerate(scores)
    ]
    rows = [{"entry": "a", "metric": "eer_cm", "status": "ok", "trials": trials}]
    curve = curves.det_curves(pa.Table.from_pylist(rows, tables.SCORES))["eer_cm"]["a"]
    miss, false_alarm = np.array(curve["miss"]), np.array(curve["false_alarm"])
    middle = (np.abs(miss) < 2) & (np.abs(false_alarm) < 2)
    assert middle.sum() > 10
    assert miss[middle] + false_alarm[middle] == pytest.approx(-2, abs=0.15)
    assert curve["n"] == [4000, 4000]


@pytest.mark.parametrize("rate", [None, *sounds.RATES])
def test_sounds_weigh_what_was_planned(rate):
    generator = np.random.default_rng(1)
    time = np.arange(3 * FS) / FS
    x = 0.2 * np.sin(2 * np.pi * 200 * time) * np.clip(np.sin(12 * time), 0, 1) + 0.005 * generator.normal(
        size=len(time)
    )
    coded = coding.encode(x, FS, "OPUS" if rate else "FLAC", rate)
    planned = 3 * 125 * (rate or sounds.LOSSLESS_KBPS)
    assert len(coded) < 1.15 * planned + 1000
    decoded, fs = soundfile.read(io.BytesIO(coded))
    assert fs == FS and len(decoded) == pytest.approx(len(x), abs=FS // 50)
    shared = min(len(x), len(decoded))
    correlation = np.corrcoef(x[:shared], decoded[:shared])[0, 1]
    assert correlation > (0.9999 if rate is None else 0.9)


def test_sounds_are_lossless_where_they_fit_and_never_more_than_fits():
    assert sounds.choose_rate(100, 250.0, FS) is None
    rates = [sounds.choose_rate(number, 2.5 * number, FS) for number in (1000, 2000, 3000, 4000, 5000)]
    assert rates == sorted(rates, key=lambda rate: -(rate or 999))
    for number, rate in zip((1000, 2000, 3000, 4000, 5000), rates, strict=True):
        kbps = rate or sounds.LOSSLESS_KBPS
        assert number * (2.5 * kbps * 125 + sounds.OVERHEAD_KB * 1e3) <= sounds.BUDGET_MB * 1e6


def test_a_spectrogram_shows_a_tone_where_it_is():
    time = np.arange(2 * FS) / FS
    tone = np.sin(2 * np.pi * 2000 * time).astype(np.float32)  # a quarter of the way up to 8 kHz
    picture = np.asarray(Image.open(io.BytesIO(coding.webp(tone, 110.0, sounds.BINS, sounds.FRAMES))).convert("L"))
    assert picture.shape[0] == sounds.BINS and picture.shape[1] <= sounds.FRAMES
    column = picture[:, picture.shape[1] // 2].astype(int)
    assert abs(np.argmax(column) - 0.75 * sounds.BINS) < 2 and column.max() > 200
    assert np.median(column) < 60


def test_noise_all_over_fits_into_the_picture_that_was_planned():
    noise = np.random.default_rng(2).normal(size=8 * FS).astype(np.float32)
    assert len(coding.webp(noise, 30.0, sounds.BINS, sounds.FRAMES)) < 2 * sounds.OVERHEAD_KB * 1e3


def test_sounds_that_are_no_numbers_are_silent():
    x = np.full(FS, np.nan, np.float32)
    decoded, _ = soundfile.read(io.BytesIO(coding.encode(x, FS, "FLAC")))
    assert not decoded.any()
    coding.webp(x, 1.0, sounds.BINS, sounds.FRAMES)


def test_scripts_hold_no_markup_and_no_nan(tmp_path):
    write_script(tmp_path / "a.js", "x", {"text": "</script>\u2028", "x": [math.nan, math.inf, 1.23456789, 2.0]})
    text = (tmp_path / "a.js").read_text()
    assert "<" not in text and text.isascii()
    name, content = json.loads(re.fullmatch(r"cocktail\.loaded\(\.\.\.(.*)\);\n", text)[1])
    assert (name, content) == ("x", {"text": "</script>\u2028", "x": [None, None, 1.23457, 2]})
    assert plain((1, None, True)) == [1, None, True]


def read(suite, path):
    return json.loads(
        (suite.folder / "report" / path).read_text().removeprefix("cocktail.loaded(...").removesuffix(");\n")
    )[1]


def test_the_page_shows_the_board_to_the_digit(suite):
    shown = read(suite, "data.js")["board"]
    rows = read_board(suite.folder / "leaderboard.csv")
    assert len(shown["value"]) == len(rows)
    for i, row in enumerate(rows):
        assert (shown["condition"][i], shown["entry"][i], shown["metric"][i]) == (
            row["condition"],
            row["entry"],
            row["metric"],
        )
        assert shown["value"][i] == (None if row["value"] is None else pytest.approx(row["value"], rel=1e-12))
        assert shown["rank"][i] == row["rank"]


def test_a_cell_holds_the_shared_scenes_and_its_own_with_every_sound(suite):
    cell = read(suite, "cells/room-1/entry-03.js")
    for kind in ("shared", "own"):
        labelled = [scene for scene in cell["scenes"] if scene[kind]]
        labels = sorted(labelled, key=lambda scene: ["worst", "median", "best"].index(scene[kind]))
        assert [scene[kind] for scene in labels] == ["worst", "median", "best"]
        if kind == "own":
            values = [np.mean([s[2] for s in scene["scores"] if s[0] == "si_sdr"]) for scene in labels]
            assert values == sorted(values)
    for scene in cell["scenes"]:
        names = [sound["name"] for sound in scene["sounds"]]
        assert names == ["mixture", "reference 1", "reference 2", "estimate 1", "estimate 2"]
        for sound in scene["sounds"]:
            for suffix in ("flac", "webp"):
                assert (suite.folder / "report" / "sounds" / f"{sound['file']}.{suffix}").is_file()
        assert {s[0] for s in scene["scores"]} >= {"si_sdr", "pesq_wb", "stoi", "wer", "rtf"}


def test_all_entries_of_a_condition_share_the_scenes_of_the_one_in_the_middle(suite):
    shown = [read(suite, f"cells/room-0/{name}.js") for name in suite.names]
    shared = [{scene["scene"]: scene["shared"] for scene in cell["scenes"] if scene["shared"]} for cell in shown]
    assert len(shared[0]) == 3 and all(scenes == shared[0] for scenes in shared)
    middle = shown[0]["middle"]
    assert middle == "entry-05", "of entries 02 to 07, which get better one by one, the better one of the middle two"
    own = read(suite, f"cells/room-0/{middle}.js")["scenes"]
    assert all(scene["shared"] == scene["own"] for scene in own)


def test_sounds_of_a_page_are_equally_loud(suite):
    scene = read(suite, "cells/room-1/entry-03.js")["scenes"][0]
    for sound in scene["sounds"]:
        x, fs = soundfile.read(suite.folder / "report" / "sounds" / f"{sound['file']}.flac")
        level_db = 10 * math.log10(levels.power(x, levels.active(x, fs)))
        assert level_db == pytest.approx(coding.LOUDNESS_DB, abs=0.1), sound["name"]
    assert not coding.matched(np.zeros(FS), FS).any()


def test_own_examples_go_without_sound_before_shared_ones_sound_bad():
    loads = [(1000 * n, 2500.0 * n) for n in (1, 2, 3, 4, 5, 6)]
    places, rate = sounds.choose(loads, FS)
    assert rate >= sounds.GOOD_RATE > (sounds.choose_rate(*loads[places], FS) or 999)
    assert sounds.choose([(10, 25.0)] * 6, FS) == (6, None)
    assert sounds.choose([(10, 25.0)] * 5 + [(1500, 4000.0)], FS) == (5, None), "lossless, but for the least example"
    assert sounds.choose([(9000, 25000.0)] * 6, FS) == (1, sounds.RATES[-1])
    assert cells.Example("s", "median", "best").place == 0
    own = [cells.Example("s", None, label).place for label in ("worst", "best", "median")]
    assert own == [3, 4, 5]


def test_scenes_of_detection_go_by_score_and_say_the_truth(suite):
    cell = read(suite, "cells/spoofs/entry-03.js")
    assert {scene["shared"] for scene in cell["scenes"]} - {None} == {"lowest score", "median score", "highest score"}
    assert all(scene["truth"] for scene in cell["scenes"])
    assert set(read(suite, "conditions/spoofs.js")["det"]["eer_cm"]) == set(suite.names)


def test_no_stranger_s_text_is_markup_in_any_page(suite):
    pages = [*(suite.folder / "report").rglob("*.html"), suite.folder / "report" / "data.js"]
    assert len(pages) == 2 + suite.entries + 1  # the overview, its data, a page an entry, and the skipped one
    for page in pages:
        assert STRANGE not in page.read_text() and "<script>window" not in page.read_text()
    assert "&lt;script&gt;window.spoilt" in (suite.folder / "report" / "methods" / "entry-03.html").read_text()


def test_a_page_made_again_is_the_same_and_drops_what_is_not_needed(suite, make_again):
    report = suite.folder / "report"
    before = {path: path.read_bytes() for path in report.rglob("*") if path.is_file()}
    times = {path: path.stat().st_mtime_ns for path in (report / "sounds").iterdir()}
    (report / "sounds" / "stale.flac").write_bytes(b"x")
    (report / "cells" / "gone").mkdir()
    (report / "cells" / "gone" / "entry.js").write_text("x")
    make_again()
    assert {path: path.read_bytes() for path in report.rglob("*") if path.is_file()} == before
    assert {path: path.stat().st_mtime_ns for path in (report / "sounds").iterdir()} == times


def test_links_of_the_pages_lead_to_files_of_the_folder(suite):
    report = suite.folder / "report"
    for page in report.rglob("*.html"):
        for target in re.findall(r'(?:href|src)="([^"#]*)', page.read_text()):
            if target and not target.startswith(("data:", "https:")):
                assert (page.parent / target).resolve().is_relative_to(report.resolve())
                assert (page.parent / target).is_file(), f"{page}: {target}"


@pytest.mark.slow
def test_eighty_entries_in_twelve_conditions_stay_below_sixty_megabytes(tmp_path, monkeypatch):
    """Each sound and picture weighs what those of speech in noise do, at the rate that was chosen: coding thousands
    adds nothing.
    """
    suite = Suite(tmp_path / "large", entries=80, conditions=12, scenes=200, seconds=2.4)
    suite.write()
    talkers, noise = suite._signals(suite.cards[0], 3)
    coded = {}

    def encode(x, fs, container, rate):
        if rate not in coded:
            coded[rate] = real(talkers[0] + noise, fs, container, rate)
        return coded[rate]

    def webp(x, *size):
        if "picture" not in coded:
            coded["picture"] = draw(talkers[0] + noise, *size)
        return coded["picture"]

    real, draw = sounds.encode, sounds.webp
    monkeypatch.setattr(sounds, "encode", encode)
    monkeypatch.setattr(sounds, "webp", webp)
    build(suite.folder, conditions=suite.cards, seed=SEED, resamples=50)
    files = [path for path in (suite.folder / "report").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 60e6
    assert len([path for path in files if path.parent.parent.name == "cells"]) == 80 * 12 + 1
