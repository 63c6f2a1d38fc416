"""Shards that the suite's trained models score: verification and detection of estimates."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from records import record

from cocktail import tables
from cocktail.boards import leaderboard
from cocktail.boards.scores import collect, with_verification
from cocktail.metrics.catalogue import METRICS
from cocktail.metrics.detection import eer
from cocktail.metrics.trials import Trials
from cocktail.rng import rng
from cocktail.scoring.normalisation import as_norm
from cocktail.scoring.shard import score_shard
from cocktail.scoring.trials import unit

FS = 16000


SPEAKER = '''"""Says who speaks by the strength of two tones. Deviations: none."""
from dataclasses import dataclass
import numpy as np
from cocktail.method import LearnedMethod


@dataclass(frozen=True)
class Tones(LearnedMethod):
    """Tones."""
    task = "verify"

    def load(self, folder):
        return float((folder / "gain.txt").read_text())

    def __call__(self, mixture, view):
        x = mixture[0] / np.abs(mixture).max()
        return view.model * np.abs(np.fft.rfft(x))[[200, 400, 800]]
'''
COHORT = """

class Gain(float):
    cohort = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.6, 0.8]])
"""
DETECTOR = '''"""Takes loud for bona fide. Deviations: none."""
from dataclasses import dataclass
from types import SimpleNamespace
import numpy as np
from cocktail.method import LearnedMethod


@dataclass(frozen=True)
class Loud(LearnedMethod):
    """Loudness."""
    task = "detect"

    def load(self, folder):
        return SimpleNamespace(threshold=0.1)

    def __call__(self, mixture, view):
        return float(np.sqrt(np.mean(mixture**2)))
'''


@pytest.fixture
def scorers(tmp_path):
    """Specifications of a verifier and a detector with their models."""
    found = {}
    for role, name, code in (("speaker", "tones", SPEAKER), ("spoofing", "loud", DETECTOR)):
        (tmp_path / f"{name}.py").write_text(code)
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        card = {"entry": name, "suite": "s", "fs": FS, "parameters": {}, "error": None}
        (folder / "model.json").write_text(json.dumps(card))
        (folder / "gain.txt").write_text("2.0")
        spec = {"name": name, "plugin": name, "path": str(tmp_path / f"{name}.py"), "parameters": {}}
        found[role] = {"spec": spec, "model": str(folder), "suite": "s"}
    return found


def tone(hz, level=0.3):
    return level * np.sin(2 * np.pi * hz * np.arange(FS) / FS) + 1e-3 * rng(int(hz), role="noise").standard_normal(FS)


def scored(folder, scenes, task, metrics, scorers, made):
    """Rows of a condition of one shard, of scenes [(speaker, label, (N,) reference)]; `made`: columns of ESTIMATES."""
    mixtures, references, estimates = [], [], []
    for index, ((speaker, label, x), columns) in enumerate(zip(scenes, made, strict=True)):
        name = f"s{index}"
        said = record(task, [speaker], utterances=[f"u{index}"], label=label)
        cell = tables.pack(x, FS, name)
        mixtures.append({"scene": name, "fs": FS, "n_sources": 1, "mixture": cell})
        references.append({"scene": name, "record": said, "reference": "image", "label": label, "images": [cell]})
        estimates.append({"scene": name, "status": "ok", "seconds": 0.1, "duration": 1.0} | columns)
    paths = {name: folder / f"{name}.parquet" for name in ("mixtures", "references", "estimates")}
    tables.write_rows(paths["mixtures"], mixtures, tables.MIXTURES)
    tables.write_rows(paths["references"], references, tables.REFERENCES)
    tables.write_rows(paths["estimates"], estimates, tables.ESTIMATES)
    out = folder / "scores.parquet"
    score_shard(**paths, out=out, condition="c", entry="e", metrics=metrics, recogniser=None, scorers=scorers)
    return with_verification(tables.read_table(out)).to_pylist()


VOICES = [("low", tone(200)), ("high", tone(400)), ("low", tone(201)), ("high", tone(401))]


def signal(x):
    return {"estimate": [tables.pack(x, FS, "x")]}


def test_estimates_are_verified_and_rejected_by_the_suite_s_scorers(tmp_path, scorers):
    scenes = [(speaker, None, x) for speaker, x in VOICES]
    made = [signal(x) for _, x in VOICES]
    made[2], made[3] = signal(0.1 * VOICES[2][1]), {"status": "failed", "reason": "ValueError: no"}
    metrics = ["si_sdr", "eer_asv", "eer_cm", "cm_rejection", "rtf"]
    rows = scored(tmp_path, scenes, "enhance", metrics, scorers, made)
    found = {(row["scene"], row["metric"]): row for row in rows}
    assert {metric for _, metric in found} == {"si_sdr", "eer_asv", "cm_rejection", "rtf"}, "no attacks, no eer_cm"
    labels = {t["enrolment"]: t["label"] for t in found["s0", "eer_asv"]["trials"]}
    assert labels == {"s1": "nontarget", "s2": "target", "s3": "nontarget"}
    assert found["s0", "eer_asv"]["value"] == found["s0", "eer_asv"]["trials"][0]["score"]
    rejected = [(found[f"s{i}", "cm_rejection"]["errors"], found[f"s{i}", "cm_rejection"]["total"]) for i in range(3)]
    assert rejected == [(0, 1), (0, 1), (1, 1)]
    assert found["s3", "cm_rejection"]["reason"] == found["s3", "eer_asv"]["reason"] == "method-failed: ValueError: no"
    value = METRICS["eer_asv"].compute(
        Trials(*(np.array([t[key] for i in range(3) for t in found[f"s{i}", "eer_asv"]["trials"]])
                 for key in ("kind", "label", "score")))
    )  # fmt: skip
    assert value < 34, "tones tell the two speakers apart"


def test_scores_are_normalised_by_the_cohort_that_the_verifier_keeps(tmp_path, scorers):
    scenes, made = [(speaker, None, x) for speaker, x in VOICES], [signal(x) for _, x in VOICES]
    rows = scored(tmp_path, scenes, "enhance", ["eer_asv", "eer_asv_norm"], scorers, made)
    reasons = {row["reason"] for row in rows if row["metric"] == "eer_asv_norm"}
    assert reasons == {"scorer-failed: tones: AttributeError: 'float' object has no attribute 'cohort'"}
    plugin = Path(scorers["speaker"]["spec"]["path"])
    plugin.write_text(SPEAKER.replace("return float(", "return Gain(") + COHORT)
    rows = scored(tmp_path, scenes, "enhance", ["eer_asv", "eer_asv_norm"], scorers, made)
    found = {(row["scene"], row["metric"]): row["trials"] for row in rows}
    voices = [unit(np.abs(np.fft.rfft(x))[[200, 400, 800]]) for _, x in VOICES]
    cohort = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.6, 0.8]])
    assert len(found["s0", "eer_asv_norm"]) == 3
    for trial in found["s0", "eer_asv_norm"]:
        enrolled = voices[int(trial["enrolment"][1:])]
        wanted = as_norm(float(voices[0] @ enrolled), cohort @ voices[0], cohort @ enrolled, 20)
        assert trial["score"] == pytest.approx(wanted, abs=0.02)


def test_the_scorer_s_model_is_part_of_what_a_number_means(tmp_path, scorers):
    scenes, made = [(speaker, None, x) for speaker, x in VOICES], [signal(x) for _, x in VOICES]
    cards = []
    for gain in ("2.0", "2.0", "3.0"):
        (tmp_path / "models" / "tones" / "gain.txt").write_text(gain)
        (tmp_path / "models" / "tones" / "history.csv").write_text(f"{len(cards)}")
        rows = scored(tmp_path, scenes, "enhance", ["si_sdr", "eer_asv"], scorers, made)
        cards.append({row["metric"]: row["card"] for row in rows})
    assert cards[0] == cards[1] and cards[0]["si_sdr"] == cards[2]["si_sdr"] == METRICS["si_sdr"].digest
    assert cards[0]["eer_asv"] != cards[2]["eer_asv"]


def test_a_scorer_that_cannot_be_used_costs_its_rows_alone(tmp_path, scorers):
    scenes, made = [(speaker, None, x) for speaker, x in VOICES], [signal(x) for _, x in VOICES]
    card = tmp_path / "models" / "tones" / "model.json"
    card.write_text(card.read_text().replace("null", '"training failed: no"'))
    rows = scored(tmp_path, scenes, "enhance", ["si_sdr", "eer_asv", "cm_rejection"], scorers, made)
    reasons = {row["metric"]: row["reason"] for row in rows}
    assert reasons == {"si_sdr": None, "eer_asv": "scorer-failed: tones: training failed: no", "cm_rejection": None}
    rows = scored(tmp_path, scenes, "enhance", ["si_sdr", "eer_asv", "cm_rejection"], {}, made)
    assert {row["metric"] for row in rows} == {"si_sdr"}, "a role that the suite does not name leaves no rows"


def test_a_detector_is_scored_beside_the_verifier(tmp_path, scorers):
    labels = ["bonafide", "bonafide", "bonafide", "bonafide", "tts", "tts"]
    scenes = [(speaker, label, x) for (speaker, x), label in zip([*VOICES, *VOICES[:2]], labels, strict=True)]
    made = [{"score": score} for score in (3.0, 2.0, 4.0, 5.0, 1.0, 2.5)]
    wanted = ["si_sdr", "eer_cm", "min_tdcf", "a_dcf", "eer_asv", "rtf"]
    rows = scored(tmp_path, scenes, "detect", wanted, scorers, made)
    assert {row["metric"] for row in rows} == {"eer_cm", "min_tdcf", "a_dcf", "rtf"}
    found = {(row["scene"], row["metric"]): row for row in rows}
    assert found["s4", "eer_cm"]["trials"] == [{"kind": "cm", "label": "tts", "score": 1.0, "enrolment": None}]
    tandem = [(t["kind"], t["label"], t["enrolment"]) for t in found["s4", "min_tdcf"]["trials"]]
    assert tandem == [("cm", "tts", None), ("asv", "spoof", "s0"), ("asv", "spoof", "s2")]
    tables.write_rows(tmp_path / "rows.parquet", rows, tables.SCORES)
    scores = collect([tmp_path / "rows.parquet"], tmp_path / "scores.parquet")
    figures = {row["metric"]: row["value"] for row in leaderboard.board(scores, seed=1)}
    assert figures["eer_cm"] == pytest.approx(100 * eer([3, 2, 4, 5, 1, 2.5], [1, 1, 1, 1, 0, 0]))
    assert 0 < figures["min_tdcf"] <= 1
    assert 0 < figures["a_dcf"] <= 1


def test_every_detector_of_the_suite_has_rows_of_its_own(tmp_path, scorers):
    path = Path(scorers["spoofing"]["spec"]["path"]).with_name("quiet.py")
    path.write_text(DETECTOR.replace("return float(", "return -float(").replace("threshold=0.1", "threshold=-0.25"))
    scorers["spoofing.quiet"] = scorers["spoofing"] | {"spec": scorers["spoofing"]["spec"] | {"path": str(path)}}
    scenes = [("low", label, tone(200)) for label in ("bonafide", "bonafide", "tts", "tts")]
    levels = (0.3, 0.6, 0.1, None)  # an RMS of 0.21, 0.42 and 0.07
    made = [signal(tone(200, x)) if x else {"status": "failed", "reason": "ValueError: no"} for x in levels]
    rows = scored(tmp_path, scenes, "enhance", ["eer_asv", "eer_cm", "cm_rejection"], scorers, made)
    by = {metric: [row for row in rows if row["metric"] == metric] for metric in {row["metric"] for row in rows}}
    assert {name: len(of) for name, of in by.items()} == {
        "eer_asv": 3, "eer_cm": 4, "eer_cm.quiet": 4, "cm_rejection": 3, "cm_rejection.quiet": 3
    }  # fmt: skip
    assert [row["value"] for row in by["eer_cm.quiet"][:3]] == [-row["value"] for row in by["eer_cm"][:3]]
    assert [row["errors"] for row in by["cm_rejection"]] == [0, 0, None]
    assert [row["errors"] for row in by["cm_rejection.quiet"]] == [0, 1, None], "each at its own threshold"
    assert by["eer_cm.quiet"][3]["reason"] == "method-failed: ValueError: no"
    assert by["eer_cm.quiet"][0]["card"] != by["eer_cm"][0]["card"]
    tables.write_rows(tmp_path / "rows.parquet", rows, tables.SCORES)
    board = leaderboard.board(collect([tmp_path / "rows.parquet"], tmp_path / "scores.parquet"), seed=1)
    figures = {row["metric"]: row["value"] for row in board}
    assert (figures["eer_cm"], figures["eer_cm.quiet"]) == (0.0, 100.0)
    assert (figures["cm_rejection"], figures["cm_rejection.quiet"]) == (0.0, 50.0)


def test_a_verifier_is_scored_by_its_own_embeddings(tmp_path):
    scenes = [(speaker, None, x) for speaker, x in VOICES]
    made = [{"embedding": [1.0, 0.0]}, {"embedding": [0.0, 2.0]}, {"embedding": [3.0, 0.1]}, {"embedding": [0.1, 1.0]}]
    rows = scored(tmp_path, scenes, "verify", list(METRICS), {}, made)
    verification = {"eer_asv", "eer_asv_3", "min_dcf_asv"}
    assert verification < {row["metric"] for row in rows} <= verification | {"rtf", "peak_memory", "parameters"}
    trials = [t for row in rows if row["metric"] == "eer_asv" for t in row["trials"]]
    assert len(trials) == 12
    tables.write_rows(tmp_path / "rows.parquet", rows, tables.SCORES)
    scores = collect([tmp_path / "rows.parquet"], tmp_path / "scores.parquet")
    reasons = {row["reason"] for row in scores.to_pylist() if row["metric"] == "eer_asv_3"}
    assert reasons == {"no-trial: no speaker with 3 other utterances in the condition"}
    figures = {row["metric"]: row["value"] for row in leaderboard.board(scores, seed=1)}
    assert (figures["eer_asv"], figures["eer_asv_3"]) == (0.0, None)
    assert METRICS["eer_asv"].compute(
        Trials(*(np.array([t[key] for t in trials]) for key in ("kind", "label", "score")))
    ) == pytest.approx(0.0)


def test_scoring_without_a_scorer_that_learns_imports_no_torch():
    import subprocess

    heavy = "[m for m in ('torch', 'scipy') if m in sys.modules]"
    code = f"import cocktail.scoring.shard, cocktail.boards.leaderboard, sys; print({heavy})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
