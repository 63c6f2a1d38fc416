"""Beamformers on random covariances and constructed scenes: closed forms, orders and limits."""

import sys

import numpy as np
import pytest

from cocktail import stft
from cocktail.dsp.spatial import beamformers as bf
from cocktail.method import References, View
from cocktail.plugins.registry import Registry

N_BINS, N_MICS = 20, 4


def random_covariance(rng, rank=N_MICS):
    """(F, D, D) of the given rank."""
    A = rng.standard_normal((N_BINS, N_MICS, rank)) + 1j * rng.standard_normal((N_BINS, N_MICS, rank))
    return A @ A.conj().swapaxes(-1, -2) / rank


@pytest.fixture(params=range(3))
def rng(request):
    return np.random.default_rng(request.param)


def load(name):
    """A plugin's module."""
    return sys.modules[Registry().plugins[name].cls.__module__]


def transfer_function(target):
    """That of the principal component, relative to microphone 1."""
    v = np.linalg.eigh(target)[1][..., -1]
    return v / v[..., :1]


def output_snr(w, target, noise):
    return np.divide(*(np.einsum("fd,fde,fe->f", w.conj(), phi, w).real for phi in (target, noise)))


def test_the_quadratic_form_is_that_of_the_inverse(rng):
    phi = random_covariance(rng)
    x = rng.standard_normal((N_BINS, 7, N_MICS)) + 1j * rng.standard_normal((N_BINS, 7, N_MICS))
    expected = np.einsum("ftd,fdc,ftc->ft", x.conj(), np.linalg.inv(phi), x).real
    np.testing.assert_allclose(bf.quadratic(x, phi), expected)


@pytest.mark.parametrize("rank", [1, N_MICS])
def test_mvdr_passes_the_target_unchanged(rng, rank):
    target, noise = random_covariance(rng, rank), random_covariance(rng)
    response = np.einsum("fd,fd->f", bf.mvdr(target, noise).conj(), transfer_function(target))
    np.testing.assert_allclose(response, 1, atol=1e-6)


def test_mvdr_equals_the_closed_form(rng):
    target, noise = random_covariance(rng, 1), random_covariance(rng)
    a = transfer_function(target)
    ratio = np.linalg.solve(noise, a[..., None])[..., 0]
    expected = ratio / np.einsum("fd,fd->f", a.conj(), ratio)[:, None]
    np.testing.assert_allclose(bf.mvdr(target, noise), expected, rtol=1e-6, atol=1e-9)


def test_output_snr_on_a_point_target_is_the_same_for_all(rng):
    target, noise = random_covariance(rng, 1), random_covariance(rng)
    snr = [output_snr(w, target, noise) for w in (bf.gev(target, noise), bf.mwf(target, noise))]
    snr.append(output_snr(bf.mvdr(target, noise), target, noise))
    assert np.all(snr[0] >= snr[1] * (1 - 1e-6))
    assert np.all(snr[1] >= snr[2] * (1 - 1e-6))
    np.testing.assert_allclose(snr[0], np.einsum("fij,fji->f", np.linalg.inv(noise), target).real, rtol=1e-6)


def test_output_snr_on_a_target_of_full_rank(rng):
    target, noise = random_covariance(rng), random_covariance(rng)
    gev, mwf, mvdr = (
        output_snr(w, target, noise)
        for w in (bf.gev(target, noise), bf.mwf(target, noise, rank=1), bf.mvdr(target, noise))
    )
    assert np.all(gev >= mwf * (1 - 1e-6))
    assert np.all(mwf >= mvdr * (1 - 1e-6))
    assert np.all(gev >= output_snr(bf.mwf(target, noise), target, noise) * (1 - 1e-6))


def test_wiener_filter_tends_to_mvdr(rng):
    target, noise = random_covariance(rng, 1), random_covariance(rng)
    limit = bf.mvdr(target, noise)
    np.testing.assert_allclose(bf.mwf(target, noise, mu=1e-9, rank=1), limit, atol=1e-6 * np.abs(limit).max())
    np.testing.assert_allclose(bf.mwf(target, noise, mu=0.0, rank=1), limit, atol=1e-12)


