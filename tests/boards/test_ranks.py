"""Two boards' orders: tau against SciPy's, and its interval."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from cocktail.boards import ranks, statistics


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


def test_its_interval_covers_the_true_tau_of_boards_that_have_nothing_to_do_with_each_other():
    generator, covered = np.random.default_rng(3), 0
    for _ in range(200):
        truth = generator.normal(size=(2, 7))
        a, b = truth + 0.5 * generator.normal(size=(2, 7))
        samples_a, samples_b = (x + 0.5 * generator.normal(size=(150, 7)) for x in (a, b))
        found = ranks.agreement(a=a, b=b, samples_a=samples_a, samples_b=samples_b, drawn=30)
        covered += found.ci_low <= ranks.tau_b(*truth) <= found.ci_high
    assert 0.92 <= covered / 200 <= 0.99


def board(means, spread=0.1, scenes=20, failed=()):
    """Cells of entries with these means, and resamples of their scenes; (scene, entry) that failed."""
    generator = np.random.default_rng(2)
    values = np.array(means) + spread * generator.normal(size=(scenes, len(means)))
    finished = np.ones(values.shape, bool)
    for cell in failed:
        finished[cell] = False
    return (
        statistics.Cells(values * finished, finished.astype(float), finished),
        statistics.resample(scenes, 300, generator),
    )


def test_an_entry_overtakes_those_that_both_boards_tell_apart_from_it():
    """x, y and z are far apart on both boards, and y is last on one; w is beside x on both, before it and behind."""
    a, b = ranks.order(*board([9.0, 5.0, 1.0, 9.01])), ranks.order(*board([9.0, -3.0, 1.0, 8.99]))
    apart, turned = ranks.overtaking(a, b)
    assert np.argwhere(np.triu(apart)).tolist() == [[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]]
    assert np.argwhere(turned).tolist() == [[1, 2], [2, 1]]
    vague = ranks.order(*board([9.0, -3.0, 1.0, 8.99], spread=20.0))
    assert not ranks.overtaking(a, vague)[1].any(), "one board alone does not say so"


def test_an_order_is_by_the_scenes_that_all_finished():
    cells, weights = board([3.0, 2.0, 1.0], failed=[(0, 1)])
    cells.numerator[0, 0] = -1e6  # where the second entry failed
    found = ranks.order(cells, weights)
    assert found.ranks(True).tolist() == [1, 2, 3] and found.ranks(False).tolist() == [3, 2, 1]
    assert found.drawn == 19
    with pytest.raises(ranks.NoOrderError, match="no scene that all entries finished"):
        ranks.order(*board([1.0, 2.0], scenes=2, failed=[(0, 0), (1, 1)]))
