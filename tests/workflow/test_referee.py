"""mir_eval and pystoi as judges: they agree with what the project scores, and find what is a hundredth of a dB off."""

import re

import numpy as np
import pytest

from cocktail import tables
from cocktail.metrics.catalogue import METRICS
from cocktail.rng import rng
from cocktail.scoring.signals import score_signals
from cocktail.testing.signals import pink_noise, speech_like
from cocktail.workflow.referee import disagreements

FS = 16000
JUDGED = ("sdr", "sir", "sar", "stoi", "estoi")


@pytest.fixture
def scene():
    """Two talkers in noise, and what a method made of them in the wrong order: rows of a shard and its scores."""
    talkers = np.stack([0.1 * speech_like(2 * FS, FS, rng(k, role="talker")) for k in range(2)])
    noise = 0.02 * pink_noise(2 * FS, rng(0, role="noise"))
    artefacts = 0.01 * np.stack([pink_noise(2 * FS, rng(k, role="artefacts")) for k in range(2)])
    estimates = (talkers + 0.3 * talkers[::-1] + 0.5 * noise + artefacts)[::-1]
    mixture = {"scene": "s", "fs": FS, "mixture": tables.pack((talkers.sum(0) + noise)[None], FS, "s")}
    images = [tables.pack(x[None], FS, "s") for x in talkers]
    truth = {"scene": "s", "reference": "image", "images": images, "early": images}
    made = {"scene": "s", "estimate": [tables.pack(x[None], FS, "s") for x in estimates]}
    given = {"reference": talkers, "estimate": estimates, "fs": FS, "interference": noise, "metrics": JUDGED}
    return mixture, truth, made, score_signals(**given)


def test_the_packages_agree_with_what_is_scored(scene):
    mixture, truth, made, rows = scene
    assert [row["estimate"] for row in rows] == [1] * 5 + [0] * 5
    assert list(disagreements(mixture, truth, made, rows)) == []


@pytest.mark.parametrize("metric", JUDGED)
def test_a_score_that_is_a_little_off_is_found(scene, metric):
    *files, rows = scene
    off = 0.02 if METRICS[metric].unit == "dB" else 0.002
    changed = [row | {"value": row["value"] + off * (row["metric"] == metric and row["source"] == 1)} for row in rows]
    (found,) = disagreements(*files, changed)
    package = "mir_eval" if METRICS[metric].unit == "dB" else "pystoi"
    assert re.fullmatch(rf"talker 2, {metric}: [-\d.e]+( dB)? stored, [-\d.e]+( dB)? by {package}", found)


def test_an_exact_estimate_is_exact_for_both(scene):
    mixture, truth, _, _ = scene
    made = {"estimate": truth["images"]}
    talkers = [tables.unpack(cell)[0] for cell in truth["images"]]
    noise = tables.unpack(mixture["mixture"])[0] - sum(talkers)
    rows = score_signals(reference=talkers, estimate=talkers, fs=FS, interference=noise, metrics=JUDGED)
    assert list(disagreements(mixture, truth, made, rows)) == []
    missing = [row | {"status": "failed", "value": None} for row in rows]
    assert list(disagreements(mixture, truth, made, missing)) == []
