"""The NMF plugin: stacked frames, an even sample, models of many scenes, a gain where it must have one."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nmf_sounds import Data, hiss, si_sdr, trained, view, voiced
from torch.overrides import TorchFunctionMode

from cocktail.dsp import blocks
from cocktail.dsp.nmf import frames, models
from cocktail.method import AccessError
from cocktail.plugins.registry import Registry

Nmf = Registry().plugins["nmf"].cls
SMALL = {"speech_bases": 12, "frames_fit": 400}


VARIANTS = [
    {"noise_bases": 8},
    {"noise_bases": 8, "context": 3},
    {"noise_bases": 20, "speech_bases": 60, "bases": "exemplars", "context": 3},
    {"noise_bases": 8, "divergence": "is", "sparsity": 0.5, "sparsity_fit": 0.5},
    {"noise": "scene", "noise_bases": 2, "sparsity": 1.0, "sparsity_fit": 0.3},
    {"noise": "scene", "noise_bases": 2, "divergence": "is", "sparsity": 0.3, "sparsity_fit": 0.3},
]


@pytest.mark.parametrize("fields", VARIANTS, ids=str)
def test_gains_on_unseen_noise_of_a_known_kind(tmp_path, fields):
    method, model = trained(tmp_path, "nmf", **SMALL | fields)
    rng = np.random.default_rng(50)
    speech, noise = voiced(rng), hiss(rng)
    mixture = (speech + noise * np.linalg.norm(speech) / np.linalg.norm(noise))[None]
    kept = mixture.copy()
    estimate = method(mixture, view(model))
    assert estimate.shape == mixture.shape
    assert si_sdr(speech, estimate[0]) > si_sdr(speech, mixture[0]) + 5
    np.testing.assert_array_equal(mixture, kept)


@pytest.mark.parametrize("fields", VARIANTS, ids=str)
def test_batch_equals_loop(tmp_path, fields):
    method, model = trained(tmp_path, "nmf", **SMALL | fields)
    rng = np.random.default_rng(51)
    mixtures = [(voiced(rng, s) + hiss(rng, s))[None] for s in (0.4, 1.0, 0.1)]
    together = method.batch(mixtures, [view(model, i) for i in range(3)])
    for i, (mixture, estimate) in enumerate(zip(mixtures, together, strict=True)):
        np.testing.assert_allclose(estimate, method(mixture, view(model, i)), atol=1e-4 * np.abs(mixture).max())


@pytest.mark.parametrize("divergence", ["kl", "is"])
def test_padded_stacks_equal_single_scenes(monkeypatch, exact_products, divergence):
    rng = np.random.default_rng(52)
    columns = [rng.gamma(1.0, 1.0, (30, n)).astype(np.float32) + 1e-5 for n in (25, 40, 7)]
    speech = models.learn(columns[0], 5, np.random.default_rng(0), mu=0.1, divergence=divergence, iterations=5)

    def estimates_of(stack):
        monkeypatch.setitem(blocks.SCENES_NMF, "cpu", stack)
        rngs = [np.random.default_rng(i) for i in range(3)]
        return models.semi_supervised(
            columns, speech, 3, rngs, mu=0.2, divergence=divergence, iterations=15, device="cpu"
        )

    for single, stacked in zip(estimates_of(1), estimates_of(3), strict=True):
        for a, b in zip(single, stacked, strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-3, atol=1e-4)


def test_fixed_bases_explain_what_they_made():
    rng = np.random.default_rng(53)
    speech, noise = (np.linalg.qr(rng.random((40, 3)))[0].__abs__().astype(np.float32) for _ in range(2))
    H = rng.gamma(0.4, 1.0, (6, 50)).astype(np.float32)
    V = np.concatenate([speech, noise], 1) @ H + 1e-6
    ((found, rest),) = models.supervised([V], speech, noise, mu=0.0, divergence="kl", iterations=500, device="cpu")
    np.testing.assert_allclose(found + rest, V, atol=0.05 * V.max())
    assert np.corrcoef(found.ravel(), (speech @ H[:3]).ravel())[0, 1] > 0.95


def test_model_counts_and_sparsity_of_files(tmp_path):
    method, model = trained(tmp_path, "nmf", **SMALL, noise_bases=8)
    assert method.size(model) == 513 * (12 + 2 * 8)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bases.npz"]
    np.testing.assert_allclose(np.linalg.norm(model["noise"], axis=0), 1, rtol=1e-5)


def test_fit_repeats(tmp_path):
    estimates_of = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        estimates_of.append(trained(tmp_path / name, "nmf", **SMALL, noise_bases=4)[1])
    for key in estimates_of[0]:
        np.testing.assert_array_equal(estimates_of[0][key], estimates_of[1][key])


def test_semi_supervised_asks_for_no_noise(tmp_path):
    class NoNoise(Data):
        def noise(self):
            raise AccessError("noise was asked for")

    Nmf(**SMALL, noise="scene").fit(NoNoise(), np.random.default_rng(0), tmp_path)


def test_single_precision_setting_is_given_back(tmp_path):
    method, model = trained(tmp_path, "nmf", **SMALL, noise_bases=4)
    before = torch.get_float32_matmul_precision()
    method(voiced(np.random.default_rng(1))[None], view(model))
    assert torch.get_float32_matmul_precision() == before


class RoundedFactors(TorchFunctionMode):
    """Products of single precision as matrix units make them: of factors rounded to bfloat16."""

    count = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func in (torch.Tensor.matmul, torch.Tensor.__matmul__, torch.matmul, torch.mm, torch.Tensor.mm):
            self.count += 1
            args = [x.bfloat16().float() if x.dtype == torch.float32 else x for x in args]
        return func(*args, **(kwargs or {}))


def test_rounded_factors_do_not_move_scores(tmp_path, exact_products):
    rng = np.random.default_rng(54)
    speech, noise = voiced(rng), hiss(rng)

    def score(folder):
        folder.mkdir()
        method, model = trained(folder, "nmf", **SMALL, noise_bases=4)
        return si_sdr(speech, method((speech + noise)[None], view(model))[0])

    exact = score(tmp_path / "exact")
    with RoundedFactors() as rounded:
        assert score(tmp_path / "rounded") == pytest.approx(exact, abs=0.05)
    assert rounded.count > 0


@given(st.integers(1, 4), st.integers(1, 30), st.sampled_from([1, 3, 5]), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_unstack_undoes_stack(bins, n_frames, context, seed):
    V = np.random.default_rng(seed).random((bins, n_frames))
    stacked = frames.stack(V, context)
    assert stacked.shape == (context * bins, n_frames)
    np.testing.assert_allclose(frames.unstack(stacked, context), V)


def test_stack_puts_neighbours_in_order():
    np.testing.assert_array_equal(frames.stack(np.arange(1.0, 7.0)[None], 3)[:, 3], [2, 4, 6])


def test_reservoir_is_uniform_over_the_stream():
    counts = np.zeros(100)
    for seed in range(400):
        reservoir = frames.Reservoir(20, np.random.default_rng(seed))
        for first in range(0, 100, 17):
            reservoir.add(np.arange(first, min(first + 17, 100))[None])
        counts[reservoir.columns()[0]] += 1
    assert counts.sum() == 400 * 20
    assert np.abs(counts - 80).max() < 5 * np.sqrt(80 * 0.8)


def test_reservoir_without_sound_says_so():
    with pytest.raises(ValueError, match="no sound"):
        frames.Reservoir(5, np.random.default_rng(0)).columns()


@pytest.mark.parametrize("fields", VARIANTS, ids=str)
def test_products_of_bfloat16_factors_move_no_score(tmp_path, monkeypatch, fields):
    """What `updates.fast_products` allows on processors with matrix units, done by hand here."""
    method, model = trained(tmp_path, "nmf", **SMALL | fields)
    rng = np.random.default_rng(54)
    speech = voiced(rng)
    mixture = (speech + hiss(rng))[None]
    exact = si_sdr(speech, method(mixture, view(model))[0])
    product = torch.Tensor.__matmul__
    monkeypatch.setattr(torch.Tensor, "__matmul__", lambda a, b: product(a.bfloat16().float(), b.bfloat16().float()))
    assert si_sdr(speech, method(mixture, view(model))[0]) == pytest.approx(exact, abs=0.02)
