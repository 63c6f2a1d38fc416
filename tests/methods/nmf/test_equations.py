"""NMF entries from samples to samples, and what they learn, against their updates written out in double precision."""

import numpy as np
import pytest
from nmf_sounds import FS, hiss, view, voiced

from cocktail import stft
from cocktail.method import Recording, TrainingData
from cocktail.plugins.registry import Registry

WINDOW, HOP = 1024, 256


def unit(W):
    return W / np.sqrt((W**2).sum(0))


def mixture():
    rng = np.random.default_rng(0)
    return voiced(rng, 0.4) + hiss(rng, 0.4)


def spectrogram(Y, exponent):
    V = np.abs(Y) ** exponent
    return V / V.mean() + 1e-5


@pytest.mark.parametrize(("name", "exponent", "mu"), [("nmf-sparse", 1, 5.0), ("nmf-sparse-is", 2, 3.0)])
def test_an_entry_is_25_sparse_updates_and_the_share_of_speech(name, exponent, mu, exact_products):
    rng = np.random.default_rng(1)
    S, N = (unit(rng.gamma(0.5, 1.0, (513, k)) + 1e-3) for k in (20, 10))
    x = mixture()
    Y = stft.stft(x, WINDOW, HOP)
    V, W = spectrogram(Y, exponent), np.hstack([S, N])
    H = np.tile(V.mean(0) * np.sqrt(513) / 30, (30, 1))
    for _ in range(25):
        model = W @ H
        if exponent == 1:
            H = H * (W.T @ (V / model)) / (W.sum(0) + mu)[:, None]
        else:
            H = H * np.sqrt(W.T @ (V / model**2) / (W.T @ (1 / model) + mu))
    speech, noise = S @ H[:20], N @ H[20:]
    expected = stft.istft(speech / (speech + noise) * Y, len(x), WINDOW, HOP)
    bases = {"speech": S.astype(np.float32), "noise": N.astype(np.float32)}
    found = Registry().entry(name).make()(x[None], view(bases))[0]
    np.testing.assert_allclose(found, expected, atol=2e-4 * np.abs(x).max())


def kl_bases(V, S, N, H):
    """(N, H) after one update of the last bases by Lee and Seung, of unit norm."""
    N = N * ((V / (np.hstack([S, N]) @ H)) @ H[S.shape[1] :].T) / H[S.shape[1] :].sum(1)
    norm = np.sqrt((N**2).sum(0))
    return N / norm, np.concatenate([H[: S.shape[1]], H[S.shape[1] :] * norm[:, None]])


def test_the_universal_entry_makes_blocks_of_speakers_pay_by_the_logarithm(exact_products):
    """lambda = 0.001 of the scene's sum, over blocks of 10; five bases of noise are learnt beside them, 50 times."""
    S = unit(np.random.default_rng(5).gamma(0.3, 1.0, (513, 30)) + 1e-3)
    x = mixture()
    Y = stft.stft(x, WINDOW, HOP)
    V = spectrogram(Y, 1)
    N = unit(V.mean(1, keepdims=True) * (0.5 + np.random.default_rng(6).random((513, 5), np.float32)))
    H = np.tile(V.mean(0) * np.sqrt(513) / 35, (35, 1))
    for _ in range(50):
        W, mu = np.hstack([S, N]), np.zeros(35)
        mu[:30] = np.repeat(0.001 * V.sum() / (1e-3 + H[:30].reshape(3, -1).sum(1)), 10)
        H = H * (W.T @ (V / (W @ H))) / (W.sum(0) + mu)[:, None]
        N, H = kl_bases(V, S, N, H)
    speech, noise = S @ H[:30], N @ H[30:]
    expected = stft.istft(speech / (speech + noise) * Y, len(x), WINDOW, HOP)
    found = Registry().entry("nmf-universal").make()(x[None], view({"speech": S.astype(np.float32)}, 6))[0]
    np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(x).max())


