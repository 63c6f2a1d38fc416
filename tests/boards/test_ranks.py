"""Two boards' orders: tau against SciPy's, and its interval."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from cocktail.boards import ranks


@pytest.mark.parametrize("levels", [3, 1000])
def test_tau_equals_scipys_with_ties_and_without(levels):
    generator = np.random.default_rng(0)
    a, b = generator.integers(levels, size=(2, 20, 9)).astype(float)
    np.testing.assert_allclose(ranks.tau_b(a, b), [kendalltau(x, y).statistic for x, y in zip(a, b, strict=True)])


def test_there_is_no_tau_where_all_are_equal_or_there_are_two():
    assert np.isnan(ranks.tau_b(np.ones(4), np.arange(4.0)))
    samples = np.zeros((10, 2))
    two = ranks.agreement(a=np.arange(2.0), b=np.arange(2.0), samples_a=samples, samples_b=samples, drawn=20)
    assert np.isnan(two.tau) and two.row() == {"tau": None, "tau_low": None, "tau_high": None}


def test_its_interval_is_that_of_the_resamples_of_both_sides():
    generator = np.random.default_rng(1)
    a, b = np.arange(5.0), np.array([1.0, 0.0, 2.0, 3.0, 4.0])
    sure, vague = (np.stack([x + s * generator.normal(size=5) for _ in range(500)]) for x, s in ((a, 1e-3), (b, 3.0)))
    known = ranks.agreement(a=a, b=b, samples_a=sure, samples_b=sure, drawn=20)
    unknown = ranks.agreement(a=a, b=b, samples_a=sure, samples_b=vague, drawn=20)
    assert known.tau == unknown.tau == pytest.approx(0.8)
    assert known.ci_low == known.ci_high == 1  # the resamples of `sure` are in order
    assert unknown.ci_low < 0.3 < unknown.ci_high
    few = ranks.agreement(a=a, b=b, samples_a=sure, samples_b=vague, drawn=3)
    assert few.tau == pytest.approx(0.8) and np.isnan(few.ci_low)
