"""Controls and oracle masks: what they are by definition, and the order in which they must rank."""

import numpy as np
import pytest

from cocktail.dsp.masks import MASKS
from cocktail.method import References, View
from cocktail.plugins.registry import Registry
from cocktail.stft import stft
from cocktail.testing.signals import make_scene, pink_noise, speech_like

REAL_MASKS = [name for name in MASKS if name != "cirm"]


def complex_bins(*shape, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)


def si_sdr_db(reference, estimate):
    reference, estimate = reference - reference.mean(), estimate - estimate.mean()
    target = (reference @ estimate) / (reference @ reference) * reference
    return 10 * np.log10((target @ target) / ((estimate - target) @ (estimate - target)))


def process(entry, target, mixture, fs=16000):
    """Run an entry on the talkers `target` (K, N) in `mixture` (D, N)."""
    references = References(target, np.repeat(target[:, None], len(mixture), 1), mixture - target.sum(0))
    view = View(fs, np.random.default_rng(0), {"references": references, "n_sources": len(target)})
    return Registry().entry(entry).make()(mixture, view)


def noisy_speech(seed, snr_db=0, seconds=2):
    rng = np.random.default_rng(seed)
    n = int(seconds * 16000)
    speech, noise = speech_like(n, 16000, rng), pink_noise(n, rng)
    noise *= speech.std() / noise.std() * 10 ** (-snr_db / 20)
    return speech[None], (speech + noise)[None]


def test_masks_of_a_bin_worked_by_hand():
    """Target 3, noise 4j: the mixture is 3 + 4j, of amplitude 5, and cos(theta) is 3/5."""
    expected = {"ibm": 0, "irm": 3 / 7, "wiener": 9 / 25, "iam": 3 / 5, "psf": 9 / 25, "cirm": 3 / (3 + 4j)}
    assert expected.keys() == MASKS.keys()
    for name, value in expected.items():
        assert MASKS[name](np.array([3 + 0j]), np.array([4j]))[0] == pytest.approx(value)


@pytest.mark.parametrize("name", MASKS)
def test_masks_of_silence_are_0(name):
    with np.errstate(all="raise"):
        assert MASKS[name](np.zeros(3, complex), np.zeros(3, complex)).tolist() == [0, 0, 0]
        assert np.isfinite(MASKS[name](np.array([1 + 1j]), np.array([-1 - 1j]))).all()


@pytest.mark.parametrize("name", REAL_MASKS)
def test_phase_sensitive_is_the_best_real_mask_and_complex_ratio_is_exact(name):
    target, noise = complex_bins(2, 50, 40), complex_bins(2, 50, 40, seed=1)
    mixture = target + noise

    def error(mask):
        return np.abs(mask * mixture - target) ** 2

    best = error(MASKS["psf"](target, noise))
    assert (best <= error(MASKS[name](target, noise)) + 1e-12).all()
    assert error(MASKS["cirm"](target, noise)).max() < 1e-20


def test_ratio_masks_of_all_sources_sum_to_1():
    target, noise = complex_bins(6, 5), complex_bins(6, 5, seed=1)
    for name in ("irm", "wiener", "psf", "cirm", "ibm"):
        np.testing.assert_allclose(MASKS[name](target, noise) + MASKS[name](noise, target), 1)


@pytest.mark.parametrize("snr_db", [-5, 0, 5])
def test_order_of_the_oracles_in_si_sdr(snr_db):
    """Each bound lies where it must; as in Erdogan 2015, the ratio of amplitudes comes below the binary mask."""
    scenes = [noisy_speech(seed, snr_db) for seed in range(4)]

    def mean_db(entry):
        return np.mean([si_sdr_db(s[0], process(entry, s, y)[0]) for s, y in scenes])

    psf, truncated, wiener = mean_db("oracle-psf"), mean_db("oracle-psf-truncated"), mean_db("oracle-wiener")
    assert psf > truncated + 0.5
    assert truncated > wiener + 0.5
    assert wiener > mean_db("oracle-ibm") > mean_db("unprocessed") + 5
    assert wiener > mean_db("oracle-irm") > mean_db("unprocessed") + 5


def test_complex_ratio_mask_gives_the_target_back():
    target, mixture = noisy_speech(0)
    estimate = process("oracle-cirm", target, mixture)
    assert np.abs(estimate - target).max() < 1e-6 * np.abs(target).max()


def test_amplitude_mask_has_the_true_amplitude():
    target, mixture = noisy_speech(1)
    mask = MASKS["iam"](stft(target), stft(mixture - target))
    np.testing.assert_allclose(np.abs(mask * stft(mixture)), np.abs(stft(target)), atol=1e-9)


def test_truncated_masks_lie_within_0_and_1():
    target, mixture = noisy_speech(2)
    for name in ("iam", "psf"):
        made = Registry().entry(f"oracle-{name}-truncated").make()
        assert (made.mask, made.truncate) == (name, True)
        assert not np.allclose(
            process(f"oracle-{name}-truncated", target, mixture), process(f"oracle-{name}", target, mixture)
        )


@pytest.mark.parametrize("entry", ["oracle-ibm", "oracle-irm", "oracle-psf"])
def test_separation_gives_each_talker_its_own_estimate(entry):
    scene = make_scene(n_sources=2, channels=2, seconds=2)
    target = scene.references.target
    estimate = process(entry, target, scene.mixture)
    assert estimate.shape == target.shape
    for k in (0, 1):
        assert si_sdr_db(target[k], estimate[k]) > si_sdr_db(target[k], scene.mixture[0]) + 5
        assert si_sdr_db(target[k], estimate[k]) > si_sdr_db(target[1 - k], estimate[k]) + 5


def test_unprocessed_is_microphone_1_for_each_talker_and_clean_the_reference():
    scene = make_scene(n_sources=3, channels=2, seconds=0.2)
    target = scene.references.target
    np.testing.assert_array_equal(process("unprocessed", target, scene.mixture), scene.mixture[[0, 0, 0]])
    clean = process("clean", target, scene.mixture)
    np.testing.assert_array_equal(clean, target)
    assert not np.shares_memory(clean, target)
