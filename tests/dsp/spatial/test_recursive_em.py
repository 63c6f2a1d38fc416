"""Recursive EM: posteriors against full Gaussians, a likelihood that never falls, and batch EM where nothing is
forgotten."""

import numpy as np
import pytest

from cocktail.dsp.spatial import recursive_em as em

HOP_S = 0.008


def normal(rng, *shape):
    return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / np.sqrt(2)


@pytest.fixture(autouse=True)
def exact(monkeypatch):
    """No loading: the equations as they are."""
    monkeypatch.setattr(em, "LOADING", 0.0)


def truth(rng, *lead, mics=3):
    root = normal(rng, *lead, mics, mics)
    return em.Model(normal(rng, *lead, mics), root @ root.conj().swapaxes(-1, -2) + 0.1 * np.eye(mics))


POWER = 10.0


def sampled(model, rng, n_frames):
    """Frames (F, T, D) of the model, noise first, and a prior (F, T) that knows most of the presence of speech."""
    n_bins, n_mics = model.transfer.shape
    n = np.einsum("fdc,ftc->ftd", np.linalg.cholesky(model.noise), normal(rng, n_bins, n_frames, n_mics))
    on = (rng.random((n_bins, n_frames)) < 0.4) & (np.arange(n_frames) >= 20)
    s = np.sqrt(POWER) * normal(rng, n_bins, n_frames) * on
    return n + s[..., None] * model.transfer[:, None], np.where(on, 0.8, 0.2)


def shared(model):
    """The same for all frames."""
    return em.Model(model.transfer[:, None], model.noise[:, None])


def batch(y, prior, iterations=30):
    """EM over all frames, from noise alone; the model and the log likelihood of every iteration."""
    model = em.Model(np.ones(y.shape[::2], complex), np.einsum("ftd,ftc->fdc", y, y.conj()) / y.shape[1])
    trace = []
    for _ in range(iterations):
        known = shared(model), prior, np.zeros(y.shape[:2]), np.full(y.shape[:2], POWER)
        found = em.expect(y, *known)
        trace.append(em.log_likelihood(y, *known).sum())
        each = em.statistics(y, found)
        model = em.maximise(em.Statistics(*(x.sum(1) for x in vars(each).values())))
    return model, np.array(trace)


def test_the_posterior_is_that_of_full_gaussians():
    rng = np.random.default_rng(0)
    model, y = truth(rng, 4), normal(rng, 4, 3)
    prior, mean, power = rng.random(4), normal(rng, 4), 1 + rng.random(4)
    found = em.expect(y, model, prior, mean, power)
    log_likelihood = em.log_likelihood(y, model, prior, mean, power)
    for f in range(4):
        d, noise = model.transfer[f], model.noise[f]
        noisy = power[f] * np.outer(d, d.conj()) + noise

        def log_density(x, phi):
            return -(x.conj() @ np.linalg.inv(phi) @ x).real - np.linalg.slogdet(phi)[1]

        absent = (1 - prior[f]) * np.exp(log_density(y[f], noise))
        present = prior[f] * np.exp(log_density(y[f] - d * mean[f], noisy))
        gain = power[f] * d.conj() @ np.linalg.inv(noisy)
        np.testing.assert_allclose(found.presence[f], present / (present + absent))
        np.testing.assert_allclose(log_likelihood[f], np.log(present + absent))
        np.testing.assert_allclose(found.speech[f], mean[f] + gain @ (y[f] - d * mean[f]))
        np.testing.assert_allclose(found.variance[f], power[f] * (1 - gain @ d).real)


def test_the_likelihood_never_falls_and_the_model_is_recovered():
    rng = np.random.default_rng(1)
    model = truth(rng, 3)
    y, prior = sampled(model, rng, 2000)
    found, trace = batch(y, prior)
    assert (np.diff(trace) > -1e-6 * abs(trace[0])).all()
    assert trace[-1] > trace[0] + 100
    np.testing.assert_allclose(found.noise, model.noise, atol=0.15 * np.abs(model.noise).max())
    phase = np.sum(found.transfer * model.transfer.conj(), -1, keepdims=True)
    aligned = found.transfer * (phase / np.abs(phase)).conj()  # the power of s says the scale, nothing its phase
    np.testing.assert_allclose(aligned, model.transfer, atol=0.25)


def test_as_less_is_forgotten_it_tends_to_the_statistics_of_the_batch():
    rng = np.random.default_rng(3)
    model = truth(rng, 3)
    y, prior = sampled(model, rng, 800)
    expected, _ = batch(y, prior)
    X = y.transpose(2, 0, 1)
    own = np.broadcast_to(POWER * np.abs(model.transfer[:, :1]) ** 2, prior.shape)  # at microphone 1
    distances = []
    for forgetting in (0.9, 0.99, 1.0):
        track = em.follow(X, prior, own, hop_s=HOP_S, forgetting=forgetting, iterations=1, predict=False)
        distances.append(np.linalg.norm(track.model.noise - expected.noise))
    assert distances[0] > 2 * distances[1] > 4 * distances[2]
    assert distances[2] < 0.05 * np.linalg.norm(expected.noise)


