"""Entries for arrays, from samples to samples, against the equations of their papers in double precision."""

import numpy as np
import pytest
import scipy.linalg
import torch

from cocktail import stft
from cocktail.dsp.acoustics import diffuse_coherence
from cocktail.dsp.spatial import directions
from cocktail.method import View
from cocktail.plugins.registry import Registry

FS = 16000
ARRAY = np.array([[-0.1, 0.0, 0.0], [0.0, 0.02, 0.0], [0.1, 0.0, 0.0]])


def mixture(n_samples, n_mics):
    """Two sounds that arrive earlier at one microphone than at the next, and noise: (D, N)."""
    rng = np.random.default_rng(0)
    talkers = rng.standard_normal((2, n_samples)).cumsum(1) * (rng.random((2, n_samples)) < 0.3)
    delayed = [np.roll(talkers[0], 2 * d) + 0.7 * np.roll(talkers[1], -3 * d) for d in range(n_mics)]
    return np.stack(delayed) + rng.standard_normal((n_mics, n_samples))


class Loudness:
    """A mask network without weights: what is loud is speech."""

    def mask(self, samples, fs, device):
        power = stft.stft(torch.as_tensor(samples)).abs() ** 2
        return power / (power + power.median())


def max_snr(target, noise):
    """Generalised eigenvector of the largest eigenvalue, normalised blindly, real and positive at microphone 1."""
    w = scipy.linalg.eigh(target, noise)[1][:, -1]
    gain = np.linalg.norm(noise @ w) / np.sqrt(len(w)) / (w.conj() @ noise @ w).real
    response = w.conj() @ target[:, 0]
    return w * gain * response / abs(response)


def parametric(target, noise, mu):
    """Souden's filter on what of the target rises above the noise in its strongest direction."""
    values, vectors = scipy.linalg.eigh(target, noise)
    direction = noise @ vectors[:, -1]
    ratio = np.linalg.solve(noise, max(values[-1] - 1, 0) * np.outer(direction, direction.conj()))
    return ratio[:, 0] / (mu + np.trace(ratio).real)


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("mask-mvdr", lambda target, noise: parametric(target, noise, 0.0)),
        ("mask-mwf", lambda target, noise: parametric(target, noise, 1.0)),
        ("mask-gev", max_snr),
    ],
)
def test_a_mask_beamformer_weighs_by_squared_masks_whose_median_over_microphones_counts(name, weights):
    x = mixture(6000, 3)
    X = stft.stft(x)
    mask = np.median(Loudness().mask(x, FS, "cpu").numpy(), axis=0)
    expected = np.empty(X.shape[1:], complex)
    for f in range(X.shape[1]):
        covariances = []
        for share in (mask[f] ** 2, (1 - mask[f]) ** 2):
            covariances.append((share * X[:, f]) @ X[:, f].conj().T / share.sum())
        expected[f] = weights(*covariances).conj() @ X[:, f]
    view = View(FS, np.random.default_rng(0), {"bases": {"base": Loudness()}, "device": "cpu"})
    found = Registry().entry(name).make()(x, view)[0]
    np.testing.assert_allclose(found, stft.istft(expected, 6000), atol=1e-4 * np.abs(x).max())


def test_full_rank_em_is_20_iterations_from_direct_sound_and_diffuse_field():
    """Duong et al.: E-step, then powers and covariances, which start as 0.4 of direct sound and 0.6 of the field."""
    array, x = ARRAY[[0, 2]], mixture(4000, 2)
    X = stft.stft(x, 2048, 512)
    f_hz = np.arange(1025) * FS / 2048
    scale = np.sqrt(np.mean(np.abs(X) ** 2))
    y = (X / scale).swapaxes(0, 1)
    R = []
    for towards in directions.directions_of_arrival(X, array, f_hz, 2):
        a = np.exp(2j * np.pi * f_hz[:, None] * ((array - array[0]) @ towards / 343))
        R.append(0.4 * a[:, :, None] * a[:, None].conj() + 0.6 * diffuse_coherence(array, f_hz) + 1e-6 * np.eye(2))
    R, v = np.stack(R), np.repeat((np.abs(y) ** 2).mean(1)[None] / 2, 2, axis=0)
    for iteration in range(21):
        prior = v[..., None, None] * R[:, :, None]
        wiener = prior @ np.linalg.inv(prior.sum(0))
        image = np.einsum("jftde,fet->jftd", wiener, y)
        if iteration < 20:
            second = image[..., :, None] * image[..., None, :].conj() + prior - wiener @ prior
            v = np.einsum("jfde,jfted->jft", np.linalg.inv(R), second).real.clip(2e-10) / 2
            R = (second / v[..., None, None]).mean(2) + 1e-6 * np.eye(2)
    expected = scale * stft.istft(image[..., 0], 4000, 2048, 512)
    view = View(FS, np.random.default_rng(0), {"array": array, "n_sources": 2})
    found = Registry().entry("full-rank-em").make()(x, view)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(x).max())
