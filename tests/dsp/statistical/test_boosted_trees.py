"""Boosted trees without scikit-learn decide as those that it learnt."""

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier

from cocktail.dsp.statistical import boosted_trees


def spirals(n=200):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 5)).astype(np.float32)
    return X, (X[:, 0] * X[:, 1] > 0) & (rng.random(n) < 0.8)


def test_scores_are_those_of_scikit_learn():
    X, positive = spirals()
    trees = boosted_trees.learn(X, positive, trees=20, depth=3, rate=0.1, share=0.7, seed=3)
    weights = np.where(positive, 0.5 / positive.mean(), 0.5 / (1 - positive.mean()))
    machine = GradientBoostingClassifier(
        n_estimators=20, max_depth=3, learning_rate=0.1, subsample=0.7, max_features="sqrt", random_state=3
    ).fit(X, positive, sample_weight=weights)
    unseen = np.random.default_rng(1).standard_normal((300, 5))
    np.testing.assert_allclose(trees.score(unseen), machine.decision_function(unseen.astype(np.float32)), atol=1e-9)
    assert trees.start == 0.0 and len(set(trees.score(unseen))) > 100


def test_one_split_by_hand():
    """Classes apart at 0: a tree of depth 1 adds rate times the Newton step, 2 for either class, of log-odds 0."""
    X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    trees = boosted_trees.learn(X, np.array([False, False, True, True]), trees=1, depth=1, rate=0.5, share=1.0, seed=0)
    np.testing.assert_allclose(trees.score(np.array([[-9.0], [9.0]])), [-1.0, 1.0], atol=1e-9)
