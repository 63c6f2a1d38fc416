"""The registry of metrics: what every card must say, digests, and that listing metrics costs nothing."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest

from cocktail.metrics.catalogue import METRICS
from cocktail.metrics.metric import Comparison, Metric, Unscorable, defect
from cocktail.rng import rng

EXPECTED = {
    "si_sdr", "sdr", "sir", "sar", "pesq_wb", "pesq_nb", "stoi", "estoi", "seg_snr", "fwseg_snr", "cd", "llr", "csig",
    "cbak", "covl", "hit_fa", "wer", "wer_ctc", "wer_retrained", "si_sdr_pieces",
    "swapped_pieces", "cpwer", "orcwer", "eer_asv", "eer_asv_3", "eer_asv_norm", "min_dcf_asv",
    "eer_cm", "auc", "min_dcf_cm", "actual_dcf_cm", "cllr_cm", "min_tdcf", "min_tdcf_2021", "a_dcf", "t_eer",
    "cm_rejection", "spoof_acceptance",
    "rtf", "latency_ms", "bit_rate", "peak_memory", "parameters",
}  # fmt: skip


def test_every_metric_of_the_design_has_a_card():
    assert set(METRICS) == EXPECTED


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda m: m.name)
def test_a_card_is_plain_and_names_its_source(metric):
    card = metric.card()
    assert json.loads(json.dumps(card))["digest"] == metric.digest
    assert card["implementation"] and card["version"]
    assert metric.level == "scene" or card["citation"]
    assert metric.level != "source" or card["permutation"].startswith("once per scene")


def test_digests_are_distinct_and_follow_the_definition():
    assert len({metric.digest for metric in METRICS.values()}) == len(METRICS)
    metric = METRICS["stoi"]
    assert dataclasses.replace(metric, version="2").digest != metric.digest
    assert dataclasses.replace(metric, citation="elsewhere").digest == metric.digest


def test_the_recogniser_is_part_of_what_wer_is():
    wer = METRICS["wer"]
    assert wer.digest_with({"backend": "a"}) != wer.digest_with({"backend": "b"}) != wer.digest


def test_the_registry_imports_nothing_heavy():
    code = (
        "import cocktail.metrics, cocktail.scoring.shard, sys; "
        "heavy = ('scipy', 'pesq', 'torch', 'pandas', 'jiwer', 'meeteval'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


def test_a_metric_can_be_called_on_a_pair():
    reference = rng(0, role="reference").standard_normal(4000)
    assert METRICS["si_sdr"](reference=reference, estimate=reference, fs=16000) == 100.0
    with pytest.raises(Unscorable, match="silent-estimate"):
        METRICS["si_sdr"](reference=reference, estimate=0 * reference, fs=16000)
    with pytest.raises(Unscorable, match="no-interferer"):
        METRICS["sir"](reference=reference, estimate=reference, fs=16000)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 100.0])
def test_what_cannot_be_scored_is_named(scale):
    x = scale * rng(0, role="signal").standard_normal(1000)
    assert defect(reference=x, estimate=x) is None
    assert defect(reference=x, estimate=x[:990]) == "wrong-length: 990 samples, expected 1000"
    assert defect(reference=x, estimate=np.full(1000, scale)) == "silent-estimate"
    assert defect(reference=0 * x, estimate=x) == "silent-reference"
    assert defect(reference=x, estimate=np.where(np.arange(1000) == 7, np.nan, x)) == "non-finite"
    assert defect(reference=np.where(np.arange(1000) == 7, np.inf, x), estimate=x) == "non-finite-reference"


def test_shared_parts_are_computed_once_also_where_they_fail():
    x = rng(0, role="signal").standard_normal((1, 1000))
    pair = Comparison(reference=x, estimate=x, fs=16000).pairs[0]
    calls = []

    def part(given):
        calls.append(given)
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            pair.once(part)
    assert calls == [pair]


def test_rounding_left_of_a_mixture_is_no_interferer():
    x = rng(0, role="signal").standard_normal((1, 1000))
    assert len(Comparison(reference=x, estimate=x, fs=16000, others=[1e-4 * x[0]]).others) == 0
    assert len(Comparison(reference=x, estimate=x, fs=16000, others=[1e-2 * x[0]]).others) == 1


def test_cost_metrics_read_the_row_of_the_estimate():
    row = {"seconds": 1.5, "duration": 3.0, "peak_memory": 2_000_000, "parameters": 7}
    row |= {"side_information": 1500}  # bytes
    values = {name: METRICS[name].compute(row) for name in ("rtf", "peak_memory", "parameters", "bit_rate")}
    assert values == {"rtf": 0.5, "peak_memory": 2.0, "parameters": 7.0, "bit_rate": pytest.approx(4.0)}
    with pytest.raises(Unscorable, match="not-recorded"):
        METRICS["rtf"].compute({"seconds": None, "duration": 1.0})


def test_cost_cards_say_what_a_gpu_means_for_them():
    assert "GPU memory left out" in METRICS["peak_memory"].mode
    assert "column `device`" in METRICS["rtf"].mode


def test_a_metric_is_one_object_to_write():
    metric = Metric(
        name="energy", unit="", higher_is_better=True, low=0.0, high=None, citation="none", implementation="test",
        compute=lambda pair: float(np.square(pair.estimate).sum()),
    )  # fmt: skip
    x = np.array([1.0, -1.0])
    assert metric(reference=x, estimate=x, fs=16000) == 2.0
