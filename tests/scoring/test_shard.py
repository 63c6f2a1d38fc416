"""Scores of scenes and shards: the permutation, every reason for a missing number, and the Parquet rows."""

import math
import os
import sys

import numpy as np
import pytest
from records import record

from cocktail import tables
from cocktail.errors import CocktailError
from cocktail.metrics.catalogue import METRICS
from cocktail.recognition.recogniser import Counts, Recogniser
from cocktail.rng import rng
from cocktail.scoring.shard import score_shard
from cocktail.scoring.signals import SOURCE_METRICS, score_signals
from cocktail.testing.signals import pink_noise, speech_like

FS = 16000
CHEAP = ["si_sdr", "sdr", "sir", "sar"]


class Parrot(Recogniser):
    """A recogniser that always hears the same."""

    card = {"backend": "parrot"}  # noqa: RUF012 - a stand-in

    def __init__(self, text):
        self.text = text

    def transcribe(self, samples, fs):
        return self.text


def talkers(k_sources, n=FS, seed=0):
    return np.stack([0.1 * speech_like(n, FS, rng(seed, k, role="talker")) for k in range(k_sources)])


def noise(n=FS, seed=0):
    return 0.02 * pink_noise(n, rng(seed, role="noise"))


def by_metric(rows, source=0):
    return {row["metric"]: row for row in rows if row["source"] == source}


def test_every_metric_has_one_row_per_talker_in_order():
    reference = talkers(2, 2 * FS)
    rows = score_signals(
        reference=reference, estimate=reference + noise(2 * FS), fs=FS, text=["a b", "c"], recogniser=Parrot("a b")
    )
    assert [(row["source"], row["metric"]) for row in rows] == [(k, m) for k in range(2) for m in SOURCE_METRICS]
    assert {row["status"] for row in rows} == {"ok"}
    assert all(math.isfinite(row["value"]) for row in rows)
    assert all(row["card"] == METRICS[row["metric"]].digest for row in rows if row["metric"] != "wer")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_the_permutation_is_found_and_used_by_all(order):
    reference = talkers(3)
    noisy = reference + noise()
    expected = score_signals(reference=reference, estimate=noisy, fs=FS, metrics=[*CHEAP, "stoi"])
    rows = score_signals(reference=reference, estimate=noisy[list(order)], fs=FS, metrics=[*CHEAP, "stoi"])
    for row, truth in zip(rows, expected, strict=True):
        assert row["value"] == pytest.approx(truth["value"], abs=1e-6)
        assert (order[row["estimate"]], truth["estimate"]) == (row["source"], row["source"])


def test_one_talker_is_scored_against_everything_else_in_the_mixture():
    reference, rest = talkers(1), noise()
    rows = by_metric(
        score_signals(reference=reference, estimate=reference + 0.1 * rest, interference=rest, fs=FS, metrics=CHEAP)
    )
    assert rows["sar"]["value"] == 100.0  # the estimate holds target and interference alone
    assert rows["sir"]["value"] == pytest.approx(rows["sdr"]["value"], abs=1e-6)
    alone = by_metric(score_signals(reference=reference, estimate=reference + rest, fs=FS, metrics=CHEAP))
    assert alone["sir"]["reason"] == "no-interferer" and alone["sar"]["value"] == alone["sdr"]["value"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda x: 0 * x, "silent-estimate"),
        (lambda x: 0 * x + 0.3, "silent-estimate"),
        (lambda x: x[:-10], "wrong-length: 15990 samples, expected 16000"),
        (lambda x: np.where(np.arange(len(x)) == 5, np.nan, x), "non-finite"),
        (lambda x: np.where(np.arange(len(x)) == 5, np.inf, x), "non-finite"),
    ],
)
def test_a_bad_estimate_costs_its_own_rows_with_the_reason(spoil, reason):
    reference = talkers(2)
    estimate = reference + noise()
    rows = score_signals(reference=reference, estimate=[spoil(estimate[1]), estimate[0]], fs=FS, metrics=CHEAP)
    good, bad = by_metric(rows, 0), by_metric(rows, 1)
    whole = by_metric(score_signals(reference=reference, estimate=estimate, fs=FS, metrics=CHEAP), 0)
    for name in CHEAP:  # the talker whose estimate is lost still interferes
        assert good[name]["value"] == pytest.approx(whole[name]["value"], abs=1e-6)
        assert (bad[name]["value"], bad[name]["status"], bad[name]["reason"]) == (None, "failed", reason)


def test_a_silent_reference_costs_its_own_rows():
    reference = talkers(2)
    reference[0] = 0.0
    rows = score_signals(reference=reference, estimate=talkers(2) + noise(), fs=FS, metrics=CHEAP)
    assert {row["reason"] for row in rows if row["source"] == 0} == {"silent-reference"}
    assert by_metric(rows, 1)["si_sdr"]["value"] > 5


