"""EM of the full-rank model: likelihood, agreement of both steps, recovery, degenerate input."""

import sys

import numpy as np
import pytest

from cocktail.dsp.spatial import blind, full_rank
from cocktail.method import Info, View
from cocktail.plugins.registry import Registry

FS = 16000
ARRAY = np.array([[0.06, 0, 0], [0, 0.06, 0], [-0.06, 0, 0], [0, -0.06, 0]])


def load(name):
    """A plugin's module."""
    return sys.modules[Registry().plugins[name].cls.__module__]


def covariances(rng, n_sources, n_bins=5, n_mics=3):
    """Random (K, F, D, D) of trace D, dominated by one direction each."""
    A = rng.standard_normal((n_sources, n_bins, n_mics, n_mics)) + 1j * rng.standard_normal(
        (n_sources, n_bins, n_mics, n_mics)
    )
    A[..., 0] *= 4
    R = A @ A.conj().swapaxes(-1, -2)
    return R * n_mics / np.trace(R, axis1=-2, axis2=-1).real[..., None, None]


def sample(rng, R, n_frames=400):
    """Mixture (D, F, T) and images at microphone 1 (K, F, T) drawn from the model, with sparse powers."""
    n_sources, n_bins, n_mics, _ = R.shape
    v = rng.gamma(0.3, 1.0, (n_sources, n_bins, n_frames)) + 1e-4
    white = rng.standard_normal((2, n_sources, n_bins, n_mics, n_frames)) / np.sqrt(2)
    images = np.linalg.cholesky(R) @ (white[0] + 1j * white[1]) * np.sqrt(v)[:, :, None]
    return images.sum(0).swapaxes(0, 1), images[:, :, 0]


@pytest.mark.parametrize("n_sources", [2, 3, 4])
@pytest.mark.parametrize("seed", [0, 1])
def test_likelihood_never_falls(n_sources, seed):
    rng = np.random.default_rng(seed)
    X, _ = sample(rng, covariances(rng, n_sources), 60)
    objective = full_rank.fit(X, covariances(rng, n_sources), 15).objective
    assert np.all(np.diff(objective) >= -1e-9 * np.abs(objective[0]))


def test_likelihood_never_falls_with_silent_frames():
    rng = np.random.default_rng(2)
    X, _ = sample(rng, covariances(rng, 2), 60)
    X[:, :, :20] = 0
    found = full_rank.fit(X, covariances(rng, 2), 30)
    assert np.all(np.diff(found.objective) >= -1e-9 * np.abs(found.objective).max())
    np.testing.assert_array_equal(found.images[:, :, :20], 0)


