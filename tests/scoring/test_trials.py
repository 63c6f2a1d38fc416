"""Trials and what is pooled from them: labels by who speaks, weights against repeated scenes, boards against loops."""

import json
import sys

import numpy as np
import pytest
import scipy.stats
from records import record

from cocktail import tables
from cocktail.boards import cells, leaderboard, statistics
from cocktail.boards.scores import collect, failed_cells, failures, with_verification
from cocktail.metrics.catalogue import METRICS
from cocktail.metrics.detection import eer, eer_threshold, min_tdcf
from cocktail.metrics.metric import Unscorable
from cocktail.metrics.trials import Trials, against, attacks, cm_rejection
from cocktail.rng import rng
from cocktail.scoring.shard import score_shard
from cocktail.scoring.trials import NONTARGETS, Heard, asv_trials, heard_of, trials_of, unit, voice

FS = 16000


# What a trial is.


def heard(scene, speaker, utterance, label="bonafide", **more):
    angle = {"ann": 0.0, "bob": 1.0}[speaker] + 0.01 * len(scene)
    voice = np.array([np.cos(angle), np.sin(angle)])
    enrolment = voice if label == "bonafide" else None
    return Heard(scene, speaker, utterance, label, **{"test": voice, "enrolment": enrolment, "cm": 0.5} | more)


def shard(*scenes):
    return {scene.scene: scene for scene in scenes}


def test_a_voice_is_set_against_every_other_utterance():
    scenes = shard(
        heard("a", "ann", "u1"),
        heard("bb", "ann", "u2"),
        heard("ccc", "bob", "u3"),
        heard("dddd", "ann", "u1"),
        heard("eeeee", "bob", "u4", label="tts", enrolment=np.array([1.0, 0.0])),
    )
    found = {trial["enrolment"]: trial for trial in asv_trials(scenes["a"], scenes)}
    assert {name: trial["label"] for name, trial in found.items()} == {"bb": "target", "ccc": "nontarget"}
    assert found["bb"]["score"] == pytest.approx(np.cos(0.01))
    assert found["ccc"]["score"] == pytest.approx(np.cos(1.02))


def test_a_spoof_is_set_against_the_speaker_that_it_claims_to_be():
    scenes = shard(heard("a", "ann", "u1"), heard("bb", "bob", "u2"), heard("ccc", "ann", "u3", label="tts"))
    (trial,) = asv_trials(scenes["ccc"], scenes)
    assert (trial["label"], trial["enrolment"]) == ("spoof", "a")
    of_detection = [{"kind": "cm", "label": "tts", "score": 0.5, "enrolment": None}]
    assert trials_of("eer_cm", scenes["ccc"]) == trials_of("min_tdcf", scenes["ccc"]) == of_detection


def test_spoofs_take_no_part_in_what_is_about_genuine_speech():
    scenes = shard(heard("a", "ann", "u1"), heard("bb", "ann", "u2", label="tts"))
    assert trials_of("eer_asv", scenes["bb"]) is None
    assert trials_of("cm_rejection", scenes["bb"]) is None
    assert trials_of("eer_asv", scenes["a"]) == asv_trials(scenes["a"], scenes) == []


def test_a_scene_that_failed_has_its_reason_and_still_enrols():
    scenes = shard(
        heard("a", "ann", "u1", test=None, method_failure="method-failed: no"), heard("bb", "ann", "u2"),
        heard("ccc", "bob", "u3", test="silent-estimate", enrolment="scorer-failed: x"),
    )  # fmt: skip
    with pytest.raises(Unscorable, match="method-failed: no"):
        trials_of("eer_asv", scenes["a"])
    with pytest.raises(Unscorable, match="silent-estimate"):
        trials_of("eer_asv", scenes["ccc"])
    assert [trial["enrolment"] for trial in asv_trials(scenes["bb"], scenes)] == ["a"]


def test_of_very_many_other_speakers_some_are_drawn_whatever_the_order():
    generator = rng(0, role="voices")
    voices = [unit(generator.normal(size=4)) for _ in range(NONTARGETS + 50)]
    scenes = shard(*(Heard(f"s{i}", f"v{i // 2}", f"u{i}", "bonafide", x, x) for i, x in enumerate(voices)))
    found = asv_trials(scenes["s0"], scenes)
    assert [trial["label"] for trial in found].count("target") == 1
    assert len(found) == NONTARGETS + 1
    backwards = asv_trials(scenes["s0"], dict(reversed(scenes.items())))
    assert {trial["enrolment"] for trial in backwards} == {trial["enrolment"] for trial in found}
    assert {trial["enrolment"] for trial in asv_trials(scenes["s1"], scenes)} != {t["enrolment"] for t in found}


