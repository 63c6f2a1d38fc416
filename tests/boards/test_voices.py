"""What enhancement does to voices: error rates before and after, by SNR, against trials counted by hand."""

import numpy as np
import pyarrow as pa
import pytest

from cocktail import tables
from cocktail.boards.leaderboard import SCENES
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
    assert [line["verdict"] for line in panel["lines"]] == ["", "", "worse"]
    assert lines["blur"]["change"].startswith("+") and lines["blur"]["family"] == "spectral"
    assert lines["unprocessed"]["before"] and lines["unprocessed"]["change"] == ""
    assert panel["strata"][0] == "all" and len(panel["strata"]) == 3 and panel["n"][0] == N // 2
