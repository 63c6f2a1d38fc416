"""a-DCF and t-EER: closed forms, systems of which one part never errs, figures of the package of ASVspoof 5."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from cocktail.metrics.catalogue import METRICS
from cocktail.metrics.detection import eer
from cocktail.metrics.metric import Unscorable
from cocktail.metrics.tandem import CLASSES, a_dcf, t_eer
from cocktail.metrics.trials import Trials
from cocktail.rng import rng


def gaussian(n, mean, deviation=1.0):
    """(n,) quantiles: a sample whose shares are those of the distribution."""
    return mean + deviation * ndtri((np.arange(n) + 0.5) / n)


def verified(target, nontarget, spoof):
    parts = target, nontarget, spoof
    return np.concatenate(parts), np.repeat(CLASSES, [len(part) for part in parts])


def detected(bonafide, spoof):
    parts = bonafide, spoof
    return {"cm_scores": np.concatenate(parts), "cm_labels": np.repeat([True, False], [len(part) for part in parts])}


def test_a_dcf_of_gaussian_scores_is_its_closed_form():
    t = np.linspace(-4, 8, 4001)
    expected = min(0.9405 * ndtr(t - 4) + 10 * 0.0095 * ndtr(-t) + 10 * 0.05 * ndtr(2 - t)) / 0.595
    value = a_dcf(*verified(gaussian(3000, 4), gaussian(3000, 0), gaussian(3000, 2)))
    assert value == pytest.approx(expected, abs=2e-3)


def test_a_dcf_is_that_of_the_package_of_asvspoof_5():
    """With the costs and priors that its calculate_metrics.py sets, not with the defaults of its a_dcf.py."""
    scores = verified(gaussian(300, 3), gaussian(900, 0), gaussian(600, 2))
    assert a_dcf(*scores) == pytest.approx(0.6695294117647059, abs=1e-12)


def test_to_accept_everybody_is_the_worst_that_a_system_needs_to_do():
    assert a_dcf([0.0, 1.0, 2.0], ["target", "nontarget", "spoof"]) == pytest.approx(1.0)
    assert a_dcf([3.0, 1.0, 2.0], ["target", "nontarget", "spoof"]) == 0


def test_the_verifier_hears_what_the_detector_lets_pass():
    """The detector errs on nobody, so that a spoof which the verifier takes for its target costs nothing."""
    scene = [("cm", "bonafide", 1.0), ("asv", "target", 0.9), ("asv", "nontarget", 0.2)]
    attack = [("cm", "tts", -1.0), ("asv", "spoof", 1.0)]
    metric = METRICS["a_dcf"].compute
    for rows in (scene + attack, attack + scene):
        assert metric(Trials(*map(np.array, zip(*rows, strict=True)))) == 0
    # At its EER the detector lets one spoof of three pass, which the verifier refuses, and misses one target of two.
    others = [("cm", "tts", -3.0), ("asv", "spoof", 1.0), ("cm", "lpc", 0.0), ("asv", "spoof", -1.0)]
    rows = [*scene, ("cm", "bonafide", 2.0), ("cm", "tts", -2.5), ("asv", "spoof", 1.0), *others]
    rows += [("cm", "bonafide", -2.0), ("asv", "target", 0.8)]
    assert metric(Trials(*map(np.array, zip(*rows, strict=True)))) == pytest.approx(0.9405 / 2 / 0.595)


def test_t_eer_of_gaussian_scores_is_its_closed_form():
    """The rates of misses, nontargets and spoofs that pass are equal, for verifier and detector of known errors."""

    def rates(tau):
        miss, nontarget, spoof = ndtr(tau - 3), ndtr(-tau), ndtr(2 - tau)
        cm = (nontarget - miss) / (1 + nontarget - miss)
        return (1 - cm) * nontarget, spoof * ndtr(-1 - (1.5 + 1.3 * ndtri(cm)))

    tau = brentq(lambda tau: np.subtract(*rates(tau)), 0, 1.499)
    scores = verified(gaussian(2000, 3), gaussian(2000, 0), gaussian(2000, 2))
    value = t_eer(*scores, **detected(gaussian(2000, 1.5, 1.3), gaussian(2000, -1)))
    assert value == pytest.approx(rates(tau)[0], abs=1e-3)


def test_t_eer_is_that_of_the_package_of_asvspoof_5():
    """Which takes the nearest operating points: 14.0679 and 13.9661 %."""
    for n, expected in ((100, 0.140679), (1000, 0.139661)):
        scores = verified(gaussian(3 * n, 3), gaussian(9 * n, 0), gaussian(6 * n, 2))
        value = t_eer(*scores, **detected(gaussian(4 * n, 1.5, 1.3), gaussian(7 * n, -1)))
        assert value == pytest.approx(expected, abs=0.1 / n)


def test_the_part_that_errs_alone_decides_the_t_eer():
    perfect = detected(gaussian(500, 20), gaussian(500, -20))
    verifier = verified(gaussian(500, 3), gaussian(500, 0), gaussian(500, 3))
    alone = eer(verifier[0][:1000], np.arange(1000) < 500)
    assert t_eer(*verifier, **perfect) == pytest.approx(alone, abs=2e-3)
    fooled = verified(gaussian(500, 20), gaussian(500, -20), gaussian(500, 20))
    detector = detected(gaussian(500, 2), gaussian(500, 0))
    expected = eer(detector["cm_scores"], detector["cm_labels"])
    assert t_eer(*fooled, **detector) == pytest.approx(expected, abs=2e-3)
    backwards = detected(gaussian(500, -20), gaussian(500, 20))
    assert t_eer(*fooled, **backwards) == pytest.approx(0.5, abs=2e-3)
    wary = verified(gaussian(500, 3), gaussian(500, 0), gaussian(500, -20))  # it takes spoofs for nobody
    assert t_eer(*wary, **backwards) == pytest.approx(0.5, abs=2e-3)
    assert t_eer(*wary, **perfect) == pytest.approx(alone, abs=2e-3)


def test_a_weight_is_how_often_a_trial_counts():
    generator = rng(0, role="trials")
    classes = np.repeat(CLASSES, [20, 30, 25])
    scores = np.round(generator.normal(size=75) + 2 * (classes != "nontarget"), 1)
    cm_labels = np.arange(40) < 22
    cm_scores = np.round(generator.normal(size=40) + 2 * cm_labels, 1)
    weights, cm_weights = generator.poisson(1.0, (5, 75)), generator.poisson(1.0, (5, 40))
    costs = a_dcf(scores, classes, weights)
    rates = t_eer(scores, classes, cm_scores=cm_scores, cm_labels=cm_labels, weights=weights, cm_weights=cm_weights)
    for w, v, cost, rate in zip(weights, cm_weights, costs, rates, strict=True):
        drawn, cm = (np.repeat(scores, w), np.repeat(classes, w)), (np.repeat(cm_scores, v), np.repeat(cm_labels, v))
        assert cost == pytest.approx(a_dcf(*drawn), abs=1e-12)
        assert rate == pytest.approx(t_eer(*drawn, cm_scores=cm[0], cm_labels=cm[1]), abs=1e-12)
    without = np.where(classes == "spoof", 0, weights)
    assert np.isnan(a_dcf(scores, classes, without)).all()
    given = {"cm_scores": cm_scores, "cm_labels": cm_labels, "cm_weights": cm_weights}
    assert np.isnan(t_eer(scores, classes, weights=without, **given)).all()


@pytest.mark.parametrize("metric", ["a_dcf", "t_eer"])
def test_without_impostors_there_is_no_figure(metric):
    trials = Trials(np.array(["cm", "asv", "cm", "asv"]), np.array(["bonafide", "target", "tts", "spoof"]), np.ones(4))
    with pytest.raises(Unscorable, match="no nontarget among the asv trials"):
        METRICS[metric].compute(trials)


def test_spoofs_are_accepted_where_a_verifier_errs_as_often_on_both_kinds_of_speakers():
    """Its threshold is at 1, between targets around 2 and nontargets around 0; spoofs do not move it."""
    scores, labels = verified(gaussian(2000, 2), gaussian(2000, 0), gaussian(2000, 1.5))
    trials = Trials(np.repeat("asv", len(scores)), labels, scores)
    metric = METRICS["spoof_acceptance"].compute
    assert metric(trials) == pytest.approx(100 * ndtr(0.5), abs=0.1)
    chosen = (labels != "spoof") | (scores > 1.5)
    assert metric(trials.at(chosen)) == pytest.approx(100)
    weights = np.stack([np.ones(len(scores)), chosen, labels != "spoof"])
    np.testing.assert_allclose(metric(trials, weights), [metric(trials), 100, np.nan])
    with pytest.raises(Unscorable, match="no spoof among the asv trials"):
        metric(trials.at(labels != "spoof"))


@pytest.mark.parametrize("metric", [name for name, metric in METRICS.items() if metric.from_trials])
def test_a_figure_of_drawn_scenes_is_that_of_scenes_that_are_there_as_often(metric):
    """Thresholds as well: they are those of the drawn trials."""
    generator = rng(1, role="scenes")
    scenes = []
    for _ in range(16):
        scenes.append([("cm", "bonafide", generator.normal() + 1), ("asv", "target", generator.normal() + 3)])
        scenes[-1] += [("asv", "nontarget", generator.normal()) for _ in range(3)]
        scenes.append([("cm", "tts", generator.normal() - 1), ("asv", "spoof", generator.normal() + 2.5)])

    def trials(drawn):
        return Trials(*map(np.array, zip(*(trial for scene in drawn for trial in scene), strict=True)))

    weights = generator.multinomial(len(scenes), np.full(len(scenes), 1 / len(scenes)), size=30).astype(float)
    found = METRICS[metric].compute(trials(scenes), np.repeat(weights, list(map(len, scenes)), axis=1))
    often = [[scene for scene, n in zip(scenes, drawn, strict=True) for _ in range(int(n))] for drawn in weights]
    np.testing.assert_allclose(found, [METRICS[metric].compute(trials(drawn)) for drawn in often], atol=1e-12)
    assert len(np.unique(found)) > 10
    without = np.repeat([[scene[0][1] == "tts" for scene in scenes]], list(map(len, scenes)), axis=1)
    assert np.isnan(METRICS[metric].compute(trials(scenes), without.astype(float))).all()
