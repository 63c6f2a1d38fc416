"""Boards from hand-made scores: figures against plain loops, ranks by the stated rule, and bytes that stay the same."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scene_corpus as corpus
from student import percentiles

from cocktail import tables
from cocktail.boards import leaderboard, statistics
from cocktail.boards import scores as score_tables
from cocktail.errors import CocktailError
from cocktail.rng import rng
from cocktail.scenes.drawing import draw

SCENES = 12


def row(entry, scene, metric, value, source=0, condition="stationary", **more):
    identity = {"condition": condition, "scene": f"{condition}-test-{scene:05d}", "entry": entry, "source": source}
    failed = {"value": None, "status": "failed"} if value is None else {"value": value, "status": "ok"}
    return {**identity, "metric": metric, "card": "0123", **failed, **more}


def si_sdr(entry, values, **more):
    return [row(entry, scene, "si_sdr", value, **more) for scene, value in enumerate(values)]


def collected(folder, rows, **more):
    shards = []
    for number, part in enumerate(np.array_split(np.arange(len(rows)), 3)):
        shards.append(folder / f"{number}.parquet")
        tables.write_rows(shards[-1], [rows[i] for i in part], tables.SCORES)
    return score_tables.collect(shards, folder / "scores.parquet", **more)


def find(board, **wanted):
    found = [line for line in board if all(line[key] == value for key, value in wanted.items())]
    assert len(found) == 1, found
    return found[0]


@pytest.fixture
def noise():
    return np.random.default_rng(0).normal(size=(4, SCENES))


def test_columns_are_those_of_the_design(tmp_path, noise):
    board = leaderboard.board(collected(tmp_path, si_sdr("omlsa", noise[0])), seed=1)
    leaderboard.write_board(board, tmp_path / "leaderboard.csv")
    header = (tmp_path / "leaderboard.csv").read_text().splitlines()[0]
    assert header == "condition,entry,metric,value,ci_low,ci_high,n_ok,n_total,rank,tie_group,n_trials"


def test_the_scene_is_the_unit(tmp_path):
    rows = [row("ilrma", scene, "si_sdr", 10.0 * scene + source, source) for scene in range(3) for source in range(2)]
    line = find(leaderboard.board(collected(tmp_path, rows), seed=1), metric="si_sdr")
    assert (line["value"], line["n_ok"], line["n_total"]) == (10.5, 3, 3)


def test_a_scene_with_one_failed_talker_is_not_finished(tmp_path):
    rows = [row("ilrma", scene, "si_sdr", 10.0 * scene, source) for scene in range(3) for source in range(2)]
    rows[-1] |= {"value": None, "status": "failed", "reason": "silent-estimate"}
    line = find(leaderboard.board(collected(tmp_path, rows), seed=1), metric="si_sdr")
    assert (line["value"], line["n_ok"], line["n_total"]) == (5.0, 2, 3)


def test_word_errors_are_pooled(tmp_path):
    counts = 3 * [(0, 10), (3, 3), (1, 7)]
    rows = [row("omlsa", i, "wer", 100 * e / n, errors=e, total=n) for i, (e, n) in enumerate(counts)]
    line = find(leaderboard.board(collected(tmp_path, rows), seed=1), metric="wer")
    assert line["value"] == pytest.approx(100 * 4 / 20)
    assert line["ci_low"] <= line["value"] <= line["ci_high"]


def test_interval_equals_a_plain_bootstrap(tmp_path, noise):
    board = leaderboard.board(collected(tmp_path, si_sdr("omlsa", noise[0])), seed=3)
    weights = statistics.resample(SCENES, statistics.RESAMPLES, rng(3, "stationary", role="bootstrap"))
    means = [np.mean(np.repeat(noise[0], weight.astype(int))) for weight in weights]
    line = find(board, metric="si_sdr")
    assert [line["ci_low"], line["ci_high"]] == pytest.approx(percentiles(means, SCENES))


def test_interval_of_an_entry_does_not_depend_on_the_others(tmp_path, noise):
    alone = leaderboard.board(collected(tmp_path, si_sdr("omlsa", noise[0])), seed=3)
    rows = si_sdr("omlsa", noise[0]) + si_sdr("wiener", noise[1])
    together = leaderboard.board(collected(tmp_path, rows), seed=3)
    for key in ("value", "ci_low", "ci_high"):
        assert find(alone, metric="si_sdr")[key] == find(together, entry="omlsa", metric="si_sdr")[key]


def test_improvements_are_differences_of_the_same_scene_and_talker(tmp_path, noise):
    rows = [
        row(entry, scene, "si_sdr", noise[2 * e + source, scene], source)
        for e, entry in enumerate(["unprocessed", "omlsa"])
        for scene in range(SCENES)
        for source in range(2)
    ]
    scores = collected(tmp_path, rows).to_pylist()
    gained = [line for line in scores if line["metric"] == "si_sdr_i"]
    assert len(gained) == len(rows)
    for line in gained:
        scene = int(line["scene"][-5:])
        e = line["entry"] == "omlsa"
        expected = noise[2 * e + line["source"], scene] - noise[line["source"], scene]
        assert line["value"] == pytest.approx(expected, abs=1e-12)
        assert (line["status"], line["reason"], line["card"]) == ("ok", None, "0123")
    assert all(line["value"] == 0 for line in gained if line["entry"] == "unprocessed")


def test_metrics_without_an_improvement_get_none(tmp_path):
    rows = [row(entry, 0, metric, 1.0) for entry in ("unprocessed", "omlsa") for metric in ("rtf", "si_sdr")]
    rows += [row(entry, 0, "wer", 50.0, errors=1, total=2) for entry in ("unprocessed", "omlsa")]
    metrics = {line["metric"] for line in collected(tmp_path, rows).to_pylist()}
    assert metrics == {"rtf", "si_sdr", "si_sdr_i", "wer"}


def test_an_improvement_without_its_base_is_a_row_with_a_reason(tmp_path):
    rows = [row("omlsa", scene, "si_sdr", 5.0) for scene in range(3)]
    rows += [row("unprocessed", 0, "si_sdr", 1.0), row("unprocessed", 1, "si_sdr", None, reason="silent-reference")]
    rows[2] |= {"value": None, "status": "failed", "reason": "method-failed: ValueError"}
    scores = collected(tmp_path, rows).to_pylist()
    gained = [line for line in scores if line["metric"] == "si_sdr_i" and line["entry"] == "omlsa"]
    assert [(line["value"], line["status"], line["reason"]) for line in gained] == [
        (4.0, "ok", None),
        (None, "failed", "baseline-failed: unprocessed: silent-reference"),
        (None, "failed", "method-failed: ValueError"),
    ]
    alone = collected(tmp_path, [row("omlsa", 0, "si_sdr", 5.0)]).to_pylist()
    assert alone[-1]["reason"] == "no-baseline: unprocessed has no score"


def test_ranks_follow_the_direction_of_the_metric(tmp_path):
    rows = []
    for entry, value in [("a", 1.0), ("b", 3.0), ("c", 2.0)]:
        rows += [row(entry, scene, "si_sdr", value + scene) for scene in range(4)]
        rows += [row(entry, scene, "rtf", value, source=None) for scene in range(4)]
    board = leaderboard.board(collected(tmp_path, rows), seed=1)
    assert [find(board, entry=e, metric="si_sdr")["rank"] for e in "abc"] == [3, 1, 2]
    assert [find(board, entry=e, metric="rtf")["rank"] for e in "abc"] == [1, 3, 2]
    assert [line["entry"] for line in board if line["metric"] == "si_sdr"] == ["b", "c", "a"]


def test_controls_and_oracles_have_figures_but_no_rank(tmp_path, noise):
    rows = si_sdr("clean", noise[0] + 90) + si_sdr("omlsa", noise[1] + 5) + si_sdr("wiener", noise[2])
    board = leaderboard.board(collected(tmp_path, rows), seed=1, unranked={"clean"})
    clean = find(board, entry="clean", metric="si_sdr")
    assert clean["value"] > 80
    assert (clean["rank"], clean["tie_group"]) == (None, None)
    assert find(board, entry="omlsa", metric="si_sdr")["rank"] == 1


def test_failing_on_hard_scenes_gains_nothing(tmp_path):
    hardness = np.arange(SCENES, dtype=float)
    rows = si_sdr("steady", 10 - hardness) + si_sdr("picky", [*(9 - hardness[:8]), *[None] * 4])
    board = leaderboard.board(collected(tmp_path, rows), seed=1)
    steady, picky = (find(board, entry=entry, metric="si_sdr") for entry in ("steady", "picky"))
    assert picky["value"] > steady["value"]
    assert (picky["n_ok"], picky["n_total"]) == (8, SCENES)
    assert (steady["rank"], picky["rank"]) == (1, 2)


def test_an_entry_that_fails_mostly_is_unranked_and_shrinks_nothing(tmp_path):
    hardness = np.arange(SCENES, dtype=float)
    better = np.where(hardness < 3, 0.0, 20.0)
    rows = si_sdr("a", 10 + better) + si_sdr("b", 11 + 0.5 * better)
    rows += si_sdr("broken", [*[99.0] * 3, *[None] * 9]) + si_sdr("dead", [None] * SCENES)
    board = leaderboard.board(collected(tmp_path, rows), seed=1)
    assert [find(board, entry=e, metric="si_sdr")["rank"] for e in ("a", "b", "broken", "dead")] == [1, 2, None, None]
    dead = find(board, entry="dead", metric="si_sdr")
    assert [dead[key] for key in ("value", "ci_low", "ci_high", "n_ok", "n_total")] == [None, None, None, 0, SCENES]


@pytest.mark.parametrize("reason", ["method-failed: no", "silent-estimate", "non-finite", "wrong-length: 3 samples"])
def test_cells_that_a_method_spoilt_are_told_from_those_that_a_metric_did(tmp_path, reason):
    rows = si_sdr("a", [None] * 3) + si_sdr("b", [None] * 3)
    for line in rows:
        line["reason"] = reason if line["entry"] == "a" else "no-interferer"
    assert score_tables.failed_cells(collected(tmp_path, rows)) == [("stationary", "a")]


def test_a_score_that_no_entry_has_costs_nobody_its_rank(tmp_path):
    rows = [row(e, scene, "si_sdr", v if scene else None) for e, v in [("a", 1.0), ("b", 2.0)] for scene in range(3)]
    board = leaderboard.board(collected(tmp_path, rows), seed=1)
    assert [find(board, entry=e, metric="si_sdr")["rank"] for e in "ab"] == [2, 1]
    nobody = [row(e, 0, "pesq_wb", None, reason="not-installed: pesq") for e in "ab"]
    board = leaderboard.board(collected(tmp_path, nobody), seed=1)
    assert all(line["rank"] is None and line["value"] is None for line in board)


def test_what_was_not_asked_of_an_entry_is_no_row_and_costs_nobody_its_rank(tmp_path):
    def wer(entry, errors):
        return [row(entry, scene, "wer_retrained", 1.0, errors=errors, total=6) for scene in range(3)]

    rows = [line for entry in "abc" for line in si_sdr(entry, [1.0, 2.0, 3.0])] + wer("a", 2) + wer("b", 1)
    board = leaderboard.board(collected(tmp_path, rows), seed=1)
    asked = {line["entry"]: line["rank"] for line in board if line["metric"] == "wer_retrained"}
    assert asked == {"a": 2, "b": 1}
    assert {line["entry"] for line in board if line["metric"] == "si_sdr"} == {"a", "b", "c"}


@pytest.mark.parametrize("values", [[3.0], [2.0, 3.0, 4.0, 2.0, 4.0]])
def test_few_scenes_have_no_interval(tmp_path, values):
    line = find(leaderboard.board(collected(tmp_path, si_sdr("a", values)), seed=1), metric="si_sdr")
    assert (line["value"], line["ci_low"], line["ci_high"], line["rank"]) == (3.0, None, None, 1)


def test_tie_groups_join_what_cannot_be_told_apart(tmp_path, noise):
    rows = si_sdr("a", noise[0]) + si_sdr("b", noise[0] + 0.2 * noise[1]) + si_sdr("c", noise[0] - 4 + 0.2 * noise[2])
    board = leaderboard.board(collected(tmp_path, rows), seed=1)
    assert [find(board, entry=e, metric="si_sdr")["tie_group"] for e in "abc"] == ["a", "a", "b"]


def test_letters_are_about_every_pair_and_not_the_best_alone(tmp_path, noise):
    """`b` is told apart neither from `a` nor from `c`, which differ."""
    rows = si_sdr("a", noise[0]) + si_sdr("b", noise[0] - 0.8 + 3 * noise[1]) + si_sdr("c", noise[0] - 2 + noise[2])
    board = leaderboard.board(collected(tmp_path, rows), seed=1)
    assert [find(board, entry=e, metric="si_sdr")["tie_group"] for e in "abc"] == ["a", "ab", "b"]


def test_a_skipped_entry_is_shown_with_its_reason(tmp_path, noise):
    skips = [{"condition": "stationary", "entry": "mvdr", "reason": "needs at least 2 microphones"}]
    skips += [{"condition": "stationary", "entry": "broken", "reason": "SyntaxError: line 3", "status": "failed"}]
    scores = collected(tmp_path, si_sdr("omlsa", noise[0]), skips=skips)
    board = leaderboard.board(scores, seed=1)
    line = find(board, entry="mvdr", metric="si_sdr")
    assert [line[key] for key in leaderboard.COLUMNS[3:]] == [None, None, None, 0, SCENES, None, None, None]
    reasons = {(line["entry"], line["status"], line["reason"], line["count"]) for line in score_tables.failures(scores)}
    assert ("mvdr", "skipped", "needs at least 2 microphones", 0) in reasons
    assert ("broken", "failed", "SyntaxError: line 3", 0) in reasons
    assert tables.read_table(tmp_path / "scores.parquet").schema.equals(tables.SCORES)


def test_failures_count_scenes_and_name_metrics(tmp_path):
    rows = [row("a", scene, metric, 1.0) for scene in range(4) for metric in ("si_sdr", "stoi")]
    rows += [row("unprocessed", scene, metric, 1.0) for scene in range(4) for metric in ("si_sdr", "stoi")]
    for i in (0, 1, 2):
        rows[i] |= {"value": None, "status": "failed", "reason": "too-short"}
    failed = score_tables.failures(collected(tmp_path, rows))
    assert failed == [
        {
            "condition": "stationary",
            "entry": "a",
            "status": "failed",
            "reason": "too-short",
            "count": 2,
            "metrics": ["si_sdr", "stoi"],
        }
    ]


def test_the_order_of_shards_and_rows_leaves_no_trace(tmp_path, noise):
    rows = [line for e in range(4) for line in si_sdr(["unprocessed", "a", "b", "c"][e], noise[e])]
    rows += si_sdr("a", noise[0], condition="reverb")
    written = []
    for turn, order in enumerate([np.arange(len(rows)), np.random.default_rng(1).permutation(len(rows))]):
        folder = tmp_path / str(turn)
        scores = collected(folder, [rows[i] for i in order])
        leaderboard.write_board(leaderboard.board(scores, seed=5), folder / "leaderboard.csv")
        written.append([(folder / name).read_bytes() for name in ("scores.parquet", "leaderboard.csv")])
    assert written[0] == written[1]


def test_a_board_reads_back(tmp_path, noise):
    rows = si_sdr("a", noise[0]) + si_sdr("b", [None] * SCENES) + si_sdr("clean", noise[1] + 90)
    entries = [{"entry": "a", "family": "spectral"}, {"entry": "clean", "family": "controls"}]
    board = leaderboard.build(
        [_shard(tmp_path, rows)], references=[], entries=entries, folder=tmp_path / "suite", seed=1
    )
    ranks = {line["entry"]: line["rank"] for line in board if line["metric"] == "si_sdr"}
    assert ranks == {"a": 1, "b": None, "clean": None}
    again = leaderboard.read_board(tmp_path / "suite" / "leaderboard.csv")
    assert [list(line) for line in again] == [list(line) for line in board]
    for line, other in zip(again, board, strict=True):
        assert line == {key: pytest.approx(x, rel=1e-5) if isinstance(x, float) else x for key, x in other.items()}


def test_scores_can_be_stratified_by_what_was_drawn(tmp_path):
    """What results/README.md shows."""
    import pandas

    corpora = {"speech": corpus.speech(), "noise": corpus.noise(), "spoofs": corpus.spoofs()}
    drawn = [
        draw(definition, name=name, split="test", index=index, seed=1, fs=16000, **corpora)
        for index in (1, 0)
        for name, definition in corpus.CONDITIONS.items()
    ]
    truth = [{"scene": scene.id, "record": scene.to_json()} for scene in drawn]
    for number in range(2):
        tables.write_rows(tmp_path / f"{number}.references.parquet", truth[number::2], tables.REFERENCES)
    scores = [row("a", index, "si_sdr", float(index), condition="living-room") for index in (0, 1)]
    leaderboard.build(
        [_shard(tmp_path, scores)],
        references=sorted(tmp_path.glob("*.references.parquet")),
        entries=[],
        folder=tmp_path / "suite",
        seed=1,
    )
    rows = tables.read_rows(tmp_path / "suite" / "scenes.parquet")
    assert [(line["condition"], line["scene"]) for line in rows] == sorted((s.condition, s.id) for s in drawn)
    values = {line["scene"]: line for line in rows}
    for scene in drawn:
        drawn = scene.strata() | {"speaker": scene.talkers[0].speaker}
        empty = dict.fromkeys(leaderboard.SCENES.names)
        assert values[scene.id] == empty | {"condition": scene.condition, "scene": scene.id} | drawn

    scores = pandas.read_parquet(tmp_path / "suite" / "scores.parquet")
    scores = scores.merge(pandas.read_parquet(tmp_path / "suite" / "scenes.parquet"), on=["condition", "scene"])
    (line,) = scores[scores.value == 1].itertuples()
    assert line.snr_db == values["living-room-test-00001"]["snr_db"]


def test_the_same_score_twice_is_an_error(tmp_path):
    path = _shard(tmp_path, si_sdr("a", [1.0, 2.0]))
    with pytest.raises(CocktailError, match=r"2 scores of one thing \(condition stationary, .*entry a"):
        score_tables.collect([path, path], tmp_path / "scores.parquet")
    assert not (tmp_path / "scores.parquet").exists()


def test_wrong_files_are_named(tmp_path):
    with pytest.raises(CocktailError, match="no leaderboard here"):
        leaderboard.read_board(tmp_path / "leaderboard.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(CocktailError, match=r"other\.csv: columns should be condition"):
        leaderboard.read_board(tmp_path / "other.csv")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    with pytest.raises(CocktailError, match="not a whole Parquet file"):
        score_tables.collect([tmp_path / "broken.parquet"], tmp_path / "scores.parquet")


def test_an_unknown_metric_is_named(tmp_path):
    scores = collected(tmp_path, [row("a", 0, "si_sdrr", 1.0)])
    with pytest.raises(CocktailError, match="metric 'si_sdrr' is not known"):
        leaderboard.board(scores, seed=1)


def test_no_scores_make_an_empty_board(tmp_path):
    assert leaderboard.build([], references=[], entries=[], folder=tmp_path / "suite", seed=1) == []
    assert pq.read_table(tmp_path / "suite" / "scores.parquet").num_rows == 0
    assert leaderboard.read_board(tmp_path / "suite" / "leaderboard.csv") == []


def _shard(folder, rows):
    path = folder / "shard.parquet"
    tables.write_table(path, pa.Table.from_pylist(rows, schema=tables.SCORES))
    return path
