"""Normalised cuts recover planted partitions, and the Nystrom form is that of the whole affinity."""

import numpy as np
import pytest

from cocktail.dsp.statistical.normalised_cuts import Product, affinity, cluster, embedded


def same(labels, truth):
    return len(set(zip(labels, truth, strict=True))) == len(set(truth)) == len(set(labels))


@pytest.mark.parametrize("n_landmarks", [40, 300])
def test_recovers_rings_that_no_line_divides(n_landmarks):
    rng = np.random.default_rng(0)
    truth = np.arange(300) % 3
    angle = rng.uniform(0, 2 * np.pi, 300)
    x = (1 + 2 * truth)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x += 0.05 * rng.standard_normal(x.shape)
    assert same(cluster([Product(x, np.array([0.4, 0.4]), 1.0)], 3, rng, 300), truth)
    blobs = 4 * np.eye(3)[truth] + rng.standard_normal((300, 3)) / 2
    assert same(cluster([Product(blobs, np.ones(3), 1.0)], 3, rng, n_landmarks), truth)


def test_all_landmarks_give_the_partition_of_the_whole_affinity():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((60, 2)) + 3 * (np.arange(60) % 2)[:, None]
    products = [Product(x, np.array([1.0, 2.0]), 0.7), Product(x[:, :1], np.array([0.5]), 0.3)]
    W = affinity(products, slice(None), slice(None))
    expected = 0.7 * np.exp(-((x[3, 0] - x[4, 0]) ** 2) / 2 - (x[3, 1] - x[4, 1]) ** 2 / 8)
    assert W[3, 4] == pytest.approx(expected + 0.3 * np.exp(-((x[3, 0] - x[4, 0]) ** 2) / 0.5))
    degree = W.sum(1)
    second = np.linalg.eigh(W / np.sqrt(np.outer(degree, degree)))[1][:, -2]
    assert same(cluster(products, 2, rng, 60), second > 0)


def test_points_are_the_first_eigenvectors_over_the_root_of_the_degree():
    x = np.random.default_rng(3).standard_normal((60, 2))
    products = [Product(x, np.array([1.0, 2.0]), 0.7)]
    W = affinity(products, slice(None), slice(None))
    points, degree = embedded(products, 3, np.arange(60))
    np.testing.assert_allclose(degree, W.sum(1), rtol=1e-3)
    expected = np.linalg.eigh(W / np.sqrt(np.outer(W.sum(1), W.sum(1))))[1][:, -3:]
    along = expected.T @ (points * np.sqrt(degree)[:, None])
    np.testing.assert_allclose(np.abs(along), np.eye(3), atol=1e-3)


def test_the_product_without_a_weight_does_not_count():
    rng = np.random.default_rng(2)
    first, second = np.arange(100) % 2, np.arange(100) // 50
    products = [Product(10.0 * of[:, None], np.ones(1), weight) for of, weight in ((first, 1e-6), (second, 1.0))]
    assert same(cluster(products, 2, rng, 50), second)
