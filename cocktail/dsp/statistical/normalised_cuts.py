"""Spectral clustering by normalised cuts, on an affinity that is never written out.

F. R. Bach and M. I. Jordan, "Learning spectral clustering, with application to speech separation", JMLR 7, 2006: the
affinity W of two points is a sum of products of Gaussians of differences of their features; the first eigenvectors of
D^-1/2 W D^-1/2, divided by D^1/2, are clustered by k-means with weights D, the sums of the rows of W.
C. Fowlkes, S. Belongie, F. Chung and J. Malik, "Spectral grouping using the Nystrom method", IEEE TPAMI 26(2), 2004:
W = C A^-1 C', with C the affinities of all points to a few landmarks and A those of the landmarks.

Deviations: W = F F' with F = C A^-1/2, whose Gram matrix after normalisation has the eigenvectors; A is loaded. Bach
and Jordan keep the affinities of near points in a sparse matrix; here those go through the landmarks, too.
"""

from dataclasses import dataclass

import numpy as np

CHUNK = 8192
"""Points at a time: bounds memory, not results."""
LOADING = 1e-4
"""Of the landmarks' affinities, relative to their mean diagonal."""
LEAST = 1e-9
"""Eigenvalue of an eigenvector that counts whole; the largest is 1."""
STARTS = 5
"""Of k-means."""


@dataclass(frozen=True)
class Product:
    """A product of Gaussians."""

    features: np.ndarray
    """(N, P) of N points."""
    widths: np.ndarray
    """(P,): standard deviations of the Gaussians of their differences."""
    weight: float
    """In the sum."""

    def affinity(self, rows, columns) -> np.ndarray:
        """Of the points at these indices, (rows, columns)."""
        x, y = (self.features[at] / self.widths for at in (rows, columns))
        squares = np.sum(x**2, axis=1)[:, None] + np.sum(y**2, axis=1) - 2 * x @ y.T
        return self.weight * np.exp(-np.maximum(squares, 0) / 2)


def affinity(products: list[Product], rows, columns) -> np.ndarray:
    """Sum of the products' affinities of the points at these indices, (rows, columns)."""
    return sum(product.affinity(rows, columns) for product in products)


def cluster(products: list[Product], n_clusters: int, rng: np.random.Generator, n_landmarks: int) -> np.ndarray:
    """Cluster (N,) of each point, from 0."""
    from sklearn.cluster import KMeans

    n_points = len(products[0].features)
    points, degrees = embedded(products, n_clusters, rng.permutation(n_points)[:n_landmarks])
    means = KMeans(min(n_clusters, n_points), n_init=STARTS, random_state=int(rng.integers(2**31)))
    return means.fit(points, sample_weight=degrees).labels_


def embedded(products: list[Product], n_clusters: int, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First eigenvectors of D^-1/2 W D^-1/2 over D^1/2, (N, n_clusters), and D, (N,), by landmarks at these indices."""
    n_points = len(products[0].features)
    A = affinity(products, landmarks, landmarks)
    values, vectors = np.linalg.eigh(A + LOADING * np.mean(np.diag(A)) * np.eye(len(A)))
    inverse_root = vectors / np.sqrt(np.maximum(values, LOADING * np.mean(np.diag(A)))) @ vectors.T

    def factors():
        """W = F F', some rows of F at a time."""
        for start in range(0, n_points, CHUNK):
            yield affinity(products, slice(start, start + CHUNK), landmarks) @ inverse_root

    total = sum(F.sum(0) for F in factors())
    degrees = [np.maximum(F @ total, 1e-9) for F in factors()]
    gram = sum(F.T @ (F / d[:, None]) for F, d in zip(factors(), degrees, strict=True))
    values, vectors = np.linalg.eigh(gram)
    first = vectors[:, -n_clusters:] / np.sqrt(np.maximum(values[-n_clusters:], LEAST))
    points = np.concatenate([F @ first / d[:, None] for F, d in zip(factors(), degrees, strict=True)])
    return points, np.concatenate(degrees)
