"""Classifiers of units, trained on seconds of sound: HIT minus FA on matched noise, and thresholds."""

import numpy as np
import pytest
from nmf_sounds import si_sdr

from cocktail.dsp.auditory.classifier import Examples
from cocktail.method import View
from cocktail.metrics.mask_detection import dominant, hit_fa
from cocktail.plugins.registry import Registry
from cocktail.stft import framing, stft
from cocktail.testing.data import TinyData

FIELDS = {
    "gmm_mask": {"bands": 8, "scenes": 6, "components": 4, "iterations_fit": 5},
    "svm_mask": {"bands": 8, "scenes": 4, "units_fit": 200},
    "mlp_pitch_mask": {"bands": 8, "scenes": 6, "iterations_fit": 50},
}


@pytest.mark.parametrize(("plugin", "fs"), [("gmm_mask", 16000), ("gmm_mask", 44100), ("svm_mask", 16000)])
def test_tells_speech_from_matched_noise(tmp_path, plugin, fs):
    method, data = Registry().plugins[plugin].cls(**FIELDS[plugin]), TinyData("separation", fs=fs)
    method.fit(data, np.random.default_rng(0), tmp_path)
    scene = data.mixer.draw(np.random.default_rng(7), "valid")
    target, noise = scene.sources[0].astype(float), scene.noise.astype(float)
    told = View(fs, np.random.default_rng(0), {"model": method.load(tmp_path)})
    estimate = method(scene.mixture[None].astype(float), told)[0]
    S, V, E = (stft(x, *framing(fs)) for x in (target, noise, estimate))
    assert hit_fa(ideal=dominant(S, V), estimate=dominant(E, S + V - E)) > 40
    assert si_sdr(target, estimate) > si_sdr(target, scene.mixture) + 2


def test_the_threshold_is_that_of_the_largest_hit_minus_fa():
    best_threshold = Registry().plugins["svm_mask"].cls.learn.__globals__["best_threshold"]
    rng = np.random.default_rng(0)
    labels = rng.random(200) < 0.3
    scores = labels + rng.standard_normal(200)

    def difference(threshold):
        return np.mean(scores[labels] > threshold) - np.mean(scores[~labels] > threshold)

    found = difference(best_threshold(scores, labels, 0.0))
    assert found == pytest.approx(max(map(difference, np.concatenate([scores, scores - 1e-9]))))
    assert best_threshold(scores, np.ones(200, bool), -3.0) == -3.0


def test_the_loss_is_the_squared_error_weighted_by_power_and_has_its_gradient():
    loss = Registry().plugins["mlp_pitch_mask"].cls.learn.__globals__["loss"]
    rng = np.random.default_rng(0)
    features, labels, power = rng.standard_normal((30, 6)), rng.random(30) < 0.5, rng.random(30)
    weights = rng.standard_normal(8 * 4 + 1)
    matrix, bias, out = weights[:24].reshape(6, 4), weights[24:28], weights[28:32]
    output = 1 / (1 + np.exp(-np.tanh(features @ matrix + bias) @ out - weights[32]))
    value, gradient = loss(weights, features, labels, power, 4)
    assert value == pytest.approx(np.sum(power * (labels - output) ** 2))
    steps = 1e-6 * np.eye(len(weights))
    ends = [[loss(weights + sign * step, features, labels, power, 4)[0] for step in steps] for sign in (1, -1)]
    np.testing.assert_allclose(gradient, (np.array(ends[0]) - ends[1]) / 2e-6, atol=1e-6)


def test_errors_count_as_much_as_power():
    """Units whose features say nothing about their labels are labelled as the louder half of them is."""
    plugin = Registry().plugins["mlp_pitch_mask"].cls(hidden=2, iterations_fit=50)
    labels = np.arange(200) % 3 == 0
    features = np.zeros((200, 1))
    for power, share in ((np.where(labels, 10.0, 1.0), 1.0), (np.ones(200), 0.0)):
        examples = Examples(features, labels, power)
        band = plugin.learn(examples, examples, np.random.default_rng(0))
        assert plugin.decide(band, features).mean() == share