@pytest.mark.parametrize("embedding", [np.zeros(3), np.array([1.0, np.nan]), np.ones((2, 2))])
def test_what_is_no_embedding_is_refused(embedding):
    with pytest.raises(Unscorable, match="no-embedding"):
        unit(embedding)


# Figures of weighted trials.


def gaussian(n, distance, seed=0):
    generator = rng(seed, role="trials")
    labels = generator.random(n) < 0.3
    return generator.normal(size=n) + distance * labels, labels


def test_a_weight_is_how_often_a_trial_counts():
    scores, labels = gaussian(120, 1.5)
    scores = np.round(scores, 1)  # ties
    weights = rng(1, role="weights").poisson(1.0, size=(20, 120)).astype(float)
    for weight, value in zip(weights, eer(scores, labels, weights), strict=True):
        drawn = np.repeat(np.arange(120), weight.astype(int))
        assert value == pytest.approx(eer(scores[drawn], labels[drawn]), abs=1e-12)
    assert np.isnan(eer(scores, labels, labels.astype(float)))


def test_weighted_detection_cost_equals_that_of_repeated_trials():
    scores, labels = gaussian(80, 1.5)
    verifier = rng(1, role="verifier")
    parts = [verifier.normal(mean, size=n) for mean, n in ((2.0, 30), (0.0, 40), (1.5, 20))]
    generator = rng(2, role="weights")
    weights, asv_weights = generator.poisson(1.0, (10, 80)), generator.poisson(1.0, (10, 90))
    names = ("asv_target", "asv_nontarget", "asv_spoof")
    values = min_tdcf(
        scores, labels, **dict(zip(names, parts, strict=True)), weights=weights, asv_weights=asv_weights
    )  # fmt: skip
    for w, v, value in zip(weights, asv_weights, values, strict=True):
        drawn = np.repeat(np.arange(80), w)
        repeated = [
            np.repeat(part, n)
            for part, n in zip(parts, np.split(v, np.cumsum([len(p) for p in parts])[:-1]), strict=True)
        ]
        expected = min_tdcf(scores[drawn], labels[drawn], **dict(zip(names, repeated, strict=True)))
        assert value == pytest.approx(expected, abs=1e-12)


def test_the_threshold_is_where_errors_are_equal():
    scores, labels = gaussian(5000, 2.0)
    threshold = eer_threshold(scores, labels)
    assert np.mean(scores[labels] < threshold) == pytest.approx(np.mean(scores[~labels] >= threshold), abs=0.01)


def test_rejections_are_counts_that_add():
    total = cm_rejection(0.1, 0.2) + cm_rejection(0.2, 0.2) + cm_rejection(0.3, 0.2)
    assert (total.errors, total.total) == (1, 3)


def test_costs_that_are_not_defined_have_a_reason():
    trials = Trials(np.array(["asv"] * 3), np.array(["target", "target", "spoof"]), np.arange(3.0))
    with pytest.raises(Unscorable, match="no-trial: no nontarget among the asv trials"):
        METRICS["eer_asv"].compute(trials)
    with pytest.raises(Unscorable, match="no-trial"):
        METRICS["eer_cm"].compute(trials)
    kinds = np.array(["cm", "cm", "asv", "asv", "asv"])
    labels = np.array(["bonafide", "tts", "target", "nontarget", "spoof"])
    with pytest.raises(Unscorable, match="undefined: the speaker verifier is too weak"):
        METRICS["min_tdcf"].compute(Trials(kinds, labels, np.array([1.0, 0.0, 1.0, 0.0, -1.0])))
    assert attacks(Trials(kinds, labels, np.zeros(5))) == ["tts"]


# Boards.


def trial_rows(entry, metric, per_scene, condition="speakers"):
    identity = {"condition": condition, "entry": entry, "source": None, "metric": metric, "card": "0", "status": "ok"}
    return [
        identity | {"scene": f"{condition}-{scene:03d}", "trials": trials, "value": trials[0]["score"]}
        for scene, trials in enumerate(per_scene)
    ]