def test_a_wrong_number_of_estimates_is_said():
    rows = score_signals(reference=talkers(2), estimate=talkers(1), fs=FS, metrics=CHEAP)
    assert {row["reason"] for row in rows} == {"wrong-count: 1 estimates, expected 2"}
    assert len(rows) == 2 * len(CHEAP)


def test_signals_of_fifty_milliseconds_are_too_short_for_most():
    x = talkers(1, 800)
    rows = by_metric(score_signals(reference=x, estimate=x + noise(800), interference=noise(800), fs=FS))
    assert rows["si_sdr"]["status"] == "ok"
    for name in ("sdr", "sir", "sar", "pesq_wb", "pesq_nb", "stoi", "estoi", "csig"):
        assert rows[name]["reason"] == "too-short"


def test_what_a_metric_raises_costs_its_own_row(monkeypatch):
    def broken(pair):
        raise ZeroDivisionError("the moon")

    monkeypatch.setitem(METRICS, "stoi", dataclass_with(METRICS["stoi"], broken))
    x = talkers(1)
    rows = by_metric(score_signals(reference=x, estimate=x + noise(), fs=FS, metrics=["si_sdr", "stoi", "estoi"]))
    assert rows["stoi"]["reason"] == "metric-failed: ZeroDivisionError: the moon"
    assert rows["si_sdr"]["status"] == rows["estoi"]["status"] == "ok"


def dataclass_with(metric, compute):
    import dataclasses

    return dataclasses.replace(metric, compute=compute)


def test_a_value_that_is_not_finite_never_reaches_a_row(monkeypatch):
    monkeypatch.setitem(METRICS, "stoi", dataclass_with(METRICS["stoi"], lambda pair: float("nan")))
    x = talkers(1)
    row = score_signals(reference=x, estimate=x + noise(), fs=FS, metrics=["stoi"])[0]
    assert (row["value"], row["status"]) == (None, "failed")


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pesq", None)
    x = talkers(1)
    rows = by_metric(score_signals(reference=x, estimate=x + noise(), fs=FS, metrics=["pesq_wb", "csig", "stoi"]))
    assert rows["pesq_wb"]["reason"] == rows["csig"]["reason"] == "not-installed: pesq"
    assert rows["stoi"]["status"] == "ok"


def test_unknown_metrics_and_metrics_of_a_run_are_refused():
    x = talkers(1)
    with pytest.raises(CocktailError, match="no metric 'sidsr'"):
        score_signals(reference=x, estimate=x, fs=FS, metrics=["sidsr"])
    with pytest.raises(CocktailError, match="comes with the estimates"):
        score_signals(reference=x, estimate=x, fs=FS, metrics=["rtf"])


def test_wer_carries_its_counts_and_its_recogniser():
    x = talkers(2)
    rows = score_signals(
        reference=x,
        estimate=x + noise(),
        fs=FS,
        metrics=["wer"],
        text=["Bin blue, at F!", None],
        recogniser=Parrot("bin at g now"),
    )
    assert (rows[0]["errors"], rows[0]["total"], rows[0]["value"]) == (3, 4, 75.0)
    assert rows[0]["card"] == METRICS["wer"].digest_with(Parrot.card)
    assert rows[1]["reason"] == "no-transcript"
    assert Counts(rows[0]["errors"], rows[0]["total"]).rate == 0.75
    silent = score_signals(reference=x[:1], estimate=x[:1], fs=FS, metrics=["wer"], text=["a"])
    assert silent[0]["reason"] == "no-recogniser"


# Shards.


def write_shard(folder, scenes):
    """Parquet files of scenes: {name: (images (K, D, N), noise (D, N), early (K, N), `reference`, estimates row)}."""
    mixtures, references, estimates = [], [], []
    for index, (name, (images, rest, early, reference, made)) in enumerate(scenes.items()):
        k_sources, channels, _ = images.shape
        mixtures.append({
            "scene": name, "condition": "test", "split": "test", "index": index, "fs": FS, "channels": channels,
            "n_sources": k_sources, "array": np.zeros((channels, 3)).tolist(),
            "mixture": tables.pack(images.sum(0) + rest, FS, name),
        })  # fmt: skip
        references.append({
            "scene": name, "record": record(speakers="abc"[:k_sources], text="one two"), "reference": reference,
            "images": [tables.pack(x, FS, name) for x in images], "noise": tables.pack(rest, FS, name),
            "early": [tables.pack(x, FS, name) for x in early],
        })  # fmt: skip
        if made is not None:
            estimates.append({"scene": name, "status": "ok", "seconds": 0.5, "duration": 1.0, "peak_memory": 10**6,
                              "parameters": 0, "device": "cpu"} | made)  # fmt: skip
    paths = {name: folder / f"{name}.parquet" for name in ("mixtures", "references", "estimates")}
    tables.write_rows(paths["mixtures"], mixtures, tables.MIXTURES)
    tables.write_rows(paths["references"], references, tables.REFERENCES)
    tables.write_rows(paths["estimates"], estimates, tables.ESTIMATES)
    return paths


