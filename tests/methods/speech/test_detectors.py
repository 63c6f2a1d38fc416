import numpy as np
import pytest
import torch
from scipy.fft import dct
from scipy.interpolate import CubicSpline
from scipy.signal import get_window, lfilter
from sklearn.mixture import GaussianMixture

from cocktail.dsp import cepstra, constant_q
from cocktail.dsp.statistical import gmm
from cocktail.errors import CocktailError
from cocktail.method import View
from cocktail.metrics.detection import eer, eer_threshold
from cocktail.nets.detection import Trials, repeated
from cocktail.nets.lcnn import LightCnn, MaxFeatureMap
from cocktail.plugins.registry import Registry
from cocktail.testing.data import TinyData
from cocktail.testing.signals import speech_like
from cocktail.workflow.suite import load_suite

FS = 16000


def speech(seed=0, seconds=1.0):
    return speech_like(round(seconds * FS), FS, np.random.default_rng(seed))


# Features


def test_static_coefficients_equal_those_made_step_by_step():
    x = cepstra.normalised(speech(), FS)
    emphasised = lfilter([1, -0.97], 1, x)
    corners = np.linspace(0, 8000, 22)
    hz = np.linspace(0, 8000, 257)
    wanted = []
    for start in range(0, len(x) - 320 + 1, 160):
        power = np.abs(np.fft.rfft(emphasised[start : start + 320] * get_window("hamming", 320, False), 512)) ** 2 / 320
        bands = [np.interp(hz, corners[k : k + 3], [0, 1, 0], 0, 0) @ power for k in range(20)]
        wanted.append(dct(np.log(np.array(bands) + cepstra.FLOOR), norm="ortho"))
    found = cepstra.lfcc(x, FS)
    assert found.shape == (60, len(wanted))
    np.testing.assert_allclose(found[:20], np.transpose(wanted), atol=1e-6)
    np.testing.assert_allclose(found[20:], cepstra.difference(found[:40]))


def test_differences_of_a_line_and_of_a_parabola():
    t = np.arange(8.0)
    features = np.stack([3 * t, t**2])
    np.testing.assert_allclose(cepstra.difference(features)[:, 1:-1], np.stack([6 + 0 * t, 4 * t])[:, 1:-1])
    np.testing.assert_allclose(cepstra.difference(features)[:, 0], [3, 1])


