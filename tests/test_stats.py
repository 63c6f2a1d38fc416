"""Statistics against closed forms, simulated truth and slow plain versions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocktail import stats


def cells_of(values, finished=None):
    values = np.asarray(values, float)
    finished = np.ones(values.shape, bool) if finished is None else finished
    return stats.Cells(values * finished, np.ones(values.shape) * finished, finished)


def test_a_mean_is_a_ratio_of_sums():
    values = np.random.default_rng(0).normal(size=(7, 3))
    finished = np.ones((7, 3), bool)
    finished[2, 1] = False
    expected = [values[:, 0].mean(), np.delete(values[:, 1], 2).mean(), values[:, 2].mean()]
    np.testing.assert_allclose(stats.figures(cells_of(values, finished)), expected)


def test_an_error_rate_is_pooled_and_not_averaged():
    errors, words = np.array([[1.0], [0.0]]), np.array([[1.0], [9.0]])
    cells = stats.Cells(100 * errors, words, np.ones((2, 1), bool))
    assert stats.figures(cells) == pytest.approx([10.0])


def test_nothing_finished_is_nan():
    cells = cells_of(np.ones((3, 2)), np.array([[True, False]] * 3))
    weights = stats.resample(3, 10, np.random.default_rng(0))
    low, high = stats.interval(stats.figures(cells, weights))
    assert low[0] == high[0] == 1
    assert np.isnan(low[1])
    assert np.isnan(high[1])


def test_weighted_figures_equal_figures_of_the_drawn_scenes():
    generator = np.random.default_rng(1)
    values, finished = generator.normal(size=(6, 2)), generator.random((6, 2)) < 0.8
    cells = cells_of(values, finished)
    weights = stats.resample(6, 20, generator)
    assert (weights.sum(axis=1) == 6).all()
    for weight, figures in zip(weights, stats.figures(cells, weights), strict=True):
        drawn = np.repeat(np.arange(6), weight.astype(int))
        chosen = stats.Cells(cells.numerator[drawn], cells.denominator[drawn], cells.finished[drawn])
        np.testing.assert_allclose(figures, stats.figures(chosen))


def test_resampling_draws_scenes_evenly_and_repeats():
    weights = stats.resample(5, 20000, np.random.default_rng(0))
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.03)
    np.testing.assert_allclose(weights.var(axis=0), 1 - 1 / 5, atol=0.05)
    np.testing.assert_array_equal(weights, stats.resample(5, 20000, np.random.default_rng(0)))


@pytest.mark.parametrize("skewed", [False, True])
def test_interval_covers_the_truth_as_often_as_it_says(skewed):
    generator = np.random.default_rng(2)
    simulations, scenes = 2000, 60
    draws = (
        generator.gamma(4.0, size=(scenes, simulations)) if skewed else generator.normal(4, 2, (scenes, simulations))
    )
    weights = stats.resample(scenes, 500, generator)
    low, high = stats.interval(stats.figures(cells_of(draws), weights))
    assert 0.92 <= np.mean((low <= 4) & (high >= 4)) <= 0.98


def test_interval_of_a_pooled_rate_covers_the_truth():
    generator = np.random.default_rng(3)
    words = generator.integers(4, 9, size=(60, 2000)).astype(float)
    errors = generator.binomial(words.astype(int), 0.2).astype(float)
    cells = stats.Cells(100 * errors, words, np.ones(words.shape, bool))
    low, high = stats.interval(stats.figures(cells, stats.resample(60, 500, generator)))
    assert 0.92 <= np.mean((low <= 20) & (high >= 20)) <= 0.98


def test_pairing_narrows_the_interval_of_a_difference():
    generator = np.random.default_rng(4)
    hardness = generator.normal(0, 5, size=(50, 1))
    values = hardness + np.array([0.0, 1.0]) + generator.normal(0, 0.3, size=(50, 2))
    samples = stats.figures(cells_of(values), stats.resample(50, 1000, generator))
    low, high = stats.interval(samples)
    assert low[1] < high[0], "the intervals of the figures overlap"
    assert stats.tie_groups(values.mean(axis=0), samples, higher_is_better=True).tolist() == [2, 1]


def test_equal_entries_are_seldom_told_apart():
    generator = np.random.default_rng(5)
    parted = 0
    for _ in range(300):
        values = generator.normal(0, 1, size=(40, 2)) + generator.normal(0, 3, size=(40, 1))
        samples = stats.figures(cells_of(values), stats.resample(40, 300, generator))
        parted += stats.tie_groups(values.mean(axis=0), samples, higher_is_better=True).max() == 2
    assert parted / 300 <= 0.10


def test_rank_has_ties_and_gaps():
    values = np.array([3.0, 5.0, 3.0 + 1e-13, 1.0])
    assert stats.rank(values, higher_is_better=True).tolist() == [2, 1, 2, 4]
    assert stats.rank(values, higher_is_better=False).tolist() == [2, 4, 2, 1]


def test_copies_of_one_entry_are_one_tie_group():
    values = np.repeat(np.random.default_rng(6).normal(size=(9, 1)), 5, axis=1)
    samples = stats.figures(cells_of(values), stats.resample(9, 200, np.random.default_rng(7)))
    assert stats.rank(values.mean(axis=0), True).tolist() == [1] * 5
    assert stats.tie_groups(values.mean(axis=0), samples, True).tolist() == [1] * 5


def test_rankable_needs_half_of_what_anybody_finished():
    finished = np.zeros((8, 4), bool)
    finished[:6, 0] = True
    finished[:3, 1] = True
    finished[:2, 2] = True
    assert stats.rankable(finished).tolist() == [True, True, False, False]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12), st.booleans())
@settings(max_examples=60, deadline=None)
def test_tie_groups_never_cross_ranks(values, higher):
    values = np.array(values)
    samples = values + np.random.default_rng(8).normal(0, 1, size=(50, len(values)))
    ranks, groups = stats.rank(values, higher), stats.tie_groups(values, samples, higher)
    assert groups[ranks == 1].min() == 1
    order = np.lexsort((groups, ranks))
    assert (np.diff(groups[order]) >= 0).all()
    assert set(groups) == set(range(1, groups.max() + 1))


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
@settings(max_examples=60)
def test_rounding_keeps_nine_digits(x):
    assert float(stats.rounded(x)) == pytest.approx(float(f"{x:.8e}"), rel=1e-12)
