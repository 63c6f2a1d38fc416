"""SI-SDR and BSS Eval: closed forms on orthogonal parts, mir_eval, fast_bss_eval, invariances, the permutation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cocktail.metrics.bss_eval import bss_eval
from cocktail.metrics.catalogue import METRICS
from cocktail.metrics.metric import Unscorable
from cocktail.metrics.si_sdr import CLAMP_DB, best_permutation, si_sdr, si_sdr_matrix
from cocktail.rng import rng
from cocktail.testing.signals import pink_noise, speech_like

FS = 16000


def tones(*frequencies, n=16384):
    """Unit-power sinusoids on exact DFT bins: orthogonal, zero mean."""
    time = np.arange(n) / n
    return np.stack([np.sqrt(2) * np.sin(2 * np.pi * f * time) for f in frequencies])


def scene(k_sources, n, seed=0):
    """References and, as estimates, their filtered sums in noise."""
    generator = rng(seed, k_sources, n, role="test scene")
    reference = np.stack([speech_like(n, FS, generator) for _ in range(k_sources)])
    mixing = np.eye(k_sources) + 0.3 * generator.standard_normal((k_sources, k_sources))
    filtered = np.stack([np.convolve(x, [0.8, 0.0, -0.2, 0.1])[:n] for x in mixing @ reference])
    noise = np.stack([pink_noise(n, generator) for _ in range(k_sources)])
    return reference, filtered + 0.5 * noise * reference.std() / noise.std()


def test_figures_do_not_depend_on_the_parts_that_are_worked_on_at_once(monkeypatch):
    from cocktail.metrics import bss_eval as bss
    from cocktail.metrics import metric
    from cocktail.scoring.signals import score_signals

    reference, estimate = scene(2, 20000)
    given = {
        "reference": reference,
        "estimate": estimate,
        "fs": FS,
        "interference": pink_noise(20000, rng(0, role="x")),
    }
    names = ["si_sdr", "sdr", "sir", "sar", "hit_fa"]
    whole = [row["value"] for row in score_signals(**given, metrics=names)]
    monkeypatch.setattr(metric, "BLOCK", 1001)
    monkeypatch.setattr(bss, "TOGETHER", 1)
    assert [row["value"] for row in score_signals(**given, metrics=names)] == pytest.approx(whole, abs=1e-10)


def test_one_long_signal_is_not_copied():
    from cocktail.metrics.metric import Comparison

    x = np.random.default_rng(0).standard_normal((3, 1000))
    (pair,) = Comparison(reference=x[:1], estimate=x[1:2], others=[x[2]], fs=FS).pairs
    assert all(np.shares_memory(x, y) for y in (pair.reference, pair.estimate, pair.interference))


def test_si_sdr_of_orthogonal_parts_is_their_energy_ratio():
    s, e = tones(100, 300)
    assert si_sdr(reference=s, estimate=2 * s + 0.2 * e) == pytest.approx(20.0, abs=1e-9)
    assert si_sdr(reference=s, estimate=-0.1 * s + 0.1 * e) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 100.0])
def test_si_sdr_knows_no_scale_and_no_offset(scale):
    reference, estimate = scene(1, 4000)
    expected = si_sdr(reference=reference[0], estimate=estimate[0])
    assert si_sdr(reference=reference[0], estimate=scale * estimate[0] + scale) == pytest.approx(expected, abs=1e-8)
    assert si_sdr(reference=scale * reference[0] - 1, estimate=estimate[0]) == pytest.approx(expected, abs=1e-8)


def test_si_sdr_is_clamped():
    s, e = tones(100, 300)
    assert si_sdr(reference=s, estimate=3 * s) == 100
    assert si_sdr(reference=s, estimate=e) == -100


def test_si_sdr_matrix_is_all_pairs():
    reference, estimate = scene(3, 4000)
    matrix = si_sdr_matrix(reference=reference, estimate=estimate)
    for k in range(3):
        for j in range(3):
            assert matrix[k, j] == pytest.approx(si_sdr(reference=reference[k], estimate=estimate[j]), abs=1e-9)


def test_bss_eval_of_signals_whose_parts_are_known():
    """Noise-like sources and artefacts, made orthogonal to all delays of each other through their spectra."""
    n = 65536
    generator = rng(0, role="parts")
    spectra = np.zeros((3, n // 2 + 1), complex)
    for band in range(3):  # disjoint bands: orthogonal at every circular delay; silent ends make delays circular
        bins = np.arange(2000 + 8000 * band, 8000 + 8000 * band)
        spectra[band, bins] = np.exp(2j * np.pi * generator.random(len(bins)))
    target, other, artefact = np.fft.irfft(spectra, n)
    fade = np.hanning(n) ** 2  # widens each line by a few bins, far less than the gap between the bands
    target, other, artefact = (x * fade / np.linalg.norm(x * fade) for x in (target, other, artefact))
    estimate = target + 0.2 * other + 0.1 * artefact
    sdr, sir, sar = bss_eval(reference=np.stack([target]), estimate=estimate[None], others=other[None])
    assert sdr[0] == pytest.approx(10 * np.log10(1 / 0.05), abs=0.01)
    assert sir[0] == pytest.approx(10 * np.log10(1 / 0.04), abs=0.01)
    assert sar[0] == pytest.approx(10 * np.log10(1.04 / 0.01), abs=0.1)  # chance lets 1024 taps explain 2 % of it


@settings(max_examples=12, deadline=None)
@given(
    k_sources=st.integers(1, 3),
    n=st.integers(3000, 12000),
    scale=st.sampled_from([1e-3, 1.0, 100.0]),
    seed=st.integers(0, 99),
)
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_bss_eval_equals_mir_eval(k_sources, n, scale, seed):
    import mir_eval

    reference, estimate = scene(k_sources, n, seed)
    sdr, sir, sar = bss_eval(reference=reference, estimate=scale * estimate)
    expected = mir_eval.separation.bss_eval_sources(reference, scale * estimate, compute_permutation=False)
    np.testing.assert_allclose(sdr, expected[0], atol=1e-2)
    np.testing.assert_allclose(sar, expected[2], atol=1e-2)
    if k_sources > 1:
        np.testing.assert_allclose(sir, expected[1], atol=1e-2)
    else:
        assert np.isnan(sir).all()


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_bss_eval_of_one_talker_in_noise_equals_mir_eval_with_the_noise_as_a_source():
    import mir_eval

    reference, estimate = scene(2, 16000)
    others = [METRICS[name](reference=reference[0], estimate=estimate[0], interference=reference[1], fs=FS)
              for name in ("sdr", "sir", "sar")]  # fmt: skip
    expected = mir_eval.separation.bss_eval_sources(reference, estimate, compute_permutation=False)
    np.testing.assert_allclose(others, [x[0] for x in expected[:3]], atol=1e-2)


def test_bss_eval_equals_fast_bss_eval():
    import fast_bss_eval
    import torch

    reference, estimate = scene(2, 24000)
    expected = fast_bss_eval.bss_eval_sources(
        torch.from_numpy(reference), torch.from_numpy(estimate), filter_length=512, compute_permutation=False
    )
    for ours, theirs in zip(bss_eval(reference=reference, estimate=estimate), expected[:3], strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-2)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_bss_eval_of_a_source_without_high_frequencies_equals_mir_eval():
    """Telephone speech at 16 kHz makes the Gram matrix nearly singular."""
    import mir_eval

    reference, estimate = scene(2, 16000)
    spectrum = np.fft.rfft(reference)
    spectrum[:, spectrum.shape[1] // 2 :] *= 1e-5
    reference = np.fft.irfft(spectrum, reference.shape[1])
    expected = mir_eval.separation.bss_eval_sources(reference, estimate, compute_permutation=False)
    for ours, theirs in zip(bss_eval(reference=reference, estimate=estimate), expected[:3], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-2)


def test_bss_eval_survives_a_singular_gram_matrix():
    estimate = scene(1, 8000)[1]
    spectrum = np.zeros(4001, complex)
    spectrum[200:210] = 1.0
    narrow = np.fft.irfft(spectrum, 8000)
    values = bss_eval(reference=narrow[None], estimate=estimate, others=2 * narrow[None])
    assert all(np.isfinite(value).all() for value in values)


def test_bss_eval_allows_what_a_short_filter_does_and_is_clamped():
    reference, _ = scene(2, 16000)
    estimate = np.stack([np.convolve(x, [0.0, 0.5, 0.2, -0.3])[:16000] for x in reference])
    estimate[:, -4:] = 0.0
    sdr, sir, sar = bss_eval(reference=reference, estimate=estimate)
    assert (sdr > 40).all() and (sir > 40).all() and (sar > 40).all()
    assert (bss_eval(reference=reference, estimate=reference)[0] <= CLAMP_DB).all()


def test_bss_eval_refuses_signals_shorter_than_its_filters():
    reference, estimate = scene(2, 1023)
    with pytest.raises(Unscorable, match="too-short"):
        bss_eval(reference=reference, estimate=estimate)


@settings(max_examples=30, deadline=None)
@given(k_sources=st.integers(1, 7), seed=st.integers(0, 2**16))
def test_best_permutation_is_the_best_assignment(k_sources, seed):
    from scipy.optimize import linear_sum_assignment

    scores = rng(seed, role="scores").standard_normal((k_sources, k_sources))
    best = linear_sum_assignment(scores, maximize=True)
    assert scores[np.arange(k_sources), best_permutation(scores)].sum() == pytest.approx(scores[best].sum())
