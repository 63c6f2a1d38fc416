"""Noise tracked by the presence of speech: one microphone's rule, true covariances, bursts, and causality."""

import numpy as np

from cocktail.dsp.noise import mmse_spp
from cocktail.dsp.spatial import beamformers, presence

HOP_S = 0.008


def noise(seed, n_frames=600):
    """White noise (3, F, T) of one covariance, (3, 3)."""
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((3, 3)) + 1j * rng.standard_normal((3, 3))
    white = (rng.standard_normal((3, 4, n_frames)) + 1j * rng.standard_normal((3, 4, n_frames))) / np.sqrt(2)
    return np.einsum("dc,cft->dft", root, white), root @ root.conj().T


def test_with_one_microphone_the_probability_is_that_of_mmse_spp():
    gamma = np.linspace(0, 20, 50)
    np.testing.assert_allclose(presence.present(gamma, 1), mmse_spp.presence(gamma))


def test_the_covariance_of_stationary_noise_is_found():
    """On average over frames: it forgets."""
    X, phi = noise(1)
    found, p = presence.noise_covariances(X, HOP_S)
    mean = found[:, 100:].mean((0, 1))
    assert np.linalg.norm(mean - phi) < 0.15 * np.linalg.norm(phi)
    assert p.mean() < 0.05


def test_digital_silence_tells_nothing():
    X, _ = noise(3, 80)
    with_pauses = np.insert(X, [0] * 30 + [50] * 20, 0, axis=-1)
    heard = with_pauses[0].any(0)
    for found, longer in zip(*(presence.noise_covariances(x, HOP_S) for x in (X, with_pauses)), strict=True):
        np.testing.assert_array_equal(longer[:, heard], found)


def test_speech_does_not_get_into_it_and_is_told():
    X, phi = noise(2)
    loud = X.copy()
    loud[:, :, 300:340] += 30 * np.linalg.norm(phi) ** 0.5
    found, p = presence.noise_covariances(loud, HOP_S)
    assert p[:, 300:340].min() > 0.9
    calm = presence.noise_covariances(X, HOP_S)[0]
    assert np.linalg.norm(found[:, 339] - calm[:, 339]) < 0.5 * np.linalg.norm(calm[:, 339])


def test_noise_that_rose_for_good_is_learnt_after_a_while():
    X, phi = noise(3, 3000)
    X[:, :, 100:] *= 10
    found, _ = presence.noise_covariances(X, HOP_S, 0.1)
    assert np.trace(found[:, -1].mean(0)).real > 50 * np.trace(phi).real


def test_a_frame_depends_on_no_later_one():
    X, _ = noise(4, 60)
    other = X.copy()
    other[:, :, 40:] *= 5
    for a, b in zip(presence.noise_covariances(X, HOP_S), presence.noise_covariances(other, HOP_S), strict=True):
        np.testing.assert_array_equal(a[:, :40], b[:, :40])
    np.testing.assert_allclose(presence.noise_covariances(X, HOP_S)[0][:, 5], beamformers.covariance(X[..., :6]))
