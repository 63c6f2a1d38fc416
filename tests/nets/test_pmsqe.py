"""PMSQE: the facts that P.862 states of its scales, equations bin by bin, and that it falls where PESQ rises."""

import functools

import numpy as np
import pytest
import torch
from scipy.signal import butter, sosfilt
from scipy.stats import spearmanr

from cocktail.audio import resample
from cocktail.corpora.espeak import speak
from cocktail.errors import CocktailError
from cocktail.metrics.perceptual import pesq
from cocktail.nets import pmsqe
from cocktail.rng import rng
from cocktail.stft import stft
from cocktail.testing.signals import pink_noise

FS = 16000
BANDS = 49


def _pitch(samples):
    """Pitch powers of a steady sound as P.862 has them: Hann window, no change of level; (49, 1)."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    power = np.abs(np.fft.rfft(samples[:512] * window)) ** 2
    return pmsqe.pitch_power(torch.tensor(power[:, None]))


def test_one_kilohertz_at_40_db_has_a_pitch_power_of_10000_and_one_sone():
    """P.862: a sine of amplitude 29.54 calibrates both scales."""
    pitch = _pitch(29.54 * np.sin(2 * np.pi * 1000 * np.arange(512) / FS))
    assert float(pitch.max()) == pytest.approx(1e4, rel=0.02)
    sone = (pmsqe.loudness(pitch)[:, 0] * torch.tensor(pmsqe.WIDTHS)).sum()
    assert float(sone) == pytest.approx(1.0, rel=0.02)


def test_bands_cover_the_spectrum_once_and_are_those_of_the_bark_scale():
    bands = pmsqe._tables(torch.float64, torch.device("cpu"))["bands"] > 0
    assert bands.shape == (BANDS, 257)
    assert bands.sum(0).tolist() == [0, *[1] * 255, 0]  # neither direct current nor half the rate
    centres_hz = [(torch.nonzero(row).double().mean() * 31.25).item() for row in bands[4:]]
    centres = (np.cumsum(pmsqe.WIDTHS) - np.array(pmsqe.WIDTHS) / 2)[4:]
    # E. Zwicker and E. Terhardt's scale, from which that of P.862 departs by less than 1.6 Bark
    hz = np.array(centres_hz)
    bark = 13 * np.arctan(7.6e-4 * hz) + 3.5 * np.arctan((hz / 7500) ** 2)
    assert np.all(np.diff(centres) > 0) and np.abs(bark - centres).max() < 1.6
    assert centres[-1] == pytest.approx(21.043034, abs=1e-5)  # the last centre that P.862 lists


def test_hearing_is_keenest_about_1_khz():
    """In the table of P.862, where the ear's canal has no say."""
    hz = np.array(
        [
            np.mean(np.nonzero(row)) * 31.25
            for row in pmsqe._tables(torch.float32, torch.device("cpu"))["bands"].numpy()[1:]
        ]
    )
    thresholds = np.array(pmsqe.THRESHOLDS)[1:]
    assert 700 < hz[thresholds.argmin()] < 1300 and thresholds[0] > 1e6 * thresholds.min()


def test_loudness_is_nothing_below_the_threshold_and_grows_with_the_power_of_zwicker():
    threshold = torch.tensor(pmsqe.THRESHOLDS, dtype=torch.float64)[:, None]
    assert pmsqe.loudness(0.99 * threshold).eq(0).all() and pmsqe.loudness(1.01 * threshold).gt(0).all()
    loud = pmsqe.loudness(torch.cat([1e12 * threshold, 1e13 * threshold], dim=1))
    slope = (loud[:, 1] / loud[:, 0]).log10()
    assert slope[20:].tolist() == pytest.approx([0.23] * 29, abs=2e-3)
    assert slope[0] == pytest.approx(0.23 * 2**0.15, abs=2e-3)  # steeper in the lowest bands


def test_disturbances_are_those_of_one_band_by_hand():
    """|dL| less a quarter of the softer; what was added counts more."""
    band = 20
    x, y = (torch.zeros(BANDS, 1, dtype=torch.float64) for _ in range(2))
    x[band], y[band] = 1e4, 1e5
    Lx, Ly = (float(pmsqe.loudness(z)[band, 0]) for z in (x, y))
    D = (Ly - Lx - 0.25 * Lx) * pmsqe.WIDTHS[band]
    loud = ((1e4 + 1e5) / 1e7) ** 0.04
    symmetrical, asymmetrical = pmsqe.disturbances(reference=x, estimate=y)
    assert float(symmetrical[0]) == pytest.approx(D * np.sqrt(sum(pmsqe.WIDTHS[1:])) / loud, rel=1e-6)
    assert float(asymmetrical[0]) == pytest.approx(D * min((100050 / 10050) ** 1.2, 12) / loud, rel=1e-6)
    removed = pmsqe.disturbances(reference=y, estimate=x)
    assert float(removed[0][0]) > 0 and float(removed[1][0]) == 0  # what is missing has no asymmetry
    masked = pmsqe.disturbances(reference=x, estimate=1.2 * x)
    assert float(masked[0][0]) == pytest.approx(0, abs=1e-5)


