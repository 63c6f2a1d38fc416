"""Coughs judged by three classifiers, whose scores are fused."""

import dataclasses

import numpy as np
import pytest

from cocktail.dsp.coughs import segments
from cocktail.dsp.functionals import functionals
from cocktail.method import Recording, View
from cocktail.metrics.detection import auc
from cocktail.plugins.registry import Registry
from cocktail.rng import rng
from cocktail.testing.data import TinyData

FS = 16000


class Bursts(TinyData):
    """Bursts, two in a recording, which decay slowly where they are bona fide and fast where not."""

    def trials(self, split, n):
        for k in range(n):
            samples, label = burst(rng(1, split, k, role="burst"), k % 2), ["bonafide", "other"][k % 2]
            yield Recording(samples, "cough", None, label=label)


def burst(draw, fast):
    time = np.arange(FS // 2) / FS
    decay = np.exp(-time * draw.uniform(*((16, 40) if fast else (6, 20))))
    x = np.concatenate([decay * draw.standard_normal(len(time)) for _ in range(2)])
    return x + 0.01 * draw.standard_normal(len(x))


@pytest.fixture(scope="module")
def plugin():
    return Registry().entry("cough-fusion").cls


@pytest.fixture(scope="module")
def trained(plugin, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cough-fusion")
    method = plugin(width=0.05, bands=16, trials=48, trees=20, segment_s=0.3, epochs=3, steps=8, batch_size=8,
                    dropout=0.0, learning_rate=0.01)  # fmt: skip
    method.fit(Bursts("annotated-source-model", ("detect",)), np.random.default_rng(0), folder)
    return method, method.load(folder)


def scores(method, model, recordings):
    view = View.of(method, {"model": model, "device": "cpu"}, fs=FS, rng=np.random.default_rng(0))
    return np.array([method(x[None], view) for x in recordings])


def test_all_systems_and_their_fusion_tell_the_kinds_apart(trained):
    method, model = trained
    recordings = [burst(rng(2, k, role="test burst"), k % 2) for k in range(30)]
    slow = np.arange(30) % 2 == 0
    by_system = {
        system: scores(dataclasses.replace(method, system=system), model, recordings)
        for system in ("logistic", "boosting", "network", "fusion")
    }
    found = {system: auc(of, slow) for system, of in by_system.items()}
    assert found["logistic"] > 0.8 and found["boosting"] > 0.8 and found["fusion"] > 0.85
    three = np.stack([by_system[system] for system in ("logistic", "boosting", "network")], axis=1)
    fused = three @ model.arrays["fusion_weights"] + model.arrays["fusion_intercept"]
    np.testing.assert_allclose(by_system["fusion"], fused, atol=1e-9)
    assert (model.arrays["fusion_weights"][:2] > 0).all()


def test_the_score_of_a_recording_is_the_mean_over_its_coughs(trained):
    method, model = trained
    slow, fast = (burst(rng(3, k, role="test burst"), k)[: FS // 2] for k in (0, 1))
    x = np.concatenate([slow, 1e-4 * np.ones(FS // 4), fast])
    arrays, coughs = model.arrays, [functionals(x[each], FS) for each in segments(x, FS)]
    each = [(X - arrays["mean"]) / arrays["scale"] @ arrays["weights"] + arrays["intercept"][0] for X in coughs]
    assert len(each) == 2 and abs(each[0] - each[1]) > 0.1
    (found,) = scores(dataclasses.replace(method, system="logistic"), model, [x])
    assert found == pytest.approx(np.mean(each), abs=1e-6)


def test_entries_share_one_model():
    entries = Registry().sized("small", {}, "test")
    assert [entries[f"cough-{name}"].model for name in ("logistic", "boosting", "network")] == ["cough-fusion"] * 3
