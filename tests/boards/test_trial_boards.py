"""Boards of what is pooled from trials, against loops over trials."""

import numpy as np
import pyarrow.compute as pc
import pytest
import scipy.stats

from cocktail import tables
from cocktail.boards import cells, leaderboard, statistics
from cocktail.boards.scores import collect, failed_cells, failures
from cocktail.metrics.catalogue import METRICS
from cocktail.metrics.detection import eer
from cocktail.metrics.trials import Trials
from cocktail.rng import rng
from cocktail.scoring.trials import Heard, asv_trials, heard_of, unit, voice


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


def voices_in_two_conditions():
    """Rows of a verifier in `clean` and in `noisy`, whose scenes are set against those of `clean`."""
    generator = rng(0, role="across")
    centres, rows, speakers = generator.normal(size=(6, 8)), [], {}
    for condition, n, spread in (("clean", 18, 0.5), ("noisy", 24, 1.5)):
        for i in range(n):
            k, scene = i % 6, f"{condition}-{i:02d}"
            x = unit(centres[k] + spread * generator.normal(size=8)).astype(np.float32)
            enrolled = "clean" if condition == "noisy" else None
            heard = Heard(scene, f"v{k}", f"u{i}", "bonafide", x, x, enrolled=enrolled)
            identity = {"condition": condition, "entry": "x", "scene": scene, "metric": "eer_asv", "card": "0"}
            rows.append(identity | {"status": "ok", "trials": [], "voice": voice(heard)})
            speakers[scene] = f"v{k}"
    return rows, speakers


def test_scenes_of_one_condition_are_set_against_those_of_another(tmp_path):
    rows, speakers = voices_in_two_conditions()
    scores = collected(tmp_path, rows)
    everybody = {row["scene"]: heard_of(row["scene"], row["voice"]) for row in rows}
    noisy = [row for row in scores.to_pylist() if row["condition"] == "noisy"]
    for row in noisy:
        others = {name for name in everybody if name.startswith("clean")} - {f"clean-{row['scene'][-2:]}"}
        assert {trial["enrolment"] for trial in row["trials"]} == others, "never the same utterance"
        for trial in row["trials"]:
            wanted = everybody[row["scene"]].test @ everybody[trial["enrolment"]].enrolment
            assert trial["score"] == pytest.approx(wanted)
    pairs = [(row["scene"], trial) for row in noisy for trial in row["trials"]]
    same = np.array([speakers[scene] == speakers[trial["enrolment"]] for scene, trial in pairs])
    value = np.array([trial["score"] for _, trial in pairs])
    line = find(leaderboard.board(scores, seed=4, speakers=speakers), condition="noisy", metric="eer_asv")
    assert line["value"] == pytest.approx(100 * eer(value, same))
    _, scenes, _, of = cells.tabulate(scores.filter(pc.equal(scores["condition"], "noisy")), speakers)
    times = np.array([2.0, 0.0, 1.0, 3.0, 1.0, 1.0])  # of each speaker
    number = {scene: int(who[1:]) for scene, who in speakers.items()}
    weights = [times[number[a]] * (1 if same[i] else times[number[t["enrolment"]]]) for i, (a, t) in enumerate(pairs)]
    found = statistics.figures(of["eer_asv"], times[[number[scene] for scene in scenes]][None])[0, 0]
    assert found == pytest.approx(100 * eer(value, same, np.array(weights)[None])[0])


def test_a_part_of_the_scenes_keeps_all_that_they_are_set_against(tmp_path):
    rows, speakers = voices_in_two_conditions()
    scores = collected(tmp_path, rows)
    _, scenes, _, of = cells.tabulate(scores.filter(pc.equal(scores["condition"], "noisy")), speakers)
    chosen = np.arange(len(scenes)) >= 8
    part, before = of["eer_asv"].on(chosen), of["eer_asv"].at(chosen[of["eer_asv"].scene])
    np.testing.assert_array_equal(part.trials.score, before.trials.score)
    np.testing.assert_array_equal(part.speaker[part.enrolment], of["eer_asv"].speaker[before.enrolment])


def test_a_condition_that_enrols_and_was_not_scored_is_named(tmp_path):
    rows, _ = voices_in_two_conditions()
    scores = collected(tmp_path, [row for row in rows if row["condition"] == "noisy"])
    reasons = {row["reason"] for row in scores.to_pylist() if row["scene"]}
    assert reasons == {"no-trial: no other utterance in the condition 'clean'"}


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
