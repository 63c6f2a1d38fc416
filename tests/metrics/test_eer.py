"""EER and t-DCF: closed forms on Gaussian scores, the ROC convex hull, ties, exact small cases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from cocktail.errors import CocktailError
from cocktail.metrics.catalogue import METRICS
from cocktail.metrics.detection import ASVSPOOF_2019, auc, eer, min_tdcf, operating_points
from cocktail.metrics.trials import Trials
from cocktail.rng import rng


def gaussian_trials(separation, n=200_000, seed=0):
    generator = rng(seed, role="trials")
    scores = np.concatenate([generator.normal(separation, 1, n), generator.normal(0, 1, n)])
    return scores, np.arange(2 * n) < n


def normal_cdf(x):
    from math import erf, sqrt

    return 0.5 * (1 + erf(x / sqrt(2)))


def rocch_eer(scores, labels):
    """EER of the ROC's lower convex hull: pool adjacent violators, then intersect the hull with miss = false alarm."""
    values = np.unique(scores)
    hull = []  # blocks of [positives, negatives], the share of positives rising
    for value in values:
        at = scores == value
        hull.append([np.sum(labels & at), np.sum(~labels & at)])
        while len(hull) > 1 and hull[-2][0] * sum(hull[-1]) >= hull[-1][0] * sum(hull[-2]):
            last = hull.pop()
            hull[-1] = [hull[-1][0] + last[0], hull[-1][1] + last[1]]
    steps = np.array(hull) / [labels.sum(), (~labels).sum()]
    miss, false_alarm = np.r_[0, np.cumsum(steps[:, 0])], 1 - np.r_[0, np.cumsum(steps[:, 1])]
    grid_gap = miss - false_alarm  # rises from -1 to 1, linearly on each edge
    return np.interp(0.0, grid_gap, miss)


@pytest.mark.parametrize("separation", [0.0, 1.0, 2.0])
def test_auc_of_gaussian_scores_is_its_closed_form(separation):
    assert auc(*gaussian_trials(separation)) == pytest.approx(normal_cdf(separation / 2**0.5), abs=2e-3)


def test_auc_equals_that_of_another_implementation_with_ties_and_weights():
    generator = rng(0, role="auc")
    scores, labels = np.round(generator.normal(size=300), 1), generator.random(300) < 0.3
    weights = generator.integers(0, 4, (5, 300))
    assert auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    expected = [roc_auc_score(labels, scores, sample_weight=row) for row in weights]
    np.testing.assert_allclose(auc(scores, labels, weights), expected, atol=1e-12)


@pytest.mark.parametrize("separation", [0.5, 1.0, 2.0, 4.0])
def test_eer_of_gaussian_scores_is_its_closed_form(separation):
    assert eer(*gaussian_trials(separation)) == pytest.approx(normal_cdf(-separation / 2), abs=2e-3)


def test_eer_of_unequal_variances():
    """Means 2 and 0, deviations 2 and 1: the threshold t solves (2 - t) / 2 = t."""
    generator = rng(0, role="unequal")
    scores = np.concatenate([generator.normal(2, 2, 200_000), generator.normal(0, 1, 200_000)])
    assert eer(scores, np.arange(400_000) < 200_000) == pytest.approx(normal_cdf(-2 / 3), abs=2e-3)


