"""Costs of decisions: closed forms of Gaussian scores, and figures of the evaluation package of ASVspoof 5."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from cocktail.errors import CocktailError
from cocktail.metrics.catalogue import METRICS
from cocktail.metrics.decisions import ASVSPOOF_5, VOXSRC, Costs, actual_dcf, cllr, min_dcf
from cocktail.metrics.trials import Trials
from cocktail.rng import rng


def gaussian(n, mean, deviation=1.0):
    """(n,) quantiles: a sample whose shares are those of the distribution."""
    return mean + deviation * ndtri((np.arange(n) + 0.5) / n)


def detected(*classes):
    """Scores and labels of positive trials and of negative ones."""
    return np.concatenate(classes), np.repeat([True, False], [len(scores) for scores in classes])


@pytest.mark.parametrize("costs", [VOXSRC, ASVSPOOF_5])
def test_the_least_cost_of_gaussian_scores_is_its_closed_form(costs):
    t = np.linspace(-4, 8, 2001)
    misses, false_alarms = costs.p_positive * costs.miss, (1 - costs.p_positive) * costs.false_alarm
    expected = min(misses * ndtr(t - 2) + false_alarms * ndtr(-t)) / min(misses, false_alarms)
    value = min_dcf(*detected(gaussian(4000, 2), gaussian(4000, 0)), costs=costs)
    assert value == pytest.approx(expected, abs=5e-3)
    assert 0.2 < value < 1


@pytest.mark.parametrize("costs", [VOXSRC, ASVSPOOF_5, Costs(0.2, 1.0, 1.0)])
def test_scores_that_are_log_likelihood_ratios_cost_least_at_their_own_threshold(costs):
    scores, labels = detected(gaussian(4000, 2.0, 2.0), gaussian(4000, -2.0, 2.0))  # both means are half the variance
    least = min_dcf(scores, labels, costs=costs)
    assert actual_dcf(scores, labels, costs=costs) == pytest.approx(least, abs=5e-3)
    assert actual_dcf(scores + 1.5, labels, costs=costs) > least + 0.02
    assert actual_dcf(scores / 3, labels, costs=costs) > least + 0.02


def test_ratios_are_worth_what_they_say():
    assert cllr([0.0, 0.0, 0.0], [True, False, False]) == pytest.approx(1.0)
    assert cllr([np.log(3), -np.log(3)], [True, False]) == pytest.approx(np.log2(4 / 3))
    assert cllr([2000.0, -2000.0], [False, True]) == pytest.approx(2000 / np.log(2))
    scores, labels = detected(gaussian(3000, 2.0, 2.0), gaussian(1000, -2.0, 2.0))
    worth = cllr(scores, labels)
    assert all(cllr(change, labels) > worth + 0.01 for change in (2 * scores, scores / 2, scores + 1))


def test_figures_are_those_of_the_package_of_asvspoof_5():
    scores, labels = detected(gaussian(400, 1.5, 1.3), gaussian(700, -1.0))
    assert min_dcf(scores, labels, costs=ASVSPOOF_5) == pytest.approx(0.3885357142857141, abs=1e-12)
    assert actual_dcf(scores, labels, costs=ASVSPOOF_5) == pytest.approx(0.4550, abs=1e-12)
    assert cllr(scores, labels) == pytest.approx(0.5288584808687675, abs=1e-12)


FIGURES = lambda *given: min_dcf(*given, costs=VOXSRC), lambda *given: actual_dcf(*given, costs=ASVSPOOF_5), cllr


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize(
    ("scores", "labels", "said"),
    [
        ([np.nan, 1.0], [True, False], "not finite"),
        ([1.0, 2.0], [True, True], "all classes"),
        ([1.0, 2.0, 3.0], [True, False], "one length"),
    ],
)
def test_what_are_no_trials_of_both_classes_is_an_error(figure, scores, labels, said):
    with pytest.raises(CocktailError, match=said):
        figure(scores, labels)


@pytest.mark.parametrize("figure", FIGURES)
def test_a_weight_is_how_often_a_trial_counts(figure):
    generator = rng(0, role="trials")
    labels = generator.random(80) < 0.4
    scores = np.round(generator.normal(size=80) + 2 * labels, 1)
    weights = generator.poisson(1.0, (6, 80))
    for weight, value in zip(weights, figure(scores, labels, weights), strict=True):
        assert value == pytest.approx(figure(np.repeat(scores, weight), np.repeat(labels, weight)), abs=1e-12)
    assert np.isnan(figure(scores, labels, labels.astype(float)))


def test_metrics_have_the_trials_of_their_kind():
    kind, label = np.repeat(["cm", "asv"], 4), np.array(["bonafide"] * 2 + ["tts", "lpc"] + ["target", "nontarget"] * 2)
    trials = Trials(kind, label, np.array([3.0, 0.5, -1.0, 1.0, 0.9, 0.1, 0.2, 0.3]))
    cm = (trials.score[:4], label[:4] == "bonafide")
    verified = (trials.score[4:], label[4:] == "target")
    assert METRICS["min_dcf_cm"].compute(trials) == min_dcf(*cm, costs=ASVSPOOF_5)
    assert METRICS["actual_dcf_cm"].compute(trials) == actual_dcf(*cm, costs=ASVSPOOF_5) != 0
    assert METRICS["cllr_cm"].compute(trials) == cllr(*cm)
    assert METRICS["min_dcf_asv"].compute(trials) == min_dcf(*verified, costs=VOXSRC)
