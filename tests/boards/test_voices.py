"""What enhancement does to voices: error rates before and after, by SNR, against trials counted by hand."""

import numpy as np
import pyarrow as pa
import pytest

from cocktail import tables
from cocktail.boards.leaderboard import SCENES, board
from cocktail.boards.voices import effects
from cocktail.metrics.detection import eer
from cocktail.report.page.voices import panels

N = 40
"""Scenes; every second one is bona fide, the first half is at 0 dB and the others are at 10 dB."""
LABELS = np.where(np.arange(N) % 2, "tts", "bonafide")
SPEAKERS = np.arange(N) % 5
SNR_DB = np.where(np.arange(N) < N // 2, 0.0, 10.0) + np.linspace(0, 1, N)


def row(entry, scene, metric, trials=None, **more):
    named = {"condition": "noisy", "entry": entry, "scene": f"noisy-test-{scene:05d}", "metric": metric, "card": "0"}
    return named | {"status": "ok", "value": 0.0, "trials": trials} | more


def detected(entry, scores):
    return [
        row(entry, i, "eer_cm", [{"kind": "cm", "label": str(LABELS[i]), "score": float(scores[i]), "enrolment": None}])
        for i in range(N)
    ]


def verified(entry, scores):
    """Each scene against all others; `scores` (N, N)."""
    rows = []
    for i in range(N):
        trials = [
            {"kind": "asv", "label": "target" if SPEAKERS[i] == SPEAKERS[j] else "nontarget",
             "score": float(scores[i, j]), "enrolment": f"noisy-test-{j:05d}"}
            for j in range(N) if j != i
        ]  # fmt: skip
        rows.append(row(entry, i, "eer_asv", trials))
    return rows


def drawn():
    rows = [
        {"condition": "noisy", "scene": f"noisy-test-{i:05d}", "snr_db": SNR_DB[i], "speaker": f"s{SPEAKERS[i]}"}
        for i in range(N)
    ]
    return pa.Table.from_pylist(rows, SCENES)


def found(rows, resamples=200):
    made = effects(
        pa.Table.from_pylist(rows, tables.SCORES), drawn(), conditions=["noisy"], seed=3, resamples=resamples
    )
    return {(each["metric"], each["entry"], each["stratum"]): each for each in made}


def test_the_change_is_against_the_unprocessed_speech_on_the_same_scenes():
    generator = np.random.default_rng(0)
    good = 2.0 * (LABELS == "bonafide") + generator.standard_normal(N)
    bad = generator.standard_normal(N)
    of = found([*detected("unprocessed", good), *detected("blur", bad), *detected("same", good)])
    rates = {name: 100 * eer(scores, LABELS == "bonafide") for name, scores in (("good", good), ("bad", bad))}
    after = of["eer_cm", "blur", "all"]
    assert after["value"] == pytest.approx(rates["bad"], abs=1e-6)
    assert after["change"] == pytest.approx(rates["bad"] - rates["good"], abs=1e-6)
    assert 0 < after["change_low"] < after["change"] < after["change_high"]
    assert after["n"] == N // 2
    same = of["eer_cm", "same", "all"]
    assert (same["change"], same["change_low"], same["change_high"]) == (0.0, 0.0, 0.0)
    assert of["eer_cm", "unprocessed", "all"]["change"] is None


def test_a_range_of_snr_has_the_trials_that_are_tested_in_it_whatever_they_are_enrolled_with():
    scores = np.random.default_rng(1).standard_normal((N, N)) + 1.5 * (SPEAKERS[:, None] == SPEAKERS)
    of = found(verified("unprocessed", scores))
    names = [stratum for _, _, stratum in of if stratum != "all"]
    assert len(names) == 2
    off = ~np.eye(N, dtype=bool)
    for name, tested in zip(names, (SNR_DB < 5, SNR_DB > 5), strict=True):
        chosen = off & tested[:, None]
        rate = 100 * eer(scores[chosen], (SPEAKERS[:, None] == SPEAKERS)[chosen])
        assert of["eer_asv", "unprocessed", name]["value"] == pytest.approx(rate, abs=1e-6)
        assert of["eer_asv", "unprocessed", name]["n"] == N // 2


def test_what_failed_somewhere_is_compared_where_both_finished():
    generator = np.random.default_rng(2)
    before, after = generator.standard_normal((2, N)) + 1.0 * (LABELS == "bonafide")
    lost = np.arange(N) >= 32
    rows = detected("unprocessed", before)
    rows += [
        each | {"status": "failed", "value": None, "trials": None, "reason": "method-failed: no"} if lost[i] else each
        for i, each in enumerate(detected("brittle", after))
    ]
    one = found(rows)["eer_cm", "brittle", "all"]
    kept = [100 * eer(scores[~lost], (LABELS == "bonafide")[~lost]) for scores in (before, after)]
    assert one["change"] == pytest.approx(kept[1] - kept[0], abs=1e-6)


def test_rejections_are_counts_over_scenes():
    rows = [
        row(entry, i, "cm_rejection", errors=int(i % 10 < share), total=1, value=0.0)
        for entry, share in (("unprocessed", 1), ("harsh", 6))
        for i in range(N)
    ]
    of = found(rows)["cm_rejection", "harsh", "all"]
    assert (of["value"], of["change"], of["n"]) == (60.0, 50.0, N)
    assert 20 < of["change_low"] < 50 < of["change_high"] < 80


def test_without_unprocessed_speech_there_is_no_before_and_other_tasks_enhance_nothing():
    assert found(verified("xvector", np.zeros((N, N)))) == {}
    rows = pa.Table.from_pylist(detected("unprocessed", np.zeros(N)), tables.SCORES)
    assert effects(rows, drawn(), conditions=["other"], seed=3) == []


def test_a_line_says_better_or_worse_only_where_the_interval_leaves_0_out():
    generator = np.random.default_rng(0)
    good = 3.0 * (LABELS == "bonafide") + generator.standard_normal(N)
    rows = [*detected("unprocessed", good), *detected("blur", generator.standard_normal(N)), *detected("same", good)]
    made = effects(pa.Table.from_pylist(rows, tables.SCORES), drawn(), conditions=["noisy"], seed=3, resamples=200)
    (panel,) = panels(made, {"blur": {"family": "spectral"}})
    lines = {line["entry"]: line for line in panel["lines"]}
    assert [line["entry"] for line in panel["lines"]] == ["unprocessed", "same", "blur"]
    assert [line["groups"][0]["verdict"] for line in panel["lines"]] == ["", "", "worse"]
    assert lines["blur"]["groups"][0]["change"].startswith("+") and lines["blur"]["family"] == "spectral"
    assert lines["unprocessed"]["before"] and lines["unprocessed"]["groups"][0]["change"] == ""
    assert panel["strata"][0] == "all" and len(panel["strata"]) == 3
    assert [(group["title"], group["n"][0]) for group in panel["groups"]] == [("as trained", N // 2)]


def test_every_detector_has_its_tables_and_one_that_went_on_learning_stands_beside_itself():
    generator = np.random.default_rng(0)
    spread = generator.standard_normal(N)
    bona_fide = LABELS == "bonafide"
    rows = [
        each | {"metric": metric}
        for entry, metric, distance in [
            ("unprocessed", "eer_cm", 3), ("blur", "eer_cm", 0), ("same", "eer_cm", 3),
            ("unprocessed", "eer_cm.grcnn", 4), ("blur", "eer_cm.grcnn", 1), ("same", "eer_cm.grcnn", 4),
            ("unprocessed", "eer_cm.lcnn-retrained", 5), ("blur", "eer_cm.lcnn-retrained", 4.5),
        ]
        for each in detected(entry, distance * bona_fide + spread)
    ]  # fmt: skip
    scores = pa.Table.from_pylist(rows, tables.SCORES)
    made = effects(scores, drawn(), conditions=["noisy"], seed=3, resamples=200)
    first, second = panels(made, {}, "lcnn")
    assert (first["title"], second["title"]) == ("Spoofing detection by lcnn", "Spoofing detection by grcnn")
    assert [group["title"] for group in first["groups"]] == ["as trained", "retrained on what the entry makes"]
    assert len(second["groups"]) == 1
    lines = {line["entry"]: line["groups"] for line in first["lines"]}
    assert lines["same"][1] is None
    rates = [100 * eer(x * bona_fide + spread, bona_fide) for x in (5, 4.5)]
    assert lines["blur"][1]["cells"][0][0] == f"{rates[1]:.1f}"
    assert lines["blur"][1]["change"] == f"{rates[1] - rates[0]:+.1f}", "against the same retraining"
    assert lines["blur"][0]["verdict"] == "worse" and lines["blur"][1]["verdict"] == ""


def test_a_detector_that_fails_leaves_those_that_went_on_learning():
    scores = np.random.default_rng(0).standard_normal(N)
    lost = {"status": "failed", "value": None, "trials": None, "reason": "scorer-failed: no"}
    rows = [each | lost for each in detected("unprocessed", scores)]
    rows += [each | lost | {"metric": "eer_cm.grcnn"} for each in detected("unprocessed", scores)]
    rows += [each | {"metric": "eer_cm.lcnn-retrained"} for each in detected("unprocessed", scores)]
    made = effects(pa.Table.from_pylist(rows, tables.SCORES), drawn(), conditions=["noisy"], seed=3, resamples=200)
    (panel,) = panels(made, {}, "lcnn")
    assert panel["title"] == "Spoofing detection by lcnn"
    assert [group is None for line in panel["lines"] for group in line["groups"]] == [True, False]


def test_figures_of_all_scenes_and_their_intervals_are_those_of_the_board():
    generator = np.random.default_rng(4)
    bona_fide, spread = LABELS == "bonafide", generator.standard_normal(N)
    rows = [*detected("unprocessed", 2.0 * bona_fide + spread), *detected("contrary", spread - bona_fide)]
    rows += verified("unprocessed", generator.standard_normal((N, N)) + 1.5 * (SPEAKERS[:, None] == SPEAKERS))
    scores = pa.Table.from_pylist(rows, tables.SCORES)
    speakers = {row["scene"]: row["speaker"] for row in drawn().to_pylist()}
    ends = ("value", "ci_low", "ci_high")
    of = found(rows)
    ranked = [row for row in board(scores, seed=3, speakers=speakers, resamples=200) if row["value"] is not None]
    assert {row["metric"] for row in ranked} == {"eer_cm", "eer_asv"}
    assert max(row["value"] for row in ranked) > 50, "where an interval is that of the resamples"
    for row in ranked:
        assert [of[row["metric"], row["entry"], "all"][name] for name in ends] == [row[name] for name in ends]