def asv(scores_of, speakers, scene):
    return [
        {"kind": "asv", "label": "target" if speakers[j] == speakers[scene] else "nontarget",
         "score": float(scores_of[scene, j]), "enrolment": f"speakers-{j:03d}"}
        for j in range(len(speakers)) if j != scene
    ]  # fmt: skip


def verified(entry, quality, n=24, seed=0):
    generator = rng(seed, role="speakers")
    speakers = generator.integers(8, size=n)
    scores = generator.normal(size=(n, n)) + quality * (speakers[:, None] == speakers)
    return scores, speakers, trial_rows(entry, "eer_asv", [asv(scores, speakers, i) for i in range(n)])


def collected(folder, rows):
    tables.write_rows(folder / "shard.parquet", rows, tables.SCORES)
    return collect([folder / "shard.parquet"], folder / "scores.parquet")


def find(board, **wanted):
    (line,) = [line for line in board if all(line[key] == value for key, value in wanted.items())]
    return line


def exact(rate, drawn, n, scenes=24):
    """Clopper and Pearson's interval for as many trials as have the variance of resamples of `n` scenes or speakers.

    At most the scenes, of which one has no target trial, since its speaker has no other; as if half an erring trial
    more had been seen by as many as there are scenes or speakers.
    """

    def both(number):
        return 4 / (1 / number + 1 / (number - 1))

    rate = rate / 100
    variance = np.var(drawn) * n / (n - 1) / 1e4
    seen = min(rate * (1 - rate) / variance * (1.959964 / scipy.stats.t.ppf(0.975, n - 1)) ** 2, both(scenes))
    erring = rate * both(scenes)
    trials = (erring + 0.5) / (erring / seen + 0.5 / both(n))
    hits = rate * trials
    beta = scipy.stats.beta.ppf([0.025, 0.975], [hits, hits + 1], [trials - hits + 1, trials - hits])
    return (100 * beta).tolist()


@pytest.mark.parametrize("size", [3, 5, 24])
def test_trials_do_not_depend_on_the_size_of_shards(tmp_path, size):
    generator = rng(0, role="voices")
    speaker = generator.integers(6, size=24)
    centres = generator.normal(size=(6, 8))
    rows = []
    for i, k in enumerate(speaker):
        test, enrolment = (unit(centres[k] + generator.normal(size=8)).astype(np.float32) for _ in range(2))
        heard = Heard(f"s{i:02d}", f"v{k}", f"u{i}", "bonafide", test, enrolment)
        identity = {"condition": "c", "entry": "x", "scene": heard.scene, "metric": "eer_asv", "card": "0"}
        rows.append(identity | {"status": "ok", "trials": [], "voice": voice(heard)})
    paths = [tmp_path / f"{start}.parquet" for start in range(0, 24, size)]
    for path, start in zip(paths, range(0, 24, size), strict=True):
        tables.write_rows(path, rows[start : start + size], tables.SCORES)
    scores = collect(paths, tmp_path / "scores.parquet")
    assert scores["voice"].null_count == len(scores) == 24
    everybody = {row["scene"]: heard_of(row["scene"], row["voice"]) for row in rows}
    for row in scores.to_pylist():
        trials = row["trials"]
        assert len(trials) == 23
        assert row["value"] == trials[0]["score"]
        assert [t["score"] for t in trials] == [t["score"] for t in asv_trials(everybody[row["scene"]], everybody)]


def test_a_voice_that_nothing_can_be_set_against_has_its_reason(tmp_path):
    heard = Heard("a", "ann", "u1", "bonafide", np.ones(2), np.ones(2))
    row = {"condition": "c", "entry": "x", "scene": "a", "metric": "eer_asv", "status": "ok", "trials": []}
    scores = collected(tmp_path, [row | {"voice": voice(heard)}]).to_pylist()
    assert scores[0]["reason"] == "no-trial: no other utterance in the condition"


def test_a_board_pools_all_trials_and_resamples_both_sides(tmp_path):
    scores, speakers, rows = verified("xvector", 2.0)
    line = find(leaderboard.board(collected(tmp_path, rows), seed=4), metric="eer_asv")
    off = ~np.eye(len(speakers), dtype=bool)
    same = speakers[:, None] == speakers
    assert line["value"] == pytest.approx(100 * eer(scores[off], same[off]))
    weights = statistics.resample(len(speakers), statistics.RESAMPLES, rng(4, "speakers", role="bootstrap")).astype(int)
    drawn = []
    for weight in weights:
        times = np.outer(weight, weight)[off]
        drawn.append(100 * eer(np.repeat(scores[off], times), np.repeat(same[off], times)))
    assert [line["ci_low"], line["ci_high"]] == pytest.approx(exact(line["value"], drawn, 24), rel=1e-6)
    assert (line["n_ok"], line["n_total"], line["n_trials"], line["rank"]) == (24, 24, 23, None)


