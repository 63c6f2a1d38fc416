"""DNN-EM: its updates against a loop over bins, likelihood, recovery, padding, beam, and the entries as a whole."""

import functools
import importlib.util
from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg
import torch

from cocktail import ROOT, stft
from cocktail.dsp import blocks
from cocktail.dsp.spatial import beamformers, directions, dnn_em
from cocktail.method import TrainingMixture, View
from cocktail.nets import em_training
from cocktail.plugins.registry import Registry
from cocktail.testing.data import TinyData
from cocktail.training.history import read_history

DNN_EM = Registry().entry("dnn-em").cls
N_BINS, N_MICS, N_FRAMES = 6, 3, 120


def benchmark():
    """The benchmark's module: it has the loop over bins."""
    spec = importlib.util.spec_from_file_location("bench_dnn_em", ROOT / "benchmarks" / "bench_dnn_em.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BENCHMARK = benchmark()


def problem(seed, frames=N_FRAMES):
    """x (F, D, T) and v (2, F, T)."""
    return BENCHMARK.problem(np.random.default_rng(seed), N_BINS, N_MICS, frames)


def tensors(x, v):
    return torch.as_tensor(x[None], dtype=torch.complex64), torch.as_tensor(v[None], dtype=torch.float32)


def relative(a, b):
    return np.linalg.norm(a - b) / np.linalg.norm(b)


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_equals_a_loop_over_bins(seed, weighted):
    x, v = problem(seed)
    identity = np.broadcast_to(np.eye(N_MICS), (2, N_BINS, N_MICS, N_MICS))
    R, first = BENCHMARK.by_bin(x, v, identity, 20, weighted)
    X, V = tensors(x, v)
    found = dnn_em.update_covariances(X, V, dnn_em.identity(X), updates=20, weighted=weighted)
    assert relative(found[0].numpy(), R) < 1e-4
    assert relative(dnn_em.posterior(X, V, found).first[0].numpy(), first) < 1e-4


def log_likelihood(X, V, R):
    """Of the Gaussian mixture of one scene, up to a constant."""
    mixed = np.einsum("jft,jfde->ftde", V[0].double().numpy(), R[0].to(torch.complex128).numpy())
    x = X[0].numpy().astype(complex)
    white = np.linalg.solve(mixed, x.transpose(0, 2, 1)[..., None])[..., 0]
    return -np.linalg.slogdet(mixed)[1].sum() - np.einsum("fdt,ftd->", x.conj(), white).real


@pytest.mark.parametrize("seed", range(4))
def test_likelihood_never_falls_in_plain_em(seed):
    X, V = tensors(*problem(seed))
    R, likelihood = dnn_em.identity(X), []
    for _ in range(30):
        likelihood.append(log_likelihood(X, V, R))
        R = dnn_em.update_covariances(X, V, R, updates=1, weighted=False)
    assert np.all(np.diff(likelihood) > -1e-6 * abs(likelihood[-1]))


@pytest.mark.parametrize("weighted", [True, False])
def test_covariances_are_recovered_from_the_powers(weighted):
    rng = np.random.default_rng(4)
    A = rng.standard_normal((2, N_BINS, N_MICS, N_MICS)) + 1j * rng.standard_normal((2, N_BINS, N_MICS, N_MICS))
    truth = A @ A.conj().swapaxes(-1, -2)
    v = rng.gamma(0.3, 1.0, (2, N_BINS, 5000)) + 1e-4
    z = rng.standard_normal((2, N_BINS, N_MICS, 5000)) + 1j * rng.standard_normal((2, N_BINS, N_MICS, 5000))
    X, V = tensors((A @ (z * np.sqrt(v / 2)[:, :, None])).sum(0), v)
    found = dnn_em.update_covariances(X, V, dnn_em.identity(X), updates=30, weighted=weighted)[0].numpy()
    assert relative(found, truth) < 0.1
    powers = dnn_em.posterior(X, V, torch.as_tensor(truth[None], dtype=torch.complex64)).powers[0].numpy()
    assert np.median(np.abs(np.log(powers.mean(-1) / v.mean(-1)))) < 0.1


def test_sources_sum_to_the_mixture():
    X, V = tensors(*problem(5))
    R = dnn_em.update_covariances(X, V, dnn_em.identity(X), updates=5)
    found = dnn_em.posterior(X, V, R)
    torch.testing.assert_close(found.first.sum(1), X[:, :, 0], rtol=1e-4, atol=1e-4)


def test_identity_makes_a_wiener_filter_of_one_channel():
    X, V = tensors(*problem(6))
    first = dnn_em.posterior(X, V, dnn_em.identity(X)).first
    torch.testing.assert_close(first[:, 0], V[:, 0] / V.sum(1) * X[:, :, 0])


def test_beam_is_the_mvdr_beamformer_of_the_covariances():
    X, V = tensors(*problem(7))
    R = dnn_em.update_covariances(X, V, dnn_em.identity(X), updates=5)
    talker, noise = R[0].numpy().astype(complex)
    w = beamformers.mvdr(beamformers.rank_one_in(1e-3 * noise, talker), noise)
    expected = np.einsum("fd,fdt->ft", w.conj(), X[0].numpy())
    assert relative(dnn_em.posterior(X, V, R).beam[0].numpy(), expected) < 1e-3


def test_padding_counts_for_nothing():
    """Scenes of two lengths together: each as if alone."""
    problems = [problem(8), problem(9, N_FRAMES // 2)]
    alone = [tensors(*p) for p in problems]
    X = torch.zeros(2, N_BINS, N_MICS, N_FRAMES, dtype=torch.complex64)
    V = torch.zeros(2, 2, N_BINS, N_FRAMES)
    for i, (x, v) in enumerate(alone):
        X[i, ..., : x.shape[-1]], V[i, ..., : v.shape[-1]] = x[0], v[0]
    for weighted in (True, False):
        R = dnn_em.update_covariances(X, V, dnn_em.identity(X), updates=5, weighted=weighted)
        first = dnn_em.posterior(X, V, R).first
        assert torch.isfinite(torch.view_as_real(first)).all()
        for i, (x, v) in enumerate(alone):
            own = dnn_em.update_covariances(x, v, dnn_em.identity(x), updates=5, weighted=weighted)
            assert relative(R[i].numpy(), own[0].numpy()) < 1e-4
            expected = dnn_em.posterior(x, v, own).first[0]
            assert relative(first[i, ..., : x.shape[-1]].numpy(), expected.numpy()) < 1e-4


def test_blocks_of_bins_change_nothing(monkeypatch):
    X, V = tensors(*problem(10))
    together = dnn_em.update_covariances(X, V, dnn_em.identity(X), updates=3)
    monkeypatch.setitem(blocks.BINS, "cpu", 4)
    apart = dnn_em.update_covariances(X, V, dnn_em.identity(X), updates=3)
    assert relative(apart.numpy(), together.numpy()) < 1e-5


def test_silence_and_one_loud_bin_stay_finite():
    X, V = tensors(*problem(11))
    X, V = 0 * X, torch.full_like(V, 1e-5)
    X[:, 2], V[:, 0, 2] = 1e3, 1e6
    R = dnn_em.update_covariances(X, V, dnn_em.identity(X), updates=30)
    found = dnn_em.posterior(X, V, R)
    assert torch.isfinite(torch.view_as_real(R)).all()
    assert torch.isfinite(torch.view_as_real(found.first)).all()
    assert not found.first[:, :, 0].any()


def masked(power):
    """What the network of the tests below says of a power spectrum."""
    return power / (power + 0.5)


class Listener:
    """A mask network without weights."""

    def mask(self, beams, fs, device, lengths):
        return masked(stft.stft(torch.as_tensor(beams)).abs() ** 2).float()

    def mask_of(self, spectrum, lengths):
        return masked(spectrum.abs() ** 2)


def moments(x, v, R):
    """Posterior mean (J, F, T, D) and second moment (J, F, T, D, D) of each source, as the paper writes them."""
    inverse = np.linalg.inv(np.einsum("jft,jfde->ftde", v, R))
    prior = v[..., None, None] * R[:, :, None]
    wiener = prior @ inverse
    image = np.einsum("jftde,fet->jftd", wiener, x)
    return image, image[..., :, None] * image[..., None, :].conj() + prior - wiener @ prior


def by_equations(mixture, array, iterations, updates):
    """DNN-EM of one scene (D, N), one step after the other, in double precision: its estimate (N,)."""
    scale = np.sqrt(np.mean(mixture**2) * 256)  # the energy of the window is 256
    X = stft.stft(mixture / scale)
    beam = directions.delay_and_sum(X, array, np.arange(257) * 16000 / 512)[0]
    beam = stft.stft(stft.istft(beam, mixture.shape[-1]))
    x, n_mics = X.swapaxes(0, 1), len(array)
    R, unheard = np.broadcast_to(np.eye(n_mics), (2, 257, n_mics, n_mics)).astype(complex), 0.0

    def powers():
        power = np.abs(beam) ** 2
        return np.stack([masked(power) * power, (1 - masked(power)) * power + unheard]).clip(1e-5)

    for _ in range(iterations):
        v = powers()
        for _ in range(updates):
            R = moments(x, v, R)[1].sum(2) / v.sum(-1)[..., None, None]  # frames weighted by v_j
            level = np.trace(R, axis1=-2, axis2=-1).real / n_mics
            R = R + 1e-5 * level[..., None, None] * np.eye(n_mics)
        unheard = np.einsum("fde,fted->ft", np.linalg.inv(R[1]), moments(x, v, R)[1][1]).real / n_mics
        for f in range(257):
            a = R[1, f] @ scipy.linalg.eigh(R[0, f], R[1, f])[1][:, -1]  # MVDR towards the principal direction
            towards = np.linalg.solve(R[1, f], a)
            beam[f] = a[0] * (towards.conj() @ x[f]) / (a.conj() @ towards).real
    return scale * stft.istft(moments(x, powers(), R)[0][0, ..., 0], mixture.shape[-1])


ARRAY = np.array([[-0.05, 0.0, 0.0], [0.05, 0.0, 0.0]])


def images(seed, n_samples=1300):
    """A talker and noise at both microphones, (2, N) each."""
    rng = np.random.default_rng(seed)
    talker = np.convolve(rng.standard_normal(n_samples + 3), [1.0, 0.9, 0.5, 0.2], "valid")
    return np.stack([talker, np.roll(talker, 2)]), 0.5 * rng.standard_normal((2, n_samples))


@pytest.mark.parametrize("iterations", [3, 0])
def test_with_one_mask_it_is_20_updates_an_iteration_from_samples_to_samples(iterations):
    mixture = sum(images(12))
    view = View(16000, np.random.default_rng(0), {"array": ARRAY, "device": "cpu", "bases": {"base": Listener()}})
    method = Registry().entry("dnn-em-mask").make()
    method = method if iterations == 3 else replace(method, iterations=iterations)
    assert relative(method(mixture, view)[0], by_equations(mixture, ARRAY, iterations, 20)) < 2e-3


class Teller:
    """Says spectra without having learnt: those of a stage, of which the second sees the powers of both sources."""

    fs = 16000

    def __init__(self, stage):
        self.stage = stage

    def to(self, device):
        return self

    def __call__(self, magnitude):
        first = magnitude[:, 0]
        second = first if self.stage == 1 else 2 * magnitude[:, 1]
        return torch.stack([first * 0.9**self.stage, 0.3 * second + 0.1], 1)


def stages_by_equations(mixture, counts):
    """EM of one scene (D, N) with the networks above, as many updates after each as `counts` says.

    -> powers that the posterior tells of both sources (2, F, T), and the estimate (N,).
    """
    scale = np.sqrt(np.mean(mixture**2) * 256)
    X = stft.stft(mixture / scale)
    seen = np.abs(directions.delay_and_sum(X, ARRAY, np.arange(257) * 16000 / 512))
    x, R = X.swapaxes(0, 1), np.broadcast_to(np.eye(2), (2, 257, 2, 2)).astype(complex)
    for stage, updates in enumerate(counts, 1):
        v = (Teller(stage)(torch.as_tensor(seen)[None])[0].numpy() ** 2).clip(1e-5)
        for _ in range(updates):
            R = moments(x, v, R)[1].sum(2) / v.sum(-1)[..., None, None]
            R = R + 1e-5 * (np.trace(R, axis1=-2, axis2=-1).real / 2)[..., None, None] * np.eye(2)
        image, second = moments(x, v, R)
        seen = np.sqrt(np.einsum("jfde,jfted->jft", np.linalg.inv(R), second).real / 2)
    return seen**2, scale * stft.istft(image[0, ..., 0], mixture.shape[-1])


@pytest.mark.parametrize(
    ("name", "counts"), [("dnn-em-0", [0]), ("dnn-em-1net", [20]), ("dnn-em-2net", [20, 20]), ("dnn-em", [20, 20, 20])]
)
def test_an_entry_is_its_networks_in_turn_with_20_updates_after_each(name, counts):
    mixture, networks = sum(images(13)), [Teller(stage) for stage in range(1, len(counts) + 1)]
    granted = {"bases": dict(zip(("first", "second"), networks[:-1], strict=False)), "model": networks[-1]}
    view = View(16000, np.random.default_rng(0), {"array": ARRAY, "device": "cpu"} | granted)
    entry = Registry().entry(name)
    assert len(entry.uses) == len(networks) - 1
    assert relative(entry.make()(mixture, view)[0], stages_by_equations(mixture, counts)[1]) < 2e-3


@pytest.mark.parametrize("n_networks", [0, 1, 2])
def test_a_network_learns_from_what_em_with_the_earlier_ones_gives(n_networks):
    """Each scene at its own length, beside others or alone."""
    drawn = [images(20 + i, n) for i, n in enumerate((900, 1300, 1100))]
    left = iter(drawn + drawn)

    def draw(generator, split):
        talker, noise = next(left)
        return TrainingMixture(talker + noise, "x", {"array": ARRAY, "images": talker[None], "noise": noise})

    networks = [Teller(stage) for stage in range(1, n_networks + 1)]
    found = em_training.excerpts(
        draw, functools.partial(em_training.given, networks=networks, updates=3, weighted=True),
        scenes=3, frames=5, fs=16000, device="cpu",
    )  # fmt: skip
    for scene, (talker, noise) in zip(found.scenes["train"], drawn, strict=True):
        X = stft.stft(np.stack([talker, noise, talker + noise]) / np.sqrt(np.mean((talker + noise) ** 2) * 256))
        f_hz = np.arange(257) * 16000 / 512
        towards = directions.directions_of_arrival(X[2], ARRAY, f_hz, 1)[0]
        beams = [beamformers.apply(directions.steering(ARRAY, towards, f_hz) / 2, x) for x in X]
        expected = np.abs(beams[2])[None]
        if networks:
            expected = np.sqrt(stages_by_equations(talker + noise, [3] * n_networks)[0])
        assert relative(scene["inputs"], expected) < 2e-3
        assert relative(scene["target"], np.abs(beams[:2])) < 1e-5
        assert relative(scene["mixture"], np.abs(beams[2])) < 1e-5
        angle = np.angle(np.stack(beams[:2]) / beams[2])
        assert relative(scene["along"], np.abs(beams[:2]) * np.cos(angle)) < 1e-5
    excerpt = found(np.random.default_rng(0), "train")
    assert excerpt["inputs"].shape == (max(n_networks and 2, 1), 257, 5) and excerpt["along"].shape == (2, 257, 5)


def test_networks_of_a_chain_learn_one_after_the_other(tmp_path):
    bases = {}
    for role, inputs in (("first", 257), ("second", 2 * 257)):
        method = DNN_EM(
            width=0.1, context=0, scenes=4, segment_s=0.4, epochs=4, steps=5, batch_size=4, spatial_updates=1
        )
        (tmp_path / role).mkdir()
        method.fit(TinyData("separation", channels=3, bases=dict(bases)), np.random.default_rng(0), tmp_path / role)
        bases[role] = method.load(tmp_path / role)
        assert bases[role].components.shape[1] == inputs
        losses = [loss for _, loss in read_history(tmp_path / role)["train/valid_loss"]]
        assert min(losses) < losses[0]