def test_wiener_filter_has_the_least_mean_square_error(rng):
    target, noise = random_covariance(rng), random_covariance(rng)

    def error(w):
        missed = np.eye(N_MICS)[0] - w
        square = np.einsum("fd,fde,fe->f", missed.conj(), target, missed) + np.einsum(
            "fd,fde,fe->f", w.conj(), noise, w
        )
        return square.real

    best = error(bf.mwf(target, noise))
    others = [
        bf.gev(target, noise),
        bf.mvdr(target, noise),
        bf.mwf(target, noise, mu=2.0),
        bf.mwf(target, noise, rank=1),
    ]
    for w in others:
        assert np.all(error(w) >= best * (1 - 1e-9))


def test_gev_has_the_phase_of_microphone_1_and_its_normalisation(rng):
    """For white noise the blind analytic gain makes |w| = |principal direction| / sqrt(D)."""
    target, noise = random_covariance(rng, 1), np.broadcast_to(np.eye(N_MICS), (N_BINS, N_MICS, N_MICS))
    w = bf.gev(target, noise)
    response = np.einsum("fd,fd->f", w.conj(), target[:, :, 0])
    np.testing.assert_allclose(response.imag, 0, atol=1e-9)
    assert np.all(response.real > 0)
    np.testing.assert_allclose(np.linalg.norm(w, axis=-1), 1 / np.sqrt(N_MICS), rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_weights_do_not_depend_on_scale(rng, scale):
    target, noise = random_covariance(rng), random_covariance(rng)
    for function in (bf.mvdr, bf.mwf, bf.gev):
        np.testing.assert_allclose(
            function(scale * target, scale * noise), function(target, noise), rtol=1e-6, atol=1e-9
        )


def test_covariance_with_a_weight(rng):
    X = rng.standard_normal((2, 3, 50)) + 1j * rng.standard_normal((2, 3, 50))
    weight = rng.random((3, 50))
    expected = sum(weight[1, t] * np.outer(X[:, 1, t], X[:, 1, t].conj()) for t in range(50)) / weight[1].sum()
    np.testing.assert_allclose(bf.covariance(X, weight)[1], expected)


def scene(rng, n_samples=16000, n_mics=3):
    """Talker and noise as point sources with different delays, no reverberation."""
    talker, noise = (
        rng.standard_normal((2, n_samples + 10)) * np.repeat(rng.random((2, 101)), 160, 1)[:, : n_samples + 10]
    )
    image = np.stack([talker[10 - d : 10 - d + n_samples] for d in range(n_mics)])
    interference = np.stack([noise[10 - 3 * d : 10 - 3 * d + n_samples] for d in range(n_mics)])
    interference += 0.05 * rng.standard_normal(interference.shape)
    return image, interference


@pytest.mark.parametrize("beamformer", ["mvdr", "mwf", "gev"])
def test_oracle_plugin_gains_on_a_point_noise(rng, beamformer):
    image, noise = scene(rng)
    view = View(16000, rng, {"array": np.zeros((3, 3)), "references": References(image[:1], image[None], noise)})
    found = load("oracle_beamformer").OracleBeamformer(beamformer=beamformer)(image + noise, view)
    assert found.shape == (1, 16000)
    gain = np.vdot(found[0], image[0]) / np.vdot(image[0], image[0])
    error = np.sum((found[0] - gain * image[0]) ** 2) / np.sum((gain * image[0]) ** 2)
    before = np.sum(noise[0] ** 2) / np.sum(image[0] ** 2)
    assert 10 * np.log10(before / error) > 6


def test_oracle_plugin_on_an_early_reference_keeps_its_coherent_part(rng):
    """Where the reference is not the image, the target is its least-squares part: here all but an unrelated tail."""
    image, _ = scene(rng)
    tail = 0.5 * rng.standard_normal(image.shape)
    module = load("oracle_beamformer")
    found = module.OracleBeamformer()._target(image[0], image + tail)
    D = stft.stft(image)
    assert np.sum(np.abs(found - D) ** 2) < 0.05 * np.sum(np.abs(D) ** 2)