def test_a_board_that_knows_the_speakers_resamples_them(tmp_path):
    scores, speakers, rows = verified("xvector", 2.0)
    known = {row["scene"]: f"speaker {speaker}" for row, speaker in zip(rows, speakers, strict=True)}
    table = collected(tmp_path, rows)
    line = find(leaderboard.board(table, seed=4, speakers=known), metric="eer_asv")
    off = ~np.eye(len(speakers), dtype=bool)
    same = speakers[:, None] == speakers
    names, voice = np.unique([known[row["scene"]] for row in sorted(rows, key=lambda row: row["scene"])], False, True)
    weights = statistics.resample(
        len(names), statistics.RESAMPLES, rng(4, "speakers", role="bootstrap of speakers")
    ).astype(int)
    drawn = []
    for weight in weights[:, voice]:
        times = np.where(same, weight[:, None], np.outer(weight, weight))[off]
        drawn.append(100 * eer(np.repeat(scores[off], times), np.repeat(same[off], times)))
    assert [line["ci_low"], line["ci_high"]] == pytest.approx(exact(line["value"], drawn, len(names)), rel=1e-6)
    alone = find(leaderboard.board(table, seed=4), metric="eer_asv")
    assert alone["value"] == line["value"]
    assert alone["ci_low"] != line["ci_low"]


def test_an_interval_of_a_verifier_covers_the_truth():
    """Counting a pair by its test side alone would make intervals half as wide as they are."""
    truth = eer(*gaussian_pairs(1000, 0))
    covered = 0
    for seed in range(1, 41):
        scores, same, (i, j), n = pairs(40, seed)
        cells = statistics.TrialCells(
            Trials(np.full(len(scores), "asv"), np.where(same, "target", "nontarget"), scores),
            np.zeros(len(scores), int), i, j, METRICS["eer_asv"].compute, np.ones((n, 1), bool),
            np.arange(n),
        )  # fmt: skip
        low, high = statistics.interval(
            statistics.figures(cells, statistics.resample(n, 200, rng(seed, role="bootstrap"))), n
        )
        covered += low[0] <= 100 * truth <= high[0]
    assert covered >= 35


