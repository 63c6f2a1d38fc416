"""Online NMF: no frame depends on a later one, the buffer's objective never rises, steady noise is learnt."""

import numpy as np

from cocktail.dsp.nmf import online


def problem(seed, bins=20, frames=60):
    rng = np.random.default_rng(seed)
    S = np.zeros((bins, 4))
    for k in range(4):
        S[2 * k : 2 * k + 3, k] = rng.random(3) + 0.3
    S /= np.linalg.norm(S, axis=0)
    speech = S @ (rng.gamma(1.0, 1.0, (4, frames)) * (rng.random(frames) < 0.5))
    noise = (np.arange(bins) >= 8)[:, None] * (1 + 0.1 * rng.random((bins, frames)))
    return S, speech, noise


def test_no_frame_depends_on_a_later_one():
    S, speech, noise = problem(0)
    V = speech + noise + 1e-4
    whole = online.separate(V, S, 2, np.random.default_rng(0), mu=0.1, iterations=5, buffer=20)
    part = online.separate(V[:, :30], S, 2, np.random.default_rng(0), mu=0.1, iterations=5, buffer=20)
    for a, b in zip(whole, part, strict=True):
        np.testing.assert_array_equal(a[:, :30], b)


def test_the_buffer_s_objective_never_rises():
    S, speech, noise = problem(1)
    V = (speech + noise + 1e-4)[:, :10]
    values = []
    for iterations in range(1, 20):
        N = np.random.default_rng(3).random((20, 2)) + 0.1
        N /= np.linalg.norm(N, axis=0)
        model, activations = 0.5 * speech[:, :10].copy() + 0.1, np.random.default_rng(4).random((2, 10))
        N = online.explain(V, S, N, mu=0.0, iterations=iterations, speech=model, activations=activations)
        L = model + N @ activations
        values.append((V * np.log(V / L) - V + L).sum())
    assert np.all(np.diff(values) <= 1e-9)


def test_steady_noise_is_taken_away():
    S, speech, noise = problem(5)
    V = speech + noise + 1e-4
    found, _ = online.separate(V, S, 2, np.random.default_rng(0), mu=0.0, iterations=10, buffer=30)
    late = slice(20, None)
    assert np.abs(found - speech)[:, late].sum() < 0.15 * noise[:, late].sum()


def test_silence_before_the_signal_costs_no_basis():
    S, speech, noise = problem(7)
    V = (speech + noise + 1e-4).astype(np.float32)
    silent = np.concatenate([np.full((20, 5), np.finfo(np.float32).tiny, np.float32), V], axis=1)
    found = [
        online.separate(x, S.astype(np.float32), 3, np.random.default_rng(0), mu=0.1, iterations=5, buffer=20)
        for x in (V, silent)
    ]
    np.testing.assert_allclose(found[1][0][:, 5:], found[0][0], rtol=1e-5, atol=1e-7)


def test_level_does_not_matter():
    S, speech, noise = problem(8)
    V = speech + noise + 1e-4
    one, soft = (
        online.separate(g * V, S, 2, np.random.default_rng(0), mu=0.3, iterations=5, buffer=20)[0] for g in (1.0, 1e-9)
    )
    np.testing.assert_allclose(soft, 1e-9 * one, rtol=1e-6)


def test_silence_stays_finite():
    S, *_ = problem(6)
    for part in online.separate(
        np.full((20, 5), 1e-30), S, 2, np.random.default_rng(0), mu=0.1, iterations=5, buffer=3
    ):
        assert np.isfinite(part).all() and (part > 0).all()