def test_sums_forget():
    rng = np.random.default_rng(3)
    one, two = (em.Statistics(1.0, *normal(rng, 3)) for _ in range(2))
    after = one.after(two, 0.7)
    assert (after.count, after.yy, after.ss) == (1.7, 0.7 * one.yy + two.yy, 0.7 * one.ss + two.ss)


@pytest.mark.parametrize("cut", [9, 30])
def test_no_frame_depends_on_a_later_one(cut):
    rng = np.random.default_rng(4)
    X, prior = normal(rng, 3, 4, 40), rng.uniform(0.1, 0.9, (4, 40))
    X[:, :, :5] = 0  # digital silence first
    other = X.copy()
    other[..., cut:] *= 3
    tracks = [em.follow(x, prior, prior * np.abs(x[0]) ** 2, hop_s=HOP_S, forgetting=0.99) for x in (X, other)]
    assert np.isfinite(tracks[0].speech).all()
    np.testing.assert_array_equal(tracks[0].speech[:, :cut], tracks[1].speech[:, :cut])
    np.testing.assert_array_equal(tracks[0].presence[:, :cut], tracks[1].presence[:, :cut])


def test_the_scale_of_the_transfer_functions_stays():
    """A quiet start, loud noise, then less of it, in which speech is thought possible: that made d fall to 0."""
    rng = np.random.default_rng(6)
    times = np.arange(300)
    X = normal(rng, 2, 1, 300) * np.select([times < 12, times < 100], [1e-3, 1.0], 0.1)
    prior, share = np.where(times < 100, 0.02, 0.2)[None], np.where(times < 100, 1e-8, 0.02)
    track = em.follow(X, prior, share * np.abs(X[0]) ** 2, hop_s=HOP_S, forgetting=0.995)
    assert np.isfinite(track.speech).all()
    np.testing.assert_allclose(np.linalg.norm(track.model.transfer, axis=-1) ** 2, 2)


def test_digital_silence_tells_nothing():
    rng = np.random.default_rng(8)
    X, prior = normal(rng, 2, 3, 60), rng.uniform(0.1, 0.9, (3, 60))
    with_pauses = np.insert(X, [0] * 20 + [30] * 5, 0, axis=-1)
    longer = np.insert(prior, [0] * 20 + [30] * 5, 0.5, axis=-1)
    heard = with_pauses[0].any(0)
    tracks = [em.follow(x, p, p, hop_s=HOP_S, forgetting=0.99) for x, p in ((X, prior), (with_pauses, longer))]
    np.testing.assert_array_equal(tracks[1].speech[:, heard], tracks[0].speech)
    np.testing.assert_array_equal(tracks[1].presence[:, heard], tracks[0].presence)
    assert not tracks[1].speech[:, ~heard].any()


def slow(rng, n_bins, n_frames):
    """Speech (F, T) of power 1 that is predictable."""
    turn, s = 0.95 * np.exp(0.7j), normal(rng, n_bins, n_frames)
    for t in range(1, n_frames):
        s[:, t] = turn * s[:, t - 1] + np.sqrt(1 - abs(turn) ** 2) * s[:, t]
    return s


def test_speech_begins_as_loud_as_it_may_after_a_pause():
    """There is nothing to predict it from, so that the error is that of Wiener's filter: noise of 0.02 in the beam."""
    rng = np.random.default_rng(7)
    times = np.arange(900)
    on = times // 30 % 2 == 1
    s = slow(rng, 8, 900) * on
    X = np.array([1, 1j])[:, None, None] * s + 0.2 * normal(rng, 2, 8, 900)
    prior = np.where(on, 1 - 1e-4, 1e-4) * np.ones((8, 1))
    track = em.follow(X, prior, np.ones(s.shape), hop_s=HOP_S, forgetting=0.999)
    begins = (times % 60 == 30) & (times > 200)
    error = np.abs(track.speech - s)[:, begins] ** 2
    assert np.mean(error) == pytest.approx(0.02 / 1.02, rel=0.3)


def test_prediction_helps_where_the_speech_is_predictable():
    rng = np.random.default_rng(5)
    s = slow(rng, 2, 800)
    s[:, :20] = 0  # noise first
    X = np.array([1, 1j])[:, None, None] * s + normal(rng, 2, 2, 800)
    ones = np.where(np.arange(800) < 20, 1e-3, 1.0) * np.ones((2, 1))
    errors = [
        np.mean(np.abs(em.follow(X, 0.98 * ones, ones, hop_s=HOP_S, forgetting=0.999, predict=p).speech - s)[:, 200:])
        for p in (True, False)
    ]
    assert errors[0] < 0.9 * errors[1]
