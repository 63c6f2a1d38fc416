"""Boosted decision trees as arrays: learnt by scikit-learn, kept without it.

J. H. Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29(5), 2001, with the
logistic loss; each tree on a random part of the examples (J. H. Friedman, "Stochastic gradient boosting",
Computational Statistics & Data Analysis 38(4), 2002).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class BoostedTrees:
    """E trees of at most V nodes, node 0 the root. Leaves lead to themselves."""

    feature: np.ndarray
    """(E, V): what a node looks at."""
    threshold: np.ndarray
    """(E, V): up to here one goes left."""
    children: np.ndarray
    """(E, V, 2): left, right."""
    value: np.ndarray
    """(E, V): what a leaf adds."""
    start: np.ndarray
    """(): log-odds without any tree."""

    def score(self, X: np.ndarray) -> np.ndarray:
        """Log-odds (n,) of examples (n, D)."""
        X = np.asarray(X, np.float32)
        trees, rows = np.arange(len(self.feature)), np.arange(len(X))[:, None]
        node = np.zeros((len(X), len(trees)), int)
        for _ in range(self.feature.shape[1]):
            right = X[rows, self.feature[trees, node]] > self.threshold[trees, node]
            following = self.children[trees, node, right.astype(int)]
            if np.array_equal(following, node):
                break
            node = following
        return self.start + self.value[trees, node].sum(axis=1)


def learn(
    X: np.ndarray, positive: np.ndarray, *, trees: int, depth: int, rate: float, share: float, seed: int
) -> BoostedTrees:
    """Trees that tell the `positive` (n,) of examples (n, D) from the others, both of which weigh the same.

    `rate`: what each tree is shrunk by. `share`: of the examples that a tree learns from; it splits by the best of
    sqrt(D) features.
    """
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.utils.class_weight import compute_sample_weight

    machine = GradientBoostingClassifier(
        n_estimators=trees, max_depth=depth, learning_rate=rate, subsample=share, max_features="sqrt", random_state=seed
    )
    machine.fit(X, positive, sample_weight=compute_sample_weight("balanced", positive))
    grown = [estimator.tree_ for estimator in machine.estimators_[:, 0]]
    shape = len(grown), max(tree.node_count for tree in grown)
    feature, threshold, value = np.zeros(shape, int), np.zeros(shape), np.zeros(shape)
    children = np.tile(np.arange(shape[1])[:, None], (shape[0], 1, 2))
    for e, tree in enumerate(grown):
        inner = np.flatnonzero(tree.children_left >= 0)
        feature[e, inner], threshold[e, inner] = tree.feature[inner], tree.threshold[inner]
        children[e, inner] = np.stack([tree.children_left, tree.children_right], axis=1)[inner]
        value[e, : tree.node_count] = rate * tree.value[:, 0, 0]
    prior = float(machine.init_.class_prior_[1])
    return BoostedTrees(feature, threshold, children, value, np.array(np.log(prior / (1 - prior))))
