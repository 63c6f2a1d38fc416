"""Relative transfer functions: the textbook's filter where the model is linear, a planted drift, coherent noise."""

import numpy as np
import pytest

from cocktail.dsp.spatial import transfer


def normal(rng, *shape):
    return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / np.sqrt(2)


def covariances(phi, n_frames):
    return np.broadcast_to(np.asarray(phi, complex), (3, n_frames, 2, 2))


def heard(rng, a, phi, power):
    """Two microphones (2, F, T): speech of that power (F, T) over the RTF a (F, T), noise of covariance phi."""
    s = np.sqrt(power) * normal(rng, *power.shape)
    n = np.einsum("dc,cft->dft", np.linalg.cholesky(np.asarray(phi, complex)), normal(rng, 2, *power.shape))
    return np.stack([s, a * s]) + n


def test_the_filter_is_the_textbooks_where_microphone_1_has_no_noise():
    rng = np.random.default_rng(0)
    y, r, drift = normal(rng, 2, 1, 12), 0.3, 0.02
    noise = np.broadcast_to(np.diag([0, r]).astype(complex), (1, 12, 2, 2))
    found = transfer.tracked(y, np.abs(y[0]) ** 2, noise, drift=drift, start=0.5, spread=2.0)
    state, P = np.array([0.5, 0.0]), np.eye(2)  # real and imaginary part
    for t in range(12):
        H = np.array([[y[0, 0, t].real, -y[0, 0, t].imag], [y[0, 0, t].imag, y[0, 0, t].real]])
        P = P + drift / 2 * np.eye(2)
        K = P @ H.T @ np.linalg.inv(H @ P @ H.T + r / 2 * np.eye(2))
        state = state + K @ (np.array([y[1, 0, t].real, y[1, 0, t].imag]) - H @ state)
        P = P - K @ H @ P
        np.testing.assert_allclose([found[0, t].real, found[0, t].imag], state, atol=1e-12)


def test_without_drift_it_is_regularised_least_squares():
    rng = np.random.default_rng(1)
    y, r = normal(rng, 2, 1, 30), 0.3
    noise = np.broadcast_to(np.diag([0, r]).astype(complex), (1, 30, 2, 2))
    found = transfer.tracked(y, np.abs(y[0]) ** 2, noise, drift=0.0, start=0.0, spread=4.0)
    expected = np.vdot(y[0], y[1]) / (np.vdot(y[0], y[0]) + r / 4.0)
    np.testing.assert_allclose(found[0, -1], expected)


def test_a_planted_drift_is_followed_where_a_fixed_function_cannot():
    rng = np.random.default_rng(2)
    T, phi = 1500, 0.05 * np.eye(2)
    a = np.exp(2j * np.pi * np.arange(T) / T) * np.ones((3, 1))
    power = np.ones((3, T))
    X = heard(rng, a, phi, power)
    found = transfer.tracked(X, power, covariances(phi, T), drift=1e-3)
    noisy = np.einsum("cft,dft->fcd", X, X.conj()) / T
    fixed = transfer.whitened(noisy, covariances(phi, 1)[:, 0])
    error = np.abs(found - a)[:, 100:].mean()
    assert error < 0.1
    assert np.abs(fixed[:, 1:] / fixed[:, :1] - a).mean() > 5 * error


def test_noise_that_both_microphones_hear_alike_does_not_pull():
    """0 dB, noise of coherence 0.9: a regressor with the noise still in it would end half way to the noise."""
    rng = np.random.default_rng(3)
    T, phi = 4000, np.array([[1, 0.9], [0.9, 1]])
    a = np.full((3, T), -1.0 + 0.5j)
    X = heard(rng, a, phi, np.ones((3, T)))
    found = transfer.tracked(X, np.ones((3, T)), covariances(phi, T), drift=0.0)
    np.testing.assert_allclose(found[:, -1], a[:, -1], atol=0.12)


def test_where_nothing_moves_it_ends_where_whitening_does():
    rng = np.random.default_rng(4)
    T, phi = 3000, np.array([[0.3, 0.1], [0.1, 0.2]])
    a = np.full((3, T), 0.4 - 0.7j)
    X = heard(rng, a, phi, np.ones((3, T)))
    tracked = transfer.tracked(X, np.ones((3, T)), covariances(phi, T), drift=0.0)[:, -1]
    fixed = transfer.whitened(np.einsum("cft,dft->fcd", X, X.conj()) / T, covariances(phi, 1)[:, 0])
    np.testing.assert_allclose(tracked, fixed[:, 1] / fixed[:, 0], atol=0.03)


def test_whitening_finds_the_function_beneath_any_noise():
    rng = np.random.default_rng(5)
    a, root = normal(rng, 4, 3), normal(rng, 4, 3, 3)
    noise = root @ root.conj().swapaxes(-1, -2)
    found = transfer.whitened(2 * a[..., None] * a[:, None].conj() + noise, noise)
    np.testing.assert_allclose(found / found[:, :1], a / a[:, :1], rtol=1e-6)


@pytest.mark.parametrize("silent", [0, 1])
def test_without_speech_nothing_is_learnt(silent):
    X = normal(np.random.default_rng(6), 2, 3, 9)
    X[silent] = 0
    found = transfer.tracked(X, np.zeros((3, 9)), covariances(np.eye(2), 9), drift=0.1, start=0.3)
    np.testing.assert_array_equal(found, 0.3)