def test_the_online_entry_explains_frame_by_frame_with_noise_learnt_from_all_frames_so_far():
    """20 updates a frame, sparsity 1 for speech; three bases of noise adapt, earlier activations stay."""
    S = unit(np.random.default_rng(7).gamma(0.3, 1.0, (257, 20)) + 1e-3)
    x = mixture()[:4000]
    Y = stft.stft(x)
    V = np.abs(Y) + 1e-5 * np.cumsum(np.abs(Y).mean(0)) / np.arange(1, Y.shape[1] + 1)
    V = V / V[:, 0].mean()
    N = unit((V[:, [0]] + 1e-2) * (0.5 + np.random.default_rng(8).random((257, 3), np.float32)))
    speech, H, noise = np.zeros_like(V), np.zeros((3, V.shape[1])), np.zeros_like(V)
    for t in range(V.shape[1]):
        h = np.full(20, V[:, t].mean() * np.sqrt(257) / 23)
        H[:, t] = h[0]
        for _ in range(20):
            ratio = V[:, t] / (S @ h + N @ H[:, t])
            h, H[:, t] = h * (S.T @ ratio) / (S.sum(0) + 1.0), H[:, t] * (N.T @ ratio) / N.sum(0)
            speech[:, t] = S @ h
            seen = H[:, : t + 1]
            N = (
                N * ((V[:, : t + 1] / (speech[:, : t + 1] + N @ seen)) @ seen.T) / seen.sum(1) + 1e-12
            )  # so that none is lost
            norm = np.sqrt((N**2).sum(0))
            N, H = N / norm, H * norm[:, None]
        noise[:, t] = N @ H[:, t]
    expected = stft.istft(speech / (speech + noise) * Y, len(x))
    found = Registry().entry("nmf-online").make()(x[None], view({"speech": S.astype(np.float32)}, 8))[0]
    np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(x).max())


class One(TrainingData):
    """One recording of speech with a pause, one of noise; both are shorter than what is learnt from."""

    fs = FS

    def speech(self):
        x = voiced(np.random.default_rng(2), 0.6)
        x[4000:7000] = 0
        yield Recording(x, "speech", "s")

    def noise(self):
        yield Recording(hiss(np.random.default_rng(3), 0.4), "hiss")


def learnt(recording, n_bases, exponent, mu, rng):
    """Bases (F, n_bases) after 40 updates of both factors, from frames of the recording."""
    V = spectrogram(stft.stft(recording.samples, WINDOW, HOP), exponent)
    rng.integers(0, np.arange(heard := int((V.sum(0) > 1e-3 * V.sum(0).mean()).sum())) + 1)  # the reservoir's draws
    V = V[:, V.sum(0) > 1e-3 * V.sum(0).mean()]
    assert V.shape[1] == heard
    W = V[:, rng.integers(heard, size=n_bases)]
    W = unit(0.9 * W + 0.1 * rng.random((513, n_bases), np.float32) * V.mean(1, keepdims=True))
    H = rng.random((n_bases, heard), np.float32) * V.mean(0) * np.sqrt(513) / n_bases * 2
    for _ in range(40):
        model = W @ H
        if exponent == 1:
            H = H * (W.T @ (V / model)) / (W.sum(0) + mu)[:, None]
            a, b = W * ((V / (W @ H)) @ H.T), H.sum(1)
            W = (np.sqrt(b**2 + 4 * a * mu * b) - b) / (2 * mu * b)  # mu b w^2 + b w = a
        else:
            H = H * np.sqrt(W.T @ (V / model**2) / (W.T @ (1 / model) + mu))
            model = W @ H
            W = W * np.cbrt((V / model**2) @ H.T / ((1 / model) @ H.T + mu * H.sum(1) * W))
        norm = np.sqrt((W**2).sum(0))
        W, H = W / norm, H * norm[:, None]
    return W


@pytest.mark.parametrize(("name", "exponent"), [("nmf-sparse", 1), ("nmf-sparse-is", 2)])
def test_fit_leaves_bases_after_40_sparse_updates(tmp_path, name, exponent, exact_products):
    method = Registry().entry(name).make()
    method.fit(One(), np.random.default_rng(4), tmp_path)
    found, rng = method.load(tmp_path), np.random.default_rng(4)
    for key, recordings, n_bases in (("speech", One().speech(), 100), ("noise", One().noise(), 40)):
        (recording,) = recordings
        np.testing.assert_allclose(found[key], learnt(recording, n_bases, exponent, 10.0, rng), atol=2e-3)