def estimate_row(*signals):
    return {"estimate": [tables.pack(x, FS, "estimate") for x in signals]}


def scored(folder, scenes, metrics):
    out = folder / "scores" / "0.parquet"
    score_shard(
        **write_shard(folder, scenes), out=out, condition="test", entry="me", metrics=metrics, recogniser=None
    )  # fmt: skip
    assert tables.read_table(out).schema.names == tables.SCORES.names
    return tables.read_rows(out)


def test_a_shard_is_scored_against_the_reference_that_its_condition_names(tmp_path):
    image = np.stack([talkers(1), talkers(1)], axis=1)  # (1, 2, N)
    rest = np.stack([noise(), noise(seed=1)])
    early = 0.5 * talkers(1, seed=3)
    rows = scored(
        tmp_path,
        {
            "image": (image, rest, early, "image", estimate_row(image[0, 0])),
            "early": (image, rest, early, "early", estimate_row(early[0])),
        },
        ["si_sdr", "sir", "rtf", "parameters"],
    )
    values = {(row["scene"], row["metric"]): row["value"] for row in rows}
    assert values["image", "si_sdr"] > 90 and values["early", "si_sdr"] > 90
    assert values["image", "rtf"] == 0.5 and values["early", "parameters"] == 0.0
    assert {row["source"] for row in rows if row["metric"] == "rtf"} == {None}
    assert {(row["condition"], row["entry"]) for row in rows} == {("test", "me")}


def test_scores_of_a_shard_equal_scores_of_its_signals(tmp_path):
    images = talkers(2)[:, None]
    rest = 0.1 * noise()[None]
    made = images[:, 0] + noise(seed=5)
    rows = scored(tmp_path, {"s": (images, rest, images[:, 0], "image", estimate_row(*made[::-1]))}, CHEAP)
    direct = score_signals(reference=images[:, 0], estimate=made, interference=rest[0], fs=FS, metrics=CHEAP)
    for row, expected in zip(rows, direct, strict=True):
        assert row["value"] == pytest.approx(expected["value"], abs=1e-3)


def test_a_method_that_failed_has_all_its_rows(tmp_path):
    image = talkers(2)[:, None]
    rest = noise()[None]
    failed = {"status": "failed", "reason": "ValueError: no", "estimate": None}
    rows = scored(
        tmp_path,
        {
            "raised": (image, rest, image[:, 0], "image", failed),
            "absent": (image, rest, image[:, 0], "image", None),
        },
        ["si_sdr", "wer", "rtf"],
    )  # fmt: skip
    assert len(rows) == 2 * (2 * 2 + 1)
    reasons = {row["scene"]: row["reason"] for row in rows}
    assert reasons == {
        "raised": "method-failed: ValueError: no", "absent": "method-failed: no estimate in the shard"
    }  # fmt: skip
    assert {(row["value"], row["status"]) for row in rows} == {(None, "failed")}


def test_an_unknown_metric_fails_the_whole_shard_at_once(tmp_path):
    with pytest.raises(CocktailError, match="no metric 'pseq'"):
        scored(tmp_path, {"s": (talkers(1)[:, None], noise()[None], talkers(1), "image", None)}, ["pseq"])


def test_a_metric_that_takes_its_process_down_costs_that_scene_only(tmp_path, monkeypatch):
    """PESQ and PocketSphinx are C code."""
    x = talkers(1)
    gains = {"a": 0.5, "b": 0.0, "c": 0.5}
    scenes = {n: (x[:, None], noise()[None], x, "image", estimate_row(x[0] + g * noise())) for n, g in gains.items()}

    def crash(pair):
        if np.abs(pair.estimate - pair.reference).max() < 1e-3:
            os._exit(7)
        return 1.0

    monkeypatch.setitem(METRICS, "stoi", dataclass_with(METRICS["stoi"], crash))
    rows = {(row["scene"], row["metric"]): row for row in scored(tmp_path, scenes, ["stoi", "si_sdr", "rtf"])}
    assert len(rows) == 9
    assert {row["reason"] for (scene, _), row in rows.items() if scene == "b"} == {
        "scoring-failed: its process ended with status 7"
    }
    assert all(row["status"] == "ok" for (scene, _), row in rows.items() if scene != "b")