def test_both_steps_agree():
    rng = np.random.default_rng(3)
    R, start = covariances(rng, 2), covariances(rng, 2)
    x = np.ascontiguousarray(sample(rng, R, 40)[0].swapaxes(0, 1))
    v = rng.random((2, 5, 40)) + 0.1
    fast, slow = full_rank.joint_step(x, start, v), full_rank.general_step(x, start, v)
    np.testing.assert_allclose(fast.powers, slow.powers, rtol=1e-8)
    np.testing.assert_allclose(fast.covariances, slow.covariances, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(fast.first, slow.first, atol=1e-10)
    assert fast.objective == pytest.approx(slow.objective, rel=1e-10)


def test_images_add_up_to_microphone_1():
    rng = np.random.default_rng(4)
    X, _ = sample(rng, covariances(rng, 2))
    images = full_rank.fit(X, covariances(rng, 2), 5).images
    np.testing.assert_allclose(images.sum(0), X[0], atol=1e-10)


@pytest.mark.parametrize("n_sources", [2, 3])
def test_recovers_sources_drawn_from_the_model(n_sources):
    rng = np.random.default_rng(5)
    R = covariances(rng, n_sources)
    X, truth = sample(rng, R)
    near = R + 0.5 * covariances(rng, n_sources)
    images = full_rank.fit(X, near * 2 / 3, 40).images
    error = np.sum(np.abs(images - truth) ** 2, axis=(1, 2)) / np.sum(np.abs(truth) ** 2, axis=(1, 2))
    before = np.sum(np.abs(X[0] - truth) ** 2, axis=(1, 2)) / np.sum(np.abs(truth) ** 2, axis=(1, 2))
    assert np.all(10 * np.log10(before / error) > 5)


def test_output_scales_with_input_and_silence_stays():
    rng = np.random.default_rng(6)
    X, _ = sample(rng, covariances(rng, 2), 50)
    start = covariances(rng, 2)
    images = full_rank.fit(X, start, 3).images
    np.testing.assert_allclose(full_rank.fit(1e-3 * X, start, 3).images, 1e-3 * images, rtol=1e-9, atol=1e-15)
    assert not full_rank.fit(0 * X, start, 3).images.any()


def room(seed):
    """Two gated noises of different colour at four microphones, with a few echoes: images (2, 4, N)."""
    rng = np.random.default_rng(seed)
    n_samples, images = 32000, []
    f_hz = np.fft.rfftfreq(n_samples, 1 / FS)
    for k in range(2):
        gate = np.repeat(rng.random(20) > 0.5, 1600) + 0.02
        spectrum = np.fft.rfft(gate * rng.standard_normal(n_samples)) / (1 + f_hz / (500 if k else 3000))
        response = 0
        for echo, level in enumerate((1.0, 0.4, 0.3, 0.2)):
            angle = np.deg2rad(30 + 110 * k) if echo == 0 else rng.uniform(0, 2 * np.pi)
            delay_s = 0.004 * echo - (ARRAY - ARRAY[0]) @ [np.cos(angle), np.sin(angle), 0] / 343
            response = response + level * np.exp(-2j * np.pi * f_hz * delay_s[:, None])
        image = np.fft.irfft(spectrum * response, n_samples)
        images.append(image / image.std())
    return np.stack(images)


def sdr(truth, found):
    """Mean plain SDR in dB under the better order of two sources."""
    error = np.array([[np.sum((t - f) ** 2) / np.sum(t**2) for f in found] for t in truth])
    return -10 * np.log10(np.minimum(error[0, 0] * error[1, 1], error[0, 1] * error[1, 0])) / 2


@pytest.mark.parametrize(
    ("name", "plugin", "gain_db"),
    [("full_rank_em", "FullRankEm", 5), ("fast_mnmf", "FastMnmf", 5), ("ilrma", "Ilrma", 3)],
)
def test_plugins_separate_a_small_room(name, plugin, gain_db):
    images = room(7)
    mixture = images.sum(0)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    view = View(FS, np.random.default_rng(0), {"array": ARRAY, "n_sources": 2})
    found = getattr(load(name), plugin)()(mixture, view)
    assert found.shape == (2, mixture.shape[-1])
    assert sdr(images[:, 0], found) > sdr(images[:, 0], mixture[[0, 0]]) + gain_db
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize(("name", "plugin"), [("fast_mnmf", "FastMnmf"), ("ilrma", "Ilrma")])
def test_plugins_skip_fewer_microphones_than_talkers(name, plugin):
    method = getattr(load(name), plugin)()
    assert "needs as many microphones" in method.skip(Info("x", "separate", 2, 3, FS, "image"))
    assert method.skip(Info("x", "separate", 3, 3, FS, "image")) is None


def test_numpy_seed_repeats_and_restores():
    draws = []
    for _ in range(2):
        with blind.numpy_seed(np.random.default_rng(1)):
            draws.append(np.random.rand(3))  # noqa: NPY002
    np.testing.assert_array_equal(*draws)


@pytest.mark.parametrize(
    ("name", "function", "iterations", "components"), [("ilrma", "ilrma", 60, 5), ("fast-mnmf", "fastmnmf2", 30, 16)]
)
def test_entries_by_pyroomacoustics_run_it_as_long_as_they_say(monkeypatch, name, function, iterations, components):
    asked = {}

    def called(X, **options):
        asked.update(options)
        return X[..., :2]

    monkeypatch.setattr(f"pyroomacoustics.bss.{function}", called)
    x = np.random.default_rng(10).standard_normal((4, 8000))
    view = View(FS, np.random.default_rng(0), {"array": ARRAY, "n_sources": 2})
    assert Registry().entry(name).make()(x, view).shape == (2, 8000)
    assert (asked["n_iter"], asked["n_components"]) == (iterations, components)
    assert asked["W0"].shape[1:] == ((2, 2) if name == "ilrma" else (4, 4))


def test_whitening_and_projection():
    rng = np.random.default_rng(8)
    X = rng.standard_normal((4, 3, 200)) + 1j * rng.standard_normal((4, 3, 200))
    white = blind.whitening(X, 2) @ X.swapaxes(0, 1)
    covariance = white @ white.conj().swapaxes(-1, -2) / 200
    np.testing.assert_allclose(covariance, np.broadcast_to(np.eye(2), (3, 2, 2)), atol=1e-9)
    np.testing.assert_allclose(blind.project_back((0.3 - 2j) * X[:1], X[0])[0], X[0])


def test_separating_rows_pass_their_talker_and_are_regular():
    rng = np.random.default_rng(9)
    R = covariances(rng, 2, n_mics=4) + 0.01 * np.eye(4)
    Q = blind.separating_rows(R)
    passed = np.einsum("fmd,kfde,fme->kfm", Q, R, Q.conj()).real
    assert np.all(passed[0, :, 0] > passed[1, :, 0])
    assert np.all(passed[1, :, 1] > passed[0, :, 1])
    assert np.linalg.cond(blind.separating_rows(np.stack([R[0], R[0]]))).max() < 1e4