def _magnitude(samples):
    return stft(torch.as_tensor(samples)).abs()


@functools.cache
def _speech():
    samples, fs = speak("bin blue at f two now", "en-us+f3", rate=160)
    samples = resample(samples, fs, FS)
    return samples / np.abs(samples).max()


def _value(reference, estimate, **options):
    x, y = (_magnitude(z[None]) for z in (reference, estimate))
    return float(pmsqe.pmsqe(reference=x, estimate=y, fs=FS, **options))


def test_it_is_nothing_for_the_reference_at_any_level_and_softens_filters_and_gains():
    speech = _speech()
    noisy = speech + 0.1 * speech.std() * pink_noise(len(speech), rng(0, role="noise"))
    filtered = sosfilt(butter(1, 2000, fs=FS, output="sos"), speech)
    assert _value(speech, speech) == pytest.approx(0, abs=1e-5)
    assert _value(speech, 0.01 * speech) == pytest.approx(0, abs=1e-4)
    assert _value(100 * speech, noisy) == pytest.approx(_value(speech, noisy), rel=1e-4)
    unequalised = pmsqe.disturbances(
        reference=(x := pmsqe.pitch_power(pmsqe.at_listening_level(_magnitude(speech) ** 2))),
        estimate=(y := pmsqe.pitch_power(pmsqe.at_listening_level(_magnitude(filtered) ** 2))),
    )[0].mean()
    equalised = pmsqe.disturbances(reference=x, estimate=pmsqe.equalised(reference=x, estimate=y))[0].mean()
    assert equalised < 0.5 * unequalised


def test_padding_does_not_count():
    speech = _speech()[:16000]
    noisy = speech + 0.1 * speech.std() * pink_noise(len(speech), rng(0, role="noise"))
    x, y = _magnitude(speech[None]), _magnitude(noisy[None])
    padded = [torch.nn.functional.pad(z, (0, 400)) for z in (x, y)]
    padded[1][..., -400:] = 5.0
    weight = torch.ones(1, 1, padded[0].shape[-1])
    weight[..., -400:] = 0
    found = pmsqe.pmsqe(reference=padded[0], estimate=padded[1], fs=FS, weight=weight.double())
    assert float(found) == pytest.approx(float(pmsqe.pmsqe(reference=x, estimate=y, fs=FS)), rel=1e-6)


def test_another_rate_is_refused():
    with pytest.raises(CocktailError, match="16000 Hz; choose another for signals at 8000 Hz"):
        pmsqe.pmsqe(reference=torch.ones(1, 257, 4), estimate=torch.ones(1, 257, 4), fs=8000)


def test_silence_has_finite_values_and_gradients():
    for reference, start in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)):
        estimate = torch.full((1, 257, 5), start, requires_grad=True)
        loss = pmsqe.pmsqe(reference=torch.full((1, 257, 5), reference), estimate=estimate, fs=FS)
        loss.backward()
        assert torch.isfinite(loss) and torch.isfinite(estimate.grad).all()


def test_it_falls_where_pesq_rises():
    """Noises of three colours, clipping, and musical noise, at several degrees."""
    speech = _speech()
    n, generator = len(speech), rng(4, role="noise")
    white, pink = generator.standard_normal(n), pink_noise(n, generator)
    modulated = white * np.repeat(generator.uniform(0, 2, n // 800 + 1), 800)[:n]
    degraded = [
        speech + noise * speech.std() / noise.std() * 10 ** (-snr_db / 20)
        for noise in (white, pink, modulated)
        for snr_db in (-5, 5, 15, 25)
    ]
    degraded += [np.clip(speech, -most, most) for most in (0.02, 0.1, 0.3)]
    scores = [pesq(reference=speech, estimate=estimate, fs=FS, mode="wb") for estimate in degraded]
    rank, _ = spearmanr(scores, [_value(speech, estimate) for estimate in degraded])
    assert rank < -0.9