def test_eer_equals_the_hull_where_the_roc_is_convex():
    scores, labels = gaussian_trials(1.5, n=1500)
    binned = np.round(scores)  # coarse bins of Gaussian scores: likelihood ratios rise, the ROC is its own hull
    keep = (binned >= -2) & (binned <= 3)
    assert eer(binned[keep], labels[keep]) == pytest.approx(rocch_eer(binned[keep], labels[keep]), abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(n=st.integers(2, 60), seed=st.integers(0, 2**16), digits=st.integers(0, 3), separation=st.floats(-2, 4))
def test_eer_is_never_below_its_hull_and_near_it(n, seed, digits, separation):
    scores, labels = gaussian_trials(separation, n=n, seed=seed)
    scores = np.round(scores, digits)
    value, hull = eer(scores, labels), rocch_eer(scores, labels)
    assert hull - 1e-12 <= value <= 1
    assert hull <= 0.5 + 1e-12


def test_eer_of_large_sets_is_its_hull():
    scores, labels = gaussian_trials(2.0, n=4000)
    assert eer(scores, labels) == pytest.approx(rocch_eer(scores, labels), abs=5e-3)


@settings(max_examples=30, deadline=None)
@given(n=st.integers(2, 60), seed=st.integers(0, 2**16))
def test_eer_knows_order_and_ranks_only(n, seed):
    scores, labels = gaussian_trials(1.0, n=n, seed=seed)
    shuffled = rng(seed, role="shuffle").permutation(len(scores))
    assert eer(scores[shuffled], labels[shuffled]) == pytest.approx(eer(scores, labels), abs=1e-12)
    assert eer(np.exp(3 * scores), labels) == pytest.approx(eer(scores, labels), abs=1e-12)
    assert eer(-scores, ~labels) == pytest.approx(eer(scores, labels), abs=1e-12)


def test_eer_of_exact_cases():
    labels = np.array([True, True, False, False])
    assert eer([4, 3, 2, 1], labels) == 0.0
    assert eer([1, 2, 3, 4], labels) == 1.0
    assert eer([1, 1, 1, 1], labels) == pytest.approx(0.5)  # ties: what random tie-breaking gives on average
    assert eer([4, 2, 3, 1], labels) == pytest.approx(0.5)


def test_operating_points_run_from_accept_all_to_reject_all():
    miss, false_alarm, threshold = operating_points([0.0, 1.0, 1.0, 2.0], [False, True, False, True])
    np.testing.assert_allclose(miss, [0, 0, 0.5, 1])
    np.testing.assert_allclose(false_alarm, [1, 0.5, 0, 0])
    np.testing.assert_array_equal(threshold, [0, 1, 2, np.inf])


@pytest.mark.parametrize(
    ("scores", "labels"), [([1.0, np.nan], [True, False]), ([1.0, 2.0], [True, True]), ([1.0, 2.0], [True])]
)
def test_trials_that_make_no_sense_are_refused(scores, labels):
    with pytest.raises(CocktailError):
        eer(scores, labels)


ASV = {"asv_target": [2.0, 3.0, 4.0, 5.0], "asv_nontarget": [-1.0, 0.0, 0.5, 1.0], "asv_spoof": [0.0, 2.5, 3.0, 4.0]}
"""A verifier without errors of its own (threshold 2) that accepts three spoofs of four."""


def test_min_tdcf_of_a_perfect_and_of_a_useless_countermeasure():
    labels = np.arange(200) < 100
    assert min_tdcf(np.where(labels, 1.0, 0.0), labels, **ASV) == 0.0
    assert min_tdcf(np.zeros(200), labels, **ASV) == pytest.approx(1.0)


def test_min_tdcf_of_hand_counted_errors():
    """At the best threshold: misses 10 %, false alarms 0; cost = C1 * 0.1, normalised by C2 = 10 * 0.05 * 0.75 < C1."""
    labels = np.arange(20) < 10
    scores = np.r_[-1.0, np.full(9, 2.0), np.full(10, 0.0)]
    c1, c2 = ASVSPOOF_2019.p_target, 10 * 0.05 * 0.75
    assert min_tdcf(scores, labels, **ASV) == pytest.approx(0.1 * c1 / c2)
    assert min_tdcf(scores, labels, **ASV, normalise=False) == pytest.approx(0.1 * c1)


def test_a_verifier_that_errs_makes_misses_of_the_countermeasure_cheaper():
    """One of ten targets is missed and one of ten others accepted: C1 is less by the costs of both."""
    verifier = {"asv_target": [0.0] + [2.0] * 9, "asv_nontarget": [1.0] + [-1.0] * 9, "asv_spoof": [3.0] * 4}
    labels = np.arange(20) < 10
    scores = np.r_[-1.0, np.full(9, 2.0), np.full(10, 0.0)]
    c1 = 0.95 * 0.99 * (1 - 0.1) - 0.95 * 0.01 * 10 * 0.1
    assert min_tdcf(scores, labels, **verifier, normalise=False) == pytest.approx(0.1 * c1)


def test_min_tdcf_of_2021_counts_the_errors_of_the_verifier():
    """One of ten targets is missed and one of ten others accepted, whatever the countermeasure is."""
    c, verifier = ASVSPOOF_2019, {
        "asv_target": np.append(np.full(9, 2.0), 0.0), "asv_nontarget": np.append(np.full(9, -1.0), 1.0),
        "asv_spoof": np.full(10, 3.0),
    }  # fmt: skip
    labels = np.arange(200) < 100
    alone = 0.1 * (c.p_target * c.miss_asv + c.p_nontarget * c.false_alarm_asv)
    useless = min(c.p_target - alone, c.false_alarm_cm * c.p_spoof)
    perfect = min_tdcf(labels.astype(float), labels, **verifier, verifier_errors=True)
    assert perfect == pytest.approx(alone / (alone + useless))
    assert min_tdcf(np.zeros(200), labels, **verifier, verifier_errors=True) == pytest.approx(1.0)
    assert min_tdcf(labels.astype(float), labels, **verifier, verifier_errors=True, normalise=False) == pytest.approx(
        alone
    )
    trials = Trials(
        np.array(["cm"] * 200 + ["asv"] * 30),
        np.array(["bonafide"] * 100 + ["tts"] * 100 + ["target"] * 10 + ["nontarget"] * 10 + ["spoof"] * 10),
        np.concatenate([labels.astype(float), *verifier.values()]),
    )
    assert METRICS["min_tdcf_2021"].compute(trials) == pytest.approx(perfect)
    assert METRICS["min_tdcf"].compute(trials) == 0


def test_min_tdcf_of_gaussian_scores_is_its_closed_form():
    """min over t of C1 Phi(t - d) + C2 Phi(-t), with a verifier of 5 % errors that accepts half of the spoofs."""
    scores, labels = gaussian_trials(2.0)
    n = 1000
    asv = {
        "asv_target": np.r_[np.full(n // 20, 0.0), np.full(n - n // 20, 2.0)],
        "asv_nontarget": np.r_[np.full(n // 20, 1.0), np.full(n - n // 20, -1.0)],
        "asv_spoof": np.r_[np.full(n // 2, 1.5), np.full(n // 2, -1.5)],
    }
    c1 = 0.95 * 0.99 * (1 - 0.05) - 0.95 * 0.01 * 10 * 0.05
    c2 = 10 * 0.05 * 0.5
    expected = min(c1 * normal_cdf(t - 2) + c2 * normal_cdf(-t) for t in np.linspace(-3, 5, 4001)) / min(c1, c2)
    assert min_tdcf(scores, labels, **asv) == pytest.approx(expected, abs=5e-3)


def test_min_tdcf_needs_a_verifier_that_accepts_some_spoofs():
    labels = np.arange(20) < 10
    with pytest.raises(CocktailError, match="rejects every spoof"):
        min_tdcf(np.where(labels, 1.0, 0.0), labels, **(ASV | {"asv_spoof": [-1.0, -2.0]}))


def test_priors_of_asvspoof_sum_to_one():
    assert ASVSPOOF_2019.p_spoof + ASVSPOOF_2019.p_target + ASVSPOOF_2019.p_nontarget == pytest.approx(1.0)