@pytest.mark.parametrize(("level_db", "seconds"), [(-18, 2.0), (-22, 1.0)])
def test_ends_that_are_20_db_below_the_loudest_frame_are_cut_off(level_db, seconds):
    tone = np.sin(2 * np.pi * 500 * np.arange(FS) / FS)
    quiet = 10 ** (level_db / 20) * tone[: FS // 2]
    found = cepstra.normalised(np.concatenate([quiet, tone, quiet]), FS)
    assert len(found) / FS == pytest.approx(seconds, abs=0.02)
    assert np.mean(found**2) == pytest.approx(1)


def test_neither_level_nor_silence_at_the_ends_can_be_seen():
    x = speech()
    loud = np.flatnonzero(np.abs(x) > 0.1 * np.abs(x).max())
    x = x[loud[0] // 320 * 320 : loud[-1]]
    wanted = cepstra.lfcc(x, FS)
    np.testing.assert_allclose(cepstra.lfcc(1000 * x, FS), wanted, atol=1e-9)
    silence = np.zeros(3200)
    np.testing.assert_allclose(cepstra.lfcc(np.concatenate([silence, x]), FS), wanted, atol=1e-9)
    padded = cepstra.lfcc(np.concatenate([x, silence]), FS)
    assert padded.shape[1] <= wanted.shape[1] + 2


@pytest.mark.parametrize("features", [cepstra.lfcc, cepstra.cqcc])
@pytest.mark.parametrize("x", [np.zeros(4000), np.full(10, 0.1), np.ones(1)])
def test_features_of_next_to_nothing_are_finite(x, features):
    features = features(x, FS)
    assert features.shape[1] >= 1 and np.isfinite(features).all()


def test_constant_q_coefficients_equal_those_made_step_by_step():
    x = cepstra.normalised(speech(), FS)
    found, power = cepstra.cqcc(speech(), FS), constant_q.power(x, FS)
    centres, widths = constant_q.bands(FS)
    even = centres[0] + np.arange(16 * (centres[-1] / centres[0] - 1)) * centres[0] / 16
    spectrum = np.log(power[:, 40] + 1e-6 * widths / 8000)
    wanted = dct(CubicSpline(centres, spectrum)(even), norm="ortho")[:30]
    assert found.shape == (90, power.shape[1])
    np.testing.assert_allclose(found[:30, 40], wanted, atol=1e-6)
    np.testing.assert_allclose(found[30:], cepstra.slope(found[:60]), atol=1e-9)


def test_slopes_of_a_line_and_of_a_parabola():
    t = np.arange(12.0)
    found = cepstra.slope(np.stack([3 * t, t**2]))
    np.testing.assert_allclose(found[:, 3:-3], np.stack([3 + 0 * t, 2 * t])[:, 3:-3])
    assert found[0, 0] == pytest.approx(3 * (1 + 4 + 9) / 28)


# Gaussian mixtures


def two_clouds(n=4000):
    rng = np.random.default_rng(0)
    means, spread = np.array([[-3.0, 1.0], [2.0, -1.0]]), np.array([[1.0, 0.5], [0.7, 2.0]])
    which = (rng.random(n) < 0.3).astype(int)
    return (means[which] + spread[which] * rng.standard_normal((n, 2))).T, means, spread


def test_em_recovers_a_mixture():
    X, means, spread = two_clouds()
    mixture, history = gmm.learn(X, 2, 60, np.random.default_rng(1))
    order = np.argsort(mixture.means[:, 0])
    np.testing.assert_allclose(mixture.means[order], means, atol=0.15)
    np.testing.assert_allclose(np.sqrt(mixture.variances[order]), spread, rtol=0.1)
    np.testing.assert_allclose(mixture.weights[order], [0.7, 0.3], atol=0.03)
    assert mixture.weights.sum() == pytest.approx(1)
    assert np.all(np.diff(history) >= -1e-12)


def test_one_step_and_the_likelihood_equal_those_of_scikit_learn():
    X = np.random.default_rng(2).standard_normal((5, 300)) * np.arange(1, 6)[:, None]
    start, _ = gmm.learn(X, 4, 3, np.random.default_rng(3))
    judge = GaussianMixture(
        4, covariance_type="diag", max_iter=1, reg_covar=0, tol=0, means_init=start.means,
        weights_init=start.weights, precisions_init=1 / start.variances,
    )  # fmt: skip
    with pytest.warns(match="did not converge"):
        judge.fit(X.T)
    step, likelihood = gmm._step(start, X, np.zeros(5))
    np.testing.assert_allclose(step.means, judge.means_)
    np.testing.assert_allclose(step.variances, judge.covariances_)
    np.testing.assert_allclose(step.weights, judge.weights_)
    np.testing.assert_allclose(step.log_likelihood(X), judge.score_samples(X.T))
    assert likelihood == pytest.approx(start.log_likelihood(X).mean())


def test_results_do_not_depend_on_the_chunks(monkeypatch):
    X, _, _ = two_clouds(1000)
    whole, _ = gmm.learn(X, 3, 4, np.random.default_rng(1))
    monkeypatch.setattr(gmm, "CHUNK", 77)
    parts, _ = gmm.learn(X, 3, 4, np.random.default_rng(1))
    np.testing.assert_allclose(parts.means, whole.means)


def test_too_few_frames_are_refused():
    with pytest.raises(ValueError, match="3 frames cannot teach 4 components"):
        gmm.learn(np.zeros((2, 3)), 4, 1, np.random.default_rng(0))


# The network


def test_the_max_feature_map_is_the_larger_half():
    x = torch.randn(3, 8, 5, 4)
    torch.testing.assert_close(MaxFeatureMap()(x), torch.maximum(x[:, :4], x[:, 4:]))


def test_convolutions_have_the_parameters_of_the_paper():
    """Its table of layers: 1.6 K, 2.1 K, 27.7 K, 4.7 K, 55.4 K, 8.3 K, 36.9 K, 2.1 K and 18.5 K."""
    layers = [layer for layer in LightCnn(60).convolutions if isinstance(layer, torch.nn.Conv2d)]
    sizes = [round(sum(p.numel() for p in layer.parameters()) / 1000, 1) for layer in layers]
    assert sizes == [1.7, 2.1, 27.7, 4.7, 55.4, 8.3, 36.9, 2.1, 18.5]


@pytest.mark.parametrize("n_frames", [LightCnn.shortest, 100, 237])
def test_the_network_takes_any_length_and_scenes_apart(n_frames):
    network = LightCnn(60, width=0.1).eval()
    x = torch.randn(3, 60, n_frames)
    scores = network(x)
    assert scores.shape == (3,)
    torch.testing.assert_close(scores[1:2], network(x[1:2]), atol=1e-5, rtol=1e-4)


def test_both_classes_are_drawn_as_often_and_stretches_come_from_the_trials():
    bona_fide = [np.arange(40.0)[None] + 1000 * k for k in range(3)]
    attacks = [-np.arange(7.0)[None] - 1]
    trials = Trials(bona_fide, attacks)
    rng = np.random.default_rng(0)
    drawn = [trials.draw(rng, 10) for _ in range(400)]
    labels = [int(example["label"]) for example in drawn]
    assert sum(labels) == pytest.approx(200, abs=50)
    for example in drawn:
        x = example["features"][0]
        assert x.shape == (10,)
        if example["label"]:
            np.testing.assert_array_equal(np.diff(x), 1)
        else:
            np.testing.assert_array_equal(x, -((np.arange(10) - x[0] - 1) % 7) - 1)


def test_repetition():
    np.testing.assert_array_equal(repeated(np.array([[1, 2, 3]]), 5), [[1, 2, 3, 1, 2, 3]])
    np.testing.assert_array_equal(repeated(np.array([[1, 2, 3]]), 2), [[1, 2, 3]])


def test_a_class_without_trials_is_refused():
    with pytest.raises(CocktailError, match="bona fide speech and of attacks"):
        Trials([np.zeros((2, 3))], [])


# The methods

SIZES = {
    "gmm-lfcc": {"components": 4, "iterations": 5, "trials": 16},
    "gmm-cqcc": {"features": "cqcc", "coefficients": 30, "components": 4, "iterations": 5, "trials": 16},
    "lcnn": {"bands": 32, "width": 0.1, "dropout": 0.0, "trials": 16, "segment_s": 0.5, "epochs": 4, "steps": 20,
             "batch_size": 8, "learning_rate": 0.003},
    "grcnn": {"bands": 16, "width": 0.1, "dropout": 0.0, "trials": 16, "segment_s": 0.5, "epochs": 3, "steps": 12,
              "batch_size": 6, "learning_rate": 0.008},
}  # fmt: skip

PLUGINS = {"gmm-lfcc": "cepstral_gmm", "gmm-cqcc": "cepstral_gmm"}


@pytest.mark.parametrize("name", SIZES)
def test_a_detector_finds_a_simple_attack_and_its_threshold_lies_between(name, tmp_path):
    method = Registry().plugins[PLUGINS.get(name, name)].cls(**SIZES[name])
    method.fit(TinyData(method.paradigm), np.random.default_rng(0), tmp_path)
    model = method.load(tmp_path)

    def judged(split):
        view = View(FS, np.random.default_rng(0), {"model": model, "device": "cpu"})
        trials = list(TinyData(method.paradigm).trials(split, 16))
        return [method(trial.samples[None], view) for trial in trials], [trial.label == "bonafide" for trial in trials]

    assert float(model.threshold) == pytest.approx(eer_threshold(*judged("valid")), rel=1e-4)
    scores, bona_fide = judged("test")
    assert eer(scores, bona_fide) == 0
    accepted = np.array(scores) >= float(model.threshold)
    assert np.mean(accepted != np.array(bona_fide)) <= 0.2
    assert method.size(model) > 0


@pytest.mark.parametrize(
    ("name", "segment_s", "frames"), [("lcnn", 0.15, "15 frames; the network needs 16"), ("grcnn", 0.3, "30 frames"),
                                      ("aasist", 0.25, "4000 frames; the network needs 6561"), ("xvector", 0.1, "12 ")]
)  # fmt: skip
def test_examples_too_short_for_the_network_are_refused_before_any_is_made(name, segment_s, frames, tmp_path):
    """With what there is to train on never asked for."""
    method = Registry().plugins[name].cls(segment_s=segment_s, width=0.1)

    class Data:
        fs = FS

    with pytest.raises(CocktailError, match=f"segment_s: {segment_s:g} s are {frames}"):
        method.fit(Data(), np.random.default_rng(0), tmp_path)


def test_a_mixture_of_a_class_without_trials_is_refused():
    class Genuine(TinyData):
        def trials(self, split, n):
            return (trial for trial in super().trials(split, n) if trial.label == "bonafide")

    method = Registry().plugins["cepstral_gmm"].cls(**SIZES["gmm-lfcc"])
    with pytest.raises(CocktailError, match="no trial of the class 'spoof' in the train split: give it more `trials`"):
        method.fit(Genuine(method.paradigm), np.random.default_rng(0), None)


def test_suites_train_the_detector_that_they_score_with():
    for suite in ("tiny", "standard", "full"):
        named = load_suite(suite)["scorers"]["spoofing"]
        assert "lcnn" in ([named] if isinstance(named, str) else named[:1])
