"""Statistics against closed forms, simulated truth and slow plain versions."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from cocktail.boards import statistics
from cocktail.metrics.catalogue import METRICS
from cocktail.metrics.detection import eer
from cocktail.metrics.trials import Trials


def cells_of(values, finished=None):
    values = np.asarray(values, float)
    finished = np.ones(values.shape, bool) if finished is None else finished
    return statistics.Cells(values * finished, np.ones(values.shape) * finished, finished)


def test_a_mean_is_a_ratio_of_sums():
    values = np.random.default_rng(0).normal(size=(7, 3))
    finished = np.ones((7, 3), bool)
    finished[2, 1] = False
    expected = [values[:, 0].mean(), np.delete(values[:, 1], 2).mean(), values[:, 2].mean()]
    np.testing.assert_allclose(statistics.figures(cells_of(values, finished)), expected)


def test_an_error_rate_is_pooled_and_not_averaged():
    errors, words = np.array([[1.0], [0.0]]), np.array([[1.0], [9.0]])
    cells = statistics.Cells(100 * errors, words, np.ones((2, 1), bool))
    assert statistics.figures(cells) == pytest.approx([10.0])


def test_nothing_finished_is_nan():
    cells = cells_of(np.ones((7, 2)), np.array([[True, False]] * 7))
    weights = statistics.resample(7, 10, np.random.default_rng(0))
    low, high = statistics.interval(statistics.figures(cells, weights), cells.drawn)
    assert low[0] == high[0] == 1
    assert np.isnan(low[1])
    assert np.isnan(high[1])


def test_weighted_figures_equal_figures_of_the_drawn_scenes():
    generator = np.random.default_rng(1)
    values, finished = generator.normal(size=(6, 2)), generator.random((6, 2)) < 0.8
    cells = cells_of(values, finished)
    weights = statistics.resample(6, 20, generator)
    assert (weights.sum(axis=1) == 6).all()
    for weight, figures in zip(weights, statistics.figures(cells, weights), strict=True):
        drawn = np.repeat(np.arange(6), weight.astype(int))
        chosen = statistics.Cells(cells.numerator[drawn], cells.denominator[drawn], cells.finished[drawn])
        np.testing.assert_allclose(figures, statistics.figures(chosen))


def test_resampling_draws_scenes_evenly_and_repeats():
    weights = statistics.resample(5, 20000, np.random.default_rng(0))
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.03)
    np.testing.assert_allclose(weights.var(axis=0), 1 - 1 / 5, atol=0.05)
    np.testing.assert_array_equal(weights, statistics.resample(5, 20000, np.random.default_rng(0)))


def covered(low, high, truth):
    return np.mean((low <= truth) & (high >= truth))


@pytest.mark.parametrize(
    ("scenes", "skewed"), [(7, False), (8, False), (20, False), (60, False), (7, True), (20, True), (60, True)]
)
def test_interval_covers_the_truth_as_often_as_it_says(scenes, skewed):
    generator = np.random.default_rng(2)
    shape = (scenes, 3000)
    draws = generator.gamma(8.0, 0.5, size=shape) if skewed else generator.normal(4, 2, shape)
    cells = cells_of(draws)
    low, high = statistics.interval(statistics.figures(cells, statistics.resample(scenes, 800, generator)), cells.drawn)
    assert 0.93 <= covered(low, high, 4) <= 0.97


@pytest.mark.parametrize("scenes", range(1, statistics.MIN_DRAWN))
def test_there_is_no_interval_where_it_would_not_cover_the_truth(scenes):
    generator = np.random.default_rng(2)
    cells = cells_of(generator.normal(4, 2, (scenes, 500)))
    samples = statistics.figures(cells, statistics.resample(scenes, 800, generator))
    assert np.isnan(statistics.interval(samples, cells.drawn)).all()
    assert covered(samples.min(axis=0), samples.max(axis=0), 4) < 0.95, "not even from end to end"


def test_an_interval_is_unknown_where_too_many_resamples_have_no_figure():
    samples = np.random.default_rng(5).normal(size=(1000, 3))
    samples[:5, 1] = np.nan
    samples[:50, 2] = np.nan
    low, high = statistics.interval(samples, 20)
    assert np.isfinite([low[:2], high[:2]]).all()
    assert np.isnan([low[2], high[2]]).all()


def word_errors(generator, scenes, rate, alike, number):
    """Cells of `number` entries: errors of words, whose chance differs from scene to scene, with this correlation."""
    words = generator.integers(4, 9, size=(scenes, number)).astype(float)
    shape = (1 - alike) / alike
    chance = generator.beta(rate * shape, (1 - rate) * shape, size=words.shape)
    errors = generator.binomial(words.astype(int), chance).astype(float)
    return statistics.Cells(100 * errors, words, np.ones(words.shape, bool), rate=True)


@pytest.mark.parametrize("alike", [0.02, 0.3, 0.7])
@pytest.mark.parametrize("rate", [0.005, 0.02, 0.1])
@pytest.mark.parametrize("scenes", [20, 60])
def test_interval_of_an_error_rate_covers_the_truth_however_small_it_is(scenes, rate, alike):
    """Resamples would cover 15 to 95 % of these."""
    cells = word_errors(np.random.default_rng(3), scenes, rate, alike, 2000)
    low, high = cells.interval(np.zeros((1, 2000)))
    assert covered(low, high, 100 * rate) >= 0.945
    assert (low >= 0).all()
    assert ((low <= statistics.figures(cells)) & (statistics.figures(cells) <= high)).all()


def test_interval_of_no_errors_is_not_zero_and_is_that_of_so_many_scenes():
    """Forty scenes of six words without an error: 40 independent trials, since errors may come in whole scenes."""
    cells = statistics.Cells(np.zeros((40, 1)), np.full((40, 1), 6.0), np.ones((40, 1), bool), rate=True)
    low, high = cells.interval(np.zeros((100, 1)))
    assert low == [0]
    expected = 100 * scipy.stats.beta.ppf(0.975, 1, 40 * (1.959964 / scipy.stats.t.ppf(0.975, 39)) ** 2)
    assert high[0] == pytest.approx(expected)


def test_more_errors_than_words_keep_the_interval_of_resamples():
    errors, words = np.arange(5, 15.0)[:, None], np.full((10, 1), 6.0)
    cells = statistics.Cells(100 * errors, words, np.ones((10, 1), bool), rate=True)
    samples = statistics.figures(cells, statistics.resample(10, 400, np.random.default_rng(0)))
    assert cells.interval(samples) == statistics.interval(samples, 10)
    assert cells.interval(samples)[1] > 100


def detector(generator, number, rate, metric="eer_cm"):
    """Cells of `number` trials of each kind, from two Gaussians whose equal error rate is `rate`."""
    genuine = np.arange(2 * number) < number
    score = generator.normal(size=2 * number) - 2 * scipy.stats.norm.ppf(rate) * genuine
    trials = Trials(np.full(2 * number, "cm"), np.where(genuine, "bonafide", "tts"), score)
    place = np.arange(2 * number)
    parts = {"enrolment": place * 0 - 1, "finished": np.ones((2 * number, 1), bool), "speaker": place}
    return statistics.TrialCells(
        trials=trials,
        entry=place * 0,
        scene=place,
        statistic=METRICS[metric].compute,
        whole=METRICS[metric].high,
        **parts,
    )


@pytest.mark.parametrize(("number", "rate"), [(10, 0.067), (20, 0.02), (100, 0.02), (100, 0.1)])
def test_interval_of_an_equal_error_rate_covers_the_truth_however_few_the_trials(number, rate):
    """Resamples would cover half of the first, and a third of the second."""
    generator, held = np.random.default_rng(4), []
    for _ in range(200):
        cells = detector(generator, number, rate)
        samples = statistics.figures(cells, statistics.resample(2 * number, 100, generator))
        low, high = cells.interval(samples)
        held.append(low[0] <= 100 * rate <= high[0])
    assert np.mean(held) >= 0.92, "95 %, and two standard errors of 200 simulations"


@pytest.mark.parametrize(("number", "auc"), [(10, 0.98), (40, 0.7), (100, 0.98), (100, 0.999)])
def test_interval_of_an_area_under_the_curve_covers_the_truth_however_near_to_one(number, auc):
    """Resamples would cover half of the first, and three quarters of the last."""
    generator, held = np.random.default_rng(6), []
    rate = scipy.stats.norm.cdf(-scipy.stats.norm.ppf(auc) / np.sqrt(2))
    for _ in range(100):
        cells = detector(generator, number, rate, "auc")
        samples = statistics.figures(cells, statistics.resample(2 * number, 100, generator))
        (low,), (high,) = cells.interval(samples)
        assert 0 <= low <= statistics.figures(cells)[0] <= high <= 1
        held.append(low <= auc <= high)
    assert np.mean(held) >= 0.9, "95 %, and two standard errors of 100 simulations"


def test_a_cost_that_no_resample_changes_has_no_interval():
    """A detector without errors: what its errors are like, no trial says."""
    for rate, known in ((1e-9, False), (0.1, True)):
        cells = replace(detector(np.random.default_rng(7), 120, rate, "min_dcf_cm"), whole=None)
        samples = statistics.figures(cells, statistics.resample(240, 50, np.random.default_rng(8)))
        (low,), (high,) = cells.interval(samples)
        assert (low < high) == known and np.isnan([low, high]).any() != known


def tandem(metric, generator, number, rate):
    """Cells of `number` bona fide scenes and as many spoofs, which pass the detector, and the verifier at `rate`."""
    rows = []
    for scene in range(2 * number):
        if scene < number:
            rows += [(scene, "cm", "bonafide", 1.0), (scene, "asv", "target", 4 + generator.normal())]
            rows += [(scene, "asv", "nontarget", generator.normal())]
        else:
            rows += [(scene, "cm", "tts", 1.0), (scene, "asv", "spoof", 4.0 * (generator.random() < rate))]
    scene, *trials = map(np.array, zip(*rows, strict=True))
    return statistics.TrialCells(
        trials=Trials(*trials), entry=scene * 0, scene=scene, enrolment=scene * 0 - 1,
        statistic=METRICS[metric].compute, finished=np.ones((2 * number, 1), bool), speaker=np.arange(2 * number),
        whole=METRICS[metric].high, share_of=METRICS[metric].share_of,
    )  # fmt: skip


@pytest.mark.parametrize(("number", "rate"), [(40, 0.02), (40, 0.0), (100, 0.3)])
def test_interval_of_accepted_spoofs_rests_on_the_spoofs(number, rate):
    """Trials of other kinds, and those of the detector, cannot be accepted spoofs."""
    generator, held = np.random.default_rng(5), []
    for _ in range(100):
        cells = tandem("spoof_acceptance", generator, number, rate)
        samples = statistics.figures(cells, statistics.resample(2 * number, 100, generator))
        low, high = cells.interval(samples)
        held.append(low[0] <= 100 * rate <= high[0])
    assert np.mean(held) >= 0.9, "95 %, and two standard errors of 100 simulations"
    if rate == 0:
        assert high[0] == pytest.approx(100 * (1 - 0.025 ** (1 / number)), rel=0.1), "no error of `number` trials"


def test_independent_trials_are_scenes_of_the_kind_that_has_fewest():
    cells = detector(np.random.default_rng(0), 10, 0.1)
    spoofs = cells.at(cells.scene < 13)
    assert cells.independent().tolist() == [[10, 10]]
    assert spoofs.independent().tolist() == [[3, 10]]
    assert not cells.enough.any()
    assert detector(np.random.default_rng(0), statistics.MIN_TRIALS, 0.1).enough.all()
    verifier = voices(10, 3, np.random.default_rng(0))
    assert verifier.independent().tolist() == [[30, 30]]
    assert verifier.independent(verifier.speaker).tolist() == [[10, 10]]
    none_at_all = cells.at(cells.scene < 0)
    assert none_at_all.independent().tolist() == [[0]]
    assert not none_at_all.enough.any()


def voices(speakers, scenes, generator):
    """Trials of embeddings: `scenes` of each speaker, some of whom are less like themselves than others."""
    speaker = np.repeat(np.arange(speakers), scenes)
    n = len(speaker)
    blur = generator.gamma(2.0, 0.5, size=(speakers, 1))
    x = generator.normal(size=(speakers, 8))[speaker] + blur[speaker] * generator.normal(size=(n, 8))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    i, j = np.nonzero(~np.eye(n, dtype=bool))
    label = np.where(speaker[i] == speaker[j], "target", "nontarget")
    trials = Trials(np.full(len(i), "asv"), label, (x @ x.T)[i, j])
    finished = np.ones((n, 1), bool)
    return statistics.TrialCells(
        trials, np.zeros(len(i), int), i, j, METRICS["eer_asv"].compute, finished, speaker, 100.0
    )


@pytest.mark.slow
@pytest.mark.parametrize(("speakers", "scenes"), [(12, 4), (20, 3)])
def test_interval_of_a_verifier_covers_the_truth_where_scenes_share_speakers(speakers, scenes):
    truth = np.mean([statistics.figures(voices(300, 4, np.random.default_rng(seed)))[0] for seed in range(3)])
    held = []
    for seed in range(300):
        generator = np.random.default_rng(100 + seed)
        cells = voices(speakers, scenes, generator)
        drawn = statistics.resample(speakers, 200, generator)[:, cells.speaker]
        held.append(covered(*cells.interval(statistics.figures(cells, drawn)), truth))
    assert 0.925 <= np.mean(held) <= 0.985, "95 %, less two standard errors of 300 simulations"


def test_speakers_are_drawn_with_all_their_scenes():
    """A speaker is drawn with all scenes, and a trial within a speaker counts as often as the speaker, not squared."""
    once = voices(10, 3, np.random.default_rng(0))
    weights = statistics.resample(10, 300, np.random.default_rng(1))
    figures = statistics.figures(once, weights[:, once.speaker])[:, 0]
    score, same = once.trials.score, once.trials.label == "target"
    for weight, figure in zip(weights[:20].astype(int), figures, strict=False):
        a, b = (once.speaker[x] for x in (once.scene, once.enrolment))
        times = np.where(same, weight[a], weight[a] * weight[b])
        assert figure == pytest.approx(100 * eer(np.repeat(score, times), np.repeat(same, times)))
    assert once.drawn == [10]


def test_pairing_narrows_the_interval_of_a_difference():
    generator = np.random.default_rng(4)
    hardness = generator.normal(0, 5, size=(50, 1))
    values = hardness + np.array([0.0, 1.0]) + generator.normal(0, 0.3, size=(50, 2))
    samples = statistics.figures(cells_of(values), statistics.resample(50, 1000, generator))
    low, high = statistics.interval(samples, 50)
    assert low[1] < high[0], "the intervals of the figures overlap"
    assert statistics.told_apart(values.mean(axis=0), samples, len(values))[0, 1]


def boards(generator, truth, scenes, number, spread=lambda generator, shape: generator.normal(0, 1, shape)):
    """Pairs told apart on simulated boards whose entries are `truth` apart, on scenes of different hardness."""
    for _ in range(number):
        values = truth + spread(generator, (scenes, len(truth))) + generator.normal(0, 3, size=(scenes, 1))
        samples = statistics.figures(cells_of(values), statistics.resample(scenes, 300, generator))
        yield statistics.told_apart(values.mean(axis=0), samples, scenes)


def errors_of_words(generator, shape):
    """Skewed and discrete, as word error rates of scenes are."""
    return generator.binomial(6, 0.15, size=shape) / 6


@pytest.mark.parametrize("entries", [2, 8, 30])
@pytest.mark.parametrize("scenes", [10, 40])
def test_boards_of_equal_entries_have_one_letter_but_for_the_level(entries, scenes):
    """Any entry that is told apart spoils a board, however many there are."""
    generator = np.random.default_rng(5)
    spoilt = [apart.any() for apart in boards(generator, np.zeros(entries), scenes, 300)]
    assert np.mean(spoilt) <= 0.075, "5 %, and two standard errors of 300 boards"


def test_boards_of_equal_skewed_scores_have_one_letter_but_for_the_level():
    generator = np.random.default_rng(6)
    spoilt = [apart.any() for apart in boards(generator, np.zeros(12), 20, 300, errors_of_words)]
    assert np.mean(spoilt) <= 0.075


def test_entries_that_differ_are_seldom_tied():
    """One standard deviation of the paired differences, on a hundred scenes, twenty entries: 190 pairs."""
    truth = np.repeat([0.0, np.sqrt(2)], 10)
    tied = [not apart[:10, 10:].all() for apart in boards(np.random.default_rng(7), truth, 100, 100)]
    assert np.mean(tied) <= 0.02


def test_a_pair_is_judged_by_the_paired_t_test():
    generator = np.random.default_rng(8)
    values = generator.normal(size=(15, 1)) + generator.normal(0.3, 0.5, size=(15, 4))
    samples = statistics.figures(cells_of(values), statistics.resample(15, 50_000, generator))
    p = statistics.differences(values.mean(axis=0), samples, 15)
    for i in range(4):
        for j in range(4):
            expected = 1.0 if i == j else scipy.stats.ttest_rel(values[:, i], values[:, j]).pvalue
            assert p[i, j] == pytest.approx(expected, rel=0.1)


def every_resample(n_scenes):
    """(n^n, n) weights: each way of drawing so many scenes once, which is the bootstrap without chance."""
    drawn = np.stack(np.meshgrid(*[np.arange(n_scenes)] * n_scenes), axis=-1).reshape(-1, n_scenes)
    return (drawn[:, :, None] == np.arange(n_scenes)).sum(axis=1).astype(float)


def test_with_every_resample_a_pair_is_judged_by_the_very_paired_t_test():
    values = np.random.default_rng(18).normal([0.0, 0.5, 1.0], size=(5, 3))
    samples, figures = statistics.figures(cells_of(values), every_resample(5)), values.mean(axis=0)
    p = statistics.differences(figures, samples, 5)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        test = scipy.stats.ttest_rel(values[:, i], values[:, j])
        assert p[i, j] == pytest.approx(test.pvalue, rel=1e-9)
        found = statistics.best_difference((figures[[i]], figures[[j]]), (samples[:, [i]], samples[:, [j]]), 5)
        assert found == pytest.approx(tuple(test.confidence_interval(0.95)), rel=1e-9)


def test_the_best_of_several_stands_against_the_best_of_several_at_a_share_of_the_level():
    """Wherever they stand: of three against two, the ends are those at 5 % over 3 and over 2 of the best pair."""
    values = np.random.default_rng(19).normal([-9.0, 1.0, -9.0, -9.0, 0.0], 0.1, size=(5, 5))
    samples, figures = statistics.figures(cells_of(values), every_resample(5)), values.mean(axis=0)
    found = statistics.best_difference((figures[:3], figures[3:]), (samples[:, :3], samples[:, 3:]), 5)
    pair = scipy.stats.ttest_rel(values[:, 1], values[:, 4])
    ends = pair.confidence_interval(1 - 0.05 / 3).low, pair.confidence_interval(1 - 0.05 / 2).high
    assert found == pytest.approx(ends, rel=1e-9)


def test_differences_without_spread_are_certain_and_rounding_is_none():
    values = np.random.default_rng(9).normal(size=(6, 1)) + np.array([0.0, 1.0, 1.0 + 1e-13])
    samples = statistics.figures(cells_of(values), statistics.resample(6, 100, np.random.default_rng(10)))
    p = statistics.differences(values.mean(axis=0), samples, 6)
    assert p[0, 1] < 1e-9
    assert p[1, 2] == 1
    assert (statistics.differences(values[0], values[:1].repeat(5, axis=0), 1) == 1).all(), "one scene says nothing"


def best_of(generator, better, worse, *, scenes=25, spread=lambda generator, shape: generator.normal(0, 1, shape)):
    """Interval of the best of entries whose truths are `better` less the best of `worse`, on hard and easy scenes."""
    truths = np.array([*better, *worse], float)
    values = truths + spread(generator, (scenes, len(truths))) + generator.normal(0, 3, size=(scenes, 1))
    samples = statistics.figures(cells_of(values), statistics.resample(scenes, 150, generator))
    figures, a = values.mean(axis=0), len(better)
    return statistics.best_difference((figures[:a], figures[a:]), (samples[:, :a], samples[:, a:]), scenes)


def held_and_failed(seed, better, worse, number=400, **options):
    generator = np.random.default_rng(seed)
    ends = np.array([best_of(generator, better, worse, **options) for _ in range(number)])
    return np.mean(ends[:, 0] > 0), np.mean(ends[:, 1] < 0)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ([0], [0]),
        ([0] * 2, [0]),
        ([0] * 6, [0]),
        ([0] * 10, [0]),
        ([0], [0] * 6),
        ([0] * 4, [0] * 4),
        ([0, -9, -9, -9], [0]),
        ([0], [0, -9, -9, -9]),
        ([0, -9, -9], [0, -9, -9]),
    ],
)
def test_verdicts_on_the_best_of_equals_are_false_as_seldom_as_the_level_says(better, worse):
    """2.5 % either way, and three standard errors of 400 runs."""
    held, failed = held_and_failed(11, better, worse)
    assert max(held, failed) <= 0.05


def test_verdicts_on_the_best_of_equal_skewed_scores_are_seldom_false():
    assert max(held_and_failed(12, [0] * 5, [0], spread=errors_of_words)) <= 0.05
    assert max(held_and_failed(13, [0], [0] * 5, spread=errors_of_words)) <= 0.05


@pytest.mark.parametrize(
    ("better", "worse", "power"),
    [([1], [0], 0.9), ([1] + [0] * 5, [0], 0.7), ([1], [0] * 6, 0.7), ([1, 0], [0, 0], 0.7)],
)
def test_what_is_better_by_a_standard_deviation_is_found(better, worse, power):
    """On 25 scenes; a difference of two has 1.4 times the deviation of one."""
    held, failed = held_and_failed(14, better, worse, number=200)
    assert held >= power
    assert failed == 0
    held, failed = held_and_failed(15, worse, better, number=200)
    assert failed >= power
    assert held == 0


def test_the_best_of_one_against_one_is_the_paired_t_test():
    generator = np.random.default_rng(16)
    values = generator.normal(size=(15, 1)) + generator.normal(0.3, 0.5, size=(15, 2))
    samples = statistics.figures(cells_of(values), statistics.resample(15, 50_000, generator))
    figures = values.mean(axis=0)
    found = statistics.best_difference((figures[:1], figures[1:]), (samples[:, :1], samples[:, 1:]), 15)
    truth = scipy.stats.ttest_rel(values[:, 0], values[:, 1]).confidence_interval(0.95)
    assert found == pytest.approx(tuple(truth), abs=0.005)


def test_an_interval_over_noises_and_speakers_covers_the_truth_of_others():
    """Scores that depend on the noise, the speaker and the scene; an interval over scenes covers half as often."""
    generator, wide, plain = np.random.default_rng(17), [], []
    noise, voice = np.arange(40) % 5, np.arange(40) // 5
    for _ in range(400):
        values = generator.normal(0, 1.5, 5)[noise] + generator.normal(0, 0.5, 8)[voice] + generator.normal(size=40)
        cells = cells_of(values[:, None])
        for held, (weights, drawn) in (
            (wide, statistics.crossed([noise, voice], 150, generator)),
            (plain, (statistics.resample(40, 150, generator), 40)),
        ):
            samples, none = statistics.figures(cells, weights), np.zeros(1)
            low, high = statistics.best_difference((values.mean(keepdims=True), none), (samples, samples * 0), drawn)
            held.append(low <= 0 <= high)
    assert 0.93 <= np.mean(wide) <= 0.99
    assert np.mean(plain) < 0.7


def test_holm_of_the_textbook():
    """Worked by hand: 4 * 0.005, 3 * 0.01, then no less than what went before."""
    np.testing.assert_allclose(statistics.holm(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    assert statistics.holm(np.zeros(0)).shape == (0,)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_holm_steps_down(p):
    """Adjusted probabilities reject at 5 % exactly what the stepwise procedure does."""
    p = np.array(p)
    rejected = np.zeros(len(p), bool)
    for k, i in enumerate(np.argsort(p, kind="stable")):
        if p[i] * (len(p) - k) > 0.05:
            break
        rejected[i] = True
    np.testing.assert_array_equal(statistics.holm(p) <= 0.05, rejected)


def test_rank_has_ties_and_gaps():
    values = np.array([3.0, 5.0, 3.0 + 1e-13, 1.0])
    assert statistics.rank(values, higher_is_better=True).tolist() == [2, 1, 2, 4]
    assert statistics.rank(values, higher_is_better=False).tolist() == [2, 4, 2, 1]


def test_copies_of_one_entry_are_never_told_apart():
    values = np.repeat(np.random.default_rng(6).normal(size=(9, 1)), 5, axis=1)
    samples = statistics.figures(cells_of(values), statistics.resample(9, 200, np.random.default_rng(7)))
    assert statistics.rank(values.mean(axis=0), True).tolist() == [1] * 5
    assert not statistics.told_apart(values.mean(axis=0), samples, 9).any()


def test_rankable_needs_half_of_what_anybody_finished():
    finished = np.zeros((8, 4), bool)
    finished[:6, 0] = True
    finished[:3, 1] = True
    finished[:2, 2] = True
    assert statistics.rankable(finished).tolist() == [True, True, False, False]


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
@settings(max_examples=60)
def test_rounding_keeps_nine_digits(x):
    assert float(statistics.rounded(x)) == pytest.approx(float(f"{x:.8e}"), rel=1e-12)
