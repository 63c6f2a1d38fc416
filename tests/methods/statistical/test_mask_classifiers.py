"""Classifiers of units, trained on seconds of sound: HIT minus FA on matched noise, and thresholds."""

import numpy as np
import pytest
from nmf_sounds import si_sdr, view

from cocktail.metrics.mask_detection import dominant, hit_fa
from cocktail.plugins.registry import Registry
from cocktail.stft import stft
from cocktail.testing.data import TinyData

FIELDS = {
    "gmm_mask": {"bands": 8, "scenes": 6, "components": 4, "iterations_fit": 5},
    "svm_mask": {"bands": 8, "scenes": 4, "units_fit": 200},
}


@pytest.mark.parametrize("plugin", FIELDS)
def test_tells_speech_from_matched_noise(tmp_path, plugin):
    method = Registry().plugins[plugin].cls(**FIELDS[plugin])
    method.fit(TinyData("separation"), np.random.default_rng(0), tmp_path)
    scene = TinyData("separation").mixer.draw(np.random.default_rng(7), "valid")
    target, noise = scene.sources[0].astype(float), scene.noise.astype(float)
    estimate = method(scene.mixture[None].astype(float), view(method.load(tmp_path)))[0]
    S, V, E = (stft(x) for x in (target, noise, estimate))
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
