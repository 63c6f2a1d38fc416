"""NMF entries from samples to samples, and what they learn, against their updates written out in double precision."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from nmf_sounds import FS, hiss, view, voiced

from cocktail import stft
from cocktail.dsp.nmf import dynamical, markov
from cocktail.dsp.statistical import hmm
from cocktail.method import Bases, Recording, TrainingData, View
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


def bases(seed, *widths):
    """Bases of unit norm, (F, R) each."""
    rng = np.random.default_rng(seed)
    return [unit(rng.gamma(0.3, 1.0, (513, k)) + 1e-3).astype(np.float32) for k in widths]


def share_of(speech, noise, Y, n_samples):
    return stft.istft(speech / (speech + noise) * Y, n_samples, WINDOW, HOP)


def test_the_dynamical_entry_is_25_updates_of_two_systems_that_know_nothing_of_each_other(exact_products):
    """Shape 0.3, sparsity 5; transitions are block-diagonal, with the onsets behind them."""
    rng = np.random.default_rng(10)
    S, N = bases(11, 6, 3)
    speech, noise = (rng.gamma(0.5, 1.0, (k, k + 1)).astype(np.float32) for k in (6, 3))
    A = np.full((9, 10), 1e-12)
    A[:6, :6], A[6:, 6:9], A[:, 9] = speech[:, :6], noise[:, :3], np.concatenate([speech[:, 6], noise[:, 3]])
    x = mixture()
    Y = stft.stft(x, WINDOW, HOP)
    V, W = spectrogram(Y, 1), np.hstack([S, N]).astype(float)
    H = torch.as_tensor(np.tile(V.mean(0) * np.sqrt(513) / 9, (9, 1)))
    prior = dynamical.Prior(torch.as_tensor(A), 0.3, 5.0)
    for _ in range(25):
        H = dynamical.update_activations(torch.as_tensor(V), torch.as_tensor(W), H, prior, "kl")
    H = H.numpy()
    expected = share_of(W[:, :6] @ H[:6], W[:, 6:] @ H[6:], Y, len(x))
    model = {"speech": S, "speech-transitions": speech, "noise": N, "noise-transitions": noise}
    found = Registry().entry("nds").make()(x[None], view(model))[0]
    np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(x).max())


def test_the_hidden_markov_entry_keeps_to_its_kind_of_noise(exact_products):
    """Two kinds, each as likely as the other at first, which change in a frame of two thousand; 12 updates."""
    rng = np.random.default_rng(12)
    speech = np.stack(bases(13, 2, 2, 2))
    noise = np.stack(bases(14, 3, 3))
    initial, transition = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(3), 3)
    kinds = hmm.Chain(np.array([0.5, 0.5]), np.array([[0.9995, 0.0005], [0.0005, 0.9995]]), np.ones(2))
    speech, scaled = (x / x.sum(1, keepdims=True) for x in (speech, noise))
    x = mixture()
    Y = stft.stft(x, WINDOW, HOP)
    V = spectrogram(Y, 1).astype(np.float32)
    systems = (speech, hmm.Chain(initial, transition, np.ones(3))), (scaled, kinds)
    expected = share_of(*markov.separate(V, *systems, iterations=12, device="cpu"), Y, len(x))
    model = {"speech": speech, "initial": initial, "transition": transition, "noise": noise}
    found = Registry().entry("n-hmm").make()(x[None], view(model))[0]
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(x).max())


def test_the_source_filter_entry_is_30_updates_of_cords_tract_and_noise(exact_products):
    """Sparsity 10 of speech, by the product of both its activations, and 5 of noise."""
    E, F, N = bases(15, 8, 4, 3)
    F = F / F.mean(0)
    x = mixture()
    Y = stft.stft(x, WINDOW, HOP)
    V = spectrogram(Y, 1)
    H_f = np.full((4, V.shape[1]), 1 / 4)
    H_e = np.tile(V.mean(0) / (2 * E.mean() * 8), (8, 1))
    H_n = np.tile(V.mean(0) / (2 * N.mean() * 3), (3, 1))
    for _ in range(30):
        tract = F @ H_f
        ratio = V / ((E @ H_e) * tract + N @ H_n)
        H_e = H_e * (E.T @ (tract * ratio)) / (E.T @ tract + 10 * H_f.sum(0))
        cords = E @ H_e
        ratio = V / (cords * tract + N @ H_n)
        H_f = H_f * (F.T @ (cords * ratio)) / (F.T @ cords + 10 * H_e.sum(0))
        ratio = V / (cords * (F @ H_f) + N @ H_n)
        H_n = H_n * (N.T @ ratio) / (N.sum(0) + 5)[:, None]
    expected = share_of((E @ H_e) * (F @ H_f), N @ H_n, Y, len(x))
    model = {"excitations": E, "filters": F, "noise": N}
    found = Registry().entry("nmf-source-filter").make()(x[None], view(model))[0]
    np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(x).max())


def test_the_complex_entry_is_10_updates_of_phases_and_activations(exact_products):
    """As in Kameoka et al., by components: lambda 5, p 1.2; phases start half a radian around the mixture's."""
    S, N = bases(16, 4, 2)
    x = mixture()
    Y = stft.stft(x, WINDOW, HOP)
    V, W = spectrogram(Y, 1), np.hstack([S, N]).astype(float)
    H = np.tile(V.mean(0) * np.sqrt(513) / 6, (6, 1))
    for _ in range(25):
        H = H * (W.T @ (V / (W @ H))) / (W.sum(0) + 5)[:, None]
    Y, scale = Y / np.abs(Y).mean(), np.abs(Y).mean()
    spread = np.random.default_rng(17).standard_normal((Y.shape[1], 513, 6), np.float32)
    phase = np.exp(1j * (np.angle(Y) + 0.5 * spread.transpose(2, 1, 0)))

    def shares():
        parts = W.T[:, :, None] * H[:, None] * phase
        beta = np.abs(parts) / np.abs(parts).sum(0)
        return parts + beta * (Y - parts.sum(0)), beta

    for _ in range(10):
        parts, beta = shares()
        phase = np.exp(1j * np.angle(parts))
        up = np.einsum("fk,kft->kt", W, np.abs(parts) / beta)
        H = up / (np.einsum("fk,kft->kt", W**2, 1 / beta) + 5 * 1.2 * H**-0.8)
    expected = stft.istft(scale * shares()[0][:4].sum(0), len(x), WINDOW, HOP)
    seen = View(FS, np.random.default_rng(17), {"bases": Bases(bases={"speech": S, "noise": N})})
    found = Registry().entry("nmf-complex").make()(x[None], seen)[0]
    np.testing.assert_allclose(found, expected, atol=5e-3 * np.abs(x).max())


def test_the_time_domain_entry_begins_as_sparse_nmf(exact_products):
    """Without iterations its signals are what the masks of the entry whose bases it uses leave."""
    S, N = bases(18, 20, 10)
    x, learnt = mixture(), {"speech": S, "noise": N}
    seen = View(FS, np.random.default_rng(0), {"bases": Bases(bases=learnt)})
    masked = Registry().entry("nmf-sparse").make()(x[None], view(learnt))
    entry = Registry().entry("nmf-time-domain").make()
    begun = replace(entry, iterations=0)(x[None], seen)
    np.testing.assert_allclose(begun, masked, atol=2e-3 * np.abs(x).max())
    assert np.abs(entry(x[None], seen) - begun).max() > 1e-2 * np.abs(x).max()