def pairs(n, seed):
    """Cosines of n embeddings of random speakers, each scene with a quality of its own."""
    generator = rng(seed, role="voices")
    speakers = generator.integers(n // 4, size=n)
    centres = generator.normal(size=(n // 4, 8))
    x = centres[speakers] + generator.gamma(2.0, 0.4, size=(n, 1)) * generator.normal(size=(n, 8))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    i, j = np.nonzero(~np.eye(n, dtype=bool))
    return (x @ x.T)[i, j], speakers[i] == speakers[j], (i, j), n


def gaussian_pairs(n, seed):
    scores, same, _, _ = pairs(n, seed)
    return scores, same


def test_entries_are_ranked_on_the_scenes_that_all_finished(tmp_path, monkeypatch):
    monkeypatch.setattr(statistics, "MIN_TRIALS", 20)
    rows = verified("good", 3.0)[2] + verified("bad", 1.0)[2] + verified("clean", 9.0)[2]
    failed = {"value": None, "trials": None, "status": "failed", "reason": "method-failed: no"}
    rows[0] |= failed
    board = leaderboard.board(collected(tmp_path, rows), seed=1, unranked={"clean"})
    good, bad, clean = (find(board, metric="eer_asv", entry=entry) for entry in ("good", "bad", "clean"))
    assert (good["rank"], bad["rank"], clean["rank"]) == (1, 2, None)
    assert (good["n_ok"], bad["n_ok"]) == (23, 24)
    assert clean["value"] < good["value"] < bad["value"]
    assert good["tie_group"] == "a" and bad["tie_group"] == "b"


def test_detection_is_also_shown_by_attack(tmp_path):
    generator = rng(0, role="spoofs")
    names = ["bonafide", "tts", "bonafide", "vocoder"] * 15
    height = {"bonafide": 1.0, "tts": -9.0, "vocoder": 0.0}
    scores = [height[name] + generator.normal() for name in names]
    trials = [[{"kind": "cm", "label": n, "score": s, "enrolment": None}] for n, s in zip(names, scores, strict=True)]
    rows = trial_rows("lcnn", "eer_cm", trials, condition="spoof-logical")
    board = leaderboard.board(collected(tmp_path, rows), seed=1)
    lines = {line["metric"]: line for line in board}
    assert set(lines) == {"eer_cm", "eer_cm:tts", "eer_cm:vocoder"}
    scores, names = np.array(scores), np.array(names)
    part = names != "tts"
    assert lines["eer_cm:vocoder"]["value"] == pytest.approx(100 * eer(scores[part], names[part] == "bonafide"))
    assert lines["eer_cm:tts"]["value"] == 0.0
    assert [lines[m]["n_total"] for m in ("eer_cm", "eer_cm:tts", "eer_cm:vocoder")] == [60, 45, 45]
    assert not cells.higher_is_better("eer_cm:tts")


def test_no_figure_without_trials_of_both_kinds_and_its_reason(tmp_path):
    speakers = np.arange(5)
    rows = trial_rows("xvector", "eer_asv", [asv(np.zeros((5, 5)), speakers, i) for i in range(5)])
    scores = collected(tmp_path, rows)
    line = find(leaderboard.board(scores, seed=1), metric="eer_asv")
    assert [line[key] for key in ("value", "ci_low", "ci_high", "rank", "n_ok")] == [None, None, None, None, 5]
    (reason,) = failures(scores)
    assert reason["reason"] == "no-trial: no target among the asv trials"
    assert (reason["metrics"], reason["count"]) == (["eer_asv"], 0)
    assert failed_cells(scores) == []


# Shards.

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
    rows = scored(tmp_path, scenes, "detect", ["si_sdr", "eer_cm", "min_tdcf", "eer_asv", "rtf"], scorers, made)
    assert {row["metric"] for row in rows} == {"eer_cm", "min_tdcf", "rtf"}
    found = {(row["scene"], row["metric"]): row for row in rows}
    assert found["s4", "eer_cm"]["trials"] == [{"kind": "cm", "label": "tts", "score": 1.0, "enrolment": None}]
    tandem = [(t["kind"], t["label"], t["enrolment"]) for t in found["s4", "min_tdcf"]["trials"]]
    assert tandem == [("cm", "tts", None), ("asv", "spoof", "s0"), ("asv", "spoof", "s2")]
    board = leaderboard.board(collected(tmp_path / "board", rows), seed=1)
    assert find(board, metric="eer_cm")["value"] == pytest.approx(100 * eer([3, 2, 4, 5, 1, 2.5], [1, 1, 1, 1, 0, 0]))
    assert 0 < find(board, metric="min_tdcf")["value"] <= 1


def test_a_verifier_is_scored_by_its_own_embeddings(tmp_path):
    scenes = [(speaker, None, x) for speaker, x in VOICES]
    made = [{"embedding": [1.0, 0.0]}, {"embedding": [0.0, 2.0]}, {"embedding": [3.0, 0.1]}, {"embedding": [0.1, 1.0]}]
    rows = scored(tmp_path, scenes, "verify", list(METRICS), {}, made)
    assert {row["metric"] for row in rows} <= {"eer_asv", "rtf", "peak_memory", "parameters"}
    trials = [t for row in rows if row["metric"] == "eer_asv" for t in row["trials"]]
    assert len(trials) == 12
    assert METRICS["eer_asv"].compute(
        Trials(*(np.array([t[key] for t in trials]) for key in ("kind", "label", "score")))
    ) == pytest.approx(0.0)


def test_scoring_without_a_scorer_that_learns_imports_no_torch():
    import subprocess

    heavy = "[m for m in ('torch', 'scipy') if m in sys.modules]"
    code = f"import cocktail.scoring.shard, cocktail.boards.leaderboard, sys; print({heavy})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_trials_against_one_attack_are_those_of_its_scenes_by_either_system():
    kind = np.array(["cm", "cm", "cm", "asv", "asv", "asv", "asv"])
    label = np.array(["bonafide", "tts", "lpc", "target", "nontarget", "spoof", "spoof"])
    scene = np.array([0, 1, 2, 0, 0, 1, 2])
    trials = Trials(kind, label, np.arange(7.0))
    assert np.flatnonzero(against(trials, scene, "tts")).tolist() == [0, 1, 3, 4, 5]
    assert np.flatnonzero(against(trials, scene, "lpc")).tolist() == [0, 2, 3, 4, 6]
